/** From a human evaluation to the board: answers that are missing, blind ratings, results and the votes behind them. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selectModels } from "../../../db/queries/completions";
import { openHumanEvaluations } from "../../../db/queries/human-evaluations";
import { selectRun } from "../../../db/queries/runs";
import { humanEvaluations, items, judgements, prompts } from "../../../db/schema";
import { measureHumanEvaluation } from "../../../domain/human-evaluation-results";
import { DEFAULT_SCALES } from "../../../domain/scale";
import type { UserContext } from "../../../server/context";
import { previewDataset } from "../../../server/services/dataset";
import { closeHumanEvaluation, createHumanEvaluation, listHumanEvaluations } from "../../../server/services/human-evaluation";
import {
  exportHumanEvaluation,
  exportRatingRows,
  getHumanEvaluation,
  listEvaluationVotes,
} from "../../../server/services/human-evaluation-results";
import { submitJudgement } from "../../../server/services/judgement";
import { getLeaderboard } from "../../../server/services/leaderboard";
import { claimNextItem } from "../../../server/services/queue";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addProject, addPrompt, addUser } from "../../helpers/project-world";
import { createRunWorld } from "../../helpers/run-world";

const SCALES = [
  { name: "Clear", points: 4, low: "", high: "" },
  { name: "Kind", points: 3, low: "", high: "" },
];

let database: TestDb;
let researcher: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
});
afterAll(() => database.close());

/** Prompts of the test split that two models answered; the first one alike. */
async function addWorld(count = 4) {
  const projectId = await addProject(database.db);
  for (let i = 0; i < count; i++) {
    const promptId = await addPrompt(database.db, projectId, `Prompt ${i}`, { split: "test" });
    await addCompletions(database.db, projectId, promptId, [i === 0 ? "The same" : `Weak ${i}`], "weak");
    await addCompletions(database.db, projectId, promptId, [i === 0 ? "The same" : `Strong ${i}`], "strong");
  }
  const models = (await selectModels(database.db, projectId)).map(({ id }) => ({ modelId: id }));
  const make = (more: Partial<Parameters<typeof createHumanEvaluation>[1]> = {}) =>
    createHumanEvaluation(researcher, {
      projectId,
      name: "First",
      models,
      prompts: { from: "split", split: "test", count },
      scales: SCALES,
      overlap: 2,
      seed: 7,
      temperature: 1,
      maxNewTokens: 20,
      ...more,
    });
  return { projectId, models, make };
}

/** Rates everything that is handed out: strong texts get 4, weak ones 1, on Clear; 2 on Kind. */
async function rateAll(projectId: string, evaluator: UserContext): Promise<string[]> {
  const seen: string[] = [];
  for (let task = await claimNextItem(evaluator, { projectId }); task !== null; task = await claimNextItem(evaluator, { projectId })) {
    expect(task.mode).toBe("rating");
    expect(task.scales).toEqual(SCALES);
    expect(JSON.stringify(task)).not.toMatch(/"(weak|strong)"/);
    const scores = task.completions.map(({ text }) => [text.startsWith("Strong") ? 4 : 1, 2]);
    await submitJudgement(evaluator, {
      itemId: task.itemId,
      clientEventId: crypto.randomUUID(),
      value: { kind: "rating", scales: SCALES.map(({ name, points }) => ({ name, points })), scores },
      reasons: [],
      comment: "",
      activeMs: 900,
      idleMs: 0,
      untouched: false,
    });
    seen.push(task.completions.map(({ text }) => text).join(" | "));
  }
  return seen;
}

describe("a human evaluation", () => {
  it("is rated blind on its own scales, and its results lead to votes, a file and the board", async () => {
    const { projectId, make } = await addWorld();
    const { id, runIds } = await make();
    expect(runIds).toEqual([]);
    const [ann, bob] = [await addUser(database.db, "annotator"), await addUser(database.db, "annotator")];
    const seen = await rateAll(projectId, ann);
    expect(seen).toHaveLength(4);
    // What two models say alike is shown once.
    expect(seen).toContain("The same");
    await rateAll(projectId, bob);
    expect(await claimNextItem(await addUser(database.db, "annotator"), { projectId })).toBeNull();

    const { evaluation, results } = await getHumanEvaluation(researcher, { id, simulated: false });
    expect(evaluation).toMatchObject({ state: "done", judged: 8, wanted: 8, prompts: 4, seed: 7 });
    const of = (name: string) => results.models[evaluation.models.findIndex((model) => model.name === name)]?.scales;
    expect(of("weak")?.[0]?.mean.value).toBe(1);
    expect(of("strong")?.[0]?.mean.value).toBe((3 * 4 + 1) / 4);
    expect(of("strong")?.[1]).toMatchObject({ ratings: 8, counts: [0, 8, 0] });
    expect(results.agreement[0]?.agreement?.alpha.ordinal?.value).toBe(1);

    const strong = evaluation.models.find(({ name }) => name === "strong")?.id ?? "";
    const fours = await listEvaluationVotes(researcher, { id, simulated: false, modelId: strong, scale: "Clear", score: 4 });
    expect(fours.votes).toHaveLength(6);
    const exported = await exportHumanEvaluation(researcher, { id, simulated: false });
    const file: typeof exported = JSON.parse(JSON.stringify(exported));
    expect(measureHumanEvaluation({ ...file, models: file.models.length })).toEqual(JSON.parse(JSON.stringify(results)));
    const lines = [];
    for await (const line of exportRatingRows(researcher, { id, simulated: false })) lines.push(line);
    expect(lines).toHaveLength(16);
    expect(lines[0]).toMatchObject({ Kind: 2 });

    const slug = (await getLeaderboardSlug(projectId)) ?? "";
    const board = await getLeaderboard(researcher, { slug, votes: "people", weights: "served" });
    expect(
      board.human.find(({ name }) => name === "strong")?.scores.map(({ scale, value, evaluation: from }) => [scale, value, from]),
    ).toEqual([
      ["Clear", 3.25, "First"],
      ["Kind", 2, "First"],
    ]);
    // Its votes are its own: no ranking and no data set reads them.
    expect(board.votes).toMatchObject({ counted: 0, available: { people: 0 } });
    const { counts } = await previewDataset(researcher, {
      projectId,
      kind: "preference",
      filter: { includeSimulated: true, excludeUntouched: false, roundId: null, modes: ["rating"] },
    });
    expect(counts.test).toBe(0);
  });

  it("shows each evaluator an order of their own, and stores it", async () => {
    const { projectId, make } = await addWorld(12);
    await make();
    await rateAll(projectId, await addUser(database.db, "annotator"));
    await rateAll(projectId, await addUser(database.db, "annotator"));
    const rows = await database.db
      .select({ itemId: judgements.itemId, shownOrder: judgements.shownOrder })
      .from(judgements)
      .where(eq(judgements.projectId, projectId));
    const orders = new Map<string, Set<string>>();
    for (const { itemId, shownOrder } of rows) orders.set(itemId, (orders.get(itemId) ?? new Set()).add(shownOrder.join()));
    const swapped = [...orders.values()].filter(({ size }) => size === 2).length;
    expect(swapped).toBeGreaterThan(0);
    expect(swapped).toBeLessThan(12);
  });

  it("samples what is missing first, of just those prompts, and asks people when it is there", async () => {
    const { ctx, projectId, base } = await createRunWorld(database.db);
    const promptIds = [];
    for (const text of ["Say one", "Say two"]) promptIds.push(await addPrompt(database.db, projectId, text, { split: "test" }));
    await addCompletions(database.db, projectId, promptIds[0] ?? "", ["Imported"], "imported");
    const input = {
      projectId,
      name: "Zero-shot",
      models: [
        { checkpointId: base.id },
        { modelId: (await selectModels(database.db, projectId)).find(({ name }) => name === "imported")?.id ?? "" },
      ],
      scales: [...DEFAULT_SCALES],
      overlap: 1,
      seed: 3,
      temperature: 0,
      maxNewTokens: 12,
    };
    // An outside model cannot be asked: the form says which.
    await expect(createHumanEvaluation(ctx, { ...input, prompts: { from: "typed", texts: ["Say one", "Say two"] } })).rejects.toMatchObject(
      {
        code: "BAD_INPUT",
        fields: [{ field: "models.1", message: expect.stringMatching(/^imported has not answered 1 of the prompts/) }],
      },
    );
    expect(await listHumanEvaluations(ctx, { projectId })).toEqual([]);
    const { id, runIds } = await createHumanEvaluation(ctx, { ...input, prompts: { from: "typed", texts: ["Say one"] } });
    expect(runIds).toHaveLength(1);
    const run = await selectRun(database.db, runIds[0] ?? "");
    expect(run?.config).toMatchObject({
      kind: "sample",
      promptIds: [promptIds[0]],
      seed: 3,
      createItems: false,
      sampling: { temperature: 0, maxNewTokens: 12 },
    });
    expect(await listHumanEvaluations(ctx, { projectId })).toMatchObject([
      { id, state: "waiting", missing: 1, runs: [{ state: "queued" }] },
    ]);
    await addCompletions(database.db, projectId, promptIds[0] ?? "", ["Sampled"], base.name);
    await openHumanEvaluations(database.db, projectId);
    expect(await listHumanEvaluations(ctx, { projectId })).toMatchObject([{ id, state: "open", missing: 0, wanted: 1 }]);
    expect(await database.db.$count(items, eq(items.evaluationId, id))).toBe(1);
  });

  it("leaves out a prompt whose answer gives its model away, and says so", async () => {
    const { projectId, make } = await addWorld(2);
    const promptId = await addPrompt(database.db, projectId, "Who are you?", { split: "test" });
    await addCompletions(database.db, projectId, promptId, ["I am Claude, a model."], "weak");
    await addCompletions(database.db, projectId, promptId, ["Somebody."], "strong");
    const { id } = await make({ prompts: { from: "split", split: "test", count: 3 }, overlap: 1 });
    const { evaluation, leftOut } = await getHumanEvaluation(researcher, { id, simulated: false });
    expect(evaluation.wanted).toBe(2);
    expect(leftOut).toMatchObject([{ promptId, model: "weak", problem: expect.stringMatching(/names its model/) }]);
  });

  it("typed prompts join the test split, and a name is taken once", async () => {
    const { projectId, make } = await addWorld();
    await make();
    await expect(make()).rejects.toMatchObject({ code: "CONFLICT", fields: [{ field: "name" }] });
    await expect(make({ name: "Too many", prompts: { from: "split", split: "test", count: 5 } })).rejects.toMatchObject({
      fields: [{ field: "prompts.count", message: "The test split has 4 prompts" }],
    });
    expect(await database.db.$count(humanEvaluations, eq(humanEvaluations.projectId, projectId))).toBe(1);
    await expect(make({ name: "Typed", prompts: { from: "typed", texts: ["Never seen"] } })).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect(await database.db.$count(prompts, eq(prompts.projectId, projectId))).toBe(4);
  });

  it("stops asking and asks again", async () => {
    const { projectId, make } = await addWorld();
    const { id } = await make();
    const evaluator = await addUser(database.db, "annotator");
    await closeHumanEvaluation(researcher, { id, closed: true });
    expect(await claimNextItem(evaluator, { projectId })).toBeNull();
    await closeHumanEvaluation(researcher, { id, closed: false });
    expect(await claimNextItem(evaluator, { projectId })).not.toBeNull();
  });
});

async function getLeaderboardSlug(projectId: string): Promise<string | undefined> {
  const project = await database.db.query.projects.findFirst({ where: (t, { eq: is }) => is(t.id, projectId) });
  return project?.slug;
}
