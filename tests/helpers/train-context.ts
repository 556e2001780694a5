/** A context for training loops under test: events and snapshots are kept, a stop can be asked for at a step. */
import type { SaveRequest, Snapshot, TrainContext } from "../../trainer/algorithms/train-context";
import type { RunEvent } from "../../domain/run";
import type { Engine } from "../../trainer/engine/engine";

export type RecordedContext = TrainContext & { events: RunEvent[]; totalSteps: number };

export function createRecordedContext(
  engine: Engine,
  options: { resume?: Snapshot | null; save?: (request: SaveRequest) => Promise<void>; pauseAt?: number } = {},
): RecordedContext {
  const events: RunEvent[] = [];
  const context: RecordedContext = {
    engine,
    events,
    totalSteps: 0,
    resume: options.resume ?? null,
    start: async (totalSteps) => {
      context.totalSteps = totalSteps;
    },
    emit: async (more) => {
      events.push(...more);
    },
    requested: () => {
      const steps = events.flatMap((event) => (event.kind === "metric" ? [event.step] : []));
      return options.pauseAt !== undefined && Math.max(0, ...steps) >= options.pauseAt ? "pause" : null;
    },
    save: options.save ?? (async () => {}),
  };
  return context;
}

/** The values of one metric in order of steps. */
export function metricSeries(events: readonly RunEvent[], name: string): number[] {
  return events.flatMap((event) => (event.kind === "metric" && name in event.values ? [event.values[name] ?? Number.NaN] : []));
}
