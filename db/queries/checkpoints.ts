/** SQL on checkpoints, and what stands behind one: parents, runs, dataset versions and their votes. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, like, or, sql } from "drizzle-orm";
import type { CheckpointKind } from "../../domain/checkpoint";
import type { Db } from "../client";
import { checkpoints, datasetRows, datasetVersions, judgements, runs, users } from "../schema";

export type CheckpointRow = typeof checkpoints.$inferSelect;
export type NewCheckpoint = typeof checkpoints.$inferInsert;

export async function insertCheckpoint(db: Db, checkpoint: NewCheckpoint): Promise<CheckpointRow> {
  const [row] = await db.insert(checkpoints).values(checkpoint).returning();
  if (row === undefined) throw new Error("The checkpoint was not inserted");
  return row;
}

export async function selectCheckpoint(db: Db, checkpointId: string): Promise<CheckpointRow | null> {
  const [row] = await db.select().from(checkpoints).where(eq(checkpoints.id, checkpointId));
  return row ?? null;
}

/** By its place in the file store. */
export async function selectCheckpointByPath(db: Db, path: string): Promise<CheckpointRow | null> {
  const [row] = await db.select().from(checkpoints).where(eq(checkpoints.path, path));
  return row ?? null;
}

/** Oldest step first. */
export function selectCheckpointsOfRun(db: Db, runId: string): Promise<CheckpointRow[]> {
  return db.select().from(checkpoints).where(eq(checkpoints.runId, runId)).orderBy(asc(checkpoints.step), asc(checkpoints.createdAt));
}

/** The newest point of a run to resume from or, at its end, its result; null before the first. */
export async function latestCheckpoint(db: Db, runId: string): Promise<CheckpointRow | null> {
  const [row] = await db
    .select()
    .from(checkpoints)
    .where(eq(checkpoints.runId, runId))
    .orderBy(desc(checkpoints.step), desc(checkpoints.final), desc(checkpoints.createdAt))
    .limit(1);
  return row ?? null;
}

/**
 * What a run of this project may start from: base models of everybody or of the project, and results
 * of its runs; newest first.
 */
export function selectUsableCheckpoints(
  db: Db,
  filter: { projectId: string; kinds?: readonly CheckpointKind[] },
): Promise<CheckpointRow[]> {
  return db
    .select()
    .from(checkpoints)
    .where(
      and(
        or(isNull(checkpoints.projectId), eq(checkpoints.projectId, filter.projectId)),
        or(isNull(checkpoints.runId), eq(checkpoints.final, true)),
        filter.kinds === undefined ? undefined : inArray(checkpoints.kind, [...filter.kinds]),
      ),
    )
    .orderBy(desc(checkpoints.createdAt), asc(checkpoints.name));
}

/** Whether the round recommends this policy, and why or why not. */
export async function setPromotion(db: Db, input: { checkpointId: string; promoted: boolean; reason: string }): Promise<void> {
  await db.update(checkpoints).set({ promoted: input.promoted, reason: input.reason }).where(eq(checkpoints.id, input.checkpointId));
}

const lineageRunColumns = {
  id: runs.id,
  kind: runs.kind,
  name: runs.name,
  state: runs.state,
  baseCheckpointId: runs.baseCheckpointId,
  rewardCheckpointId: runs.rewardCheckpointId,
  datasetVersionId: runs.datasetVersionId,
};

export type LineageRun = Pick<
  typeof runs.$inferSelect,
  "id" | "kind" | "name" | "state" | "baseCheckpointId" | "rewardCheckpointId" | "datasetVersionId"
>;
export type LineageDataset = Awaited<ReturnType<typeof selectLineageDatasets>>[number];

/** Dataset versions with how many votes they hold, of whom. */
export function selectLineageDatasets(db: Db, ids: readonly string[]) {
  const person = sql`${users.simulated} is false`;
  return db
    .select({
      id: datasetVersions.id,
      projectId: datasetVersions.projectId,
      kind: datasetVersions.kind,
      version: datasetVersions.version,
      hash: datasetVersions.hash,
      rows: sql<number>`count(*)::int`,
      votes: sql<number>`count(distinct ${datasetRows.judgementId})::int`,
      votesByPeople: sql<number>`count(distinct ${datasetRows.judgementId}) filter (where ${person})::int`,
      annotators: sql<number>`count(distinct ${judgements.annotatorId})::int`,
      people: sql<number>`count(distinct ${judgements.annotatorId}) filter (where ${person})::int`,
    })
    .from(datasetVersions)
    .leftJoin(datasetRows, eq(datasetRows.datasetVersionId, datasetVersions.id))
    .leftJoin(judgements, eq(judgements.id, datasetRows.judgementId))
    .leftJoin(users, eq(users.id, judgements.annotatorId))
    .where(inArray(datasetVersions.id, [...ids]))
    .groupBy(datasetVersions.id);
}

export type Lineage = { checkpoints: CheckpointRow[]; runs: LineageRun[]; datasets: LineageDataset[] };

/**
 * Everything a checkpoint stands on, itself first: the run that made it, that run's base, reward
 * checkpoint and dataset version, the parents, and so on to the base models. One query a level.
 */
export async function lineageOf(db: Db, checkpointId: string): Promise<Lineage> {
  const foundCheckpoints = new Map<string, CheckpointRow>();
  const foundRuns = new Map<string, LineageRun>();
  const datasetIds = new Set<string>();
  let level = [checkpointId];
  while (level.length > 0) {
    const rows = await db.select().from(checkpoints).where(inArray(checkpoints.id, level));
    for (const row of rows) foundCheckpoints.set(row.id, row);
    const runIds = rows.flatMap(({ runId }) => (runId === null || foundRuns.has(runId) ? [] : [runId]));
    const made = runIds.length === 0 ? [] : await db.select(lineageRunColumns).from(runs).where(inArray(runs.id, runIds));
    for (const run of made) {
      foundRuns.set(run.id, run);
      if (run.datasetVersionId !== null) datasetIds.add(run.datasetVersionId);
    }
    const next = [...rows.map(({ parentId }) => parentId), ...made.flatMap((run) => [run.baseCheckpointId, run.rewardCheckpointId])];
    level = [...new Set(next.filter((id) => id !== null))].filter((id) => !foundCheckpoints.has(id));
  }
  return {
    checkpoints: [...foundCheckpoints.values()],
    runs: [...foundRuns.values()],
    datasets: datasetIds.size === 0 ? [] : await selectLineageDatasets(db, [...datasetIds]),
  };
}

/** What a loader needs: the checkpoint first, then what it was trained on, down to the nearest whole model, last. */
export async function selectCheckpointChain(db: Db, checkpointId: string): Promise<CheckpointRow[]> {
  const chain: CheckpointRow[] = [];
  let next: string | null = checkpointId;
  while (next !== null) {
    const row: CheckpointRow | null = await selectCheckpoint(db, next);
    if (row === null) throw new Error(`Checkpoint ${next} does not exist`);
    if (chain.some(({ id }) => id === row.id)) throw new Error(`Checkpoint ${row.id} is its own ancestor`);
    chain.push(row);
    next = row.kind === "base" ? null : row.parentId;
  }
  return chain;
}

/** Runs that started from `checkpointId` or were scored by it, oldest first. */
export function selectRunsUsingCheckpoint(db: Db, checkpointId: string): Promise<LineageRun[]> {
  return db
    .select(lineageRunColumns)
    .from(runs)
    .where(or(eq(runs.baseCheckpointId, checkpointId), and(isNotNull(runs.rewardCheckpointId), eq(runs.rewardCheckpointId, checkpointId))))
    .orderBy(asc(runs.createdAt));
}

/** Base models that ship with the product, whatever their weights were when they were registered. */
export function selectShippedCheckpoints(db: Db): Promise<CheckpointRow[]> {
  return db.select().from(checkpoints).where(like(checkpoints.path, "shipped:%"));
}
