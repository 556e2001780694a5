/**
 * Comparisons in the formats they are published in:
 * - TRL preference: prompt, chosen, rejected as strings or messages, explicit or implicit prompt, optional margin
 * - hh-rlhf: chosen and rejected as whole transcripts (Bai et al. 2022)
 * - summarize-from-feedback: info, summaries, choice, worker (Stiennon et al. 2020)
 * - LMArena battles: conversation_a, conversation_b, winner (Chiang et al. 2024)
 * - AlpacaEval: instruction, output_1, output_2, preference (Li et al. 2023)
 * - HelpSteer3: context, response1, response2, overall_preference (Wang et al. 2025)
 * - Hone's own rows: messages, completions, ranks, margin, and what record says
 */
import type { Message } from "../prompt";
import { itemModeSchema, judgementValueSchema } from "../judgement";
import { isTranscript } from "./hh-rlhf";
import {
  describe,
  Fields,
  type ParsedComparison,
  type ParsedRecord,
  type ParsedText,
  parseMessages,
  parsePlace,
  parsePromptField,
  parseTranscriptField,
  type ParsedRow,
  RowError,
  splitAnswer,
} from "./import-row";

type Judged = { messages: Message[]; comparison: ParsedComparison };

export function parseComparison(row: Record<string, unknown>): ParsedRow {
  const fields = new Fields(row);
  const { messages, comparison } = parseJudged(fields);
  const texts = comparison.completions.map(({ text }) => text.trim());
  if (new Set(texts).size < texts.length) throw new RowError("two of the completions have the same text");
  const place = parsePlace(fields);
  return {
    prompt: { messages, reference: fields.optionalText("reference"), ...place, meta: {} },
    completion: null,
    comparison,
    unused: fields.unused(),
  };
}

function parseJudged(fields: Fields): Judged {
  if (fields.has("chosen") || fields.has("rejected")) return parseChosenRejected(fields);
  if (fields.has("summaries")) return parseSummaries(fields);
  if (fields.has("winner")) return parseBattle(fields);
  if (fields.has("output_1")) return parseAlpacaEval(fields);
  if (fields.has("overall_preference")) return parseHelpSteer(fields);
  if (fields.has("completions")) return parseRanked(fields);
  throw new RowError(
    "no comparison: expected chosen and rejected, or a row of summarize-from-feedback, LMArena, AlpacaEval, HelpSteer3, Argilla or OASST, or completions with ranks",
  );
}

const annotatorOf = (fields: Fields, name: string): string | null => {
  if (!fields.has(name)) return null;
  const value = fields.take(name);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
};

function parseChosenRejected(fields: Fields): Judged {
  const { messages, chosen, rejected } = fields.has("prompt") ? explicitPair(fields) : implicitPair(fields);
  const completions = [
    { text: chosen, model: fields.optionalText("chosen_model") },
    { text: rejected, model: fields.optionalText("rejected_model") },
  ];
  return { messages, comparison: { completions, ranks: [1, 2], margin: parseMargin(fields), annotator: annotatorOf(fields, "annotator") } };
}

/** TRL's margin may be any number; a vote's is 1 (slightly better) to 3 (much better), 0 or nothing where it is not known. */
function parseMargin(fields: Fields): number | null {
  if (!fields.has("margin")) return null;
  const margin = fields.take("margin");
  if (margin === 0) return null;
  if (margin !== 1 && margin !== 2 && margin !== 3)
    throw new RowError(`margin: expected 0, 1, 2 or 3 (or leave it out), not ${describe(margin)}`);
  return margin;
}

/** An answer given as text or as a list that holds the assistant's one message. */
function parseAnswer(fields: Fields, name: string): string {
  const value = fields.take(name);
  const messages = parseMessages(name, value);
  if (messages !== null) {
    const [only] = messages;
    if (messages.length !== 1 || only?.role !== "assistant")
      throw new RowError(`${name}: expected one message of the assistant beside the prompt`);
    return only.content;
  }
  if (typeof value !== "string" || value.trim() === "")
    throw new RowError(`${name}: expected a text or a list of messages, not ${describe(value)}`);
  return value;
}

function explicitPair(fields: Fields) {
  return { messages: parsePromptField(fields, "prompt"), chosen: parseAnswer(fields, "chosen"), rejected: parseAnswer(fields, "rejected") };
}

function implicitPair(fields: Fields) {
  const whole = (name: string) => {
    const value = fields.take(name);
    const messages = parseMessages(name, value);
    if (messages !== null) return splitAnswer(name, messages);
    if (typeof value === "string" && isTranscript(value)) return splitAnswer(name, parseTranscriptField(name, value));
    throw new RowError(
      `${name}: without a prompt field, expected messages or a transcript with Human: and Assistant: turns, not ${describe(value)}`,
    );
  };
  const chosen = whole("chosen");
  const rejected = whole("rejected");
  if (JSON.stringify(chosen.prompt) !== JSON.stringify(rejected.prompt))
    throw new RowError("chosen and rejected: the conversations differ before their last answer");
  return { messages: chosen.prompt, chosen: chosen.answer, rejected: rejected.answer };
}

function parseSummaries(fields: Fields): Judged {
  const info = fields.take("info");
  const { post, article, title, subreddit } = typeof info === "object" && info !== null ? (info as Record<string, unknown>) : {};
  const body = typeof post === "string" ? post : article;
  if (typeof body !== "string" || body.trim() === "") throw new RowError("info.post: expected a text");
  const head = [typeof subreddit === "string" && `SUBREDDIT: r/${subreddit}`, typeof title === "string" && `TITLE: ${title}`].filter(
    (line) => line !== false,
  );
  const content = head.length > 0 ? [...head, `POST: ${body}`].join("\n\n") : body;
  const summaries = fields.take("summaries");
  if (!Array.isArray(summaries) || summaries.length !== 2) throw new RowError("summaries: expected two of them");
  const completions = summaries.map((summary: unknown, i): ParsedText => {
    const { text, policy } = typeof summary === "object" && summary !== null ? (summary as Record<string, unknown>) : {};
    if (typeof text !== "string" || text.trim() === "") throw new RowError(`summaries.${i}.text: expected a text`);
    return { text, model: typeof policy === "string" ? policy : null };
  });
  const choice = fields.take("choice");
  if (choice !== 0 && choice !== 1) throw new RowError(`choice: expected 0 or 1, not ${describe(choice)}`);
  return {
    messages: [{ role: "user", content }],
    comparison: { completions, ranks: choice === 0 ? [1, 2] : [2, 1], margin: null, annotator: annotatorOf(fields, "worker") },
  };
}

const WINNERS: Readonly<Record<string, readonly [number, number] | null>> = {
  model_a: [1, 2],
  model_b: [2, 1],
  tie: [1, 1],
  "tie (bothbad)": null,
  both_bad: null,
};

function parseBattle(fields: Fields): Judged {
  const side = (name: string, model: string) => {
    const messages = parseMessages(name, fields.take(name));
    if (messages === null) throw new RowError(`${name}: expected a list of messages`);
    const { prompt, answer } = splitAnswer(name, messages);
    return { prompt, text: answer, model: fields.optionalText(model) };
  };
  const a = side("conversation_a", "model_a");
  const b = side("conversation_b", "model_b");
  // Battles of several turns go apart after the first answer: what was judged is no longer one prompt.
  if (JSON.stringify(a.prompt) !== JSON.stringify(b.prompt))
    throw new RowError("conversation_a and conversation_b: differ before their last answer; only battles over one prompt can be read");
  const winner = fields.text("winner");
  const ranks = WINNERS[winner];
  if (ranks === undefined) throw new RowError(`winner: expected ${Object.keys(WINNERS).join(", ")}, not ${describe(winner)}`);
  const completions = [a, b].map(({ text, model }) => ({ text, model }));
  return {
    messages: a.prompt,
    comparison: { completions, ranks: ranks === null ? null : [...ranks], margin: null, annotator: annotatorOf(fields, "judge") },
  };
}

function parseAlpacaEval(fields: Fields): Judged {
  const instruction = fields.text("instruction");
  const completions = ([1, 2] as const).map((n) => ({ text: fields.text(`output_${n}`), model: fields.optionalText(`generator_${n}`) }));
  const preference = fields.take("preference");
  // 1 and 2 name the better output; annotators with probabilities say anything between, 1.5 being a tie.
  if (typeof preference !== "number" || preference < 1 || preference > 2)
    throw new RowError(`preference: expected a number from 1 to 2, not ${describe(preference)}`);
  const ranks = preference < 1.5 ? [1, 2] : preference > 1.5 ? [2, 1] : [1, 1];
  return {
    messages: [{ role: "user", content: instruction }],
    comparison: { completions, ranks, margin: null, annotator: annotatorOf(fields, "annotator") },
  };
}

/** -3 (the first is much better) to 3 (the second is). */
function parseHelpSteer(fields: Fields): Judged {
  const messages = parsePromptField(fields, "context");
  const completions = ([1, 2] as const).map((n) => ({ text: fields.text(`response${n}`), model: null }));
  const preference = fields.take("overall_preference");
  if (!Number.isInteger(preference) || Math.abs(Number(preference)) > 3)
    throw new RowError(`overall_preference: expected a whole number from -3 to 3, not ${describe(preference)}`);
  const margin = Number(preference);
  return {
    messages,
    comparison: {
      completions,
      ranks: margin === 0 ? [1, 1] : margin < 0 ? [1, 2] : [2, 1],
      margin: margin === 0 ? null : Math.abs(margin),
      annotator: annotatorOf(fields, "annotator"),
    },
  };
}

function parseRanked(fields: Fields): Judged {
  const messages = parsePromptField(fields, fields.has("messages") ? "messages" : "prompt");
  const texts = fields.take("completions");
  if (!Array.isArray(texts) || texts.length < 2 || texts.length > 9) throw new RowError("completions: expected a list of 2 to 9 texts");
  const completions = texts.map((entry: unknown, i): ParsedText => {
    const { text, model } = typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : { text: entry, model: null };
    if (typeof text !== "string" || text.trim() === "") throw new RowError(`completions.${i}: expected a text, not ${describe(entry)}`);
    return { text, model: typeof model === "string" && model !== "" ? model : null };
  });
  const record = fields.has("value") ? parseRecord(fields, completions.length) : undefined;
  const ranks = fields.take("ranks") ?? null;
  const isRank = (rank: unknown): rank is number => Number.isInteger(rank) && Number(rank) >= 1 && Number(rank) <= 9;
  if (ranks === null && record === undefined)
    throw new RowError("ranks: expected one whole number from 1 (best) for each completion, not nothing");
  if (ranks !== null && (!Array.isArray(ranks) || ranks.length !== completions.length || !ranks.every(isRank))) {
    throw new RowError("ranks: expected one whole number from 1 (best) for each completion");
  }
  return {
    messages,
    comparison: {
      completions,
      ranks,
      margin: completions.length === 2 ? parseMargin(fields) : null,
      annotator: annotatorOf(fields, "annotator"),
      record,
    },
  };
}

/** What Hone's export of judgements has beside the comparison itself. */
function parseRecord(fields: Fields, size: number): ParsedRecord {
  const value = judgementValueSchema.safeParse(fields.take("value"));
  if (!value.success) throw new RowError(`value: ${value.error.issues[0]?.message ?? "expected a judgement"}`);
  const mode = itemModeSchema.safeParse(fields.take("mode"));
  if (!mode.success) throw new RowError(`mode: expected ${itemModeSchema.options.join(", ")}`);
  const shown = fields.take("shown");
  if (!Array.isArray(shown) || [...shown].sort().join() !== Array.from({ length: size }, (_, i) => i).join())
    throw new RowError(`shown: expected the places 0 to ${size - 1} of the completions, each once`);
  const reasons = fields.take("reasons") ?? [];
  if (!Array.isArray(reasons) || !reasons.every((reason) => typeof reason === "string"))
    throw new RowError("reasons: expected a list of texts");
  const number = (name: string, fallback: number): number => {
    const given = fields.take(name) ?? fallback;
    if (typeof given !== "number" || !Number.isFinite(given) || given < 0)
      throw new RowError(`${name}: expected a number of 0 or more, not ${describe(given)}`);
    return given;
  };
  const createdAt = new Date(fields.text("created_at"));
  if (Number.isNaN(createdAt.getTime())) throw new RowError("created_at: expected a date and time such as 2026-01-31T12:00:00Z");
  const comment = fields.take("comment") ?? "";
  if (typeof comment !== "string") throw new RowError(`comment: expected a text, not ${describe(comment)}`);
  return {
    value: value.data,
    mode: mode.data,
    shown: shown.map(Number),
    reasons,
    comment,
    createdAt,
    propensity: number("propensity", 1),
    activeMs: Math.round(number("active_ms", 0)),
    idleMs: Math.round(number("idle_ms", 0)),
    untouched: fields.take("untouched") === true,
    clientEventId: fields.text("client_event_id"),
  };
}
