/** SQL behind the leaderboard: votes by model, scores by checkpoint. */
import { and, asc, desc, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { Db } from "../client";
import { checkpoints, completions, items, judgements, models, projects, prompts, runs, scores, users } from "../schema";

/** Whose votes count. */
export type VoteFilter = "people" | "simulated" | "all";

const byWhom = (filter: VoteFilter) => (filter === "all" ? undefined : eq(users.simulated, filter === "simulated"));

/** Judgements of work that compare something; a demonstration shows nothing. */
const standing = (input: { projectId: string; votes: VoteFilter }) =>
  and(
    eq(judgements.projectId, input.projectId),
    isNull(judgements.undoneAt),
    eq(judgements.purpose, "work"),
    sql`${judgements.shownOrder} <> '[]'::jsonb`,
    byWhom(input.votes),
  );

/** How many judgements of work stand and when the last was made (microseconds since 1970): the same while no vote was added or undone. */
export async function selectVoteMark(db: Db, input: { projectId: string; votes: VoteFilter }): Promise<{ count: number; last: number }> {
  const [row] = await db
    .select({
      count: sql<number>`count(*)::int`,
      last: sql<number>`coalesce((extract(epoch from max(${judgements.createdAt})) * 1000000)::bigint, 0)`.mapWith(Number),
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(standing(input));
  return row ?? { count: 0, last: 0 };
}

/**
 * Judgements of work that stand, in no order, from after `after` to `upTo` (microseconds since 1970): id, annotator, kind (r: ranked,
 * o: best of n, b: both bad, n: no preference), shown order, ranks (null without any), propensity, moment.
 */
export function votesQuery(input: { projectId: string; votes: VoteFilter; after: { at: number; id: string } | null; upTo: number }): SQL {
  const moment = (microseconds: number) => sql`to_timestamp(0) + ${microseconds}::bigint * interval '1 microsecond'`;
  const later =
    input.after === null
      ? undefined
      : sql`(${judgements.createdAt}, ${judgements.id}) > (${moment(input.after.at)}, ${input.after.id}::uuid)`;
  return sql`select ${judgements.id}, ${judgements.annotatorId}, case when ${judgements.ranks} is not null then case when ${judgements.value}->>'kind' = 'best_of_n' then 'o' else 'r' end when ${judgements.value}->>'kind' = 'both_bad' then 'b' else 'n' end,
      ${judgements.shownOrder}, ${judgements.ranks}, ${judgements.propensity}, ${judgements.createdAt}
    from ${judgements} inner join ${users} on ${users.id} = ${judgements.annotatorId}
    where ${and(standing(input), later, sql`${judgements.createdAt} <= ${moment(input.upTo)}`)}`;
}

export async function countVotes(db: Db, projectId: string): Promise<{ people: number; simulated: number }> {
  const [row] = await db
    .select({
      people: sql<number>`count(*) filter (where not ${users.simulated})::int`,
      simulated: sql<number>`count(*) filter (where ${users.simulated})::int`,
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(eq(judgements.projectId, projectId), isNull(judgements.undoneAt), eq(judgements.purpose, "work")));
  return row ?? { people: 0, simulated: 0 };
}

/** Model of every completion of a project that was judged or may be. */
export function selectCompletionModels(db: Db, projectId: string) {
  return db.select({ id: completions.id, modelId: completions.modelId }).from(completions).where(eq(completions.projectId, projectId));
}

/** The same with what the prompt is about: `category`, else `task`, of its meta; "" where it has neither. */
export const completionsQuery = (projectId: string): SQL =>
  sql`select ${completions.id}, ${completions.modelId}, coalesce(${prompts.meta}->>'category', ${prompts.meta}->>'task', '')
    from ${completions} inner join ${prompts} on ${prompts.id} = ${completions.promptId} where ${completions.projectId} = ${projectId}`;

/** Texts of a project's completions, for their style. */
export function selectCompletionTexts(db: Db, projectId: string) {
  return db.select({ id: completions.id, text: completions.text }).from(completions).where(eq(completions.projectId, projectId));
}

export function selectRankedModels(db: Db, projectId: string) {
  return db
    .select({ id: models.id, name: models.name, checkpointId: models.checkpointId })
    .from(models)
    .where(eq(models.projectId, projectId))
    .orderBy(asc(models.name));
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

export function selectLeaderboardProjects(db: Db) {
  return (
    db
      .select({ id: projects.id, slug: projects.slug, name: projects.name, published: projects.published, demo: projects.demo })
      .from(projects)
      // What is published comes first: it is what most come for.
      .orderBy(desc(projects.published), asc(projects.name))
  );
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
      annotatorId: judgements.annotatorId,
      annotator: users.name,
      simulated: users.simulated,
      promptId: prompts.id,
      messages: prompts.messages,
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .innerJoin(items, eq(items.id, judgements.itemId))
    .innerJoin(prompts, eq(prompts.id, items.promptId))
    .where(
      and(
        eq(judgements.projectId, input.projectId),
        isNull(judgements.undoneAt),
        eq(judgements.purpose, "work"),
        isNotNull(judgements.ranks),
        holds(input.a),
        holds(input.b),
      ),
    )
    .orderBy(desc(judgements.createdAt))
    .limit(input.limit);
}
