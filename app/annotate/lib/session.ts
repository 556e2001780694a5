/**
 * The items in an annotator's hands: the one that is judged and those that wait behind it. Knows nothing of React.
 * Seats that the server has taken away are noticed when the lease is renewed.
 */
import { z } from "zod";
import { type Answer, answerSchema, valueToAnswer } from "@/domain/annotation/answer";
import { type AnnotationTask, annotationTaskSchema, MAX_HELD } from "@/domain/annotation/task";
import type { JudgementValue } from "@/domain/judgement";
import { type Outbox, retryDelay } from "./outbox";
import { type KeyedStorage, readJson } from "./storage";

/** Drafts of items that went to somebody else are forgotten after a week. */
const DRAFT_MS = 7 * 24 * 3_600_000;

const draftSchema = z.object({ at: z.number(), answer: answerSchema });

const heldSchema = z.object({
  task: annotationTaskSchema,
  /** When the lease was last renewed, by this browser's clock. */
  renewedAt: z.number(),
  /** When it came into these hands; with the item, the identity of its form. */
  takenAt: z.number(),
  /** What was chosen before an undo: the form starts with it. */
  answer: answerSchema.nullable(),
});
type Held = z.infer<typeof heldSchema>;

export type SessionState = {
  tasks: readonly Held[];
  /** `empty`: the server has nothing more for this person now. `failed`: it could not be asked; see `problem`. */
  phase: "loading" | "ready" | "empty" | "failed";
  problem: string | null;
  /** The current item went to somebody else. */
  lost: boolean;
};

export type SessionApi = {
  next: (holding: string[]) => Promise<AnnotationTask | null>;
  renew: (itemId: string) => Promise<unknown>;
  release: (itemId: string) => Promise<unknown>;
  undo: () => Promise<{ task: AnnotationTask; value: JudgementValue; reasons: string[]; comment: string }>;
  /** Whether the server said no for good (GONE, NOT_FOUND), and its words. */
  explain: (error: unknown) => { refused: boolean; message: string };
};

type Dependencies = {
  api: SessionApi;
  outbox: Outbox;
  storage: KeyedStorage;
  key: string;
  /** Where drafts outlive the tab, each under `draftPrefix` and its item. */
  drafts: KeyedStorage;
  draftPrefix: string;
  projectId: string;
  now: () => number;
  schedule: (run: () => void, ms: number) => () => void;
};

export class Session {
  private state: SessionState = { tasks: [], phase: "loading", problem: null, lost: false };
  private filling = false;
  private failures = 0;
  private cancelRetry: (() => void) | null = null;
  private leaveOutbox: (() => void) | null = null;
  private listeners = new Set<() => void>();

  constructor(private readonly dependencies: Dependencies) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getState = (): SessionState => this.state;

  private change(part: Partial<SessionState>): void {
    this.state = { ...this.state, ...part };
    if (part.tasks !== undefined) this.dependencies.storage.set(this.dependencies.key, JSON.stringify(part.tasks));
    for (const listener of this.listeners) listener();
  }

  /** Takes up the items that this tab held before a reload, and asks for more. */
  start(): void {
    const { outbox } = this.dependencies;
    this.forgetOldDrafts();
    let waiting = outbox.getState().votes.length;
    this.leaveOutbox?.();
    // A vote that has arrived makes room for another item.
    this.leaveOutbox = outbox.subscribe(() => {
      const { length } = outbox.getState().votes;
      if (length < waiting) void this.fill();
      waiting = length;
    });
    if (this.state.tasks.length === 0) {
      const sent = outbox.waitingItems();
      const kept = readJson(this.dependencies.storage, this.dependencies.key, z.array(heldSchema)) ?? [];
      const tasks = kept.filter(({ task }) => !sent.includes(task.itemId)).slice(0, MAX_HELD);
      if (tasks.length > 0) {
        this.change({ tasks, phase: "ready" });
        for (const { task } of tasks) void this.renew(task.itemId);
      }
    }
    void this.fill();
  }

  stop(): void {
    this.callOffRetry();
    this.leaveOutbox?.();
    this.leaveOutbox = null;
  }

  private callOffRetry(): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
  }

  /** Asks for items until as many are in hand as may be; votes on their way still hold theirs. */
  async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    this.callOffRetry();
    try {
      for (let holding = this.holding(); holding.length < MAX_HELD; holding = this.holding()) {
        const task = await this.dependencies.api.next(holding);
        this.failures = 0;
        if (task === null) {
          if (this.state.tasks.length === 0) this.change({ phase: "empty", problem: null });
          break;
        }
        if (this.holding().includes(task.itemId)) break;
        this.change({ tasks: [...this.state.tasks, this.hold(task)], phase: "ready", problem: null });
      }
    } catch (error) {
      this.failures += 1;
      const { message } = this.dependencies.api.explain(error);
      this.change(this.state.tasks.length === 0 ? { phase: "failed", problem: message } : { problem: message });
      this.cancelRetry = this.dependencies.schedule(() => void this.fill(), retryDelay(this.failures));
    } finally {
      this.filling = false;
    }
  }

  private holding(): string[] {
    return [...this.state.tasks.map(({ task }) => task.itemId), ...this.dependencies.outbox.waitingItems()];
  }

  private hold(task: AnnotationTask, answer: Answer | null = null): Held {
    const now = this.dependencies.now();
    return { task, renewedAt: now, takenAt: now, answer };
  }

  /** Remembers what is chosen so far on an item in hand, for a reload or a closed tab. Nothing is drawn anew for it. */
  keepAnswer(itemId: string, answer: Answer): void {
    const { drafts, draftPrefix, now } = this.dependencies;
    drafts.set(draftPrefix + itemId, JSON.stringify({ at: now(), answer }));
  }

  /** What was chosen on an item before a reload, or null. */
  draftOf(itemId: string): Answer | null {
    const { drafts, draftPrefix } = this.dependencies;
    return readJson(drafts, draftPrefix + itemId, draftSchema)?.answer ?? null;
  }

  private forgetOldDrafts(): void {
    const { drafts, draftPrefix, now } = this.dependencies;
    for (const key of drafts.keys(draftPrefix)) {
      const draft = readJson(drafts, key, draftSchema);
      if (draft === null || now() - draft.at > DRAFT_MS) drafts.remove(key);
    }
  }

  /** Asks again, after nothing was left or the server could not be reached. */
  lookAgain(): void {
    if (this.state.tasks.length === 0) this.change({ phase: "loading", problem: null });
    void this.fill();
  }

  /** The current item is done with: the one behind it comes forward at once. */
  advance(): void {
    const [done, ...tasks] = this.state.tasks;
    if (done !== undefined) this.dependencies.drafts.remove(this.dependencies.draftPrefix + done.task.itemId);
    this.change({ tasks, phase: tasks.length > 0 ? "ready" : "loading", lost: false });
    void this.fill();
  }

  /** Renews what is older than a third of its lease, when somebody is at work. */
  keepLeases(): void {
    for (const { task, renewedAt } of this.state.tasks) {
      if (this.dependencies.now() - renewedAt > (task.leaseSeconds * 1000) / 3) void this.renew(task.itemId);
    }
  }

  private async renew(itemId: string): Promise<void> {
    try {
      await this.dependencies.api.renew(itemId);
      const renewedAt = this.dependencies.now();
      this.change({ tasks: this.state.tasks.map((held) => (held.task.itemId === itemId ? { ...held, renewedAt } : held)) });
    } catch (error) {
      if (this.dependencies.api.explain(error).refused) this.lose(itemId);
    }
  }

  private lose(itemId: string): void {
    const place = this.state.tasks.findIndex(({ task }) => task.itemId === itemId);
    if (place === 0) this.change({ lost: true });
    else if (place > 0) {
      this.change({ tasks: this.state.tasks.toSpliced(place, 1) });
      void this.fill();
    }
  }

  /**
   * Brings the last vote's item back with its values. Resolves to what there is to say when that cannot be done,
   * null otherwise.
   */
  async undo(): Promise<string | null> {
    const { api, outbox, projectId } = this.dependencies;
    let withdrawn = outbox.withdraw(projectId);
    if (withdrawn === null) {
      await outbox.settled();
      withdrawn = outbox.withdraw(projectId);
    }
    if (withdrawn?.held != null) {
      this.bringBack(this.hold(withdrawn.held.task, withdrawn.held.answer));
      return null;
    }
    try {
      const { task, value, reasons, comment } = await api.undo();
      this.bringBack(this.hold(task, valueToAnswer(task, value, { reasons, comment })));
      return null;
    } catch (error) {
      return api.explain(error).message;
    }
  }

  private bringBack(held: Held): void {
    const all = [held, ...this.state.tasks.filter(({ task }) => task.itemId !== held.task.itemId)];
    for (const { task } of all.slice(MAX_HELD)) void this.dependencies.api.release(task.itemId).catch(() => undefined);
    this.change({ tasks: all.slice(0, MAX_HELD), phase: "ready", problem: null, lost: false });
  }
}
