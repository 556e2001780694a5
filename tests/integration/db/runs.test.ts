/** The queue of runs on a real database: one holder each, takeover of the dead, fencing, events in commit order. */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertCheckpoint, latestCheckpoint } from "../../../db/queries/checkpoints";
import { appendRunEvents, readRunEvents } from "../../../db/queries/run-events";
import { claimRun, heartbeatRun, type RunRow, requestRun, selectRun, transitionRun } from "../../../db/queries/runs";
import { heartbeatWorker, selectWorkers, type WorkerRow } from "../../../db/queries/workers";
import { runs } from "../../../db/schema";
import type { RunEvent } from "../../../domain/run";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addRun, addWorker, createRunWorld, type RunWorld } from "../../helpers/run-world";

const STALE = 30_000;

let database: TestDb;
let world: RunWorld;
let anna: WorkerRow;
let bert: WorkerRow;
beforeAll(async () => {
  database = await createTestDb();
  world = await createRunWorld(database.db);
  anna = await addWorker(database.db, "anna");
  bert = await addWorker(database.db, "bert");
});
afterAll(() => database.close());
// Each test has the queue to itself.
beforeEach(async () => {
  await database.db.execute(sql`update checkpoints set run_id = null`);
  await database.db.delete(runs);
});

const claim = (worker: WorkerRow) => claimRun(database.db, { workerId: worker.id, staleAfterMs: STALE });

async function claimed(worker: WorkerRow): Promise<RunRow> {
  const run = await claim(worker);
  if (run === null) throw new Error("There was nothing to claim");
  return run;
}

/** As if the run's worker had been silent for ten minutes. */
const silence = (run: RunRow) =>
  database.db.update(runs).set({ heartbeatAt: sql`now() - interval '10 minutes'` }).where(eq(runs.id, run.id));

const metric = (step: number): RunEvent => ({ kind: "metric", step, values: { "loss/train": 1 / step } });

const statesOf = async (run: RunRow) =>
  (await readRunEvents(database.db, run.id, 0, 1000)).flatMap(({ event }) =>
    event.kind === "state" ? [`${event.from ?? "-"} ${event.to}: ${event.reason}`] : [],
  );

describe("claimRun", () => {
  it("gives each run to one worker, however many ask at once", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, (_, i) => addRun(world, { name: `run ${i}` })));
    const taken = await Promise.all(Array.from({ length: 16 }, (_, i) => claim(i % 2 === 0 ? anna : bert)));
    const ids = taken.flatMap((run) => (run === null ? [] : [run.id]));
    // A claim may find the row of another claim locked and go home; nobody may get a taken one.
    expect(new Set(ids).size).toBe(ids.length);
    for (let left = await claim(anna); left !== null; left = await claim(anna)) ids.push(left.id);
    expect(ids.sort()).toEqual(made.map(({ id }) => id).sort());
  });

  it("takes the oldest first and says who took it", async () => {
    const first = await addRun(world, { name: "first" });
    await addRun(world, { name: "second" });
    const run = await claimed(anna);
    expect(run).toMatchObject({ id: first.id, state: "running", attempt: 1, workerId: anna.id, requested: null });
    expect(run.startedAt).not.toBe(null);
    expect(await statesOf(run)).toEqual(["- queued: Created", "queued running: Worker anna took it"]);
  });

  it("leaves a run alone whose worker is alive, and takes it over when it is silent", async () => {
    await addRun(world);
    const run = await claimed(anna);
    expect(await claim(bert)).toBe(null);
    await appendRunEvents(database.db, { runId: run.id, attempt: 1, events: [metric(1), metric(2), metric(3)], step: 3 });
    await insertCheckpoint(database.db, { runId: run.id, kind: "adapter", name: "c", step: 2, path: "p", hash: "h" });
    await silence(run);
    const taken = await claimed(bert);
    expect(taken).toMatchObject({ id: run.id, attempt: 2, workerId: bert.id, state: "running", step: 2 });
    expect(taken.startedAt).toEqual(run.startedAt);
    expect((await statesOf(run)).slice(2)).toEqual([
      "running queued: worker anna died",
      "queued running: worker anna died; worker bert took over from step 2",
    ]);
    expect((await latestCheckpoint(database.db, run.id))?.step).toBe(2);
  });

  it("gives a silent run to one of two workers that ask at once", async () => {
    await addRun(world);
    await silence(await claimed(anna));
    const both = await Promise.all([claim(anna), claim(bert)]);
    expect(both.filter((run) => run !== null)).toHaveLength(1);
  });

  it("does what was asked of a dead worker instead of running on", async () => {
    const run = await addRun(world);
    await claimed(anna);
    await requestRun(database.db, { runId: run.id, what: "cancel", reason: "Stop asked for by Robin" });
    await silence(run);
    expect(await claim(bert)).toBe(null);
    expect(await selectRun(database.db, run.id)).toMatchObject({ state: "cancelled", requested: null });
  });

  it("fails a run on which three workers died without a checkpoint in between", async () => {
    const run = await addRun(world);
    for (let death = 0; death < 3; death++) await silence(await claimed(anna));
    expect(await claim(bert)).toBe(null);
    const failed = await selectRun(database.db, run.id);
    expect(failed?.state).toBe("failed");
    expect(failed?.reason).toContain("3 workers in a row died");
  });

  it("goes on for ever while each worker leaves a checkpoint", async () => {
    const run = await addRun(world);
    for (let death = 1; death <= 5; death++) {
      const { attempt } = await claimed(anna);
      await appendRunEvents(database.db, {
        runId: run.id,
        attempt,
        events: [{ kind: "checkpoint", step: death, checkpointId: crypto.randomUUID(), final: false }],
      });
      await silence(run);
    }
    expect((await claimed(bert)).attempt).toBe(6);
  });
});

describe("fencing", () => {
  it("refuses everything an old attempt says once another worker has the run", async () => {
    const run = await addRun(world);
    await claimed(anna);
    await silence(run);
    const { attempt } = await claimed(bert);
    expect(attempt).toBe(2);
    const before = await readRunEvents(database.db, run.id, 0, 1000);
    expect(await appendRunEvents(database.db, { runId: run.id, attempt: 1, events: [metric(9)], step: 9 })).toBe(null);
    expect(await heartbeatRun(database.db, { runId: run.id, attempt: 1 })).toBe(null);
    expect(await transitionRun(database.db, { runId: run.id, attempt: 1, to: "succeeded", reason: "late" })).toEqual({
      ok: false,
      problem: "fenced",
    });
    expect(await readRunEvents(database.db, run.id, 0, 1000)).toEqual(before);
    expect(await selectRun(database.db, run.id)).toMatchObject({ state: "running", step: 0, workerId: bert.id });
    expect(await heartbeatRun(database.db, { runId: run.id, attempt: 2 })).toEqual({ requested: null });
  });

  it("refuses events after the end", async () => {
    const run = await addRun(world);
    await claimed(anna);
    await transitionRun(database.db, { runId: run.id, attempt: 1, to: "succeeded", reason: "Finished" });
    expect(await appendRunEvents(database.db, { runId: run.id, attempt: 1, events: [metric(1)] })).toBe(null);
    expect((await selectRun(database.db, run.id))?.finishedAt).not.toBe(null);
  });
});

describe("events", () => {
  it("have consecutive numbers in commit order under concurrency, without gap or duplicate", async () => {
    const run = await addRun(world);
    await claimed(anna);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        appendRunEvents(database.db, { runId: run.id, attempt: 1, events: [metric(2 * i + 1), metric(2 * i + 2)] }),
      ),
    );
    const rows = await readRunEvents(database.db, run.id, 0, 1000);
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 42 }, (_, i) => i + 1));
    expect(answers.map((answer) => answer?.seq).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 20 }, (_, i) => 4 + 2 * i),
    );
    expect((await selectRun(database.db, run.id))?.eventSeq).toBe(42);
    expect(await readRunEvents(database.db, run.id, 40, 1000)).toHaveLength(2);
  });

  it("keep their order within one call and everything PostgreSQL cannot store is replaced", async () => {
    const run = await addRun(world);
    await claimed(anna);
    const bad = "a\0b\uD800c😀";
    await appendRunEvents(database.db, {
      runId: run.id,
      attempt: 1,
      events: [metric(1), { kind: "sample", step: 1, rows: [{ prompt: bad, completion: "", reference: null, score: null, kl: null }] }],
      step: 1,
      totalSteps: 10,
    });
    const rows = await readRunEvents(database.db, run.id, 2, 1000);
    expect(rows.map(({ event }) => event.kind)).toEqual(["metric", "sample"]);
    expect(rows[1]?.event).toMatchObject({ rows: [{ prompt: "a\uFFFDb\uFFFDc😀" }] });
    expect(await selectRun(database.db, run.id)).toMatchObject({ step: 1, totalSteps: 10 });
  });
});

describe("states", () => {
  it("refuse what RUN_TRANSITIONS does not allow and leave no event behind", async () => {
    const run = await addRun(world);
    expect(await transitionRun(database.db, { runId: run.id, to: "succeeded", reason: "no" })).toEqual({
      ok: false,
      problem: "not_allowed",
      state: "queued",
    });
    expect(await statesOf(run)).toEqual(["- queued: Created"]);
  });

  it("pause a queued run at once, a running one through its worker, and a cancel overrides a pause", async () => {
    const queued = await addRun(world);
    const paused = await requestRun(database.db, { runId: queued.id, what: "pause", reason: "Pause asked for by Robin" });
    expect(paused).toMatchObject({ ok: true, run: { state: "paused" } });
    expect(await claim(anna)).toBe(null);
    await transitionRun(database.db, { runId: queued.id, to: "queued", reason: "Resumed" });
    const run = await claimed(anna);
    await requestRun(database.db, { runId: run.id, what: "pause", reason: "Pause asked for by Robin" });
    expect(await heartbeatRun(database.db, { runId: run.id, attempt: 1 })).toEqual({ requested: "pause" });
    await requestRun(database.db, { runId: run.id, what: "cancel", reason: "Stop asked for by Robin" });
    await requestRun(database.db, { runId: run.id, what: "pause", reason: "Pause asked for by Robin" });
    expect(await heartbeatRun(database.db, { runId: run.id, attempt: 1 })).toEqual({ requested: "cancel" });
    expect(await transitionRun(database.db, { runId: run.id, attempt: 1, to: "cancelled", reason: "Stopped as asked" })).toMatchObject({
      ok: true,
      run: { requested: null },
    });
  });
});

describe("workers", () => {
  it("are known by their heartbeats", async () => {
    expect(await heartbeatWorker(database.db, anna.id)).toBe(true);
    expect(await heartbeatWorker(database.db, crypto.randomUUID())).toBe(false);
    expect((await selectWorkers(database.db))[0]?.id).toBe(anna.id);
  });
});
