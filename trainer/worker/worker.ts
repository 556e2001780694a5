/**
 * The trainer's worker: takes runs from the queue in PostgreSQL, one at a time, and works on them until they end,
 * are paused or cancelled. Any number of workers may run; a run whose worker went silent is taken over from its last
 * checkpoint. Only this folder of the trainer knows the database.
 */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { latestCheckpoint, selectCheckpointsOfRun } from "../../db/queries/checkpoints";
import { claimRun, heartbeatRun, type RunRow, transitionRun } from "../../db/queries/runs";
import { advanceSweeps } from "../../db/queries/sweeps";
import { heartbeatWorker, registerWorker } from "../../db/queries/workers";
import { EndpointError } from "../../domain/endpoint";
import { runConfigSchema } from "../../domain/run";
import { isOutOfMemory } from "../algorithms/micro-batch";
import { FencedError, NotFiniteError, type Outcome } from "../algorithms/train-context";
import { machineMemory } from "../engine/machine-memory";
import { benchmarkRun } from "./benchmark-run";
import { type Ending, requestsOf } from "./endpoint-requests";
import { evaluateRun } from "./evaluation-run";
import { judgePairs } from "./judge-run";
import type { RunWork, WorkerOptions } from "./run-work";
import { sampleRun } from "./sample-run";
import { scoreRun } from "./score-run";
import { trainPpoRun, trainPreferenceRun, trainRewardRun, trainSftRun } from "./train-runs";

export type Worker = {
  id: string;
  /** Takes one run and works on it; null when there is none. */
  workOnce(): Promise<RunRow | null>;
  /** Works until the signal; the run at hand is saved and given back to the queue. */
  work(signal: AbortSignal): Promise<void>;
};

const HEARTBEAT_MS = 3_000;
const IDLE_MS = 500;

export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const { db, engine, storeFolder } = options;
  const { id } = await registerWorker(db, { name: options.name, engine: engine.description, ...(await machineMemory()) });
  let stopping = false;

  /** Files of checkpoints that were never recorded: a worker died between writing and telling. */
  const sweepStray = async (run: RunRow): Promise<void> => {
    const folder = path.join(storeFolder, "runs", run.id);
    const known = new Set((await selectCheckpointsOfRun(db, run.id)).map((checkpoint) => path.basename(checkpoint.path)));
    const names = await readdir(folder).catch(() => []);
    for (const name of names) if (!known.has(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  };

  const workOnce = async (): Promise<RunRow | null> => {
    await advanceSweeps(db);
    const run = await claimRun(db, { workerId: id, staleAfterMs: options.staleAfterMs ?? 30_000 });
    if (!run) return null;
    let requested: "pause" | "cancel" | null = run.requested;
    let fenced = false;
    const beat = async () => {
      await heartbeatWorker(db, id);
      const answer = await heartbeatRun(db, { runId: run.id, attempt: run.attempt });
      if (answer) requested = answer.requested;
      else fenced = true;
    };
    // A database that is away for a moment is no reason to stop: the next beat tells.
    const timer = setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS);
    const asked = () => {
      if (fenced) throw new FencedError();
      return stopping ? "pause" : requested;
    };
    try {
      await sweepStray(run);
      const ended = await execute({ ...options, run, asked });
      const { outcome, reason } = typeof ended === "string" ? { outcome: ended, reason: null } : ended;
      const giveBack = outcome === "paused" && stopping && requested === null;
      const reasons: Record<Outcome, string> = {
        succeeded: "Finished",
        paused: giveBack ? `Worker ${options.name} was stopped; its checkpoint is saved` : "Paused as asked",
        cancelled: "Stopped as asked",
      };
      await transitionRun(db, {
        runId: run.id,
        attempt: run.attempt,
        to: giveBack ? "queued" : outcome,
        reason: giveBack ? reasons.paused : (reason ?? reasons[outcome]),
      });
    } catch (error) {
      if (error instanceof FencedError) return run;
      const last = await latestCheckpoint(db, run.id);
      const reason = explainFailure(error, last?.step ?? null);
      await transitionRun(db, {
        runId: run.id,
        attempt: run.attempt,
        to: "failed",
        reason,
        events: [{ kind: "log", level: "error", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }],
      });
    } finally {
      clearInterval(timer);
    }
    return run;
  };

  return {
    id,
    workOnce,
    async work(signal) {
      signal.addEventListener("abort", () => {
        stopping = true;
      });
      let lastBeat = 0;
      while (!signal.aborted) {
        try {
          if (await workOnce()) continue;
          if (Date.now() - lastBeat > HEARTBEAT_MS) {
            await heartbeatWorker(db, id);
            lastBeat = Date.now();
          }
        } catch (error) {
          console.error(`worker: ${error instanceof Error ? error.message : String(error)}; trying again in 5 s`);
          await pause(5_000, signal);
        }
        await pause(IDLE_MS, signal);
      }
    },
  };
}

async function execute(work: RunWork): Promise<Outcome | Ending> {
  const { run } = work;
  // A run that was stored before a field existed gets its default.
  const config = runConfigSchema.parse(run.config);
  switch (config.kind) {
    case "sft":
      return trainSftRun(work, config);
    case "reward":
      return trainRewardRun(work, config);
    case "preference":
      return trainPreferenceRun(work, config);
    case "ppo":
      return trainPpoRun(work, config);
    case "sample":
      return sampleRun(work, config);
    case "judge":
      if (run.endpointId === null) throw new Error("The run has no endpoint to judge by");
      return judgePairs(await requestsOf(work, run.endpointId), config);
    case "evaluation":
      return evaluateRun(work, config);
    case "benchmark":
      return benchmarkRun(work, config);
    case "score":
      return scoreRun(work, config);
    case "sweep":
      throw new Error("A sweep is worked on through its trials");
    default:
      return config satisfies never;
  }
}

/** Ends early when the signal aborts. */
const pause = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => undefined);

/** What happened, what is kept, what to do: for people. */
export function explainFailure(error: unknown, lastStep: number | null): string {
  const message = error instanceof Error ? error.message : String(error);
  const kept =
    lastStep === null ? "No checkpoint had been saved yet" : `The checkpoint of step ${lastStep} is intact; retry goes on from it`;
  if (error instanceof NotFiniteError || error instanceof EndpointError) return message;
  if (isOutOfMemory(error)) {
    return `Out of memory: use a smaller batchSize, rolloutBatchSize or maxLength, or gradientCheckpointing. ${kept}. (${message.split("\n")[0]})`;
  }
  return `${message.split("\n")[0]}. ${kept}.`;
}
