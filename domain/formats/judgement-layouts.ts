/**
 * Judgements in the layouts that others publish and read, one judgement at a time. What a layout cannot say (a tie as
 * chosen and rejected, a ranking as a battle) gives no row; "hone" says everything and reads back as it was.
 */
import { z } from "zod";
import type { ItemMode, JudgementValue } from "../judgement";
import type { Message, Split } from "../prompt";
import { writeTranscript } from "./hh-rlhf";
import { expandPairs, promptToString } from "./trl";

export type JudgementRecord = {
  id: string;
  promptId: string;
  messages: Message[];
  reference: string | null;
  split: Split;
  groupKey: string;
  mode: ItemMode;
  purpose: string;
  completions: { id: string; text: string; model: string; checkpointId: string | null }[];
  /** Places in `completions`, in the order they were shown. */
  shown: number[];
  value: JudgementValue;
  /** `ranks[i]` belongs to `completions[i]`. */
  ranks: number[] | null;
  /** Of pairs, above 0 where `completions[1]` is better. */
  margin: number | null;
  reasons: string[];
  comment: string;
  /** A pseudonym. */
  annotator: string;
  simulated: boolean;
  guideline: number | null;
  propensity: number;
  activeMs: number;
  idleMs: number;
  untouched: boolean;
  createdAt: Date;
  clientEventId: string;
};

export const JUDGEMENT_LAYOUTS = [
  "hone",
  "trl-explicit",
  "trl-implicit",
  "kto",
  "hh-rlhf",
  "lmarena",
  "summarize-from-feedback",
  "alpaca-eval",
  "helpsteer3",
  "argilla",
  "oasst",
] as const;
export const judgementLayoutSchema = z.enum(JUDGEMENT_LAYOUTS);
export type JudgementLayout = z.infer<typeof judgementLayoutSchema>;

/** What a column holds, for files that have types. */
export type ColumnType = "text" | "int" | "double" | "boolean" | "messages" | "texts" | "ints" | "json";

export const LAYOUT_COLUMNS: Record<JudgementLayout, Readonly<Record<string, ColumnType>>> = {
  hone: {
    id: "text",
    prompt_id: "text",
    messages: "messages",
    reference: "text",
    split: "text",
    group: "text",
    mode: "text",
    purpose: "text",
    completions: "json",
    shown: "ints",
    value: "json",
    ranks: "ints",
    margin: "int",
    reasons: "texts",
    comment: "text",
    annotator: "text",
    simulated: "boolean",
    guideline_version: "int",
    propensity: "double",
    active_ms: "int",
    idle_ms: "int",
    untouched: "boolean",
    created_at: "text",
    client_event_id: "text",
  },
  "trl-explicit": {
    prompt: "messages",
    chosen: "messages",
    rejected: "messages",
    margin: "int",
    split: "text",
    group: "text",
    judgement_id: "text",
  },
  "trl-implicit": { chosen: "messages", rejected: "messages", margin: "int", split: "text", group: "text", judgement_id: "text" },
  kto: { prompt: "messages", completion: "messages", label: "boolean", split: "text", group: "text", judgement_id: "text" },
  "hh-rlhf": { chosen: "text", rejected: "text" },
  lmarena: {
    question_id: "text",
    model_a: "text",
    model_b: "text",
    winner: "text",
    judge: "text",
    conversation_a: "messages",
    conversation_b: "messages",
    turn: "int",
    anony: "boolean",
    language: "text",
    tstamp: "double",
  },
  "summarize-from-feedback": {
    info: "json",
    summaries: "json",
    choice: "int",
    worker: "text",
    batch: "text",
    split: "text",
    extra: "json",
  },
  "alpaca-eval": {
    instruction: "text",
    output_1: "text",
    output_2: "text",
    generator_1: "text",
    generator_2: "text",
    annotator: "text",
    preference: "double",
  },
  helpsteer3: { context: "messages", response1: "text", response2: "text", overall_preference: "int", annotator: "text" },
  argilla: { id: "text", fields: "json", metadata: "json", suggestions: "json", responses: "json" },
  oasst: { message_tree_id: "text", tree_state: "text", prompt: "json" },
};

type Row = Record<string, unknown>;
const assistant = (content: string): Message => ({ role: "assistant", content });

export function toLayout(record: JudgementRecord, layout: JudgementLayout): Row[] {
  switch (layout) {
    case "hone":
      return [toHone(record)];
    case "trl-explicit":
    case "trl-implicit":
    case "kto":
    case "hh-rlhf":
      return toPairs(record, layout);
    case "lmarena":
      return toBattle(record);
    case "summarize-from-feedback":
      return toSummaries(record);
    case "alpaca-eval":
      return toAlpacaEval(record);
    case "helpsteer3":
      return toHelpSteer(record);
    case "argilla":
      return toArgilla(record);
    case "oasst":
      return toTree(record);
    default:
      return layout satisfies never;
  }
}

function toHone(record: JudgementRecord): Row {
  return {
    id: record.id,
    prompt_id: record.promptId,
    messages: record.messages,
    reference: record.reference,
    split: record.split,
    group: record.groupKey,
    mode: record.mode,
    purpose: record.purpose,
    completions: record.completions.map(({ text, model, checkpointId }) => ({ text, model, checkpoint_id: checkpointId })),
    shown: record.shown,
    value: record.value,
    ranks: record.ranks,
    margin: record.margin === null ? null : Math.abs(record.margin),
    reasons: record.reasons,
    comment: record.comment,
    annotator: record.annotator,
    simulated: record.simulated,
    guideline_version: record.guideline,
    propensity: record.propensity,
    active_ms: record.activeMs,
    idle_ms: record.idleMs,
    untouched: record.untouched,
    created_at: record.createdAt.toISOString(),
    client_event_id: record.clientEventId,
  };
}

function toPairs(record: JudgementRecord, layout: "trl-explicit" | "trl-implicit" | "kto" | "hh-rlhf"): Row[] {
  const { messages, ranks, completions, margin, split, groupKey, id } = record;
  if (ranks === null) return [];
  const place = { split, group: groupKey, judgement_id: id };
  const extra = margin === null || margin === 0 ? place : { margin: Math.abs(margin), ...place };
  return expandPairs({ completions: completions.map(({ text }) => text), ranks }).flatMap(({ chosen, rejected }): Row[] => {
    switch (layout) {
      case "trl-explicit":
        return [{ prompt: messages, chosen: [assistant(chosen)], rejected: [assistant(rejected)], ...extra }];
      case "trl-implicit":
        return [{ chosen: [...messages, assistant(chosen)], rejected: [...messages, assistant(rejected)], ...extra }];
      case "kto":
        return [
          { prompt: messages, completion: [assistant(chosen)], label: true, ...place },
          { prompt: messages, completion: [assistant(rejected)], label: false, ...place },
        ];
      case "hh-rlhf":
        return [
          { chosen: writeTranscript([...messages, assistant(chosen)]), rejected: writeTranscript([...messages, assistant(rejected)]) },
        ];
      default:
        return layout satisfies never;
    }
  });
}

/** The two completions of a pair as they were shown, and how they compare: -1 the first is better, 0 neither, 1 the second; null for both bad. */
function shownPair({ completions, shown, ranks, mode, value, margin }: JudgementRecord) {
  const [a, b] = shown.map((place) => completions[place]);
  if (mode !== "pairwise" || a === undefined || b === undefined || (ranks === null && value.kind !== "both_bad")) return null;
  const [rankA = 0, rankB = 0] = ranks === null ? [] : shown.map((place) => ranks[place] ?? 0);
  return {
    a,
    b,
    order: ranks === null ? null : Math.sign(rankA - rankB),
    margin: margin === null ? null : shown[0] === 0 ? margin : -margin,
  };
}

function toBattle(record: JudgementRecord): Row[] {
  const pair = shownPair(record);
  if (pair === null) return [];
  const { a, b, order } = pair;
  const winner = order === null ? "tie (bothbad)" : order < 0 ? "model_a" : order > 0 ? "model_b" : "tie";
  return [
    {
      question_id: record.id,
      model_a: a.model,
      model_b: b.model,
      winner,
      judge: record.annotator,
      conversation_a: [...record.messages, assistant(a.text)],
      conversation_b: [...record.messages, assistant(b.text)],
      turn: record.messages.filter(({ role }) => role === "user").length,
      anony: true,
      language: null,
      tstamp: record.createdAt.getTime() / 1000,
    },
  ];
}

function toSummaries(record: JudgementRecord): Row[] {
  const pair = shownPair(record);
  if (pair === null || pair.order === null || pair.order === 0) return [];
  const { a, b, order, margin } = pair;
  const split = record.split === "validation" ? "valid1" : record.split;
  return [
    {
      info: { id: record.promptId, post: promptToString(record.messages), title: null, subreddit: null },
      summaries: [a, b].map(({ text, model }) => ({ text, policy: model, note: record.comment || null })),
      choice: order < 0 ? 0 : 1,
      worker: record.annotator,
      batch: record.guideline === null ? "" : `v${record.guideline}`,
      split,
      extra: { confidence: margin },
    },
  ];
}

function toAlpacaEval(record: JudgementRecord): Row[] {
  const pair = shownPair(record);
  if (pair === null || pair.order === null) return [];
  const { a, b, order } = pair;
  return [
    {
      instruction: promptToString(record.messages),
      output_1: a.text,
      output_2: b.text,
      generator_1: a.model,
      generator_2: b.model,
      annotator: record.annotator,
      preference: 1.5 + order / 2,
    },
  ];
}

function toHelpSteer(record: JudgementRecord): Row[] {
  const pair = shownPair(record);
  if (pair === null || pair.margin === null) return [];
  return [
    {
      context: record.messages,
      response1: pair.a.text,
      response2: pair.b.text,
      overall_preference: pair.margin,
      annotator: record.annotator,
    },
  ];
}

function toArgilla(record: JudgementRecord): Row[] {
  if (record.ranks === null) return [];
  const { ranks, completions } = record;
  const name = (i: number) => `response_${i + 1}`;
  return [
    {
      id: record.id,
      fields: { prompt: promptToString(record.messages), ...Object.fromEntries(completions.map(({ text }, i) => [name(i), text])) },
      metadata: {
        split: record.split,
        group: record.groupKey,
        ...Object.fromEntries(completions.map(({ model }, i) => [`${name(i)}_model`, model])),
      },
      suggestions: [],
      responses: [{ user_id: record.annotator, status: "submitted", value: ranks.map((rank, i) => ({ rank, value: name(i) })) }],
    },
  ];
}

function toTree(record: JudgementRecord): Row[] {
  if (record.ranks === null || record.messages.at(-1)?.role !== "user" || record.messages.some(({ role }) => role === "system")) return [];
  const { ranks, completions, messages, id } = record;
  type Node = {
    message_id: string;
    parent_id: string | null;
    role: string;
    text: string;
    lang: null;
    rank: number | null;
    labels: Record<string, never>;
    replies: Node[];
  };
  const nodeId = (i: number) => `${id}-${i}`;
  let replies: Node[] = completions.map(({ text }, i) => ({
    message_id: nodeId(messages.length + i),
    parent_id: nodeId(messages.length - 1),
    role: "assistant",
    text,
    lang: null,
    rank: (ranks[i] ?? 1) - 1,
    labels: {},
    replies: [],
  }));
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message === undefined) break;
    replies = [
      {
        message_id: nodeId(i),
        parent_id: i === 0 ? null : nodeId(i - 1),
        role: message.role === "user" ? "prompter" : "assistant",
        text: message.content,
        lang: null,
        rank: null,
        labels: {},
        replies,
      },
    ];
  }
  return [{ message_tree_id: id, tree_state: "ready_for_export", prompt: replies[0] }];
}
