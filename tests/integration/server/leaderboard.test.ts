/** The leaderboard from votes: who is ranked, by which of them, and what can be downloaded. */
import { createHash } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertProject } from "../../../db/queries/projects";
import { judgements } from "../../../db/schema";
import type { UserContext } from "../../../server/context";
import { createItems } from "../../../server/services/item";
import { getLeaderboard, getModelLineage } from "../../../server/services/leaderboard";
import { exportRanking, exportVotes } from "../../../server/services/leaderboard-export";
import { getHistory, getScrutiny, readWantedVotes } from "../../../server/services/leaderboard-scrutiny";
import { getBoardSources } from "../../../server/services/leaderboard-sources";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addPrompt, addUser, addVote } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
let simulated: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
  simulated = await addUser(database.db, "annotator", { simulated: true });
});
afterAll(() => database.close());

async function addProjectNamed(slug: string) {
  const { db } = database;
  const project = await insertProject(db, { slug, name: slug });
  const projectId = project?.id ?? "";
  /** A vote that ranks one answer of each of `models`, in this order unless `ranks` says otherwise. */
  const vote = async (
    prompt: string,
    models: string[],
    {
      by = researcher,
      ranks,
      bothBad = false,
      category = "chat",
    }: { by?: UserContext; ranks?: number[]; bothBad?: boolean; category?: string } = {},
  ) => {
    const promptId = await addPrompt(db, projectId, prompt, { meta: { category } });
    const completionIds: string[] = [];
    for (const [i, model] of models.entries())
      completionIds.push(
        ...(await addCompletions(db, projectId, promptId, [`${"abcdefghi"[i]}: ${prompt} ${"word ".repeat(5 * i)}`], model)),
      );
    const mode = models.length === 2 ? ("pairwise" as const) : ("ranking" as const);
    const { ids } = await createItems({ db }, { projectId, items: [{ promptId, completionIds, mode }] });
    return addVote(by, {
      projectId,
      itemId: ids[0] ?? "",
      shownOrder: completionIds,
      value: bothBad ? { kind: "both_bad" } : { kind: "pairwise", margin: -2 },
      ranks: bothBad ? null : (ranks ?? models.map((_, i) => i + 1)),
    });
  };
  return { projectId, vote };
}

const all = { votes: "people", weights: "served" } as const;

it("ranks models that were compared with another one, and no model that met only itself", async () => {
  const { vote } = await addProjectNamed("ranked");
  await vote("first", ["good", "poor"]);
  await vote("second", ["good", "poor"]);
  await vote("third", ["alone", "alone"]);
  const board = await getLeaderboard(researcher, { slug: "ranked", ...all });
  expect(board.ranking.map(({ name, rank, judged, open }) => ({ name, rank, judged, open }))).toEqual([
    { name: "good", rank: 1, judged: 2, open: "above" },
    { name: "poor", rank: 2, judged: 2, open: "below" },
  ]);
  expect(board).toMatchObject({
    groups: 1,
    votes: { counted: 2 },
    winRates: [
      [null, { share: 1, n: 2 }],
      [{ share: 0, n: 2 }, null],
    ],
  });
  expect(board.notes.join(" ")).toMatch(/good never lost/);
});

describe("a board", () => {
  it("reads rankings, ties and both-bad votes, and holds simulated votes and categories apart", async () => {
    const { vote } = await addProjectNamed("mixed");
    await vote("q1", ["a", "b", "c"], { category: "code" });
    await vote("q2", ["a", "b"], { ranks: [1, 1] });
    await vote("q3", ["b", "a"]);
    await vote("q4", ["a", "c"], { bothBad: true });
    await vote("q5", ["c", "a"], { by: simulated });
    const board = await getLeaderboard(researcher, { slug: "mixed", ...all });
    expect(board.votes).toMatchObject({ counted: 3, available: { people: 4, simulated: 1 } });
    expect(board.categories).toEqual([
      { name: "chat", votes: 2 },
      { name: "code", votes: 1 },
    ]);
    expect(Object.fromEntries(board.ranking.map(({ name, judged, bothBad }) => [name, [judged, bothBad]]))).toEqual({
      a: [4, 1],
      b: [3, 0],
      c: [2, 1],
    });
    // The ranking's three pairs weigh 1/2 each: a has two of them and two lone votes.
    expect(board.ranking.find(({ name }) => name === "a")?.weight).toBe(3);
    expect(await getLeaderboard(researcher, { slug: "mixed", ...all, category: "code" })).toMatchObject({ votes: { counted: 1 } });
    expect(await getLeaderboard(researcher, { slug: "mixed", ...all, votes: "all" })).toMatchObject({ votes: { counted: 4 } });
  });

  it("is exact after each new vote and each undone one", async () => {
    const { vote } = await addProjectNamed("growing");
    const count = async () => (await getLeaderboard(researcher, { slug: "growing", ...all })).votes.counted;
    const first = await vote("g1", ["a", "b"]);
    expect(await count()).toBe(1);
    await vote("g2", ["b", "c"]);
    await vote("g3", ["d", "c", "a"]);
    expect(await Promise.all([count(), count(), count()])).toEqual([3, 3, 3]);
    await database.db.update(judgements).set({ undoneAt: new Date() }).where(eq(judgements.id, first));
    const board = await getLeaderboard(researcher, { slug: "growing", ...all });
    expect(board.votes.counted).toBe(2);
    expect(board.winRates.flat().filter((cell) => cell !== null)).toHaveLength(8);
  });

  it("weighs votes by the inverse of the probability with which they were served", async () => {
    const { projectId, vote } = await addProjectNamed("weighed");
    for (let i = 0; i < 6; i++) await vote(`w${i}`, i < 3 ? ["a", "b"] : ["b", "a"]);
    const rows = await database.db.select().from(judgements).where(eq(judgements.projectId, projectId));
    for (const { id } of rows.slice(0, 3)) await database.db.update(judgements).set({ propensity: 0.25 }).where(eq(judgements.id, id));
    const scoreOfA = async (weights: "served" | "propensity", slug: string) =>
      (await getLeaderboard(researcher, { slug, votes: "all", weights })).ranking.find(({ name }) => name === "a")?.score ?? 0;
    expect(await scoreOfA("served", "weighed")).toBeCloseTo(1000, 6);
    // a wins weigh four times as much: half of the logit ln 4 each side of the mean.
    expect(Math.abs((await scoreOfA("propensity", "weighed")) - 1000)).toBeCloseTo((400 / Math.LN10) * (Math.log(4) / 2), 6);
  });

  it("explains itself: fragility with the votes' ids, wanted votes, history, lineage, downloads", async () => {
    const { vote } = await addProjectNamed("explained");
    const ids: string[] = [];
    for (let i = 0; i < 14; i++) ids.push(await vote(`e${i}`, i % 7 < 4 ? ["a", "b"] : ["b", "a"]));
    const scrutiny = await getScrutiny(researcher, { slug: "explained", ...all, difference: 50 });
    // Eight wins against six: without three of the eight b leads.
    expect(scrutiny?.fragility).toMatchObject({ leader: "a", challenger: "b", count: 3, kinds: [{ text: "a over b", count: 3 }] });
    for (const id of scrutiny?.fragility?.judgementIds ?? []) expect(ids).toContain(id);
    expect(scrutiny?.needed[0]?.[1]).toBeGreaterThan(100);
    expect(scrutiny?.joint.note).toMatch(/at least 60 votes and has 14/);
    const history = await getHistory(researcher, { slug: "explained", ...all });
    const board = await getLeaderboard(researcher, { slug: "explained", ...all });
    expect(history.points.at(-1)?.votes).toBe(14);
    const [fifth] = history.points.filter(({ votes }) => votes === 5);
    expect(await getLeaderboard(researcher, { slug: "explained", ...all, until: fifth?.at })).toMatchObject({ votes: { counted: 5 } });
    expect(history.points.at(-1)?.scores[0]).toBeCloseTo(board.ranking.find(({ place }) => place === 0)?.score ?? 0, 3);
    expect(await getModelLineage(researcher, { slug: "explained", modelId: board.ranking[0]?.id ?? "" })).toBeNull();
    const csv = await exportRanking(researcher, { slug: "explained", ...all });
    expect(csv.split("\r\n")[1]).toMatch(/^0,1,1,2,a,/);
    const lines: Record<string, unknown>[] = [];
    for await (const line of exportVotes(researcher, { slug: "explained", ...all })) lines.push(line);
    expect(lines).toHaveLength(14);
    expect(lines[0]).toMatchObject({ annotator: 1, shown: ["a", "b"], ranks: [1, 2] });
    expect(JSON.stringify(lines)).not.toContain(researcher.user.id);
    expect(JSON.stringify(lines)).not.toContain(researcher.user.name);
    const file = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    expect(await getBoardSources(researcher, { slug: "explained", ...all })).toEqual({
      project: "explained",
      votes: { lines: 14, sha256: createHash("sha256").update(file).digest("hex") },
      models: [],
    });
    await expect(getBoardSources({ ...researcher, user: null }, { slug: "explained", ...all })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("says how many votes two models still want, strangers as many as from nothing", async () => {
    const { projectId, vote } = await addProjectNamed("wanted");
    for (let i = 0; i < 20; i++) await vote(`n${i}`, i % 2 === 0 ? ["a", "b"] : ["b", "a"]);
    const { ranking } = await getLeaderboard(researcher, { slug: "wanted", ...all });
    const [a, b] = ["a", "b"].map((name) => ranking.find((row) => row.name === name)?.id ?? "") as [string, string];
    const wanted = await readWantedVotes(database.db, { projectId, difference: 100 });
    // The twenty votes are saved, and a pair that is known to be close is worth a little more a vote.
    expect(wanted(a, b)).toBeGreaterThan(0);
    expect(wanted(a, "nobody")).toBeGreaterThanOrEqual(wanted(a, b) + 20);
  });

  it("leaves out the pairs that a best-of-n says nothing of", async () => {
    const { vote } = await addProjectNamed("best");
    const id = await vote("b1", ["a", "b", "c"], { ranks: [1, 2, 2] });
    await database.db
      .update(judgements)
      .set({ value: { kind: "best_of_n", best: 0 } as never })
      .where(eq(judgements.id, id));
    const board = await getLeaderboard(researcher, { slug: "best", ...all });
    const [bRow, cRow] = ["b", "c"].map((name) => board.ranking.find((row) => row.name === name));
    expect(board.winRates[bRow?.place ?? -1]?.[cRow?.place ?? -1]).toBeNull();
  });

  it("holds style equal where there are votes enough, and says where there are not", async () => {
    const { vote } = await addProjectNamed("styled");
    for (let i = 0; i < 30; i++) await vote(`s${i}`, i % 3 === 0 ? ["b", "a"] : ["a", "b"], { ranks: i % 5 === 0 ? [2, 1] : [1, 2] });
    const board = await getLeaderboard(researcher, { slug: "styled", ...all, style: "controlled" });
    // The second answer is always the longer one: length is the one feature that differs.
    expect(board.style?.coefficients.map(({ name }) => name)).toEqual(["Length"]);
    expect(await getLeaderboard(researcher, { slug: "mixed", ...all, style: "controlled" })).toMatchObject({
      style: { note: expect.stringMatching(/at least/) },
    });
  });

  it("is for nobody else while it is not published", async () => {
    await expect(getLeaderboard({ ...researcher, user: null }, { slug: "mixed", ...all })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(exportVotes({ ...researcher, user: null }, { slug: "mixed", ...all }).next()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
