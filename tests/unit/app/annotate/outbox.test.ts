/** Votes on their way: kept before they are sent, delivered in order and once, over closed tabs and lost connections. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Delivery, Outbox, retryDelay, type Vote } from "../../../../app/annotate/lib/outbox";
import { createStorage } from "../../../../app/annotate/lib/storage";
import { createMemoryStorage, createTask, createTimer, flush } from "./room-world";

const voteOn = (itemId: string, madeAt = 0): Vote => ({
  submission: {
    itemId,
    clientEventId: randomUUID(),
    value: { kind: "pairwise", margin: -1 },
    reasons: [],
    comment: "",
    activeMs: 1,
    idleMs: 0,
    untouched: false,
  },
  held: { task: createTask(itemId), answer: { form: { mode: "pairwise", choice: -1 }, reasons: [], comment: "" } },
  madeAt,
  problem: null,
});

function createWorld(storage = createMemoryStorage()) {
  const sent: string[] = [];
  let answer: () => Promise<Delivery> = async () => ({ kind: "stored" });
  const timer = createTimer();
  const outbox = new Outbox({
    storage,
    prefix: "vote:",
    schedule: timer.schedule,
    send: async ({ clientEventId }) => {
      sent.push(clientEventId);
      return answer();
    },
  });
  return { outbox, storage, sent, timer, answerWith: (next: typeof answer) => (answer = next) };
}
const ids = { a: randomUUID(), b: randomUUID(), c: randomUUID() };

describe("delivery", () => {
  it("keeps a vote before it is sent, and forgets it once it is stored", async () => {
    const { outbox, storage, sent } = createWorld();
    const vote = voteOn(ids.a);
    outbox.add(vote);
    expect(storage.keys("vote:")).toEqual([`vote:${vote.submission.clientEventId}`]);
    await flush();
    expect(sent).toEqual([vote.submission.clientEventId]);
    expect(storage.keys("vote:")).toEqual([]);
    expect(outbox.getState().votes).toEqual([]);
  });

  it("tries again in order, with the same id, and waits longer each time", async () => {
    const { outbox, sent, timer, answerWith } = createWorld();
    const [first, second] = [voteOn(ids.a), voteOn(ids.b)];
    answerWith(async () => ({ kind: "unreachable", message: "offline" }));
    outbox.add(first);
    outbox.add(second);
    await flush();
    expect(outbox.getState().trouble).toBe("offline");
    expect(timer.waiting()).toEqual([1000]);
    timer.run();
    await flush();
    expect(timer.waiting()).toEqual([2000]);
    answerWith(async () => ({ kind: "stored" }));
    timer.run();
    await flush();
    const id = first.submission.clientEventId;
    expect(sent).toEqual([id, id, id, second.submission.clientEventId]);
    expect(outbox.getState()).toEqual({ votes: [], trouble: null });
    expect([1, 2, 6, 20].map(retryDelay)).toEqual([1000, 2000, 30_000, 30_000]);
  });

  it("sends what a closed tab left, oldest first, from the next one", async () => {
    const { outbox, storage, answerWith } = createWorld();
    answerWith(async () => ({ kind: "unreachable", message: "offline" }));
    const [late, early] = [voteOn(ids.a, 2), voteOn(ids.b, 1)];
    outbox.add(late);
    outbox.add(early);
    outbox.stop();
    const next = createWorld(storage);
    next.outbox.load();
    next.outbox.deliver();
    await flush();
    expect(next.sent).toEqual([early.submission.clientEventId, late.submission.clientEventId]);
    expect(storage.keys("vote:")).toEqual([]);
  });

  it("sends a vote whose item was kept in a shape of the past", async () => {
    const { outbox, storage, sent } = createWorld();
    const { held: _, ...vote } = voteOn(ids.a);
    storage.set("vote:x", JSON.stringify({ ...vote, task: { mode: "old" }, answer: { choice: 1 } }));
    outbox.load();
    outbox.deliver();
    await flush();
    expect(sent).toEqual([vote.submission.clientEventId]);
  });

  it("keeps the vote alone where there is no room for its texts", () => {
    const kept = new Map<string, string>();
    const room = {
      length: 0,
      key: () => null,
      getItem: (key: string) => kept.get(key) ?? null,
      removeItem: (key: string) => void kept.delete(key),
      clear: () => kept.clear(),
    };
    const storage = createStorage(() => ({
      ...room,
      setItem(key: string, value: string) {
        if (value.length > 1000) throw new Error("quota");
        kept.set(key, value);
      },
    }));
    const { outbox } = createWorld(storage);
    const vote = voteOn(ids.a);
    const long = createTask(ids.a, {
      completions: [
        { id: "a", text: "x".repeat(2000) },
        { id: "b", text: "y" },
      ],
    });
    outbox.add({ ...vote, held: vote.held === null ? null : { ...vote.held, task: long } });
    expect(JSON.parse(kept.get(`vote:${vote.submission.clientEventId}`) ?? "{}")).toMatchObject({
      submission: { itemId: ids.a },
      held: null,
    });
    // While the page is open, undo still has the texts.
    expect(outbox.getState().votes[0]?.held?.task.completions[0]?.text).toHaveLength(2000);
  });

  it("keeps what the server refused, with why, until it is dealt with; the next ones go on", async () => {
    const { outbox, storage, sent, answerWith } = createWorld();
    answerWith(async () => ({ kind: "refused", message: "full" }));
    const [refused, other] = [voteOn(ids.a), voteOn(ids.b)];
    outbox.add(refused);
    await flush();
    answerWith(async () => ({ kind: "stored" }));
    outbox.add(other);
    await flush();
    expect(outbox.getState().votes.map(({ problem }) => problem)).toEqual(["full"]);
    expect(outbox.waitingItems()).toEqual([]);
    outbox.retry(refused.submission.clientEventId);
    await flush();
    expect(sent.filter((id) => id === refused.submission.clientEventId)).toHaveLength(2);
    expect(storage.keys("vote:")).toEqual([]);
  });
});

describe("withdrawing", () => {
  it("takes back the newest that is not being sent, of the project at hand", async () => {
    const { outbox, answerWith } = createWorld();
    let release: (delivery: Delivery) => void = () => undefined;
    answerWith(() => new Promise((resolve) => (release = resolve)));
    const [sending, waiting] = [voteOn(ids.a), voteOn(ids.b)];
    outbox.add(sending);
    outbox.add(waiting);
    const projectId = waiting.held?.task.projectId ?? "";
    expect(outbox.withdraw(randomUUID())).toBeNull();
    expect(outbox.withdraw(projectId)).toEqual(waiting);
    // What is on its way may have arrived.
    expect(outbox.withdraw(projectId)).toBeNull();
    release({ kind: "stored" });
    await outbox.settled();
    expect(outbox.getState().votes).toEqual([]);
  });
});
