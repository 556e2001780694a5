/** SQL behind the leaderboard: votes by model, scores by checkpoint. */
import { and, asc, desc, eq, isNotNull, isNull, sql } from "drizzle-orm";
import type { Db } from "../client";
import { checkpoints, completions, items, judgements, models, projects, prompts, runs, scores, users } from "../schema";

/** Whose votes count. */
export type VoteFilter = "people" | "simulated" | "all";

const byWhom = (filter: VoteFilter) => (filter === "all" ? undefined : eq(users.simulated, filter === "simulated"));

/** Judgements of work that stand, oldest first, with what they rank and whether they call all answers bad. */
export function selectLeaderboardVotes(db: Db, input: { projectId: string; votes: VoteFilter }) {
  return db
    .select({ id: judgements.id, shownOrder: judgements.shownOrder, ranks: judgements.ranks, kind: sql<string>`${judgements.value}->>'kind'` })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(eq(judgements.projectId, input.projectId), isNull(judgements.undoneAt), eq(judgements.purpose, "work"), byWhom(input.votes)))
    .orderBy(asc(judgements.createdAt), asc(judgements.id));
}

export async function countVotes(db: Db, projectId: string): Promise<{ people: number; simulated: number }> {
  const [row] = await db
    .select({ people: sql<number>`count(*) filter (where not ${users.simulated})::int`, simulated: sql<number>`count(*) filter (where ${users.simulated})::int` })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(eq(judgements.projectId, projectId), isNull(judgements.undoneAt), eq(judgements.purpose, "work")));
  return row ?? { people: 0, simulated: 0 };
}

/** Model of every completion of a project that was judged or may be. */
export function selectCompletionModels(db: Db, projectId: string) {
  return db.select({ id: completions.id, modelId: completions.modelId }).from(completions).where(eq(completions.projectId, projectId));
}

export function selectRankedModels(db: Db, projectId: string) {
  return db.select({ id: models.id, name: models.name, checkpointId: models.checkpointId }).from(models).where(eq(models.projectId, projectId)).orderBy(asc(models.name));
}

/** The newest score of each checkpoint and metric. */
export function selectCheckpointScores(db: Db, projectId: string) {
  return db
    .selectDistinctOn([scores.checkpointId, scores.metric], {
      checkpointId: scores.checkpointId,
      checkpointName: checkpoints.name,
      promoted: checkpoints.promoted,
      metric: scores.metric,
      value: scores.value,
      low: scores.low,
      high: scores.high,
      n: scores.n,
      signature: scores.signature,
      runId: scores.runId,
      runName: runs.name,
      createdAt: scores.createdAt,
    })
    .from(scores)
    .innerJoin(checkpoints, eq(checkpoints.id, scores.checkpointId))
    .innerJoin(runs, eq(runs.id, scores.runId))
    .where(eq(scores.projectId, projectId))
    .orderBy(scores.checkpointId, scores.metric, desc(scores.createdAt));
}

export function selectLeaderboardProjects(db: Db, input: { publishedOnly: boolean }) {
  return db
    .select({ id: projects.id, slug: projects.slug, name: projects.name, published: projects.published, demo: projects.demo })
    .from(projects)
    .where(input.publishedOnly ? eq(projects.published, true) : undefined)
    .orderBy(asc(projects.name));
}

/** Votes that compare two models, newest first, with their texts: what stands behind a cell. */
export function selectVotesBetween(db: Db, input: { projectId: string; a: string; b: string; limit: number }) {
  const holds = (modelId: string) =>
    sql`exists (select 1 from completions c where c.model_id = ${modelId} and judgements.shown_order ? c.id::text)`;
  return db
    .select({
      id: judgements.id,
      value: judgements.value,
      shownOrder: judgements.shownOrder,
      ranks: judgements.ranks,
      comment: judgements.comment,
      createdAt: judgements.createdAt,
      annotator: users.name,
      simulated: users.simulated,
      promptId: prompts.id,
      messages: prompts.messages,
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .where(and(eq(judgements.projectId, input.projectId), isNull(judgements.undoneAt), eq(judgements.purpose, "work"), isNotNull(judgements.ranks), holds(input.a), holds(input.b)))
    .orderBy(desc(judgements.createdAt))
    .limit(input.limit);
}
