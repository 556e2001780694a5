/** SQL behind the leaderboard: votes by model, scores by checkpoint. */
import { and, asc, desc, eq, isNotNull, isNull, sql } from "drizzle-orm";
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

/** How many judgements of work stand and when the last was made (microseconds since 1970, as text): the same while no vote was added or undone. */
export async function selectVoteMark(db: Db, input: { projectId: string; votes: VoteFilter }): Promise<{ count: number; last: string }> {
  const [row] = await db
    .select({
      count: sql<number>`count(*)::int`,
      last: sql<string>`coalesce((extract(epoch from max(${judgements.createdAt})) * 1000000)::bigint, 0)::text`,
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(standing(input));
  return row ?? { count: 0, last: "0" };
}

/** Rows of one page of `selectVotePage`. */
const PAGE = 50_000;

/**
 * Judgements of work that stand, oldest first, from after `after` to `upTo` (microseconds since 1970): one text of many lines, which is what makes a million of them
 * cheap. A line is id, annotator (36 characters each), kind (r: ranked, o: best of n, b: both bad, n: no preference), shown order and ranks as
 * PostgreSQL writes jsonb, propensity and microseconds since 1970 behind a blank each. Null where there are no more.
 */
export async function selectVotePage(
  db: Db,
  input: { projectId: string; votes: VoteFilter; after: { at: string; id: string } | null; upTo: string },
): Promise<string | null> {
  const moment = (microseconds: string) => sql`to_timestamp(0) + ${microseconds}::bigint * interval '1 microsecond'`;
  const later =
    input.after === null
      ? undefined
      : sql`(${judgements.createdAt}, ${judgements.id}) > (${moment(input.after.at)}, ${input.after.id}::uuid)`;
  const page = db
    .select({
      line: sql<string>`${judgements.id}::text || ${judgements.annotatorId}::text || case when ${judgements.ranks} is not null then case when ${judgements.value}->>'kind' = 'best_of_n' then 'o' else 'r' end when ${judgements.value}->>'kind' = 'both_bad' then 'b' else 'n' end
        || ${judgements.shownOrder}::text || coalesce(${judgements.ranks}::text, '') || ' ' || ${judgements.propensity}::text || ' ' || (extract(epoch from ${judgements.createdAt}) * 1000000)::bigint::text`.as(
        "line",
      ),
    })
    .from(judgements)
    .innerJoin(users, eq(users.id, judgements.annotatorId))
    .where(and(standing(input), later, sql`${judgements.createdAt} <= ${moment(input.upTo)}`))
    .orderBy(asc(judgements.createdAt), asc(judgements.id))
    .limit(PAGE)
    .as("page");
  const [row] = await db.select({ text: sql<string | null>`string_agg(${page.line}, E'\\n')` }).from(page);
  return row?.text ?? null;
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

/**
 * The same as one text of many lines, with what the prompt is about: id, model (36 characters each), and `category`, else
 * `task`, of the prompt's meta up to the line's end. Null where there are no completions.
 */
export async function selectCompletionLines(db: Db, projectId: string): Promise<string | null> {
  const category = sql`coalesce(${prompts.meta}->>'category', ${prompts.meta}->>'task', '')`;
  const [row] = await db
    .select({
      text: sql<
        string | null
      >`string_agg(${completions.id}::text || ${completions.modelId}::text || translate(${category}, E'\\n\\r', '  '), E'\\n')`,
    })
    .from(completions)
    .innerJoin(prompts, eq(prompts.id, completions.promptId))
    .where(eq(completions.projectId, projectId));
  return row?.text ?? null;
}

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

export function selectLeaderboardProjects(db: Db, input: { publishedOnly: boolean }) {
  return (
    db
      .select({ id: projects.id, slug: projects.slug, name: projects.name, published: projects.published, demo: projects.demo })
      .from(projects)
      .where(input.publishedOnly ? eq(projects.published, true) : undefined)
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
