/**
 * One row of an import: which published format it is in, and what it says in our terms. Pure: nothing here knows
 * files or the database. Each parser throws a RowError that names the field and what was expected.
 */
import { z } from "zod";
import type { ItemMode, JudgementValue } from "../judgement";
import { type Message, messageSchema, type Split, splitSchema } from "../prompt";
import { isTranscript, parseTranscript, writeContinuation } from "./hh-rlhf";

export const IMPORT_KINDS = ["prompts", "completions", "comparisons"] as const;
export const importKindSchema = z.enum(IMPORT_KINDS);
export type ImportKind = z.infer<typeof importKindSchema>;

export type ParsedPrompt = {
  messages: Message[];
  reference: string | null;
  split: Split | undefined;
  groupKey: string | undefined;
  meta: Record<string, unknown>;
};

/** `turns` of a whole conversation, of which `text` is the transcript. */
export type ParsedText = { text: string; model: string | null; turns?: Message[] };

/** What only rows of Hone's own say of a judgement: kept as it was given. */
export type ParsedRecord = {
  mode: ItemMode;
  value: JudgementValue;
  /** Places in `completions`, in the order they were shown. */
  shown: number[];
  reasons: string[];
  comment: string;
  propensity: number;
  activeMs: number;
  idleMs: number;
  untouched: boolean;
  createdAt: Date;
  clientEventId: string;
};

/** `ranks[i]` belongs to `completions[i]`, null where nothing was ranked (both bad); `margin` 1..3 where the row has one. */
export type ParsedComparison = {
  completions: ParsedText[];
  ranks: number[] | null;
  margin: number | null;
  annotator: string | null;
  record?: ParsedRecord;
};

export type ParsedRow = { prompt: ParsedPrompt; completion: ParsedText | null; comparison: ParsedComparison | null; unused: string[] };

export class RowError extends Error {}

/** A row as it is read: fields are taken one by one, and what is left is told. */
export class Fields {
  private readonly taken = new Set<string>();
  constructor(private readonly row: Readonly<Record<string, unknown>>) {}

  has(name: string): boolean {
    return this.row[name] !== undefined && this.row[name] !== null;
  }

  take(name: string): unknown {
    this.taken.add(name);
    return this.row[name] ?? undefined;
  }

  text(name: string): string {
    const value = this.take(name);
    if (typeof value !== "string" || value.trim() === "") throw new RowError(`${name}: expected a text, not ${describe(value)}`);
    return value;
  }

  optionalText(name: string): string | null {
    return this.has(name) ? this.text(name) : null;
  }

  /** Names of the fields that nothing took. */
  unused(): string[] {
    return Object.keys(this.row).filter((name) => !this.taken.has(name) && this.has(name));
  }

  /** What nothing took, as data to keep. */
  rest(): Record<string, unknown> {
    const names = this.unused();
    for (const name of names) this.taken.add(name);
    return Object.fromEntries(names.map((name) => [name, this.row[name]]));
  }
}

export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** A list of messages, or null for what is not a list. Content that is empty or no text is an error with its place. */
export function parseMessages(name: string, value: unknown): Message[] | null {
  if (!Array.isArray(value)) return null;
  if (value.length === 0) throw new RowError(`${name}: the list of messages is empty`);
  return value.map((entry: unknown, i) => {
    const { role, content } = typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : {};
    const parsed = messageSchema.safeParse({ role, content: joinTextParts(content) });
    if (!parsed.success)
      throw new RowError(`${name}.${i}: expected {role: system, user or assistant, content: text}, not ${describe(entry)}`);
    return parsed.data;
  });
}

/** A completion as string or as messages; several of them are a whole conversation, from an answer to an answer. */
export function parseCompletionField(fields: Fields, name: string): Pick<ParsedText, "text" | "turns"> {
  const messages = parseMessages(name, fields.take(name));
  if (messages === null) return { text: fields.text(name) };
  const isAlternating = messages.every(({ role }, i) => role === (i % 2 === 0 ? "assistant" : "user")) && messages.length % 2 === 1;
  if (!isAlternating) throw new RowError(`${name}: expected answers and replies in turn, from the assistant's to the assistant's`);
  return messages.length === 1 ? { text: messages[0]?.content ?? "" } : { text: writeContinuation(messages), turns: messages };
}

/** Content as a list of parts ({type: "text", text}), as LMArena's newer files and many APIs have it, as one text. */
function joinTextParts(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part: unknown) =>
    typeof part === "object" && part !== null && "text" in part && (!("type" in part) || part.type === "text") ? part.text : undefined,
  );
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : content;
}

/** A prompt as string (one message of the user, or an hh-rlhf transcript) or as messages. */
export function parsePromptField(fields: Fields, name: string): Message[] {
  const value = fields.take(name);
  const messages = parseMessages(name, value) ?? stringToMessages(name, value);
  if (messages.at(-1)?.role === "assistant")
    throw new RowError(`${name}: ends with an answer; expected it to end with what is to be answered`);
  return messages;
}

function stringToMessages(name: string, value: unknown): Message[] {
  if (typeof value !== "string" || value.trim() === "")
    throw new RowError(`${name}: expected a text or a list of messages, not ${describe(value)}`);
  return isTranscript(value) ? parseTranscriptField(name, value) : [{ role: "user", content: value }];
}

export function parseTranscriptField(name: string, value: string): Message[] {
  try {
    return parseTranscript(value);
  } catch (error) {
    throw new RowError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The last answer and what stands before it. */
export function splitAnswer(name: string, messages: readonly Message[]): { prompt: Message[]; answer: string } {
  const last = messages.at(-1);
  const prompt = messages.slice(0, -1);
  if (last?.role !== "assistant") throw new RowError(`${name}: expected the last message to be the assistant's`);
  if (prompt.length === 0) throw new RowError(`${name}: has an answer and no prompt before it`);
  return { prompt, answer: last.content };
}

/** split, group and reference of any row. */
export function parsePlace(fields: Fields): Pick<ParsedPrompt, "split" | "groupKey"> {
  const split = fields.has("split") ? fields.take("split") : undefined;
  const group = fields.has("group") ? fields.take("group") : undefined;
  const named = split === "val" || split === "dev" || (typeof split === "string" && /^valid\d*$/.test(split)) ? "validation" : split;
  const parsed = splitSchema.safeParse(named);
  if (named !== undefined && !parsed.success) throw new RowError(`split: expected train, validation or test, not ${describe(split)}`);
  if (group !== undefined && typeof group !== "string" && typeof group !== "number")
    throw new RowError(`group: expected a text or a number, not ${describe(group)}`);
  return { split: parsed.success ? parsed.data : undefined, groupKey: group === undefined || group === "" ? undefined : String(group) };
}
