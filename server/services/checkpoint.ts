/** Checkpoints: what one is, what was measured on it, and what it stands on back to the votes. */
import {
  type Lineage,
  lineageOf,
  type CheckpointRow,
  selectCheckpoint,
  selectLineageDatasets,
  selectRunsUsingCheckpoint,
} from "../../db/queries/checkpoints";
import { selectRun } from "../../db/queries/runs";
import { selectScores } from "../../db/queries/scores";
import { type LineageEdge, type LineageGraph, type LineageNode, layerGraph } from "../../domain/lineage";
import { roleAtLeast } from "../../domain/user";
import { listProjectsWith, requireProject } from "../access";
import type { UserContext } from "../context";
import { AppError } from "../errors";

type DraftNode = Omit<LineageNode, "depth">;

function datasetNodes(dataset: Lineage["datasets"][number]): { nodes: DraftNode[]; edges: LineageEdge[] } {
  const simulated = dataset.votes > 0 && dataset.votesByPeople === 0;
  const node: DraftNode = {
    id: dataset.id,
    kind: "dataset",
    title: `${dataset.kind} dataset, version ${dataset.version}`,
    detail: `${dataset.rows.toLocaleString("en")} rows, ${dataset.hash.slice(0, 12)}`,
    href: `/projects/${dataset.projectId}/datasets/${dataset.id}`,
    simulated,
  };
  if (dataset.votes === 0) return { nodes: [node], edges: [] };
  const votesId = `votes:${dataset.id}`;
  const annotators = dataset.annotators === 1 ? "annotator" : "annotators";
  const people = dataset.people === dataset.annotators ? "" : `, ${dataset.people} of them people`;
  const by = simulated ? `${dataset.annotators} simulated ${annotators}` : `${dataset.annotators} ${annotators}${people}`;
  return {
    nodes: [
      node,
      {
        id: votesId,
        kind: "votes",
        title: `${dataset.votes.toLocaleString("en")} votes`,
        detail: by,
        href: `/projects/${dataset.projectId}/datasets/${dataset.id}#rows`,
        simulated,
      },
    ],
    edges: [{ from: votesId, to: dataset.id, label: "frozen into" }],
  };
}

/** Boxes and arrows of a lineage; the checkpoint asked about comes first in `lineage.checkpoints`. */
export function lineageGraph(rootId: string, lineage: Lineage): LineageGraph {
  const nodes: DraftNode[] = [];
  const edges: LineageEdge[] = [];
  for (const { id, name, kind, step, hash, parentId, runId } of lineage.checkpoints) {
    nodes.push({
      id,
      kind: "checkpoint",
      title: name,
      detail: runId === null ? `${kind} model, ${hash.slice(0, 12)}` : `${kind}, step ${step}, ${hash.slice(0, 12)}`,
      href: `/checkpoints/${id}`,
      simulated: false,
    });
    if (runId !== null) edges.push({ from: runId, to: id, label: "made" });
    const run = lineage.runs.find((candidate) => candidate.id === runId);
    // The run's base is drawn through the run; only another parent gets an arrow of its own.
    if (parentId !== null && parentId !== run?.baseCheckpointId) edges.push({ from: parentId, to: id, label: "parent" });
  }
  for (const { id, name, kind, state, baseCheckpointId, rewardCheckpointId, datasetVersionId } of lineage.runs) {
    nodes.push({ id, kind: "run", title: name, detail: `${kind} run, ${state}`, href: `/runs/${id}`, simulated: false });
    if (baseCheckpointId !== null) edges.push({ from: baseCheckpointId, to: id, label: "started from" });
    if (rewardCheckpointId !== null) edges.push({ from: rewardCheckpointId, to: id, label: "rewarded by" });
    if (datasetVersionId !== null) edges.push({ from: datasetVersionId, to: id, label: "learned from" });
  }
  for (const dataset of lineage.datasets) {
    const part = datasetNodes(dataset);
    nodes.push(...part.nodes);
    edges.push(...part.edges);
  }
  return layerGraph(rootId, nodes, edges);
}

/** A checkpoint of a project for its researchers, one of all projects for whoever works in any. Throws NOT_FOUND, FORBIDDEN. */
export async function requireCheckpoint(ctx: UserContext, checkpointId: string): Promise<CheckpointRow> {
  const checkpoint = await selectCheckpoint(ctx.db, checkpointId);
  if (checkpoint?.projectId != null) await requireProject(ctx, { checkpoint: checkpointId }, "researcher");
  else if (checkpoint !== null && !roleAtLeast(ctx.user.role, "researcher") && (await listProjectsWith(ctx, "researcher")).length === 0)
    throw new AppError("NOT_FOUND", "There is no such checkpoint.");
  if (checkpoint === null) throw new AppError("NOT_FOUND", "There is no such checkpoint.");
  return checkpoint;
}

/**
 * A checkpoint with its scores, the runs that used it and its lineage. A base model that belongs to no project is there
 * for everybody who works in one, and shows what was done with it in the caller's projects only. Throws NOT_FOUND.
 */
export async function getCheckpoint(ctx: UserContext, checkpointId: string) {
  const checkpoint = await requireCheckpoint(ctx, checkpointId);
  const projectIds = await listProjectsWith(ctx, "researcher");
  const [scores, usedBy, lineage] = await Promise.all([
    selectScores(ctx.db, { checkpointId, projectIds }),
    selectRunsUsingCheckpoint(ctx.db, { checkpointId, projectIds }),
    lineageOf(ctx.db, checkpointId),
  ]);
  return { checkpoint, scores, usedBy, lineage: lineageGraph(checkpointId, lineage) };
}

/** What a run stands on, whether or not it has made a checkpoint yet: its own box first. Throws NOT_FOUND. */
export async function getRunLineage(ctx: UserContext, runId: string): Promise<LineageGraph> {
  await requireProject(ctx, { run: runId }, "researcher");
  const run = await selectRun(ctx.db, runId);
  if (run === null) throw new AppError("NOT_FOUND", "There is no such run");
  const parts = await Promise.all(
    [run.baseCheckpointId, run.rewardCheckpointId].filter((id) => id !== null).map((id) => lineageOf(ctx.db, id)),
  );
  const own = run.datasetVersionId === null ? [] : await selectLineageDatasets(ctx.db, [run.datasetVersionId]);
  const unique = <T extends { id: string }>(rows: T[]) => [...new Map(rows.map((row) => [row.id, row])).values()];
  return lineageGraph(run.id, {
    checkpoints: unique(parts.flatMap(({ checkpoints }) => checkpoints)),
    runs: unique([run, ...parts.flatMap(({ runs }) => runs)]),
    datasets: unique([...own, ...parts.flatMap(({ datasets }) => datasets)]),
  });
}
