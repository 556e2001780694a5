/** Lines of a JSONL file to rows in our terms. */
import { parseComparison } from "./import-comparison";
import { describe, Fields, type ImportKind, parseCompletionField, parseMessages, parsePlace, parsePromptField, type ParsedRow, RowError } from "./import-row";

/** Longest line in characters: a row is a prompt with a few completions, not a book. */
export const MAX_LINE = 2_000_000;

export type ParsedLine = { ok: true; row: ParsedRow } | { ok: false; reason: string };

/** Never throws; `reason` names the field and what was expected. */
export function parseLine(line: string, kind: ImportKind): ParsedLine {
  try {
    return { ok: true, row: parseRow(parseJson(line), kind) };
  } catch (error) {
    if (error instanceof RowError) return { ok: false, reason: error.message };
    throw error;
  }
}

function parseJson(line: string): Record<string, unknown> {
  if (line.length > MAX_LINE) throw new RowError(`the line has ${line.length} characters; at most ${MAX_LINE} are read`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new RowError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RowError("expected an object in braces, one a line");
  // PostgreSQL stores neither; JSON.stringify writes a lone surrogate as an escape.
  if (/\\u0000/.test(line) && JSON.stringify(value).includes("\\u0000")) throw new RowError("a text holds the character U+0000, which cannot be stored");
  if (/\\ud[89a-f]/i.test(line) && /\\ud[89a-f]/.test(JSON.stringify(value))) throw new RowError("a text holds half a surrogate pair, which is no character");
  return value as Record<string, unknown>;
}

export function parseRow(row: Record<string, unknown>, kind: ImportKind): ParsedRow {
  switch (kind) {
    case "prompts":
      return parsePromptRow(row);
    case "completions":
      return parseCompletionRow(row);
    case "comparisons":
      return parseComparison(row);
    default:
      return kind satisfies never;
  }
}

/** A class or a number for heads (TRL's and GLUE's `label`, or a numeric `score`), and the name of the row's task. */
function parseLabel(fields: Fields): { label?: string | number; task?: string } {
  const label = fields.has("label") ? fields.take("label") : undefined;
  if (label !== undefined && typeof label !== "string" && typeof label !== "boolean" && !Number.isFinite(label)) throw new RowError(`label: expected a text or a number, not ${describe(label)}`);
  if (typeof label === "string" && label.trim() === "") throw new RowError("label: expected a text or a number, not nothing");
  const score = fields.has("score") ? fields.take("score") : undefined;
  if (score !== undefined && !Number.isFinite(score)) throw new RowError(`score: expected a number, not ${describe(score)}`);
  if (label !== undefined && score !== undefined) throw new RowError("score: the row has a label already; expected one of the two");
  const value = label ?? score;
  const task = fields.optionalText("task");
  return { ...(value === undefined ? {} : { label: typeof value === "number" ? value : String(value) }), ...(task === null ? {} : { task }) };
}

/** {prompt | messages, reference?, label? | score?, task?, split?, group?, meta?}; TRL's SFT rows give their answer as the reference. */
function parsePromptRow(row: Record<string, unknown>): ParsedRow {
  const fields = new Fields(row);
  let answer: string | null = null;
  let messages = null;
  if (fields.has("messages")) {
    messages = parseMessages("messages", fields.take("messages"));
    if (messages === null) throw new RowError("messages: expected a list of messages");
    const last = messages.at(-1);
    if (last?.role === "assistant") {
      answer = last.content;
      messages = messages.slice(0, -1);
    }
    if (messages.length === 0) throw new RowError("messages: has an answer and no prompt before it");
  } else if (fields.has("instruction")) {
    // Alpaca (Taori et al. 2023): instruction, input, output.
    const input = fields.has("input") && fields.take("input") !== "" ? `\n\n${fields.text("input")}` : "";
    fields.take("input");
    messages = [{ role: "user" as const, content: `${fields.text("instruction")}${input}` }];
    answer = fields.optionalText("output");
  } else {
    messages = parsePromptField(fields, "prompt");
    const completion = fields.take("completion");
    if (completion !== undefined) answer = parseMessages("completion", completion)?.at(-1)?.content ?? new Fields({ completion }).text("completion");
  }
  const reference = fields.optionalText("reference") ?? answer;
  const place = parsePlace(fields);
  const labelled = parseLabel(fields);
  const meta = fields.take("meta") ?? {};
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) throw new RowError("meta: expected an object in braces");
  return { prompt: { messages, reference, ...place, meta: { ...fields.rest(), ...meta, ...labelled } }, completion: null, comparison: null, unused: [] };
}

/** {prompt | messages, completion, model?}. */
function parseCompletionRow(row: Record<string, unknown>): ParsedRow {
  const fields = new Fields(row);
  const messages = parsePromptField(fields, fields.has("messages") ? "messages" : "prompt");
  const completion = { ...parseCompletionField(fields, "completion"), model: fields.optionalText("model") };
  return { prompt: { messages, reference: fields.optionalText("reference"), ...parsePlace(fields), meta: {} }, completion, comparison: null, unused: fields.unused() };
}
