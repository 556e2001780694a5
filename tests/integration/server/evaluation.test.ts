/** Comparing evaluation runs, and reward against distance, on a real database. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { runConfigSchema } from "../../../domain/run";
import { compareEvaluationRuns, getRewardByDistance, listComparableRuns } from "../../../server/services/evaluation";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addEvaluatedRuns } from "../../helpers/evaluated-runs";
import { addRun, createRunWorld, type RunWorld } from "../../helpers/run-world";

let database: TestDb;
let world: RunWorld;
let ids: Awaited<ReturnType<typeof addEvaluatedRuns>>;
beforeAll(async () => {
  database = await createTestDb();
  world = await createRunWorld(database.db);
  ids = await addEvaluatedRuns(database.db, world);
});
afterAll(() => database.close());

it("runs on the same prompts are offered, and their differences are paired", async () => {
  expect(await listComparableRuns(world.ctx, ids.strong)).toMatchObject([
    { id: ids.weak, name: "Evaluation of step 4", checkpointName: "tiny policy, step 4", shared: 24 },
  ]);
  const compared = await compareEvaluationRuns(world.ctx, { runId: ids.strong, baselineId: ids.weak });
  expect(compared).toMatchObject({ prompts: 24, seed: 1 });
  const rouge = compared.metrics.find(({ metric }) => metric === "rougeL");
  expect(rouge?.low).toBeGreaterThan(0);
  expect(rouge?.pRandomisation).toBeLessThan(0.001);
  expect(compared.duels.map(({ by }) => by)).toEqual(["reward", "gold"]);
  expect(compared.duels[0]?.raw.value).toBe(1);
});

it("what cannot be compared is said", async () => {
  const compare = (baselineId: string) => compareEvaluationRuns(world.ctx, { runId: ids.strong, baselineId });
  await expect(compare(ids.strong)).rejects.toThrow("cannot be compared with itself");
  await expect(compare(ids.ppo)).rejects.toThrow('"PPO" is no evaluation run');
  const empty = await addRun(world, { name: "Not yet", config: runConfigSchema.parse({ kind: "evaluation" }) });
  await expect(compare(empty.id)).rejects.toThrow("no prompt in common");
});

it("a PPO run's rewards stand at their distance, with the gold scores of its evaluated checkpoints", async () => {
  const points = await getRewardByDistance(world.ctx, ids.ppo);
  expect(points.map(({ step, gold }) => [step, gold !== null])).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((step) => [step, step === 4 || step === 8]),
  );
  expect(points[7]?.distance).toBeCloseTo(Math.sqrt(0.06 * 64), 12);
});
