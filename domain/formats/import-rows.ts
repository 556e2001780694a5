/** Rows of a file, as objects, to rows in our terms. */
import { parseArgilla } from "./import-argilla";
import { parseComparison } from "./import-comparison";
import { parseTree } from "./import-oasst";
import {
  describe,
  Fields,
  type ImportKind,
  parseCompletionField,
  parseMessages,
  parsePlace,
  parsePromptField,
  type ParsedRow,
  RowError,
} from "./import-row";

/** Longest row in characters: a prompt with a few completions, not a book. */
export const MAX_ROW = 2_000_000;

export type ParsedRows = { ok: true; rows: ParsedRow[] } | { ok: false; reason: string };

/** Never throws; `reason` names the field and what was expected. A tree of messages gives a row for each comparison in it. */
export function parseRows(row: unknown, kind: ImportKind): ParsedRows {
  try {
    return { ok: true, rows: parseRow(checkRow(row), kind) };
  } catch (error) {
    if (error instanceof RowError) return { ok: false, reason: error.message };
    throw error;
  }
}

function checkRow(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RowError(`expected an object with fields, not ${describe(value)}`);
  // PostgreSQL stores neither; JSON.stringify writes a lone surrogate as an escape.
  const text = JSON.stringify(value);
  if (text.length > MAX_ROW) throw new RowError(`the row has ${text.length} characters; at most ${MAX_ROW} are read`);
  if (text.includes("\\u0000")) throw new RowError("a text holds the character U+0000, which cannot be stored");
  if (/\\ud[89a-f]/.test(text)) throw new RowError("a text holds half a surrogate pair, which is no character");
  return value as Record<string, unknown>;
}

function parseRow(row: Record<string, unknown>, kind: ImportKind): ParsedRow[] {
  switch (kind) {
    case "prompts":
      return [parsePromptRow(row)];
    case "completions":
      return [parseCompletionRow(row)];
    case "comparisons":
      if ("message_tree_id" in row || "replies" in row) return parseTree(row);
      if ("fields" in row) return parseArgilla(row);
      return [parseComparison(row)];
    default:
      return kind satisfies never;
  }
}

/** A class or a number for heads (TRL's and GLUE's `label`, or a numeric `score`), and the name of the row's task. */
function parseLabel(fields: Fields): { label?: string | number; task?: string } {
  const label = fields.has("label") ? fields.take("label") : undefined;
  if (label !== undefined && typeof label !== "string" && typeof label !== "boolean" && !Number.isFinite(label))
    throw new RowError(`label: expected a text or a number, not ${describe(label)}`);
  if (typeof label === "string" && label.trim() === "") throw new RowError("label: expected a text or a number, not nothing");
  const score = fields.has("score") ? fields.take("score") : undefined;
  if (score !== undefined && !Number.isFinite(score)) throw new RowError(`score: expected a number, not ${describe(score)}`);
  if (label !== undefined && score !== undefined) throw new RowError("score: the row has a label already; expected one of the two");
  const value = label ?? score;
  const task = fields.optionalText("task");
  return {
    ...(value === undefined ? {} : { label: typeof value === "number" ? value : String(value) }),
    ...(task === null ? {} : { task }),
  };
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
    if (completion !== undefined)
      answer = parseMessages("completion", completion)?.at(-1)?.content ?? new Fields({ completion }).text("completion");
  }
  const reference = fields.optionalText("reference") ?? answer;
  const place = parsePlace(fields);
  const labelled = parseLabel(fields);
  const meta = fields.take("meta") ?? {};
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) throw new RowError("meta: expected an object in braces");
  return {
    prompt: { messages, reference, ...place, meta: { ...fields.rest(), ...meta, ...labelled } },
    completion: null,
    comparison: null,
    unused: [],
  };
}

/** {prompt | messages, completion, model?}; model outputs of AlpacaEval are {instruction, output, generator}. */
function parseCompletionRow(row: Record<string, unknown>): ParsedRow {
  const fields = new Fields(row);
  if (fields.has("instruction")) {
    const messages = [{ role: "user" as const, content: fields.text("instruction") }];
    const completion = { text: fields.text("output"), model: fields.optionalText("generator") };
    return {
      prompt: { messages, reference: null, ...parsePlace(fields), meta: {} },
      completion,
      comparison: null,
      unused: fields.unused(),
    };
  }
  const messages = parsePromptField(fields, fields.has("messages") ? "messages" : "prompt");
  const completion = { ...parseCompletionField(fields, "completion"), model: fields.optionalText("model") };
  return {
    prompt: { messages, reference: fields.optionalText("reference"), ...parsePlace(fields), meta: {} },
    completion,
    comparison: null,
    unused: fields.unused(),
  };
}
