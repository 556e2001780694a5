/** Models set against each other: items of the newest completions, and the leaderboard that votes on them make. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureNamedModel } from "../../../db/queries/completions";
import type { UserContext } from "../../../server/context";
import { compareModels } from "../../../server/services/comparison";
import { judgements } from "../../../db/schema";
import { submitJudgement } from "../../../server/services/judgement";
import { claimNextItem } from "../../../server/services/queue";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addProject, addPrompt, addUser } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
});
afterAll(() => database.close());

it("makes one item a prompt of the split, once", async () => {
  const { db } = database;
  const projectId = await addProject(db);
  for (const i of [1, 2, 3]) {
    const promptId = await addPrompt(db, projectId, `Question ${i}`, { split: i < 3 ? "test" : "train" });
    await addCompletions(db, projectId, promptId, [`old ${i}`, `good ${i}`], "good");
    await addCompletions(db, projectId, promptId, [`poor ${i}`], "poor");
  }
  const modelIds = await Promise.all(["good", "poor"].map((name) => ensureNamedModel(db, projectId, name)));
  const input = { projectId, modelIds, split: "test" as const, maxItems: 10, selection: "random" as const, seed: 1 };
  expect(await compareModels(researcher, input)).toEqual({ created: 2, existing: 0 });
  expect(await compareModels(researcher, input)).toEqual({ created: 0, existing: 2 });
  const annotator = await addUser(db, "annotator");
  const task = await claimNextItem(annotator, { projectId });
  expect(task?.mode).toBe("pairwise");
  expect(task?.completions).toHaveLength(2);
});

it("says what to do where nothing can be compared", async () => {
  const { db } = database;
  const projectId = await addProject(db);
  const modelIds = await Promise.all(["a", "b"].map((name) => ensureNamedModel(db, projectId, name)));
  await expect(
    compareModels(researcher, { projectId, modelIds, split: "test", maxItems: 10, selection: "random", seed: 1 }),
  ).rejects.toThrow(/Evaluate or sample them/);
});

it("information: after votes that settle one pair, the other pairs are asked about", async () => {
  const { db } = database;
  const projectId = await addProject(db);
  const names = ["best", "worst", "new"];
  const ask = async (from: number, to: number, models: readonly string[]) => {
    for (let i = from; i < to; i++) {
      const promptId = await addPrompt(db, projectId, `Question ${i}`, { split: "test" });
      for (const name of models) await addCompletions(db, projectId, promptId, [`${name} ${i}`], name);
    }
  };
  await ask(0, 30, ["best", "worst"]);
  const modelIds = await Promise.all(names.map((name) => ensureNamedModel(db, projectId, name)));
  const input = { projectId, modelIds, split: "test" as const, maxItems: 30, selection: "information" as const, seed: 1 };
  await compareModels(researcher, input);
  const annotator = await addUser(db, "annotator");
  for (let task = await claimNextItem(annotator, { projectId }); task !== null; task = await claimNextItem(annotator, { projectId })) {
    const margin = task.completions[0]?.text.startsWith("best") ? -1 : 1;
    await submitJudgement(annotator, {
      itemId: task.itemId,
      clientEventId: crypto.randomUUID(),
      value: { kind: "pairwise", margin },
      reasons: [],
      comment: "",
      activeMs: 1,
      idleMs: 0,
      untouched: false,
    });
  }
  await ask(100, 120, names);
  await compareModels(researcher, { ...input, maxItems: 100 });
  const asked = [];
  const other = await addUser(db, "annotator");
  for (let task = await claimNextItem(other, { projectId }); task !== null; task = await claimNextItem(other, { projectId })) {
    asked.push(task.completions.map(({ text }) => text.split(" ")[0]));
    await submitJudgement(other, {
      itemId: task.itemId,
      clientEventId: crypto.randomUUID(),
      value: { kind: "pairwise", margin: 1 },
      reasons: [],
      comment: "",
      activeMs: 1,
      idleMs: 0,
      untouched: false,
    });
  }
  expect(asked).toHaveLength(20);
  expect(asked.filter((names) => names.includes("new")).length).toBeGreaterThan(15);
  const stored = await db.select({ propensity: judgements.propensity }).from(judgements).where(eq(judgements.annotatorId, other.user.id));
  for (const { propensity } of stored) expect(propensity).toBeLessThan(1);
});
