/**
 * Votes on their way to the server: kept in storage before anything is sent, delivered one after another in the order
 * they were made, tried again until the server has said yes or no. Sending twice is harmless (clientEventId).
 */
import { z } from "zod";
import { answerSchema } from "@/domain/annotation/answer";
import { annotationTaskSchema } from "@/domain/annotation/task";
import { judgementSubmissionSchema } from "@/domain/judgement";
import { type KeyedStorage, readJson } from "./storage";

export const voteSchema = z.object({
  submission: judgementSubmissionSchema,
  /** What undo brings back; null where an older version of the page kept it in another shape: the vote still counts. */
  held: z.object({ task: annotationTaskSchema, answer: answerSchema }).nullable().catch(null),
  /** ms since 1970. */
  madeAt: z.number(),
  /** Why the server refused it for good; null while it is on its way. */
  problem: z.string().nullable(),
});
export type Vote = z.infer<typeof voteSchema>;

/** What became of one attempt. `refused`: asking again would give the same answer. */
export type Delivery = { kind: "stored" } | { kind: "refused"; message: string } | { kind: "unreachable"; message: string };

export type OutboxState = {
  /** Oldest first; those that were refused are among them until they are dealt with. */
  votes: readonly Vote[];
  /** Why the last attempt did not get through; null while all is well. */
  trouble: string | null;
};

type Dependencies = {
  storage: KeyedStorage;
  /** Of the signed-in person: nobody sends the votes of another. */
  prefix: string;
  send: (submission: Vote["submission"]) => Promise<Delivery>;
  /** Calls `run` after `ms`; returns how to call it off. */
  schedule: (run: () => void, ms: number) => () => void;
};

/** ms before attempt `attempts` + 1: 1 s, 2 s, 4 s ... 30 s. */
export function retryDelay(attempts: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.max(0, attempts - 1));
}

export class Outbox {
  private state: OutboxState = { votes: [], trouble: null };
  private sending: { id: string; done: Promise<void> } | null = null;
  private attempts = 0;
  private cancelRetry: (() => void) | null = null;
  private listeners = new Set<() => void>();

  constructor(private readonly dependencies: Dependencies) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getState = (): OutboxState => this.state;

  private change(part: Partial<OutboxState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }

  private keyOf(vote: Vote): string {
    return this.dependencies.prefix + vote.submission.clientEventId;
  }

  /** Reads what an earlier page left, and what another tab added or delivered meanwhile. */
  load(): void {
    const { storage, prefix } = this.dependencies;
    const votes = storage.keys(prefix).map((key) => readJson(storage, key, voteSchema));
    this.change({ votes: votes.filter((vote) => vote !== null).sort((a, b) => a.madeAt - b.madeAt) });
  }

  /** Keeps a vote and sends it. */
  add(vote: Vote): void {
    this.keep(vote);
    this.change({ votes: [...this.state.votes, vote] });
    this.deliver();
  }

  private keep(vote: Vote): void {
    const { storage } = this.dependencies;
    // Where there is no room for long texts, the vote itself must still outlive the tab.
    if (!storage.set(this.keyOf(vote), JSON.stringify(vote))) storage.set(this.keyOf(vote), JSON.stringify({ ...vote, held: null }));
  }

  private drop(id: string): void {
    this.dependencies.storage.remove(this.dependencies.prefix + id);
    this.change({ votes: this.state.votes.filter(({ submission }) => submission.clientEventId !== id) });
  }

  /** Items whose votes are on their way. */
  waitingItems(): string[] {
    return this.state.votes.filter(({ problem }) => problem === null).map(({ submission }) => submission.itemId);
  }

  /** Sends what waits, now. */
  deliver(): void {
    if (this.sending !== null) return;
    this.cancelRetry?.();
    this.cancelRetry = null;
    const vote = this.state.votes.find(({ problem }) => problem === null);
    if (vote === undefined) {
      if (this.state.trouble !== null) this.change({ trouble: null });
      return;
    }
    const id = vote.submission.clientEventId;
    this.sending = { id, done: this.attempt(vote).then((goOn) => this.settle(goOn)) };
  }

  private settle(goOn: boolean): void {
    this.sending = null;
    if (goOn) this.deliver();
    else this.cancelRetry = this.dependencies.schedule(() => this.deliver(), retryDelay(this.attempts));
  }

  private async attempt(vote: Vote): Promise<boolean> {
    const delivery = await this.dependencies.send(vote.submission);
    if (delivery.kind === "unreachable") {
      this.attempts += 1;
      this.change({ trouble: delivery.message });
      return false;
    }
    this.attempts = 0;
    if (delivery.kind === "stored") this.drop(vote.submission.clientEventId);
    else this.replace({ ...vote, problem: delivery.message });
    this.change({ trouble: null });
    return true;
  }

  private replace(vote: Vote): void {
    this.keep(vote);
    const id = vote.submission.clientEventId;
    this.change({ votes: this.state.votes.map((known) => (known.submission.clientEventId === id ? vote : known)) });
  }

  /** Takes the newest vote of a project back before it is sent. Null when it is being sent, was sent, or was refused. */
  withdraw(projectId: string): Vote | null {
    const newest = this.state.votes.findLast(({ held, problem }) => held?.task.projectId === projectId && problem === null);
    if (newest === undefined || newest.submission.clientEventId === this.sending?.id) return null;
    this.drop(newest.submission.clientEventId);
    return newest;
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    while (this.sending !== null) await this.sending.done;
  }

  /** Sends a refused vote once more. */
  retry(clientEventId: string): void {
    const vote = this.state.votes.find(({ submission }) => submission.clientEventId === clientEventId);
    if (vote === undefined) return;
    this.replace({ ...vote, problem: null });
    this.deliver();
  }

  /** Forgets a refused vote. */
  discard(clientEventId: string): void {
    this.drop(clientEventId);
  }

  stop(): void {
    this.cancelRetry?.();
    this.cancelRetry = null;
  }
}
