/** SQL on the scores that reward checkpoints gave completions, and on the votes that they can be held against. */
import { and, asc, count, desc, eq, gt, inArray, notExists, sql } from "drizzle-orm";
import type { Message, Split } from "../../domain/prompt";
import type { Db } from "../client";
import { checkpoints, completionRewards, completions, datasetRows, itemCompletions, prompts, runs, seats } from "../schema";

export type NewCompletionReward = typeof completionRewards.$inferInsert;

const CHUNK = 1000;

/** A completion that has a score keeps it: the same weights and text give the same one. */
export async function insertCompletionRewards(db: Db, rows: readonly NewCompletionReward[]): Promise<void> {
  for (let start = 0; start < rows.length; start += CHUNK)
    await db
      .insert(completionRewards)
      .values(rows.slice(start, start + CHUNK))
      .onConflictDoNothing();
}

/** Which completions of a project are scored: of a split (null for all), and only those that people have judged. */
export type ScoredChoice = { projectId: string; checkpointId: string; split: Split | null; judged: boolean };

const unscored = (db: Db, { projectId, checkpointId, split, judged }: ScoredChoice) =>
  and(
    eq(completions.projectId, projectId),
    split === null ? undefined : eq(prompts.split, split),
    notExists(
      db
        .select({ one: sql`1` })
        .from(completionRewards)
        .where(and(eq(completionRewards.checkpointId, checkpointId), eq(completionRewards.completionId, completions.id))),
    ),
    judged
      ? sql`exists (select 1 from ${itemCompletions} ic join ${seats} s on s.item_id = ic.item_id where ic.completion_id = ${completions.id} and s.judgement_id is not null)`
      : undefined,
  );

export async function countUnscoredCompletions(db: Db, choice: ScoredChoice): Promise<number> {
  const [row] = await db
    .select({ n: count() })
    .from(completions)
    .innerJoin(prompts, eq(prompts.id, completions.promptId))
    .where(unscored(db, choice));
  return row?.n ?? 0;
}

export type UnscoredCompletion = { id: string; messages: Message[]; text: string; turns: Message[] | null };

/** In the order of their ids, from after `afterId`. */
export function selectUnscoredCompletions(
  db: Db,
  choice: ScoredChoice & { afterId: string | null; limit: number },
): Promise<UnscoredCompletion[]> {
  return db
    .select({ id: completions.id, messages: prompts.messages, text: completions.text, turns: completions.turns })
    .from(completions)
    .innerJoin(prompts, eq(prompts.id, completions.promptId))
    .where(and(unscored(db, choice), choice.afterId === null ? undefined : gt(completions.id, choice.afterId)))
    .orderBy(asc(completions.id))
    .limit(choice.limit);
}

/** Reward checkpoints of a project that have scored completions, newest first, with how many. */
export function selectScoringCheckpoints(db: Db, projectId: string) {
  return db
    .select({ id: checkpoints.id, name: checkpoints.name, createdAt: checkpoints.createdAt, scored: count() })
    .from(completionRewards)
    .innerJoin(checkpoints, eq(checkpoints.id, completionRewards.checkpointId))
    .where(eq(checkpoints.projectId, projectId))
    .groupBy(checkpoints.id)
    .orderBy(desc(checkpoints.createdAt), asc(checkpoints.id));
}

/** Scores of a checkpoint by completion; what it has not scored is not there. */
export async function selectRewardsOf(
  db: Db,
  input: { checkpointId: string; completionIds: readonly string[] },
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let start = 0; start < input.completionIds.length; start += CHUNK) {
    const ids = JSON.stringify(input.completionIds.slice(start, start + CHUNK));
    const rows = await db
      .select({ id: completionRewards.completionId, score: completionRewards.score })
      .from(completionRewards)
      .where(
        and(
          eq(completionRewards.checkpointId, input.checkpointId),
          sql`${completionRewards.completionId} in (select value::uuid from jsonb_array_elements_text(${ids}::jsonb))`,
        ),
      );
    for (const { id, score } of rows) found.set(id, score);
  }
  return found;
}

export type ScoredVoteRow = {
  id: string;
  itemId: string;
  annotatorId: string;
  kind: string;
  margin: number | null;
  shownOrder: string[];
  ranks: number[];
  /** By place in `shownOrder`; a completion without a score is null. */
  scores: (number | null)[];
  /** The checkpoint's run was neither trained nor validated on the prompt's group. */
  heldOut: boolean;
};

/** Ranked votes on work that stand, of people or of simulated annotators, with the checkpoint's scores of what they ranked; oldest first. */
export async function selectScoredVotes(
  db: Db,
  input: { projectId: string; checkpointId: string; datasetVersionId: string | null; simulated: boolean; heldOutOnly: boolean },
): Promise<ScoredVoteRow[]> {
  const { projectId, checkpointId, datasetVersionId, simulated } = input;
  const heldOut = sql`not exists (select 1 from known where known.group_key = p.group_key)`;
  const rows = await db.execute(sql`
    with known as (select distinct group_key from dataset_rows where dataset_version_id = ${datasetVersionId}::uuid and split <> 'test')
    select j.id, j.item_id as "itemId", j.annotator_id as "annotatorId", j.value->>'kind' as kind, abs((j.value->>'margin')::int) as margin,
      j.shown_order as "shownOrder", j.ranks, scored.scores, ${heldOut} as "heldOut"
    from judgements j
    join items i on i.id = j.item_id
    join prompts p on p.id = i.prompt_id
    join users u on u.id = j.annotator_id
    cross join lateral (
      select jsonb_agg(r.score order by shown.place) as scores
      from jsonb_array_elements_text(j.shown_order) with ordinality as shown(id, place)
      left join completion_rewards r on r.checkpoint_id = ${checkpointId} and r.completion_id = shown.id::uuid) scored
    where j.project_id = ${projectId} and j.undone_at is null and j.purpose = 'work' and j.ranks is not null and u.simulated = ${simulated}
      ${input.heldOutOnly ? sql`and ${heldOut}` : sql``}
    order by j.created_at, j.id`);
  return rows as unknown as ScoredVoteRow[];
}

/** Those of the judgements that the run of a checkpoint learnt from. */
export async function selectTrainedVotes(db: Db, input: { checkpointId: string; judgementIds: readonly string[] }): Promise<Set<string>> {
  if (input.judgementIds.length === 0) return new Set();
  const rows = await db
    .selectDistinct({ id: datasetRows.judgementId })
    .from(datasetRows)
    .innerJoin(runs, eq(runs.datasetVersionId, datasetRows.datasetVersionId))
    .innerJoin(checkpoints, eq(checkpoints.runId, runs.id))
    .where(
      and(
        eq(checkpoints.id, input.checkpointId),
        eq(datasetRows.split, "train"),
        inArray(datasetRows.judgementId, [...input.judgementIds]),
      ),
    );
  return new Set(rows.flatMap(({ id }) => id ?? []));
}
