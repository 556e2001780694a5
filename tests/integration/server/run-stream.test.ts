/** The live stream of a run on a real database: every event once and in order, whenever one connects. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appendRunEvents } from "../../../db/queries/run-events";
import { claimRun } from "../../../db/queries/runs";
import type { StoredRunEvent } from "../../../domain/run-series";
import { createRunListener, type RunListener } from "../../../server/run-listener";
import { streamRunEvents } from "../../../server/services/run-stream";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addRun, addWorker, createRunWorld, type RunWorld } from "../../helpers/run-world";

let database: TestDb;
let listener: RunListener;
let world: RunWorld;
let workerId: string;
beforeAll(async () => {
  database = await createTestDb();
  listener = createRunListener(database.url);
  world = await createRunWorld(database.db);
  workerId = (await addWorker(database.db, "anna")).id;
});
afterAll(async () => {
  await listener.close();
  await database.close();
});

/** A running run; its first two events are its states. */
async function runningRun(): Promise<string> {
  const { id } = await addRun(world);
  await claimRun(database.db, { workerId, staleAfterMs: 60_000 });
  return id;
}

const append = (runId: string, step: number) =>
  appendRunEvents(database.db, { runId, attempt: 1, events: [{ kind: "metric", step, values: { a: step } }] });

/** Reads until event number `until` has come, as one connection of a browser. */
async function readUntil(runId: string, afterSeq: number, until: number): Promise<StoredRunEvent[]> {
  const stop = new AbortController();
  const events: StoredRunEvent[] = [];
  for await (const page of streamRunEvents(world.ctx, { runId, afterSeq }, { listener, signal: stop.signal })) {
    expect(page.lastSeq).toBe(page.events.at(-1)?.seq);
    events.push(...page.events);
    if (page.lastSeq >= until) break;
  }
  return events;
}

const oneTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

describe("streamRunEvents", () => {
  it("replays what was before and goes on with what comes, without gap or duplicate", async () => {
    const runId = await runningRun();
    for (let step = 1; step <= 20; step++) await append(runId, step);
    const reading = readUntil(runId, 0, 62);
    await Promise.all(oneTo(60, 21).map((step) => append(runId, step)));
    expect((await reading).map(({ seq }) => seq)).toEqual(oneTo(62));
  });

  it("gives a client that comes back exactly what it missed", async () => {
    const runId = await runningRun();
    const seen: StoredRunEvent[] = [];
    // The connection is lost again and again while three writers go on.
    const writing = Promise.all(
      [0, 1, 2].map(async (writer) => {
        for (let i = 0; i < 30; i++) await append(runId, 100 * writer + i);
      }),
    );
    while ((seen.at(-1)?.seq ?? 0) < 92) {
      const last = seen.at(-1)?.seq ?? 0;
      seen.push(...(await readUntil(runId, last, last + 1)));
    }
    await writing;
    expect(seen.map(({ seq }) => seq)).toEqual(oneTo(92));
  });

  it("pages through more events than one page holds", async () => {
    const runId = await runningRun();
    await appendRunEvents(database.db, {
      runId,
      attempt: 1,
      events: oneTo(1200).map((step) => ({ kind: "metric", step, values: { a: step } })),
    });
    expect((await readUntil(runId, 0, 1202)).map(({ seq }) => seq)).toEqual(oneTo(1202));
  });

  it("wakes only the watchers of the run, and many of them", async () => {
    const [one, two] = [await runningRun(), await runningRun()];
    const readers = [readUntil(one, 2, 3), readUntil(one, 2, 3), readUntil(two, 2, 3)];
    await append(one, 1);
    await append(two, 7);
    const steps = (await Promise.all(readers)).map((events) => events.map(({ event }) => (event.kind === "metric" ? event.step : -1)));
    expect(steps).toEqual([[1], [1], [7]]);
  });

  it("ends when the server stops, also while it waits", async () => {
    const runId = await runningRun();
    const stop = new AbortController();
    const stream = streamRunEvents(world.ctx, { runId, afterSeq: 2 }, { listener, signal: stop.signal });
    const next = stream.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("says so when there is no such run", async () => {
    await expect(readUntil(crypto.randomUUID(), 0, 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
