/** A run at work: what every kind of run is given, where its checkpoints lie, and how it tells what it does. */
import path from "node:path";
import type { Db } from "../../db/client";
import { type CheckpointRow, insertCheckpoint, latestCheckpoint, selectCheckpointChain } from "../../db/queries/checkpoints";
import { appendRunEvents } from "../../db/queries/run-events";
import type { RunRow } from "../../db/queries/runs";
import type { CheckpointKind } from "../../domain/checkpoint";
import type { AskEndpoint } from "../../domain/endpoint";
import type { RunEvent } from "../../domain/run";
import { FencedError, type SaveRequest, type TrainContext } from "../algorithms/train-context";
import type { ChainLink } from "../checkpoint/checkpoint-chain";
import { dropResumeState, hashWeights, readSnapshot, writeSnapshot } from "../checkpoint/snapshot";
import type { Engine } from "../engine/engine";
import type { HubPlace } from "../evaluation/hub-source";
import type { Clock } from "./endpoint-requests";

export type WorkerOptions = {
  db: Db;
  engine: Engine;
  /** The file store: checkpoints' paths are relative to it. */
  storeFolder: string;
  /** The base models that ship with the product: "shipped:<name>". */
  modelsFolder: string;
  /** Published benchmark files in the hub's layout; without one the hand-written samples stand in. */
  benchmarksFolder?: string;
  /** The Hugging Face hub; a worker without it fails the runs that fetch from it. */
  hub?: HubPlace;
  /** Reaches outside endpoints; a worker without it fails the runs that need one. */
  askEndpoint?: AskEndpoint;
  /** For waits between requests. */
  clock?: Clock;
  name: string;
  /** A run whose worker has been silent for this long is taken over. */
  staleAfterMs?: number;
};

export type RunWork = WorkerOptions & {
  run: RunRow;
  /** What was asked of the run. Throws when another worker has it. */
  asked(): "pause" | "cancel" | null;
};

const folderOf = ({ modelsFolder, storeFolder }: RunWork, checkpoint: CheckpointRow): string =>
  checkpoint.path.startsWith("shipped:")
    ? path.join(modelsFolder, checkpoint.path.slice("shipped:".length))
    : path.join(storeFolder, checkpoint.path);

/** Folders that make a checkpoint, oldest first, from the nearest whole model on. */
export async function chainOf(work: RunWork, checkpointId: string | null, field: string): Promise<ChainLink[]> {
  if (checkpointId === null) throw new Error(`The run has no ${field}`);
  const links: ChainLink[] = [];
  for (const checkpoint of await selectCheckpointChain(work.db, checkpointId)) {
    links.unshift({ kind: checkpoint.kind, folder: folderOf(work, checkpoint) });
    if (checkpoint.kind === "base") break;
  }
  return links;
}

/** What a loop is given, tied to this attempt of the run. */
export async function createContext(work: RunWork, kind: CheckpointKind, parentId: string | null): Promise<TrainContext> {
  const { db, engine, storeFolder, run } = work;
  const resumePoint = await latestCheckpoint(db, run.id);
  const resume = resumePoint ? await readSnapshot(folderOf(work, resumePoint)) : null;
  const emit = async (events: RunEvent[], extra: { step?: number; totalSteps?: number } = {}) => {
    const steps = events.flatMap((event) => (event.kind === "metric" ? [event.step] : []));
    const step = extra.step ?? (steps.length > 0 ? Math.max(...steps) : undefined);
    if (!(await appendRunEvents(db, { runId: run.id, attempt: run.attempt, events, step, totalSteps: extra.totalSteps })))
      throw new FencedError();
  };
  const save = async (request: SaveRequest): Promise<void> => {
    const previous = await latestCheckpoint(db, run.id);
    const relative = path.join("runs", run.id, `step-${request.step}`);
    const folder = path.join(storeFolder, relative);
    await writeSnapshot(folder, request);
    // A worker that was taken over while it wrote must not be heard any more.
    await emit([], { step: request.step });
    const checkpoint = await insertCheckpoint(db, {
      projectId: run.projectId,
      runId: run.id,
      parentId,
      kind,
      step: request.step,
      path: relative,
      hash: await hashWeights(folder),
      final: request.final,
      name: request.final ? run.name : `${run.name}, step ${request.step}`,
    });
    await emit([{ kind: "checkpoint", step: request.step, checkpointId: checkpoint.id, final: request.final }]);
    if (previous && previous.path !== relative) await dropResumeState(folderOf(work, previous));
    if (request.final) await dropResumeState(folder);
  };
  return { engine, resume, emit, save, requested: work.asked, start: (totalSteps) => emit([], { totalSteps }) };
}

/** A step without an event, and how many there are where that is newly known. Throws when another worker has the run. */
export async function tellStep({ db, run }: RunWork, step: number, totalSteps?: number): Promise<void> {
  if (!(await appendRunEvents(db, { runId: run.id, attempt: run.attempt, events: [], step, totalSteps }))) throw new FencedError();
}
