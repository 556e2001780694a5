/** Models set against each other: items of the newest completions, and the leaderboard that votes on them make. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureNamedModel } from "../../../db/queries/completions";
import type { UserContext } from "../../../server/context";
import { compareModels } from "../../../server/services/comparison";
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
  const input = { projectId, modelIds, split: "test" as const, maxItems: 10, seed: 1 };
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
  await expect(compareModels(researcher, { projectId, modelIds, split: "test", maxItems: 10, seed: 1 })).rejects.toThrow(/Evaluate or sample them/);
});
