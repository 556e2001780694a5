/** The researchers' table of prompts: its counts, filters and order. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { UserContext } from "../../../server/context";
import { getPromptFacets, listPrompts } from "../../../server/services/prompt";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addItem, addProject, addPrompt, addUser, addVote } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
let annotator: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
  annotator = await addUser(database.db, "annotator");
});
afterAll(() => database.close());

const page = { sort: "judgements", limit: 10, offset: 0 } as const;

it("counts completions, items and the judgements that stand, each of its own prompt", async () => {
  const { db } = database;
  const projectId = await addProject(db);
  const judged = await addItem(db, projectId, ["one", "two"], { seats: 2, reference: "the answer" });
  const vote = {
    projectId,
    itemId: judged.itemId,
    shownOrder: judged.completionIds,
    value: { kind: "pairwise", margin: -1 } as const,
    ranks: [1, 2],
  };
  await addVote(annotator, vote);
  await addVote(researcher, { ...vote, seat: 2, undone: true });
  const answered = await addPrompt(db, projectId, "100 % answered?", { split: "test" });
  await addCompletions(db, projectId, answered, ["three", "four", "five"], "another-model");
  await addItem(db, await addProject(db), ["of another", "project"]);

  const { rows, total } = await listPrompts(researcher, { projectId, ...page });
  expect(total).toBe(2);
  expect(rows).toMatchObject([
    { id: judged.promptId, hasReference: true, split: "train", completions: 2, items: 1, judgements: 1 },
    { id: answered, hasReference: false, split: "test", completions: 3, items: 0, judgements: 0 },
  ]);

  const ids = async (filter: object) => (await listPrompts(researcher, { projectId, ...page, ...filter })).rows.map(({ id }) => id);
  expect(await ids({ sort: "completions" })).toEqual([answered, judged.promptId]);
  expect(await ids({ judged: "yes" })).toEqual([judged.promptId]);
  expect(await ids({ judged: "no" })).toEqual([answered]);
  expect(await ids({ split: "test" })).toEqual([answered]);
  expect(await ids({ search: "100 %" })).toEqual([answered]);
  expect(await ids({ search: "THE ANSWER" })).toEqual([judged.promptId]);
  const { models } = await getPromptFacets(researcher, { projectId });
  const another = models.find(({ name }) => name === "another-model");
  expect(await ids({ modelId: another?.id })).toEqual([answered]);
});
