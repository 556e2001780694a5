/**
 * What a benchmark task is: one declarative object that one runner reads. Templates are Jinja over the row's columns,
 * as in lm-evaluation-harness (Gao et al. 2024), whose prompts, choices and scoring the definitions follow where it has
 * the task; a task that departs from its source says so in `note`.
 */
import { z } from "zod";

/** Rows are read as the hub's viewer shows them; a preparation turns one row into the items that it stands for. */
const preparationSchema = z.enum([
  "copa",
  "wsc",
  "record",
  "axg",
  "multirc",
  "hellaswag",
  "quac",
  "natural_questions",
  "ms_marco",
  "civil_comments",
  "raft",
]);
export type Preparation = z.infer<typeof preparationSchema>;

export const TASK_METRICS = {
  acc: { label: "accuracy", definition: "Share of items whose likeliest choice is the right one", percent: true },
  acc_norm: {
    label: "accuracy, by length",
    definition: "Accuracy with each choice's log-likelihood divided by its length in characters",
    percent: true,
  },
  acc_text: {
    label: "quasi-exact match",
    definition: "Share of answers that equal a reference after normalisation (case, punctuation, articles, white space)",
    percent: true,
  },
  mc2: { label: "MC2", definition: "Probability that falls on the true answers, of all answers listed", percent: true },
  f1: { label: "F1", definition: "F1 of the positive class", percent: true },
  f1_macro: { label: "macro F1", definition: "Mean of the one-vs-rest F1 of each class", percent: true },
  f1_answers: { label: "F1a", definition: "F1 over all answer options of all questions", percent: true },
  em_questions: { label: "EM", definition: "Share of questions all of whose answer options are judged rightly", percent: true },
  f1_text: { label: "token F1", definition: "Token overlap with the best reference, after SQuAD's normalisation", percent: true },
  exact_match: {
    label: "exact match",
    definition: "Share of answers that equal a reference, ignoring case, punctuation and articles",
    percent: true,
  },
  mcc: { label: "Matthews", definition: "Matthews correlation, -1 to 1", percent: false },
  pearson: { label: "Pearson", definition: "Linear correlation of the expected with the human score", percent: false },
  spearman: { label: "Spearman", definition: "Rank correlation of the expected with the human score", percent: false },
  parity: {
    label: "gender parity",
    definition: "Share of pairs, alike but for a pronoun's gender, that get the same answer",
    percent: true,
  },
  rouge2: { label: "ROUGE-2", definition: "F1 of word pairs with the best reference, stemmed", percent: true },
  rougeL: { label: "ROUGE-L", definition: "F1 of the longest common subsequence with the best reference, stemmed", percent: true },
  rr10: { label: "RR@10", definition: "Mean reciprocal rank of the first relevant passage among the first 10", percent: true },
  ndcg10: { label: "NDCG@10", definition: "Discounted cumulative gain of the first 10 passages, of the best possible", percent: true },
} as const satisfies Record<string, { label: string; definition: string; percent: boolean }>;
export type TaskMetric = keyof typeof TASK_METRICS;

const metricSchema = z.enum(Object.keys(TASK_METRICS) as [TaskMetric, ...TaskMetric[]]);
/** A template each, or one that gives a JSON list. */
const templatesSchema = z.union([z.string().min(1), z.array(z.string()).min(1)]);

const commonFields = {
  name: z.string().regex(/^[a-z0-9_]+$/),
  title: z.string().min(1),
  /** Raised with every change of what a score depends on. */
  version: z.number().int().min(1),
  data: z.strictObject({
    /** The hub's name: owner/name. */
    dataset: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
    config: z.string().nullable(),
    /** The split that is scored, and the one that few-shot examples come from. */
    split: z.string(),
    fewshot: z.string().nullable(),
    /** Where the files hold all configs in one, the column that names this one. */
    configColumn: z.string().nullable().default(null),
  }),
  /** Columns of a row that are read; one that is missing is an error. */
  columns: z.array(z.string()).min(1),
  prepare: preparationSchema.nullable().default(null),
  /** Names of the classes by their number, for "raft". */
  labels: z.array(z.string()).default([]),
  /** Stands once before the examples. */
  description: z.string().default(""),
  prompt: z.string().min(1),
  /** Between prompt and choice or answer, and between examples. */
  delimiter: z.string().default(" "),
  exampleDelimiter: z.string().default("\n\n"),
  shots: z.number().int().min(0).default(0),
  /** First rows of the few-shot split, or drawn by the seed for each item. */
  sampler: z.enum(["first", "random"]).default("random"),
  /** The first is the headline. */
  metrics: z.array(metricSchema).min(1),
  source: z.string().min(1),
  note: z.string().nullable().default(null),
};

export const taskSchema = z.discriminatedUnion("scoring", [
  z.strictObject({
    ...commonFields,
    /** The likelihood of each choice after the prompt. */
    scoring: z.literal("choice"),
    choices: templatesSchema,
    /** Number of the right choice; for correlations the human score. */
    answer: z.string().min(1),
    /** Texts of the choices and references, where metrics compare texts (ReCoRD). */
    choiceTexts: templatesSchema.nullable().default(null),
    references: templatesSchema.nullable().default(null),
    /** 1 for each true choice, as a JSON list (MC2). */
    truths: z.string().nullable().default(null),
  }),
  z.strictObject({
    ...commonFields,
    /** Greedy text up to a stop. */
    scoring: z.literal("generate"),
    /** What counts as right; the first one stands in examples. */
    references: templatesSchema,
    until: z.array(z.string().min(1)).min(1),
    maxNewTokens: z.number().int().min(1),
  }),
]);
export type Task = z.infer<typeof taskSchema>;

/** Throws naming the field that is wrong: a definition is checked when it is read. */
export function defineTask(task: z.input<typeof taskSchema>): Task {
  return taskSchema.parse(task);
}
