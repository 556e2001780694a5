/** From the modes of a project to items, and from judgements of each mode to the rows of datasets. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completions, items, projects } from "../../../db/schema";
import { type AnnotationSettings, DEFAULT_ANNOTATION } from "../../../domain/annotation/settings";
import type { JudgementValue } from "../../../domain/judgement";
import { ranksOfValue } from "../../../domain/judgement";
import type { UserContext } from "../../../server/context";
import { exportDataset, freezeDataset, previewDataset, readDatasetRows } from "../../../server/services/dataset";
import { importRows } from "../../../server/services/import";
import { createItems } from "../../../server/services/item";
import { getLeaderboard } from "../../../server/services/leaderboard";
import { makeItems } from "../../../server/services/make-items";
import { changeProject, getExample } from "../../../server/services/project";
import { claimNextItem } from "../../../server/services/queue";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addProject, addPrompt, addUser, addVote } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
let annotator: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
  annotator = await addUser(database.db, "annotator");
});
afterAll(() => database.close());

const setModes = (projectId: string, modes: AnnotationSettings["modes"]) =>
  changeProject(researcher, { projectId, annotation: { ...DEFAULT_ANNOTATION, modes } });

describe("makeItems", () => {
  it("makes items in the shares of the settings, once, and counts before it makes", async () => {
    const projectId = await addProject(database.db);
    for (let i = 0; i < 40; i++) {
      const promptId = await addPrompt(database.db, projectId, `Prompt ${i}`);
      if (i < 30) await addCompletions(database.db, projectId, promptId, ["One.", "Two.", "Three."]);
    }
    await setModes(projectId, [
      { mode: "best_of_n", share: 1, completions: 3 },
      { mode: "demonstration", share: 1, completions: 0 },
    ]);
    const choice = { projectId, split: null, maxItems: 1000, seed: 1 };
    const plan = await makeItems(researcher, { ...choice, dryRun: true });
    expect((plan.made.best_of_n ?? 0) + (plan.made.demonstration ?? 0)).toBe(40);
    expect(plan.made.demonstration).toBeGreaterThanOrEqual(10);
    expect(await database.db.$count(items, eq(items.projectId, projectId))).toBe(0);
    expect(await makeItems(researcher, { ...choice, dryRun: false })).toEqual(plan);
    expect(await database.db.$count(items, eq(items.projectId, projectId))).toBe(40);
    expect(await makeItems(researcher, { ...choice, dryRun: false })).toMatchObject({ prompts: 40, known: 40, made: {} });
  });

  it("stops at the most that is wanted, keeps to a split, and says which prompts have too little", async () => {
    const projectId = await addProject(database.db);
    for (const [i, split] of (["train", "train", "test"] as const).entries()) {
      const promptId = await addPrompt(database.db, projectId, `Prompt ${i}`, { split });
      await addCompletions(database.db, projectId, promptId, i === 0 ? ["Same.", "I am Claude."] : ["One.", "Two."]);
    }
    expect(await makeItems(researcher, { projectId, split: "train", maxItems: 10, seed: 1, dryRun: true })).toEqual({
      prompts: 2,
      known: 0,
      without: 1,
      made: { pairwise: 1 },
      left: { "A completion names its model": 1 },
    });
    expect((await makeItems(researcher, { projectId, split: null, maxItems: 1, seed: 1, dryRun: false })).made).toEqual({ pairwise: 1 });
  });
});

it("the example of a project is its fullest prompt, without what annotators may not see", async () => {
  const projectId = await addProject(database.db);
  expect(await getExample(researcher, { projectId })).toBeNull();
  await addPrompt(database.db, projectId, "bare");
  const promptId = await addPrompt(database.db, projectId, "full");
  await addCompletions(database.db, projectId, promptId, ["One.", "I am ChatGPT.", "Two."]);
  const example = await getExample(researcher, { projectId });
  expect(example?.messages).toEqual([{ role: "user", content: "full" }]);
  expect(example?.completions.map(({ text }) => text).toSorted()).toEqual(["One.", "Two."]);
});

/** An item with one judgement of it, seen in the reverse of its own order. */
async function addJudged(
  projectId: string,
  prompt: string,
  mode: AnnotationSettings["modes"][number]["mode"],
  texts: string[],
  value: JudgementValue,
  untouched = false,
) {
  const promptId = await addPrompt(database.db, projectId, prompt);
  // A model for each text, so that the leaderboard can tell them apart.
  const completionIds: string[] = [];
  for (const [i, text] of texts.entries())
    completionIds.push(...(await addCompletions(database.db, projectId, promptId, [text], `model-${i}`)));
  const { ids, skipped } = await createItems(researcher, { projectId, items: [{ promptId, completionIds, mode }] });
  expect(skipped).toEqual([]);
  const [itemId = ""] = ids;
  return addVote(annotator, {
    projectId,
    itemId,
    shownOrder: completionIds.toReversed(),
    value,
    ranks: ranksOfValue(value, texts.length),
    untouched,
  });
}

const rowsOf = async (projectId: string, kind: "preference" | "sft", filter?: Record<string, unknown>) => {
  const { id } = await freezeDataset(researcher, { projectId, kind, ...(filter ? { filter } : {}) });
  const rows = [];
  for await (const { content, judgementId } of readDatasetRows(researcher, { datasetId: id })) rows.push({ ...content, judgementId });
  return { id, rows };
};
const messages = (content: string) => [{ role: "user", content }];

describe("rows", () => {
  it("a best-of-n gives a pair for each answer it leaves, and the leaderboard no tie between those", async () => {
    const projectId = await addProject(database.db);
    // Shown in reverse: position 0 is the last text.
    const judgementId = await addJudged(projectId, "p", "best_of_n", ["A", "B", "C"], { kind: "best_of_n", best: 0 });
    const pair = (other: string) => ({ messages: messages("p"), completions: ["C", other], ranks: [1, 2], margin: null, judgementId });
    expect((await rowsOf(projectId, "preference")).rows).toEqual([pair("A"), pair("B")]);
    const [project] = await database.db.select({ slug: projects.slug }).from(projects).where(eq(projects.id, projectId));
    const board = await getLeaderboard(researcher, { slug: project?.slug ?? "", votes: "people", weights: "served" });
    const place = (name: string) => board.ranking.find((model) => model.name === name)?.place ?? -1;
    expect(board.winRates[place("model-2")]?.[place("model-0")]).toEqual({ share: 1, n: 1 });
    expect(board.winRates[place("model-0")]?.[place("model-1")]).toBeNull();
    expect((await rowsOf(projectId, "sft", { references: false, bestRanked: true })).rows).toEqual([
      { messages: messages("p"), completion: "C", judgementId },
    ]);
  });

  it("ratings rank by the mean of their scores; of one answer they prefer nothing", async () => {
    const projectId = await addProject(database.db);
    const scales = [
      { name: "x", points: 5 },
      { name: "y", points: 3 },
    ];
    // 1/4 + 1 against 1 + 0: the second scale's three points weigh as much as the first one's five.
    const judgementId = await addJudged(projectId, "p", "rating", ["A", "B"], {
      kind: "rating",
      scales,
      scores: [
        [2, 3],
        [5, 1],
      ],
    });
    await addJudged(projectId, "q", "rating", ["only"], { kind: "rating", scales, scores: [[5, 3]] });
    expect((await rowsOf(projectId, "preference")).rows).toEqual([
      { messages: messages("p"), completions: ["A", "B"], ranks: [2, 1], margin: null, ratings: [0.5, 0.625], judgementId },
    ]);
    expect(
      (
        await previewDataset(researcher, {
          projectId,
          kind: "preference",
          filter: { includeSimulated: false, modes: ["rating"], roundId: null, excludeUntouched: false },
        })
      ).excluded.noPreference,
    ).toBe(1);
  });

  it("an edit is a reference and better than its original; unchanged it is a reference alone", async () => {
    const projectId = await addProject(database.db);
    const edited = await addJudged(projectId, "p", "edit", ["wrong"], { kind: "edit", text: "right" });
    const kept = await addJudged(projectId, "q", "edit", ["fine"], { kind: "edit", text: "fine" }, true);
    const written = await addJudged(projectId, "r", "demonstration", [], { kind: "demonstration", text: "ideal" });
    expect((await rowsOf(projectId, "preference")).rows).toEqual([
      { messages: messages("p"), completions: ["right", "wrong"], ranks: [1, 2], margin: null, judgementId: edited },
    ]);
    const { rows } = await rowsOf(projectId, "sft", { references: false, written: true });
    const row = (prompt: string, completion: string, judgementId: string) => ({ messages: messages(prompt), completion, judgementId });
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(expect.arrayContaining([row("p", "right", edited), row("q", "fine", kept), row("r", "ideal", written)]));
  });

  it("whole conversations are imported, shown as turns, and exported as TRL's messages", async () => {
    const projectId = await addProject(database.db);
    const turns = (words: string) => [
      { role: "assistant", content: "Hello" },
      { role: "user", content: "And?" },
      { role: "assistant", content: words },
    ];
    const rows = (...values: object[]) => values.map((row, i) => ({ line: i + 1, row }));
    const line = (words: string, model: string) => ({ prompt: "Hi", completion: turns(words), model });
    const report = await importRows(
      researcher,
      { projectId, kind: "completions", source: "talks.jsonl", policy: "refuse" },
      rows(line("Fine.", "a"), line("Bad.", "b"), { prompt: "Hi", completion: [{ role: "user", content: "x" }] }),
    );
    expect(report.errors).toEqual([
      { line: 3, reason: "completion: expected answers and replies in turn, from the assistant's to the assistant's" },
    ]);
    await importRows(
      researcher,
      { projectId, kind: "completions", source: "talks.jsonl", policy: "refuse" },
      rows(line("Fine.", "a"), line("Bad.", "b")),
    );
    const stored = await database.db
      .select({ id: completions.id, text: completions.text })
      .from(completions)
      .where(eq(completions.projectId, projectId));
    expect(stored.map(({ text }) => text).toSorted()).toEqual([
      "Hello\n\nHuman: And?\n\nAssistant: Bad.",
      "Hello\n\nHuman: And?\n\nAssistant: Fine.",
    ]);
    await makeItems(researcher, { projectId, split: null, maxItems: 10, seed: 1, dryRun: false });
    const task = await claimNextItem(annotator, { projectId });
    expect(task?.completions.map((completion) => completion.turns?.length)).toEqual([3, 3]);
    const shownOrder = task?.completions.map(({ id }) => id) ?? [];
    const fine = task?.completions.findIndex(({ text }) => text.endsWith("Fine.")) ?? 0;
    await addVote(annotator, {
      projectId,
      itemId: task?.itemId ?? "",
      shownOrder,
      value: { kind: "pairwise", margin: fine === 0 ? -1 : 1 },
      ranks: fine === 0 ? [1, 2] : [2, 1],
    });
    const { id: datasetId } = await rowsOf(projectId, "preference");
    const lines = [];
    for await (const exported of exportDataset(researcher, { datasetId, format: "trl-preference", prompt: "explicit", shape: "messages" }))
      lines.push(exported);
    expect(lines).toMatchObject([{ prompt: messages("Hi"), chosen: turns("Fine."), rejected: turns("Bad.") }]);
    // The last answer is learnt, after all that led to it.
    expect((await rowsOf(projectId, "sft", { references: false, bestRanked: true })).rows).toMatchObject([
      { messages: [...messages("Hi"), ...turns("").slice(0, 2)], completion: "Fine." },
    ]);
  });
});
