/** Items from rows of a program: each with its prompt and completions, by what they say or by their ids. */
import { z } from "zod";
import type { Db } from "../../db/client";
import {
  ensureNamedModel,
  hashCompletionText,
  type NewCompletionRow,
  selectCompletionsByIds,
  upsertCompletions,
} from "../../db/queries/completions";
import { type NewItem, selectItemIds } from "../../db/queries/items";
import { selectPromptIds } from "../../db/queries/prompts";
import { parseRows } from "../../domain/formats/import-rows";
import type { ParsedPrompt, ParsedText } from "../../domain/formats/import-row";
import { itemModeSchema, MAX_K, MODE_SIZES } from "../../domain/judgement";
import { messageSchema, splitSchema } from "../../domain/prompt";
import type { UserContext } from "../context";
import { describeFieldProblems, fieldProblems } from "../errors";
import type { SourceRow } from "../files/read-rows";
import { createItems } from "./item";
import { addPrompts } from "./prompt";

const BATCH = 500;

const completionSchema = z.union([
  z.string().min(1),
  z.strictObject({
    text: z.union([z.string().min(1), z.array(messageSchema).min(1)]).describe("An answer, or the turns from an answer to an answer"),
    model: z.string().min(1).max(200).optional(),
  }),
]);

export const itemRowSchema = z
  .strictObject({
    prompt: z
      .union([z.string().min(1), z.array(messageSchema).min(1)])
      .optional()
      .describe("A text of the user, or chat messages that end with what is to be answered"),
    reference: z.string().optional(),
    split: splitSchema.optional().describe("By chance of the prompt's group where it is not given"),
    group: z.string().min(1).optional().describe("Prompts of one group are in one split"),
    meta: z.record(z.string(), z.unknown()).optional(),
    completions: z.array(completionSchema).max(MAX_K).optional(),
    prompt_id: z.uuid().optional().describe("Instead of prompt, where completion_ids do not name it"),
    completion_ids: z.array(z.uuid()).max(MAX_K).optional().describe("Instead of completions"),
    mode: itemModeSchema.optional().describe("By default pairwise for two completions, ranking for more"),
    priority: z.number().int().min(-1000).max(1000).default(0).describe("Higher comes first"),
    overlap: z.number().int().min(1).max(20).optional().describe("Judgements that are wanted; by default the project's"),
  })
  .meta({ id: "NewItem" });
type ItemRow = z.infer<typeof itemRowSchema>;

export type ItemRowsReport = {
  rows: number;
  created: number;
  /** Rows whose comparison was an item already; it is left as it is. */
  existing: number;
  items: { line: number; id: string; created: boolean }[];
  errors: { line: number; message: string }[];
  stored: boolean;
};

class TakeBack extends Error {}

/** Throws nothing for bad rows: they are told by line, and with `refuse` none of the others is stored. */
export async function createItemsFromRows(
  ctx: UserContext,
  input: { projectId: string; source: string; refuse: boolean },
  rows: AsyncIterable<SourceRow>,
): Promise<ItemRowsReport> {
  const report: ItemRowsReport = { rows: 0, created: 0, existing: 0, items: [], errors: [], stored: true };
  try {
    await ctx.db.transaction(async (tx) => {
      let batch: Line[] = [];
      for await (const source of rows) {
        report.rows += 1;
        const parsed = "reason" in source ? { message: source.reason } : parseRow(source.row);
        if ("message" in parsed) report.errors.push({ line: source.line, message: parsed.message });
        else batch.push({ line: source.line, ...parsed });
        if (batch.length < BATCH) continue;
        await storeBatch(tx, input, batch, report);
        batch = [];
      }
      await storeBatch(tx, input, batch, report);
      if (input.refuse && report.errors.length > 0) throw new TakeBack();
    });
  } catch (error) {
    if (!(error instanceof TakeBack)) throw error;
    Object.assign(report, { created: 0, existing: 0, items: [], stored: false });
  }
  report.errors.sort((a, b) => a.line - b.line);
  report.items.sort((a, b) => a.line - b.line);
  return report;
}

/** `prompt` and `texts` where the row says them, null where it names ids. */
type Line = { line: number; row: ItemRow; prompt: ParsedPrompt | null; texts: ParsedText[] | null };

/** Prompts and completions are read as an import reads them. */
function parseRow(given: unknown): Omit<Line, "line"> | { message: string } {
  const parsed = itemRowSchema.safeParse(given);
  if (!parsed.success) return { message: describeFieldProblems(fieldProblems(parsed.error)) };
  const row = parsed.data;
  const { prompt: words, reference, split, group, meta } = row;
  if (words !== undefined && row.prompt_id !== undefined)
    return { message: "prompt_id: the row has a prompt already; expected one of the two" };
  if (row.completions !== undefined && row.completion_ids !== undefined)
    return { message: "completion_ids: the row has completions already; expected one of the two" };
  if (row.completions === undefined && row.completion_ids === undefined && row.mode !== "demonstration")
    return { message: "completions: expected, or completion_ids" };
  if (words === undefined && row.prompt_id === undefined && !row.completion_ids?.length)
    return { message: "prompt: expected, or prompt_id" };
  if (words !== undefined && row.completion_ids !== undefined) return { message: "prompt: completion_ids say already what they answer" };
  let prompt: ParsedPrompt | null = null;
  if (words !== undefined) {
    const read = parseRows({ prompt: words, reference, split, group, meta }, "prompts");
    if (!read.ok) return { message: read.reason };
    prompt = read.rows[0]?.prompt ?? null;
  }
  const texts: ParsedText[] = [];
  for (const [i, completion] of (row.completions ?? []).entries()) {
    const { text, model } = typeof completion === "string" ? { text: completion, model: undefined } : completion;
    const read = parseRows({ prompt: "-", completion: text, model }, "completions");
    if (!read.ok) return { message: `completions.${i}: ${read.reason}` };
    const [first] = read.rows;
    if (first?.completion) texts.push(first.completion);
  }
  return { row, prompt, texts: row.completion_ids === undefined ? texts : null };
}

async function storeBatch(
  tx: Db,
  { projectId, source }: { projectId: string; source: string },
  batch: readonly Line[],
  report: ItemRowsReport,
): Promise<void> {
  const fail = (line: number, message: string) => report.errors.push({ line, message });
  const promptIds = await findPrompts(tx, projectId, batch, fail);
  const completionIds = await findCompletions(tx, { projectId, source }, batch, promptIds);
  const wanted = batch.flatMap(({ line, row }): { line: number; overlap: number | undefined; item: NewItem }[] => {
    const [promptId, ids] = [promptIds.get(line), completionIds.get(line)];
    if (promptId === undefined || ids === undefined) return [];
    const mode = row.mode ?? (ids.length === MODE_SIZES.pairwise[0] ? "pairwise" : ids.length > 2 ? "ranking" : null);
    if (mode === null) {
      fail(line, "mode: expected for fewer than two completions: rating, edit or demonstration");
      return [];
    }
    return [{ line, overlap: row.overlap, item: { promptId, completionIds: ids, mode, priority: row.priority } }];
  });
  for (const overlap of new Set(wanted.map((row) => row.overlap))) {
    const alike = wanted.filter((row) => row.overlap === overlap);
    const { ids, skipped } = await createItems(
      { db: tx },
      { projectId, items: alike.map(({ item }) => item), ...(overlap === undefined ? {} : { seatsPerItem: overlap }) },
    );
    for (const { index, reason } of skipped) fail(alike[index]?.line ?? 0, reason);
    const bad = new Set(skipped.map(({ index }) => index));
    const good = alike.filter((_, index) => !bad.has(index));
    const made = new Set(ids);
    const known = await selectItemIds(
      tx,
      projectId,
      good.map(({ item }) => item),
    );
    good.forEach(({ line }, i) => {
      const id = known[i];
      if (id == null) return;
      // The second of two rows alike made nothing.
      const created = made.delete(id);
      report[created ? "created" : "existing"] += 1;
      report.items.push({ line, id, created });
    });
  }
}

/** Prompts by line: those that rows say are added; those that are named are taken at their word until their completions are known. */
async function findPrompts(
  tx: Db,
  projectId: string,
  batch: readonly Line[],
  fail: (line: number, message: string) => void,
): Promise<Map<number, string>> {
  const said = batch.flatMap(({ line, prompt }) => (prompt === null ? [] : [{ line, prompt }]));
  const { ids, problems } = await addPrompts(tx, { projectId, prompts: said.map(({ prompt }) => prompt) });
  for (const { index, reason } of problems) fail(said[index]?.line ?? 0, reason);
  const found = new Map(said.flatMap(({ line }, i) => (ids[i] == null ? [] : [[line, ids[i]] as const])));
  const named = batch.flatMap(({ row }) => row.completion_ids ?? []);
  const byCompletion = new Map((await selectCompletionsByIds(tx, [...new Set(named)])).map(({ id, promptId }) => [id, promptId]));
  const known = new Set(
    await selectPromptIds(
      tx,
      projectId,
      batch.flatMap(({ row }) => row.prompt_id ?? []),
    ),
  );
  for (const { line, row, prompt } of batch) {
    if (prompt !== null) continue;
    const [first] = row.completion_ids ?? [];
    const id = row.prompt_id ?? (first === undefined ? undefined : byCompletion.get(first));
    if (id === undefined) fail(line, `completion_ids.0: completion ${first} is not in this project`);
    else if (row.prompt_id !== undefined && !known.has(id)) fail(line, `prompt_id: prompt ${id} is not in this project`);
    else found.set(line, id);
  }
  return found;
}

async function findCompletions(
  tx: Db,
  { projectId, source }: { projectId: string; source: string },
  batch: readonly Line[],
  promptIds: ReadonlyMap<number, string>,
): Promise<Map<number, string[]>> {
  const models = new Map<string, string>();
  const rows: NewCompletionRow[] = [];
  for (const { line, texts } of batch) {
    const promptId = promptIds.get(line);
    if (promptId === undefined) continue;
    for (const { text, model, turns } of texts ?? []) {
      const name = model ?? source;
      const modelId = models.get(name) ?? (await ensureNamedModel(tx, projectId, name));
      models.set(name, modelId);
      rows.push({ projectId, promptId, modelId, text, turns, source: "external", contentHash: hashCompletionText(text) });
    }
  }
  const { ids } = await upsertCompletions(tx, rows);
  let next = 0;
  return new Map(
    batch.flatMap(({ line, row, texts }): [number, string[]][] => {
      if (texts === null) return [[line, row.completion_ids ?? []]];
      if (!promptIds.has(line)) return [];
      next += texts.length;
      return [[line, ids.slice(next - texts.length, next)]];
    }),
  );
}
