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
import type { ApiScope } from "../domain/api-token";
import type { CheckpointKind } from "../domain/checkpoint";
import type { CompletionSource, Sampling } from "../domain/completion";
import type { DatasetKind, DatasetRow } from "../domain/dataset";
import type { EndpointSettings, Generation } from "../domain/endpoint";
import type { EvaluationValues } from "../domain/evaluation";
import type { ItemMode, JudgementValue } from "../domain/judgement";
import type { Verdict } from "../domain/judge";
import type { Message, Split } from "../domain/prompt";
import { defaultQueue, type ItemPurpose, type QueueSettings } from "../domain/queue";
import type { AuditAction, AuditDetails, AuditKind } from "../domain/audit";
import type { ProjectAccess, ProjectRole } from "../domain/project-role";
import type { ReviewVerdict } from "../domain/quality/review";
import type { RunConfig, RunEvent, RunKind, RunState } from "../domain/run";
import type { Scale } from "../domain/scale";
import type { Role } from "../domain/user";
import type { DeliveryState, WebhookData, WebhookEvent } from "../domain/webhook";

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
  /** A deleted person: the row stays as the pseudonym of their votes, and says nothing of who it was. */
  deletedAt: at("deleted_at"),
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
  /** Whether everybody with an account may enter, or members only. */
  access: text("access").$type<ProjectAccess>().notNull().default("open"),
  /** Who reviews votes sees neither whose they are nor which model wrote what. */
  blindReview: boolean("blind_review").notNull().default(false),
  queue: jsonb("queue").$type<QueueSettings>().notNull().default(defaultQueue),
  createdAt: createdAt(),
});

export const projectMembers = pgTable(
  "project_members",
  {
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").$type<ProjectRole>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] }), index().on(t.userId)],
);

/** Links by which people become members. The token itself is shown once and stored nowhere. */
export const invitations = pgTable(
  "invitations",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    role: text("role").$type<ProjectRole>().notNull(),
    /** sha256 of the token. */
    tokenHash: text("token_hash").notNull().unique(),
    /** Only an account with this address may accept; null for whoever has the link. */
    email: text("email"),
    maxUses: integer("max_uses").notNull(),
    uses: integer("uses").notNull().default(0),
    expiresAt: at("expires_at").notNull(),
    revokedAt: at("revoked_at"),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.projectId), check("invitations_uses", sql`${t.uses} between 0 and ${t.maxUses}`)],
);

/** Who changed or took out what. A trigger refuses update and delete; details hold no personal data. */
export const auditEntries = pgTable(
  "audit_entries",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** Null for what no signed-in person did. Names come from the user's row, so a deleted person's entries show the pseudonym. */
    actorId: uuid("actor_id").references(() => users.id),
    action: text("action").$type<AuditAction>().notNull(),
    /** Null for what belongs to no project. */
    projectId: uuid("project_id").references(() => projects.id),
    kind: text("kind").$type<AuditKind>().notNull(),
    targetId: text("target_id").notNull(),
    details: jsonb("details").$type<AuditDetails>().notNull().default({}),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.projectId, t.id), index().on(t.actorId, t.id)],
);

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
    /** Of an endpoint's: what was sent beside the prompt, and what it said of its answer. */
    generation: jsonb("generation").$type<Generation>(),
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
    /** The human evaluation that asks for it; its scales stand for the project's. */
    evaluationId: uuid("evaluation_id").references(() => humanEvaluations.id, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (t) => [
    unique().on(t.projectId, t.contentHash),
    index("items_evaluation").on(t.evaluationId).where(sql`${t.evaluationId} is not null`),
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
    // The three that follow are the item's; triggers keep them so. They let an index say which seat comes next.
    projectId: uuid("project_id"),
    priority: integer("priority").notNull().default(0),
    /** Handed out to whoever comes: of an open item of work or a human evaluation, not one that checks. */
    queued: boolean("queued").notNull().default(true),
  },
  (t) => [
    primaryKey({ columns: [t.itemId, t.seat] }),
    uniqueIndex("seats_item_annotator").on(t.itemId, t.annotatorId),
    uniqueIndex("seats_judgement").on(t.judgementId),
    index("seats_free")
      .on(t.projectId, t.tier.desc().nullsFirst(), t.priority.desc().nullsFirst(), t.itemId, t.seat)
      .where(sql`${t.queued} and ${t.judgementId} is null and ${t.annotatorId} is null`),
    // Not "annotator_id is not null": before anybody holds a seat it would look like the cheapest way to a seat of one annotator, and
    // that plan is kept when thousands hold one.
    index("seats_leased").on(t.projectId, t.leaseExpiresAt).where(sql`${t.judgementId} is null and ${t.leaseExpiresAt} is not null`),
    index("seats_held").on(t.annotatorId).where(sql`${t.judgementId} is null`),
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
    /** Written or undone, by the clock and not by the transaction's start: programs read on by it (db/queries/judgement-feed.ts). */
    updatedAt: at("updated_at").notNull().default(sql`clock_timestamp()`),
    createdAt: createdAt(),
  },
  (t) => [
    unique().on(t.annotatorId, t.clientEventId),
    uniqueIndex("judgements_one_live_per_annotator").on(t.itemId, t.annotatorId).where(sql`${t.undoneAt} is null`),
    // A skip gives its seat to somebody else.
    uniqueIndex("judgements_one_live_per_seat").on(t.itemId, t.seat).where(sql`${t.undoneAt} is null and ${t.value}->>'kind' <> 'skip'`),
    index().on(t.projectId, t.createdAt),
    index().on(t.projectId, t.updatedAt, t.id),
    index().on(t.annotatorId, t.createdAt),
  ],
);

/** People rate the answers of several models to the same prompts, side by side and blind, on scales of its own. */
export const humanEvaluations = pgTable(
  "human_evaluations",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** In the order in which results show them. */
    modelIds: jsonb("model_ids").$type<string[]>().notNull(),
    scales: jsonb("scales").$type<Scale[]>().notNull(),
    /** Evaluators of each prompt. */
    overlap: smallint("overlap").notNull(),
    /** Where the prompts were drawn from; null where they were typed. */
    split: text("split").$type<Split>(),
    /** Of the prompts that are drawn, of missing answers that are sampled, and of intervals. */
    seed: bigint("seed", { mode: "number" }).notNull(),
    /** Runs that sample the answers that were missing. */
    runIds: jsonb("run_ids").$type<string[]>().notNull().default([]),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
    /** When every answer was there and the items were made. */
    openedAt: at("opened_at"),
    /** When a researcher stopped asking. */
    closedAt: at("closed_at"),
  },
  (t) => [unique().on(t.projectId, t.name)],
);

/** What each model says to each prompt of a human evaluation; null while it is being sampled. */
export const humanEvaluationAnswers = pgTable(
  "human_evaluation_answers",
  {
    evaluationId: uuid("evaluation_id")
      .notNull()
      .references(() => humanEvaluations.id, { onDelete: "cascade" }),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    modelId: uuid("model_id")
      .notNull()
      .references(() => models.id),
    completionId: uuid("completion_id").references(() => completions.id),
    /** Why it cannot be shown blind; its prompt is left out. */
    problem: text("problem"),
  },
  (t) => [primaryKey({ columns: [t.evaluationId, t.promptId, t.modelId] })],
);

/** Scores of completions by reward checkpoints, each computed once. */
export const completionRewards = pgTable(
  "completion_rewards",
  {
    checkpointId: uuid("checkpoint_id")
      .notNull()
      .references(() => checkpoints.id, { onDelete: "cascade" }),
    completionId: uuid("completion_id")
      .notNull()
      .references(() => completions.id, { onDelete: "cascade" }),
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id),
    /** As the reward model gives it, unscaled. */
    score: doublePrecision("score").notNull(),
  },
  (t) => [primaryKey({ columns: [t.checkpointId, t.completionId] }), index().on(t.completionId)],
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
    /** What writes the completions instead, or judges them. */
    endpointId: uuid("endpoint_id").references(() => endpoints.id),
    rewardCheckpointId: uuid("reward_checkpoint_id").references((): AnyPgColumn => checkpoints.id),
    datasetVersionId: uuid("dataset_version_id").references(() => datasetVersions.id),
    roundId: uuid("round_id").references(() => rounds.id),
    /** The sweep that this run is a trial of. */
    sweepId: uuid("sweep_id").references((): AnyPgColumn => runs.id),
    /** Sample runs of several sources that were started together: the last to end sets their models against each other. */
    batchId: uuid("batch_id"),
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
  (t) => [index().on(t.projectId, t.createdAt), index().on(t.state, t.createdAt), index().on(t.sweepId), index().on(t.batchId)],
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

/** Outside models behind OpenAI-compatible addresses. */
export const endpoints = pgTable(
  "endpoints",
  {
    id: id(),
    /** Null: for every project. */
    projectId: uuid("project_id").references(() => projects.id, { onDelete: "cascade" }),
    /** Name and model never change: they say where completions came from. */
    name: text("name").notNull(),
    model: text("model").notNull(),
    settings: jsonb("settings").$type<EndpointSettings>().notNull(),
    /** Encrypted with a key that the server's secret gives (server/sealed.ts); null where none is needed. */
    sealedKey: text("sealed_key"),
    keyEnd: text("key_end"),
    /** An admin vouched for an address in a private network. */
    allowPrivate: boolean("allow_private").notNull().default(false),
    /** Not before these times may the next request start: the rate limits of all workers together. */
    nextRequestAt: at("next_request_at").notNull().defaultNow(),
    nextTokenAt: at("next_token_at").notNull().defaultNow(),
    /** Gone from every list, its key deleted; runs still name it. */
    removedAt: at("removed_at"),
    createdBy: uuid("created_by").references(() => users.id),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex("endpoints_name")
      .on(sql`coalesce(${t.projectId}, '00000000-0000-0000-0000-000000000000'::uuid)`, t.name)
      .where(sql`${t.removedAt} is null`),
  ],
);

/** What became of each request of a run to an endpoint: a run that goes on asks only for what is not here. */
export const endpointRequests = pgTable(
  "endpoint_requests",
  {
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    /** Which of the run's requests; the run's kind says how it is written. */
    key: text("key").notNull(),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    completionId: uuid("completion_id").references(() => completions.id, { onDelete: "set null" }),
    /** Why there is no answer; null where there is one. */
    error: text("error"),
    /** It failed and is to be asked again. */
    reopened: boolean("reopened").notNull().default(false),
    tries: integer("tries").notNull(),
    inputTokens: integer("input_tokens").notNull(),
    outputTokens: integer("output_tokens").notNull(),
    /** US dollars, of all tries. */
    cost: doublePrecision("cost").notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.key] })],
);

/** What a judge once said, by the hash of everything that it was asked: asked again, it is not paid for again. */
export const judgeAnswers = pgTable("judge_answers", {
  hash: text("hash").primaryKey(),
  endpointId: uuid("endpoint_id")
    .notNull()
    .references(() => endpoints.id, { onDelete: "cascade" }),
  /** As answered. */
  model: text("model").notNull(),
  verdict: text("verdict").$type<Verdict>().notNull(),
  text: text("text").notNull(),
  createdAt: createdAt(),
});

/** Pairs of a judge run. Never among the votes of people. */
export const judgedPairs = pgTable(
  "judged_pairs",
  {
    runId: uuid("run_id")
      .notNull()
      .references(() => runs.id, { onDelete: "cascade" }),
    promptId: uuid("prompt_id")
      .notNull()
      .references(() => prompts.id, { onDelete: "cascade" }),
    /** Of the run's first and second model. */
    firstId: uuid("first_id")
      .notNull()
      .references(() => completions.id),
    secondId: uuid("second_id")
      .notNull()
      .references(() => completions.id),
    /** Whose completion the judge preferred when the first model's was shown first, and when it was shown second. */
    shownFirst: text("shown_first").$type<Verdict>(),
    shownSecond: text("shown_second").$type<Verdict>(),
    /** Of the two answers in judge_answers. */
    shownFirstHash: text("shown_first_hash").notNull(),
    shownSecondHash: text("shown_second_hash").notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.firstId, t.secondId] })],
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
  /** What its machine, or the container around it, has; of the GPU where it trains on one. */
  memoryBytes: bigint("memory_bytes", { mode: "number" }),
  gpuMemoryBytes: bigint("gpu_memory_bytes", { mode: "number" }),
  startedAt: at("started_at").notNull().defaultNow(),
  heartbeatAt: at("heartbeat_at").notNull().defaultNow(),
});

/** Tokens of programs. The token itself is nowhere: only its sha256, and its beginning, by which its owner knows it. */
export const apiTokens = pgTable(
  "api_tokens",
  {
    id: id(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    hash: text("hash").notNull().unique(),
    prefix: text("prefix").notNull(),
    scopes: jsonb("scopes").$type<ApiScope[]>().notNull(),
    /** The one project that it opens; null for all of its person's. */
    projectId: uuid("project_id").references(() => projects.id, { onDelete: "cascade" }),
    expiresAt: at("expires_at"),
    /** To the hour. */
    lastUsedAt: at("last_used_at"),
    revokedAt: at("revoked_at"),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.userId)],
);

/** Where a project's events are sent. */
export const webhooks = pgTable(
  "webhooks",
  {
    id: id(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    url: text("url").notNull(),
    events: jsonb("events").$type<WebhookEvent[]>().notNull(),
    /** Signs the deliveries; encrypted, see server/encryption.ts. */
    secret: text("secret").notNull(),
    enabled: boolean("enabled").notNull().default(true),
    /** Why it was turned off, where no person did it. */
    disabledReason: text("disabled_reason"),
    createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
  },
  (t) => [index().on(t.projectId)],
);

/**
 * The outbox: a row for each webhook that an event goes to, written in the transaction of the thing it tells of. Any web
 * process delivers those that are due; while one does, `dueAt` is when another may.
 */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    /** The message's id for its receiver, the same in every attempt. */
    id: id(),
    webhookId: uuid("webhook_id")
      .notNull()
      .references(() => webhooks.id, { onDelete: "cascade" }),
    event: text("event").$type<WebhookEvent | "webhook.test">().notNull(),
    data: jsonb("data").$type<WebhookData>().notNull(),
    state: text("state").$type<DeliveryState>().notNull().default("pending"),
    attempts: integer("attempts").notNull().default(0),
    dueAt: at("due_at").notNull().defaultNow(),
    /** What came of the last attempt: the HTTP status where there was an answer, and a sentence. */
    status: integer("status"),
    reason: text("reason"),
    finishedAt: at("finished_at"),
    /** By the clock, so that the events of one transaction keep their order. */
    createdAt: at("created_at").notNull().default(sql`clock_timestamp()`),
  },
  (t) => [
    index().on(t.webhookId, t.createdAt),
    index("webhook_deliveries_due").on(t.webhookId, t.dueAt).where(sql`${t.state} = 'pending'`),
  ],
);
