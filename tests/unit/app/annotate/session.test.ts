/** The items in hand: the next ones there already, leases, drafts, undo. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Outbox, type Vote } from "../../../../app/annotate/lib/outbox";
import { Session, type SessionApi } from "../../../../app/annotate/lib/session";
import type { Answer } from "../../../../domain/annotation/answer";
import { type AnnotationTask, MAX_HELD } from "../../../../domain/annotation/task";
import { createMemoryStorage, createTask, createTimer, flush, PROJECT_ID } from "./room-world";

const ANSWER: Answer = { form: { mode: "pairwise", choice: 2 }, reasons: ["Clear"], comment: "hm" };

/** A server with `count` items that hands out those that are neither held nor judged. */
function createWorld(count: number, storages = { tab: createMemoryStorage(), lasting: createMemoryStorage() }) {
  const all = Array.from({ length: count }, () => createTask(randomUUID()));
  const server = {
    reachable: true,
    judged: new Set<string>(),
    asked: 0,
    renewed: [] as string[],
    released: [] as string[],
    gone: new Set<string>(),
  };
  const timer = createTimer();
  const answer = async <T>(value: () => T): Promise<T> => {
    if (!server.reachable) throw new Error("offline");
    return value();
  };
  const outbox = new Outbox({
    storage: storages.lasting,
    prefix: "vote:",
    schedule: timer.schedule,
    send: ({ itemId }) =>
      answer(() => {
        server.judged.add(itemId);
        return { kind: "stored" as const };
      }).catch(() => ({ kind: "unreachable" as const, message: "offline" })),
  });
  const api: SessionApi = {
    next: (holding) => {
      server.asked += 1;
      return answer(
        () => all.find(({ itemId }) => !holding.includes(itemId) && !server.judged.has(itemId) && !server.gone.has(itemId)) ?? null,
      );
    },
    renew: (itemId) =>
      answer(() => {
        if (server.gone.has(itemId)) throw new Error("gone");
        server.renewed.push(itemId);
      }),
    release: (itemId) => answer(() => void server.released.push(itemId)),
    undo: () =>
      answer(() => ({
        task: all[0] as AnnotationTask,
        value: { kind: "pairwise" as const, margin: 1 },
        reasons: ["Faithful"],
        comment: "",
      })),
    explain: (error) => ({ refused: error instanceof Error && error.message === "gone", message: String(error) }),
  };
  const clock = { now: 0 };
  const session = new Session({
    api,
    outbox,
    storage: storages.tab,
    key: "held",
    drafts: storages.lasting,
    draftPrefix: "draft:",
    projectId: PROJECT_ID,
    now: () => clock.now,
    schedule: timer.schedule,
  });
  const vote = (): void => {
    const held = session.getState().tasks[0];
    if (held === undefined) throw new Error("nothing in hand");
    const made: Vote = {
      submission: {
        itemId: held.task.itemId,
        clientEventId: randomUUID(),
        value: { kind: "pairwise", margin: 2 },
        reasons: [],
        comment: "",
        activeMs: 1,
        idleMs: 0,
        untouched: false,
      },
      held: { task: held.task, answer: ANSWER },
      madeAt: clock.now,
      problem: null,
    };
    outbox.add(made);
    session.advance();
  };
  const inHand = () => session.getState().tasks.map(({ task }) => task.itemId);
  return { all, server, outbox, session, timer, clock, storages, vote, inHand };
}
const itemsOf = (tasks: readonly AnnotationTask[]) => tasks.map(({ itemId }) => itemId);

describe("items in hand", () => {
  it("are as many as may be, and the next one is there in the same moment", async () => {
    const { all, session, vote, inHand } = createWorld(10);
    session.start();
    await flush();
    expect(inHand()).toEqual(itemsOf(all.slice(0, MAX_HELD)));
    vote();
    expect(inHand()[0]).toBe(all[1]?.itemId);
    await flush();
    expect(inHand()).toEqual(itemsOf(all.slice(1, MAX_HELD + 1)));
  });

  it("go on without a connection while there are any, and fill up once the votes have arrived", async () => {
    const { all, server, session, outbox, timer, vote, inHand } = createWorld(10);
    session.start();
    await flush();
    server.reachable = false;
    for (let i = 0; i < MAX_HELD; i++) {
      vote();
      await flush();
    }
    expect(inHand()).toEqual([]);
    expect(outbox.getState().votes).toHaveLength(MAX_HELD);
    server.reachable = true;
    timer.run();
    await flush();
    await flush();
    expect(server.judged.size).toBe(MAX_HELD);
    expect(inHand()).toEqual(itemsOf(all.slice(MAX_HELD, 2 * MAX_HELD)));
    expect(session.getState().phase).toBe("ready");
  });

  it("say when nothing is left, and when the server cannot be asked", async () => {
    const empty = createWorld(0);
    empty.session.start();
    await flush();
    expect(empty.session.getState().phase).toBe("empty");
    const failed = createWorld(1);
    failed.server.reachable = false;
    failed.session.start();
    await flush();
    expect(failed.session.getState()).toMatchObject({ phase: "failed", problem: "Error: offline" });
    failed.server.reachable = true;
    failed.timer.run();
    await flush();
    expect(failed.session.getState().phase).toBe("ready");
  });

  it("are the same after a reload, without those whose votes are on their way", async () => {
    const first = createWorld(10);
    first.session.start();
    await flush();
    first.server.reachable = false;
    first.vote();
    await flush();
    const kept = first.inHand();
    const second = createWorld(0, first.storages);
    second.server.reachable = false;
    second.outbox.load();
    second.session.start();
    await flush();
    expect(second.inHand()).toEqual(kept);
  });

  it("keep their leases, and one that is lost is told or taken out", async () => {
    const { server, session, clock, inHand } = createWorld(10);
    session.start();
    await flush();
    const [current = "", behind = ""] = inHand();
    clock.now = 100_000;
    session.keepLeases();
    await flush();
    expect(server.renewed).toEqual([]);
    server.gone.add(current).add(behind);
    clock.now = 201_000;
    session.keepLeases();
    await flush();
    expect(session.getState().lost).toBe(true);
    expect(inHand()).toContain(current);
    expect(inHand()).not.toContain(behind);
  });
});

describe("drafts", () => {
  it("outlive the tab, are drawn by nobody, and end with the vote or after a week", async () => {
    const { session, storages, clock, vote, inHand } = createWorld(3);
    session.start();
    await flush();
    const [first = "", second = ""] = inHand();
    let drawn = 0;
    session.subscribe(() => drawn++);
    session.keepAnswer(first, ANSWER);
    expect(drawn).toBe(0);
    const later = createWorld(0, { tab: createMemoryStorage(), lasting: storages.lasting });
    expect(later.session.draftOf(first)).toEqual(ANSWER);
    vote();
    expect(session.draftOf(first)).toBeNull();
    session.keepAnswer(second, ANSWER);
    clock.now = 8 * 24 * 3_600_000;
    session.start();
    expect(session.draftOf(second)).toBeNull();
  });
});

describe("undo", () => {
  it("takes a vote back before it is sent, with what was chosen", async () => {
    const { session, server, outbox, vote, inHand } = createWorld(10);
    session.start();
    await flush();
    server.reachable = false;
    const [first] = inHand();
    vote();
    await flush();
    expect(await session.undo()).toBeNull();
    expect(inHand()[0]).toBe(first);
    expect(session.getState().tasks[0]?.answer).toEqual(ANSWER);
    expect(outbox.getState().votes).toEqual([]);
  });

  it("asks the server for one that was stored, and gives back what is one too many", async () => {
    const { all, session, server, vote, inHand } = createWorld(10);
    session.start();
    await flush();
    vote();
    await flush();
    expect(await session.undo()).toBeNull();
    await flush();
    expect(inHand()).toEqual(itemsOf(all.slice(0, MAX_HELD)));
    expect(server.released).toEqual([all[MAX_HELD]?.itemId]);
    expect(session.getState().tasks[0]?.answer).toEqual({ form: { mode: "pairwise", choice: 1 }, reasons: ["Faithful"], comment: "" });
    server.reachable = false;
    expect(await session.undo()).toBe("Error: offline");
  });
});
