/** Freezing, reading and exporting dataset versions, and the items behind them. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertItems } from "../../../db/queries/items";
import { itemCompletions, prompts, seats } from "../../../db/schema";
import { canonicalJson } from "../../../domain/canonical";
import type { UserContext } from "../../../server/context";
import { exportDataset, freezeDataset, previewDataset, readDatasetRows } from "../../../server/services/dataset";
import { createItems } from "../../../server/services/item";
import { asc, eq } from "drizzle-orm";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addCompletions, addItem, addProject, addPrompt, addUser, addVote } from "../../helpers/project-world";

let database: TestDb;
let researcher: UserContext;
let annotator: UserContext;
let bot: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  researcher = await addUser(database.db, "researcher");
  annotator = await addUser(database.db, "annotator");
  bot = await addUser(database.db, "annotator", { simulated: true });
});
afterAll(() => database.close());

async function readAll<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const entry of stream) out.push(entry);
  return out;
}

/** A pair whose SECOND completion the annotator saw first and found better by 2. */
async function addReversedPair(projectId: string, texts: [string, string], more: Parameters<typeof addItem>[3] = {}) {
  const { itemId, completionIds, promptId } = await addItem(database.db, projectId, texts, more);
  const judgementId = await addVote(annotator, {
    projectId,
    itemId,
    shownOrder: [...completionIds].reverse(),
    value: { kind: "pairwise", margin: -2 },
    ranks: [1, 2],
  });
  return { itemId, promptId, judgementId };
}

describe("freezeDataset", () => {
  it("maps ranks from the shown order to the items' own, and hashes the canonical rows", async () => {
    const projectId = await addProject(database.db);
    const { promptId, judgementId } = await addReversedPair(projectId, ["first", "second"], { groupKey: "g1" });
    const version = await freezeDataset(researcher, { projectId, kind: "preference" });
    const rows = await readAll(readDatasetRows(researcher, { datasetId: version.id }));
    const content = {
      messages: [{ role: "user", content: "Prompt for first / second" }],
      completions: ["first", "second"],
      ranks: [2, 1],
      margin: 2,
    };
    expect(rows).toEqual([{ ordinal: 0, split: "train", groupKey: "g1", judgementId, promptId, content }]);
    const expected = createHash("sha256")
      .update(`${canonicalJson({ split: "train", groupKey: "g1", content })}\n`)
      .digest("hex");
    expect(version).toMatchObject({
      created: true,
      version: 1,
      hash: expected,
      counts: { train: 1, validation: 0, test: 0 },
      simulated: false,
    });
  });

  it("gives the same hash to the same votes in another project, and another to one changed word", async () => {
    const hashOf = async (texts: [string, string][]) => {
      const projectId = await addProject(database.db);
      for (const pair of texts) await addReversedPair(projectId, pair);
      return (await freezeDataset(researcher, { projectId, kind: "preference" })).hash;
    };
    const a: [string, string][] = [
      ["one", "two"],
      ["three", "four"],
      ["five", "six"],
    ];
    const [first, again, changed] = [await hashOf(a), await hashOf([...a].reverse()), await hashOf([...a.slice(0, 2), ["five", "seven"]])];
    expect(again).toBe(first);
    expect(changed).not.toBe(first);
  });

  it("gives back the version that has the same rows, and a new one after the next vote", async () => {
    const projectId = await addProject(database.db);
    await addReversedPair(projectId, ["a", "b"]);
    const first = await freezeDataset(researcher, { projectId, kind: "preference" });
    const [again, atOnce] = await Promise.all([
      freezeDataset(researcher, { projectId, kind: "preference" }),
      freezeDataset(researcher, { projectId, kind: "preference" }),
    ]);
    expect([again.id, atOnce.id, again.created]).toEqual([first.id, first.id, false]);
    await addReversedPair(projectId, ["c", "d"]);
    const both = await Promise.all([
      freezeDataset(researcher, { projectId, kind: "preference" }),
      freezeDataset(researcher, { projectId, kind: "preference" }),
    ]);
    expect(both.map(({ version }) => version)).toEqual([2, 2]);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
  });

  it("leaves out and counts undone, simulated, both-bad, skipped and flagged judgements", async () => {
    const projectId = await addProject(database.db);
    await addReversedPair(projectId, ["kept", "too"]);
    const cases = [
      { by: annotator, value: { kind: "pairwise" as const, margin: 1 }, ranks: [2, 1], undone: true },
      { by: bot, value: { kind: "pairwise" as const, margin: 1 }, ranks: [2, 1] },
      { by: annotator, value: { kind: "both_bad" as const }, ranks: null },
      { by: annotator, value: { kind: "skip" as const, cause: "other" as const }, ranks: null },
      { by: annotator, value: { kind: "flag" as const, note: "spam" }, ranks: null },
    ];
    for (const [i, { by, ...vote }] of cases.entries()) {
      const { itemId, completionIds } = await addItem(database.db, projectId, [`x${i}`, `y${i}`]);
      await addVote(by, { projectId, itemId, shownOrder: completionIds, ...vote });
    }
    const preview = await previewDataset(researcher, {
      projectId,
      kind: "preference",
      filter: { includeSimulated: false, modes: ["pairwise", "ranking"], roundId: null, excludeUntouched: false },
    });
    expect(preview).toMatchObject({
      counts: { train: 1 },
      excluded: { undone: 1, simulated: 1, bothBad: 1, skipped: 1, flagged: 1, untouched: 0 },
      simulated: false,
    });
    const version = await freezeDataset(researcher, { projectId, kind: "preference" });
    expect(version.hash).toBe(preview.hash);
    expect(version.filter.excluded).toEqual(preview.excluded);
    const withBots = await freezeDataset(researcher, { projectId, kind: "preference", filter: { includeSimulated: true } });
    expect(withBots).toMatchObject({ version: 2, simulated: true, counts: { train: 2 } });
  });

  it("refuses an empty version and an unknown filter, by name", async () => {
    const projectId = await addProject(database.db);
    await expect(freezeDataset(researcher, { projectId, kind: "preference" })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(freezeDataset(researcher, { projectId, kind: "preference", filter: { simulated: true } })).rejects.toThrow(/simulated/);
  });

  it("refuses when a group lies in two splits", async () => {
    const projectId = await addProject(database.db);
    await addReversedPair(projectId, ["a", "b"], { groupKey: "torn" });
    await addReversedPair(projectId, ["c", "d"], { groupKey: "torn" });
    // Prompts are refused on the way in; only a change by hand does this.
    const [one] = await database.db.select().from(prompts).where(eq(prompts.projectId, projectId)).limit(1);
    await database.db
      .update(prompts)
      .set({ split: "test" })
      .where(eq(prompts.id, one?.id ?? ""));
    await expect(freezeDataset(researcher, { projectId, kind: "preference" })).rejects.toThrow(/torn/);
    await expect(addPrompt(database.db, projectId, "another", { groupKey: "whole", split: "train" })).resolves.toBeDefined();
    await expect(addPrompt(database.db, projectId, "leak", { groupKey: "whole", split: "test" })).rejects.toThrow(
      /already in the train split/,
    );
  });

  it("makes SFT rows of references and, when asked, of completions that votes put first", async () => {
    const projectId = await addProject(database.db);
    await addPrompt(database.db, projectId, "no reference");
    await addPrompt(database.db, projectId, "with reference", { reference: "the answer", split: "validation" });
    const { judgementId } = await addReversedPair(projectId, ["worse", "better"]);
    const references = await freezeDataset(researcher, { projectId, kind: "sft" });
    expect(references.counts).toEqual({ train: 0, validation: 1, test: 0 });
    const both = await freezeDataset(researcher, { projectId, kind: "sft", filter: { bestRanked: true } });
    const rows = await readAll(readDatasetRows(researcher, { datasetId: both.id, splits: ["train"] }));
    expect(rows.map(({ content, judgementId: id }) => [content, id])).toEqual([
      [{ messages: [{ role: "user", content: "Prompt for worse / better" }], completion: "better" }, judgementId],
    ]);
  });
});

describe("exportDataset", () => {
  it("expands a ranking to its ordered pairs with one id, in TRL's four shapes, and loses no row in its own", async () => {
    const projectId = await addProject(database.db);
    const { itemId, completionIds } = await addItem(database.db, projectId, ["A", "B", "C"], { groupKey: "g" });
    const judgementId = await addVote(annotator, {
      projectId,
      itemId,
      shownOrder: completionIds,
      value: { kind: "ranking", ranks: [2, 1, 2] },
      ranks: [2, 1, 2],
    });
    const { id: datasetId } = await freezeDataset(researcher, { projectId, kind: "preference" });
    const read = (format: Parameters<typeof exportDataset>[1]) => readAll(exportDataset(researcher, format));
    const text = "Prompt for A / B / C";
    const prompt = [{ role: "user", content: text }];
    const turn = (content: string) => ({ role: "assistant", content });
    const extra = { split: "train", group: "g", judgement_id: judgementId };
    expect(await read({ datasetId, format: "trl-preference", prompt: "explicit", shape: "messages" })).toEqual([
      { prompt, chosen: [turn("B")], rejected: [turn("A")], ...extra },
      { prompt, chosen: [turn("B")], rejected: [turn("C")], ...extra },
    ]);
    expect((await read({ datasetId, format: "trl-preference", prompt: "explicit", shape: "string" }))[0]).toEqual({
      prompt: text,
      chosen: "B",
      rejected: "A",
      ...extra,
    });
    expect((await read({ datasetId, format: "trl-preference", prompt: "implicit", shape: "messages" }))[0]).toEqual({
      chosen: [...prompt, turn("B")],
      rejected: [...prompt, turn("A")],
      ...extra,
    });
    expect((await read({ datasetId, format: "trl-preference", prompt: "implicit", shape: "string" }))[0]).toEqual({
      chosen: `\n\nHuman: ${text}\n\nAssistant: B`,
      rejected: `\n\nHuman: ${text}\n\nAssistant: A`,
      ...extra,
    });
    expect(await read({ datasetId, format: "hone" })).toMatchObject([
      { completions: ["A", "B", "C"], ranks: [2, 1, 2], margin: null, judgement_id: judgementId },
    ]);
    await expect(read({ datasetId, format: "trl-sft", layout: "messages", shape: "messages" })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
  });
});

describe("createItems", () => {
  it("makes seats 1..n, one item for one comparison, and says what it skips", async () => {
    const projectId = await addProject(database.db);
    const promptId = await addPrompt(database.db, projectId, "p");
    const other = await addPrompt(database.db, projectId, "q");
    const [a = "", b = ""] = await addCompletions(database.db, projectId, promptId, ["x", "y"]);
    const [same = ""] = await addCompletions(database.db, projectId, promptId, [" x "], "another-model");
    const [foreign = ""] = await addCompletions(database.db, projectId, other, ["z"]);
    const pair = (completionIds: string[]) => ({ promptId, completionIds, mode: "pairwise" as const });
    const result = await createItems(researcher, {
      projectId,
      items: [pair([a, b]), pair([b, a]), pair([a, same]), pair([a, foreign]), pair([a])],
      seatsPerItem: 3,
    });
    expect(result).toMatchObject({ created: 1, existing: 1 });
    expect(result.skipped.map(({ index, reason }) => [index, reason])).toEqual([
      [2, "Two of the completions have the same text"],
      [3, `Completion ${foreign} answers another prompt`],
      [4, "Pairs with margin: an item has 2 completions, not 1"],
    ]);
    const [itemId = ""] = result.ids;
    expect(
      (await database.db.select({ seat: seats.seat }).from(seats).where(eq(seats.itemId, itemId)).orderBy(asc(seats.seat))).map(
        ({ seat }) => seat,
      ),
    ).toEqual([1, 2, 3]);
    expect(
      (
        await database.db.select().from(itemCompletions).where(eq(itemCompletions.itemId, itemId)).orderBy(asc(itemCompletions.position))
      ).map(({ completionId }) => completionId),
    ).toEqual([a, b]);
    expect((await createItems(researcher, { projectId, items: [pair([b, a])] })).existing).toBe(1);
    expect(await insertItems(database.db, { projectId, items: [pair([a, b])] })).toEqual({ inserted: 0, ids: [] });
  });
});
