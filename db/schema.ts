/** The tables. One name each for the things of docs/architecture.md; rules that must never break are constraints here. */
import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { type AnnotationSettings, DEFAULT_ANNOTATION } from "../domain/annotation/settings";
import type { CheckpointKind } from "../domain/checkpoint";
import type { CompletionSource, Sampling } from "../domain/completion";
import type { DatasetKind, DatasetRow } from "../domain/dataset";
import type { EvaluationValues } from "../domain/evaluation";
import type { ItemMode, JudgementValue } from "../domain/judgement";
import type { Message, Split } from "../domain/prompt";
import { defaultQueue, type ItemPurpose, type QueueSettings } from "../domain/queue";
import type { ReviewVerdict } from "../domain/quality/review";
import type { RunConfig, RunEvent, RunKind, RunState } from "../domain/run";
import type { Role } from "../domain/user";

const id = () => uuid("id").primaryKey().defaultRandom();
const createdAt = () => timestamp("created_at", { withTimezone: true }).notNull().defaultNow();
const at = (name: string) => timestamp(name, { withTimezone: true });

export const users = pgTable("users", {
  id: id(),
  email: text("email").notNull().unique(),
  name: text("name").notNull(),
  /** scrypt, "scrypt$N$r$p$salt$hash"; null for people who only sign in through a provider. */
  passwordHash: text("password_hash"),
  role: text("role").$type<Role>().notNull().default("annotator"),
  /** Simulated annotators are labelled wherever they appear and never mix with people unless asked. */
  simulated: boolean("simulated").notNull().default(false),
  disabled: boolean("disabled").notNull().default(false),
  createdAt: createdAt(),
});

/** Identities at GitHub, Google or an OIDC provider that belong to a user. */
export const accounts = pgTable(
  "accounts",
  {
    provider: text("provider").notNull(),
    providerAccountId: text("provider_account_id").notNull(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.provider, t.providerAccountId] })],
);

/** Failed sign-ins and other counted actions, for rate limits shared by all web replicas. */
export const rateLimits = pgTable("rate_limits", {
  key: text("key").primaryKey(),
  count: integer("count").notNull(),
  windowStartedAt: at("window_started_at").notNull(),
});

export const projects = pgTable("projects", {
  id: id(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  description: text("description").notNull().default(""),
  /** Judgements wanted for each new item. */
  overlap: smallint("overlap").notNull().default(1),
  leaseSeconds: integer("lease_seconds").notNull().default(600),
  undoSeconds: integer("undo_seconds").notNull().default(300),
  /** Chips offered with a vote. */
  reasons: jsonb("reasons").$type<string[]>().notNull().default([]),
  /** Modes of new items, rating scales, hosts of images. */
  annotation: jsonb("annotation").$type<AnnotationSettings>().notNull().default(DEFAULT_ANNOTATION),
  /** The leaderboard may be read without an account. */
  published: boolean("published").notNull().default(false),
  demo: boolean("demo").notNull().default(false),
  queue: jsonb("queue").$type<QueueSettings>().notNull().default(defaultQueue),
  createdAt: createdAt(),
});

/** What is particular to an annotator in a project; most have no row. */
export const projectAnnotators = pgTable(
  "project_annotators",
  {
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Of the second tier: decides where votes disagree. */
    adjudicator: boolean("adjudicator").notNull().default(false),
    /** Gets no items for the time being. */
    paused: boolean("paused").notNull().default(false),
    /** Instead of the project's; null for that. */
    dailyCap: integer("daily_cap"),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })],
);

export const guidelineVersions = pgTable(
  "guideline_versions",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    /** Markdown. */
    body: text("body").notNull(),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.projectId, t.version)],
);

export const prompts = pgTable(
  "prompts",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    messages: jsonb("messages").$type<Message[]>().notNull(),
    reference: text("reference"),
    split: text("split").$type<Split>().notNull(),
    groupKey: text("group_key").notNull(),
    meta: jsonb("meta").$type<Record<string, unknown>>().notNull().default({}),
    /** sha256 of the messages: the same prompt imported twice is one row. */
    contentHash: text("content_hash").notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.projectId, t.contentHash), index().on(t.projectId, t.split), index().on(t.projectId, t.groupKey)],
);

/** What the leaderboard ranks: a checkpoint, or an outside source known by name. */
export const models = pgTable(
  "models",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    checkpointId: uuid("checkpoint_id").references(() => checkpoints.id),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.projectId, t.name)],
);

export const completions = pgTable(
  "completions",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    modelId: uuid("model_id")
      .notNull()
      .references(() => models.id),
    text: text("text").notNull(),
    /** A whole conversation: the turns that follow the prompt, from an answer to an answer; `text` is their transcript. */
    turns: jsonb("turns").$type<Message[]>(),
    source: text("source").$type<CompletionSource>().notNull(),
    sampling: jsonb("sampling").$type<Sampling>(),
    /** Place among several samples of one prompt, model and seed. */
    ordinal: integer("ordinal").notNull().default(0),
    contentHash: text("content_hash").notNull(),
    runId: uuid("run_id").references(() => runs.id),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.promptId, t.modelId, t.contentHash, t.ordinal), index().on(t.projectId), index().on(t.modelId)],
);

/** What is judged together: a prompt and up to 9 of its completions, as many as the mode wants. */
export const items = pgTable(
  "items",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    mode: text("mode").$type<ItemMode>().notNull(),
    priority: integer("priority").notNull().default(0),
    /** Probability with which this set of completions was chosen for serving; 1 when listed by a person. */
    propensity: doublePrecision("propensity").notNull().default(1),
    /** sha256 of mode and sorted completion ids, of the prompt where there are none: the same comparison is one item. */
    contentHash: text("content_hash").notNull(),
    open: boolean("open").notNull().default(true),
    purpose: text("purpose").$type<ItemPurpose>().notNull().default("work"),
    /** The known answer of a gold or qualification item: the rank of each completion by its id. */
    gold: jsonb("gold").$type<Record<string, number>>(),
    /** The item that this one shows again to one annotator. */
    repeatOf: uuid("repeat_of").references((): AnyPgColumn => items.id, { onDelete: "cascade" }),
    roundId: uuid("round_id").references(() => rounds.id),
    createdAt: createdAt(),
  },
  (t) => [
    unique().on(t.projectId, t.contentHash),
    index().on(t.projectId, t.open, t.priority),
    // Few items check: they are looked for with every item that is handed out.
    index("items_checks").on(t.projectId, t.purpose).where(sql`${t.purpose} <> 'work'`),
  ],
);

export const itemCompletions = pgTable(
  "item_completions",
  {
    itemId: uuid("item_id")
      .notNull()
      .references(() => items.id, { onDelete: "cascade" }),
    completionId: uuid("completion_id")
      .notNull()
      .references(() => completions.id),
    position: smallint("position").notNull(),
  },
  (t) => [primaryKey({ columns: [t.itemId, t.completionId] }), unique().on(t.itemId, t.position)],
);

/**
 * One row for each judgement an item wants. A row has one holder, so two annotators cannot hold one
 * seat; the rows are made with the item, so an item cannot be over-assigned; (item, annotator) is
 * unique, so nobody judges an item twice. A seat with a past `leaseExpiresAt` and no judgement is free.
 */
export const seats = pgTable(
  "seats",
  {
    itemId: uuid("item_id")
      .notNull()
      .references(() => items.id, { onDelete: "cascade" }),
    seat: smallint("seat").notNull(),
    annotatorId: uuid("annotator_id").references(() => users.id),
    leaseExpiresAt: at("lease_expires_at"),
    /** Completion ids in the order this annotator sees them. */
    shownOrder: jsonb("shown_order").$type<string[]>(),
    guidelineVersionId: uuid("guideline_version_id").references(() => guidelineVersions.id),
    judgementId: uuid("judgement_id"),
    /** 2 is for adjudicators only. */
    tier: smallint("tier").notNull().default(1),
  },
  (t) => [
    primaryKey({ columns: [t.itemId, t.seat] }),
    uniqueIndex("seats_item_annotator").on(t.itemId, t.annotatorId),
    uniqueIndex("seats_judgement").on(t.judgementId),
    index("seats_annotator").on(t.annotatorId),
    check("seats_range", sql`${t.seat} between 1 and 9999`),
    check("seats_held_complete", sql`(${t.annotatorId} is null) = (${t.shownOrder} is null)`),
  ],
);

export const drafts = pgTable(
  "drafts",
  {
    annotatorId: uuid("annotator_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    itemId: uuid("item_id")
      .notNull()
      .references(() => items.id, { onDelete: "cascade" }),
    value: jsonb("value").$type<Record<string, unknown>>().notNull(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.annotatorId, t.itemId] })],
);

export const judgements = pgTable(
  "judgements",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    itemId: uuid("item_id")
      .notNull()
      .references(() => items.id, { onDelete: "cascade" }),
    seat: smallint("seat").notNull(),
    annotatorId: uuid("annotator_id")
      .notNull()
      .references(() => users.id),
    clientEventId: uuid("client_event_id").notNull(),
    /** As sent, in shown positions. */
    value: jsonb("value").$type<JudgementValue>().notNull(),
    shownOrder: jsonb("shown_order").$type<string[]>().notNull(),
    /** Rank by shownOrder index, 1 = best; null for what prefers nothing (both_bad, skip, flag, written texts). */
    ranks: jsonb("ranks").$type<number[]>(),
    reasons: jsonb("reasons").$type<string[]>().notNull().default([]),
    comment: text("comment").notNull().default(""),
    guidelineVersionId: uuid("guideline_version_id").references(() => guidelineVersions.id),
    propensity: doublePrecision("propensity").notNull().default(1),
    /** The item's, so that what counts is seen without it. */
    purpose: text("purpose").$type<ItemPurpose>().notNull().default("work"),
    tier: smallint("tier").notNull().default(1),
    activeMs: integer("active_ms").notNull(),
    idleMs: integer("idle_ms").notNull().default(0),
    untouched: boolean("untouched").notNull().default(false),
    /** Undone judgements stay for the record and count nowhere. */
    undoneAt: at("undone_at"),
    createdAt: createdAt(),
  },
  (t) => [
    unique().on(t.annotatorId, t.clientEventId),
    uniqueIndex("judgements_one_live_per_annotator").on(t.itemId, t.annotatorId).where(sql`${t.undoneAt} is null`),
    // A skip gives its seat to somebody else.
    uniqueIndex("judgements_one_live_per_seat").on(t.itemId, t.seat).where(sql`${t.undoneAt} is null and ${t.value}->>'kind' <> 'skip'`),
    index().on(t.projectId, t.createdAt),
    index().on(t.annotatorId, t.createdAt),
  ],
);

/** What a reviewer made of a judgement. One that was sent back is undone and counts nowhere. */
export const judgementReviews = pgTable("judgement_reviews", {
  judgementId: uuid("judgement_id")
    .primaryKey()
    .references(() => judgements.id, { onDelete: "cascade" }),
  reviewerId: uuid("reviewer_id")
    .notNull()
    .references(() => users.id),
  verdict: text("verdict").$type<ReviewVerdict>().notNull(),
  note: text("note").notNull().default(""),
  createdAt: createdAt(),
});

/** Immutable: a trigger refuses update and delete of versions and rows. */
export const datasetVersions = pgTable(
  "dataset_versions",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    kind: text("kind").$type<DatasetKind>().notNull(),
    version: integer("version").notNull(),
    /** sha256 over the canonical rows in order. */
    hash: text("hash").notNull(),
    /** How the rows were chosen, so that the same choice can be made again. */
    filter: jsonb("filter").$type<Record<string, unknown>>().notNull().default({}),
    counts: jsonb("counts").$type<Record<Split, number>>().notNull(),
    /** True when any row comes from simulated annotators. */
    simulated: boolean("simulated").notNull().default(false),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.projectId, t.kind, t.version)],
);

export const datasetRows = pgTable(
  "dataset_rows",
  {
    datasetVersionId: uuid("dataset_version_id")
      .notNull()
      .references(() => datasetVersions.id),
    ordinal: integer("ordinal").notNull(),
    split: text("split").$type<Split>().notNull(),
    groupKey: text("group_key").notNull(),
    judgementId: uuid("judgement_id").references(() => judgements.id),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id),
    content: jsonb("content").$type<DatasetRow["content"]>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.datasetVersionId, t.ordinal] }), index().on(t.judgementId)],
);

export const checkpoints = pgTable(
  "checkpoints",
  {
    id: id(),
    projectId: uuid("project_id").references(() => projects.id),
    runId: uuid("run_id").references((): AnyPgColumn => runs.id),
    parentId: uuid("parent_id"),
    kind: text("kind").$type<CheckpointKind>().notNull(),
    name: text("name").notNull(),
    step: integer("step").notNull().default(0),
    /** Relative to the file store's root. */
    path: text("path").notNull(),
    /** sha256 of the weight files. */
    hash: text("hash").notNull(),
    /** The run's result, as opposed to a point to resume from. */
    final: boolean("final").notNull().default(false),
    /** Set when a policy was recommended by its round; `reason` says why or why not. */
    promoted: boolean("promoted"),
    reason: text("reason"),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.runId, t.step)],
);

export const rounds = pgTable(
  "rounds",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    number: integer("number").notNull(),
    seed: bigint("seed", { mode: "number" }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.projectId, t.number)],
);

export const runs = pgTable(
  "runs",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    kind: text("kind").$type<RunKind>().notNull(),
    name: text("name").notNull(),
    config: jsonb("config").$type<RunConfig>().notNull(),
    state: text("state").$type<RunState>().notNull().default("queued"),
    reason: text("reason").notNull().default(""),
    /** The checkpoint that is trained or evaluated. */
    baseCheckpointId: uuid("base_checkpoint_id").references((): AnyPgColumn => checkpoints.id),
    rewardCheckpointId: uuid("reward_checkpoint_id").references((): AnyPgColumn => checkpoints.id),
    datasetVersionId: uuid("dataset_version_id").references(() => datasetVersions.id),
    roundId: uuid("round_id").references(() => rounds.id),
    /** The sweep that this run is a trial of. */
    sweepId: uuid("sweep_id").references((): AnyPgColumn => runs.id),
    step: integer("step").notNull().default(0),
    totalSteps: integer("total_steps"),
    /** What a person asked of the running worker. */
    requested: text("requested").$type<"pause" | "cancel">(),
    workerId: uuid("worker_id").references(() => workers.id),
    /** Counts the workers that took the run; events of an older attempt are refused. */
    attempt: integer("attempt").notNull().default(0),
    heartbeatAt: at("heartbeat_at"),
    /** Last sequence number in run_events; taken under the row's lock, so order is commit order. */
    eventSeq: integer("event_seq").notNull().default(0),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
  },
  (t) => [index().on(t.projectId, t.createdAt), index().on(t.state, t.createdAt), index().on(t.sweepId)],
);

export const runEvents = pgTable(
  "run_events",
  {
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    seq: integer("seq").notNull(),
    attempt: integer("attempt").notNull(),
    event: jsonb("event").$type<RunEvent>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.seq] })],
);

/** Metric of a checkpoint: value with its interval, and what it takes to recompute it. */
export const scores = pgTable(
  "scores",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    checkpointId: uuid("checkpoint_id")
      .notNull()
      .references(() => checkpoints.id),
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id),
    /** As domain/metric-definitions.ts names them; benchmarks as domain/tasks/score-names.ts does. */
    metric: text("metric").notNull(),
    value: doublePrecision("value").notNull(),
    low: doublePrecision("low"),
    high: doublePrecision("high"),
    n: integer("n").notNull(),
    /** Signature string: estimator, tokeniser, smoothing, seed, version. */
    signature: text("signature").notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique().on(t.runId, t.checkpointId, t.metric), index().on(t.projectId, t.metric)],
);

/** What an evaluation run kept of each prompt: its completion, and what cannot be computed again from the texts. */
export const evaluationRows = pgTable(
  "evaluation_rows",
  {
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    completionId: uuid("completion_id")
      .notNull()
      .references(() => completions.id),
    values: jsonb("values").$type<EvaluationValues>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.promptId] }), index().on(t.promptId)],
);

export const workers = pgTable("workers", {
  id: id(),
  name: text("name").notNull(),
  engine: text("engine").notNull(),
  startedAt: at("started_at").notNull().defaultNow(),
  heartbeatAt: at("heartbeat_at").notNull().defaultNow(),
});
