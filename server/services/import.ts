/**
 * Imports: rows of a file to prompts, completions and comparisons, in batches and one transaction. A preview is the
 * import itself, taken back at its end, so it counts exactly what the import will do.
 */
import { createHash } from "node:crypto";
import type { Db } from "../../db/client";
import { ensureNamedModel, hashCompletionText, type NewCompletionRow, upsertCompletions } from "../../db/queries/completions";
import { ensureImporter, type ImportedJudgement, insertImportedJudgements } from "../../db/queries/imports";
import { hashMessages } from "../../db/queries/prompts";
import { parseRows } from "../../domain/formats/import-rows";
import type { ImportKind, ParsedComparison, ParsedRecord, ParsedRow } from "../../domain/formats/import-row";
import type { JudgementValue } from "../../domain/judgement";
import type { Message } from "../../domain/prompt";
import { createRandom } from "../../domain/random";
import { requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import type { SourceRow } from "../files/read-rows";
import { addPrompts } from "./prompt";

const BATCH = 500;
const MAX_SHOWN_ERRORS = 100;
const SHOWN_ROWS = 5;
/** Rows whose columns are listed for the mapping. */
const COLUMN_ROWS = 200;

export type ImportInput = {
  projectId: string;
  kind: ImportKind;
  /** Name of the file, by which its votes and models without a name are known. */
  source: string;
  /** What becomes of the good rows when there are bad ones. */
  policy: "keep" | "refuse";
  /** The file's names of columns to ours; "" leaves a column out. Those that are not named are read as they are. */
  columns?: Readonly<Record<string, string>>;
  /** Counts and checks everything and stores nothing. */
  dryRun?: boolean;
};

export type ImportCounts = { prompts: number; completions: number; items: number; judgements: number };

export type ImportReport = {
  /** Rows that were read; empty lines are none. */
  rows: number;
  /** Columns of the first rows, by the file's names. */
  columns: string[];
  created: ImportCounts;
  /** Rows that said nothing new. */
  known: number;
  errorCount: number;
  /** The first of them, by line. */
  errors: { line: number; reason: string }[];
  /** Fields that no format knows and how many rows have them; they are not stored. */
  unusedFields: Record<string, number>;
  /** The first good rows, as they are understood. */
  sample: { messages: Message[]; reference: string | null; completions: string[]; ranks: number[] | null }[];
  /** False for a preview, and where bad rows made the whole import be refused. */
  stored: boolean;
};

type Line = { line: number; row: ParsedRow };

/** Ends the transaction without storing. */
class TakeBack extends Error {}

export async function importRows(
  ctx: UserContext,
  input: ImportInput,
  rows: AsyncIterable<SourceRow> | Iterable<SourceRow>,
): Promise<ImportReport> {
  const report: ImportReport = {
    rows: 0,
    columns: [],
    created: { prompts: 0, completions: 0, items: 0, judgements: 0 },
    known: 0,
    errorCount: 0,
    errors: [],
    unusedFields: {},
    sample: [],
    stored: true,
  };
  const { source, dryRun = false, policy } = input;
  const { projectId } = await requireProject(ctx, { project: input.projectId }, "researcher");
  if (source.trim() === "" || source.length > 200)
    throw new AppError("BAD_INPUT", "source: expected the file's name, at most 200 characters");
  try {
    await ctx.db.transaction(async (tx) => {
      const importTexts = createBatchImporter(tx, input, report);
      // The judgements of a batch are stored while the next one is read and its texts are.
      let storing = Promise.resolve();
      try {
        for await (const batch of readBatches(rows, input, report)) {
          const importJudgements = await importTexts(batch);
          await storing;
          storing = importJudgements();
          // Its failure is met where it is awaited, which may be a little later.
          storing.catch(() => undefined);
        }
      } finally {
        // Nothing may still be on its way when the transaction ends.
        await storing;
      }
      if (dryRun || (policy === "refuse" && report.errorCount > 0)) throw new TakeBack();
      await recordAction(tx, ctx.user.id, {
        action: "data.imported",
        projectId,
        kind: "project",
        id: projectId,
        details: { kind: input.kind, rows: report.rows, ...report.created },
      });
    });
  } catch (error) {
    if (!(error instanceof TakeBack)) throw error;
    report.stored = false;
  }
  report.errors.sort((a, b) => a.line - b.line);
  return report;
}

/** Good rows in batches; bad ones go into the report. */
async function* readBatches(
  rows: AsyncIterable<SourceRow> | Iterable<SourceRow>,
  { kind, columns = {} }: ImportInput,
  report: ImportReport,
): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  for await (const source of rows) {
    const { line } = source;
    report.rows += 1;
    const parsed =
      "reason" in source ? ({ ok: false, reason: source.reason } as const) : parseRows(mapColumns(source.row, columns, report), kind);
    if (!parsed.ok) {
      addError(report, line, parsed.reason);
      continue;
    }
    for (const row of parsed.rows) {
      for (const field of row.unused) report.unusedFields[field] = (report.unusedFields[field] ?? 0) + 1;
      batch.push({ line, row });
    }
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** The row under our names, and its columns noted. */
function mapColumns(row: unknown, columns: Readonly<Record<string, string>>, report: ImportReport): unknown {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return row;
  if (report.rows <= COLUMN_ROWS) for (const name of Object.keys(row)) if (!report.columns.includes(name)) report.columns.push(name);
  if (Object.keys(columns).length === 0) return row;
  return Object.fromEntries(Object.entries(row).flatMap(([name, value]) => (columns[name] === "" ? [] : [[columns[name] ?? name, value]])));
}

function addError(report: ImportReport, line: number, reason: string): void {
  report.errorCount += 1;
  if (report.errors.length < MAX_SHOWN_ERRORS) report.errors.push({ line, reason });
}

const sha = (text: string) => createHash("sha256").update(text).digest("hex");

/** A UUID of our own making (version 8, RFC 9562) out of a hash: the same vote imported twice is one. */
function uuidOf(text: string): string {
  const hex = sha(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const nothingToJudge = async () => undefined;

/** Stores the prompts and completions of a batch, and gives what stores its judgements. */
function createBatchImporter(tx: Db, input: ImportInput, report: ImportReport) {
  const { projectId, source } = input;
  const models = new Map<string, string>();
  const importers = new Map<string, string>();
  const seen = new Map<string, number>();

  const modelIdOf = async (name: string | null): Promise<string> => {
    const known = name ?? `Import: ${source}`;
    const id = models.get(known) ?? (await ensureNamedModel(tx, projectId, known));
    models.set(known, id);
    return id;
  };

  /** A record's annotator is the same person in every file. */
  const importerOf = async (annotator: string | null, ofRecord: boolean): Promise<string> => {
    const key = `${ofRecord} ${annotator ?? ""}`;
    const name = `Import: ${source}${annotator === null ? "" : `, ${annotator}`}`.slice(0, 100);
    const id =
      importers.get(key) ??
      (await ensureImporter(tx, {
        name,
        email: `import-${sha(JSON.stringify(ofRecord ? [projectId, annotator] : [projectId, source, annotator])).slice(0, 24)}@import.invalid`,
      }));
    importers.set(key, id);
    return id;
  };

  /** Files without annotators may hold several votes on one comparison: each but the first is somebody else's. */
  const nameOfVote = ({ prompt, comparison }: ParsedRow): string | null => {
    const what = sha(JSON.stringify([prompt.messages, comparison?.completions.map(({ text }) => text.trim()).sort()])).slice(0, 24);
    const n = (seen.get(what) ?? 0) + 1;
    seen.set(what, n);
    return n === 1 ? null : `vote ${n}`;
  };

  return async (batch: Line[]): Promise<() => Promise<void>> => {
    if (batch.length === 0) return nothingToJudge;
    const { ids, created, problems } = await addPrompts(tx, { projectId, prompts: batch.map(({ row }) => row.prompt) });
    for (const { index, reason } of problems) addError(report, batch[index]?.line ?? 0, reason);
    report.created.prompts += created;
    const good = batch.flatMap(({ line, row }, i) => {
      const promptId = ids[i];
      return promptId == null ? [] : [{ line, row, promptId }];
    });
    for (const { row } of good.slice(0, Math.max(0, SHOWN_ROWS - report.sample.length))) {
      const { messages, reference } = row.prompt;
      const texts = row.comparison?.completions ?? (row.completion === null ? [] : [row.completion]);
      report.sample.push({ messages, reference, completions: texts.map(({ text }) => text), ranks: row.comparison?.ranks ?? null });
    }
    if (input.kind === "prompts") {
      report.known += good.length - created;
      return nothingToJudge;
    }
    const rows: NewCompletionRow[] = [];
    for (const { row, promptId } of good) {
      for (const { text, model, turns } of row.comparison?.completions ?? (row.completion === null ? [] : [row.completion])) {
        rows.push({
          projectId,
          promptId,
          modelId: await modelIdOf(model),
          text,
          turns,
          source: "external",
          contentHash: hashCompletionText(text),
        });
      }
    }
    const completions = await upsertCompletions(tx, rows);
    report.created.completions += completions.inserted;
    if (input.kind === "completions") {
      report.known += good.length - completions.inserted;
      return nothingToJudge;
    }
    let next = 0;
    const judged: ImportedJudgement[] = [];
    for (const { line, row, promptId } of good) {
      const { comparison } = row;
      if (comparison === null) continue;
      const completionIds = completions.ids.slice(next, next + comparison.completions.length);
      next += completionIds.length;
      const { record } = comparison;
      const annotator = comparison.annotator ?? nameOfVote(row);
      const key =
        record === undefined
          ? sha(JSON.stringify([hashMessages(row.prompt.messages), ...comparison.completions.map(({ text }) => text)]))
          : record.clientEventId;
      const event = record === undefined ? [projectId, source, key] : [projectId, annotator, key];
      judged.push({
        promptId,
        completionIds,
        annotatorId: await importerOf(annotator, record !== undefined),
        clientEventId: uuidOf(JSON.stringify(event)),
        ...(record === undefined
          ? { ...showComparison(comparison, completionIds, key), comment: `Line ${line} of ${source}` }
          : showRecord(record, comparison.ranks, completionIds)),
      });
    }
    return async () => {
      const stored = await insertImportedJudgements(tx, projectId, judged);
      report.created.items += stored.items;
      report.created.judgements += stored.judgements;
      report.known += judged.length - stored.judgements;
    };
  };
}

/**
 * A vote as if it had been given here. Files tell what was chosen, mostly not on which side it was shown: the sides
 * are dealt by a seed, so that "chosen" is not always the first.
 */
function showComparison(
  { ranks, margin }: ParsedComparison,
  completionIds: readonly string[],
  key: string,
): Pick<ImportedJudgement, "mode" | "shownOrder" | "value" | "ranks"> {
  const order = createRandom(0, `shown:${key}`).shuffle([...completionIds.keys()]);
  const shownOrder = order.map((i) => completionIds[i] ?? "");
  const mode = completionIds.length === 2 ? "pairwise" : "ranking";
  if (ranks === null) return { mode, shownOrder, value: { kind: "both_bad" }, ranks: null };
  const shownRanks = order.map((i) => ranks[i] ?? 1);
  const [a = 1, b = 1] = shownRanks;
  let value: JudgementValue = { kind: "ranking", ranks: shownRanks };
  if (mode === "pairwise" && a === b) value = { kind: "pairwise", margin: 0 };
  else if (mode === "pairwise" && margin !== null) value = { kind: "pairwise", margin: a < b ? -margin : margin };
  return { mode, shownOrder, value, ranks: shownRanks };
}

/** A vote of Hone's own, as it was given. */
function showRecord(
  { mode, shown, value, reasons, comment, propensity, activeMs, idleMs, untouched, createdAt }: ParsedRecord,
  ranks: number[] | null,
  completionIds: readonly string[],
) {
  const shownOrder = shown.map((i) => completionIds[i] ?? "");
  return {
    mode,
    shownOrder,
    value,
    ranks: ranks === null ? null : shown.map((i) => ranks[i] ?? 1),
    reasons,
    comment,
    propensity,
    activeMs,
    idleMs,
    untouched,
    createdAt,
  };
}
