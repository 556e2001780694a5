/** The leaderboard from votes: who is ranked, and by which of them. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { insertProject } from "../../../db/queries/projects";
import type { UserContext } from "../../../server/context";
import { createItems } from "../../../server/services/item";
import { getLeaderboard } from "../../../server/services/leaderboard";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addPrompt, addUser, addVote } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
});
afterAll(() => database.close());

it("ranks models that were compared with another one, and no model that met only itself", async () => {
  const { db } = database;
  const project = await insertProject(db, { slug: "ranked", name: "Ranked" });
  const projectId = project?.id ?? "";
  /** A vote for the first of two answers. */
  const vote = async (prompt: string, models: [string, string]) => {
    const promptId = await addPrompt(db, projectId, prompt);
    const completionIds: string[] = [];
    for (const [i, model] of models.entries()) completionIds.push(...(await addCompletions(db, projectId, promptId, [`${prompt} ${i}`], model)));
    const { ids } = await createItems({ db }, { projectId, items: [{ promptId, completionIds, mode: "pairwise" }] });
    await addVote(researcher, { projectId, itemId: ids[0] ?? "", shownOrder: completionIds, value: { kind: "pairwise", margin: -2 }, ranks: [1, 2] });
  };
  await vote("first", ["good", "poor"]);
  await vote("second", ["good", "poor"]);
  await vote("third", ["alone", "alone"]);

  const board = await getLeaderboard(researcher, { slug: "ranked", votes: "people" });
  expect(board.ranking.map(({ name, rank, judged }) => ({ name, rank, judged }))).toEqual([
    { name: "good", rank: 1, judged: 2 },
    { name: "poor", rank: 2, judged: 2 },
  ]);
  expect(board).toMatchObject({ groups: 1, votes: { counted: 2 }, winRates: [[null, { share: 1, n: 2 }], [{ share: 0, n: 2 }, null]] });
});
