/**
 * What a training loop is given by whoever runs it (a worker, a test, a script), and what it gives back.
 * Loops know nothing of databases: they emit events, ask whether to stop, and hand over snapshots.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { RunEvent } from "../../domain/run";
import type { Engine } from "../engine/engine";

/** All that a loop needs to continue exactly where it was. */
export type Snapshot = {
  /** Finished steps. */
  step: number;
  tensors: Record<string, tf.Tensor>;
  /** Whatever else the loop keeps: JSON. */
  state: Record<string, unknown>;
};

export type SaveRequest = Snapshot & {
  /** The result of the run, as opposed to a point to resume from. */
  final: boolean;
  /** Writes the model files of this step into a folder: what other tools read. */
  writeModel(folder: string): Promise<void>;
};

export type TrainContext = {
  engine: Engine;
  /** Totals for progress bars; called once. */
  start(totalSteps: number): Promise<void>;
  emit(events: RunEvent[]): Promise<void>;
  /** Asked between steps. */
  requested(): "pause" | "cancel" | null;
  save(request: SaveRequest): Promise<void>;
  /** The newest snapshot of this run, owned by the loop from here on. */
  resume: Snapshot | null;
  /** Bytes that the steps of a run may take beside its model; what is free without it. */
  memoryLimit?: number;
};

export type Outcome = "succeeded" | "paused" | "cancelled";

/** Thrown when a loss, norm or divergence is not a number: the last checkpoint stays the good one. */
export class NotFiniteError extends Error {
  constructor(step: number, name: string, value: number) {
    super(`${name} became ${value} at step ${step}; the last checkpoint is intact. A lower learning rate usually helps.`);
    this.name = "NotFiniteError";
  }
}

/** Thrown when another worker has taken the run: nothing more may be written. */
export class FencedError extends Error {
  constructor() {
    super("Another worker has taken this run");
    this.name = "FencedError";
  }
}

/** Throws NotFiniteError for the first value that is not finite. */
export function assertFinite(step: number, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) if (!Number.isFinite(value)) throw new NotFiniteError(step, name, value);
}

/** Downloads and frees a record of scalars. */
export async function readScalars(scalars: Record<string, tf.Tensor>): Promise<Record<string, number>> {
  const values = await Promise.all(Object.values(scalars).map((scalar) => scalar.data()));
  tf.dispose(Object.values(scalars));
  return Object.fromEntries(Object.keys(scalars).map((name, i) => [name, values[i]?.[0] ?? Number.NaN]));
}

/** A tensor of a snapshot by name. Throws when the snapshot lacks it. */
export function snapshotTensor(snapshot: Snapshot, name: string): tf.Tensor1D {
  const tensor = snapshot.tensors[name];
  if (!tensor) throw new Error(`The checkpoint to resume from has no tensor "${name}"`);
  return tensor as tf.Tensor1D;
}
