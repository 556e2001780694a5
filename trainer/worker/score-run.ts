/** A score run on the database: what a reward checkpoint gives the completions that it has not scored yet, each stored once. */
import type { Db } from "../../db/client";
import {
  countUnscoredCompletions,
  insertCompletionRewards,
  type ScoredChoice,
  selectUnscoredCompletions,
  type UnscoredCompletion,
} from "../../db/queries/completion-rewards";
import type { SampleRow, ScoreConfig } from "../../domain/run";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import type { ChainLink } from "../checkpoint/checkpoint-chain";
import { openScorer } from "../jobs/generate-jobs";
import { chainOf, createContext, type RunWork, tellStep } from "./run-work";

/** Completions between two looks at what was asked of the run. */
const PAGE = 256;
const SHOWN = 20;

/** The last answer of a conversation with all before it; a plain answer with its prompt. */
export function scoredRow({ messages, text, turns }: Pick<UnscoredCompletion, "messages" | "text" | "turns">) {
  const last = turns?.at(-1);
  return last === undefined ? { messages, text } : { messages: [...messages, ...(turns ?? []).slice(0, -1)], text: last.content };
}

/** Goes on where it was stopped. `tell` records how many are done, where the run counts them. */
export async function scoreProject(
  context: Pick<TrainContext, "engine" | "emit" | "requested">,
  input: ScoredChoice & {
    db: Db;
    runId: string;
    chain: ChainLink[];
    batchSize: number;
    start?(total: number): Promise<void>;
    tell?(done: number): Promise<void>;
  },
): Promise<Outcome> {
  const { db, runId, chain, batchSize, start, tell, ...choice } = input;
  const total = await countUnscoredCompletions(db, choice);
  await start?.(total);
  const scorer = await openScorer(context.engine, chain);
  const shown: SampleRow[] = [];
  let [done, tooLong] = [0, 0];
  let afterId: string | null = null;
  try {
    while (true) {
      const page: UnscoredCompletion[] = await selectUnscoredCompletions(db, { ...choice, afterId, limit: PAGE });
      const last = page.at(-1);
      if (last === undefined) break;
      afterId = last.id;
      const rows = page.map(scoredRow);
      const scores = await scorer.score(rows, batchSize);
      const scored = page.flatMap(({ id }, i) =>
        scores[i] == null ? [] : [{ checkpointId: choice.checkpointId, completionId: id, runId, score: scores[i] }],
      );
      await insertCompletionRewards(db, scored);
      tooLong += page.length - scored.length;
      done += page.length;
      if (shown.length < SHOWN)
        shown.push(
          ...rows.slice(0, SHOWN - shown.length).map(({ messages, text }, i) => ({
            prompt: messages.at(-1)?.content ?? "",
            completion: text,
            reference: null,
            score: scores[i] ?? null,
            kl: null,
          })),
        );
      await tell?.(done);
      const requested = context.requested();
      if (requested !== null) return requested === "pause" ? "paused" : "cancelled";
    }
  } finally {
    scorer.dispose();
  }
  await context.emit([
    {
      kind: "log",
      level: tooLong > 0 ? "warning" : "info",
      message: `${done - tooLong} completions scored${tooLong > 0 ? `; ${tooLong} are longer than the model can read and have no score` : ""}`,
    },
    ...(start === undefined ? [] : [{ kind: "sample" as const, step: done, rows: shown }]),
  ]);
  return "succeeded";
}

export async function scoreRun(work: RunWork, config: ScoreConfig): Promise<Outcome> {
  const { db, run } = work;
  const context = await createContext(work, "adapter", null);
  return scoreProject(context, {
    db,
    runId: run.id,
    projectId: run.projectId,
    checkpointId: run.baseCheckpointId ?? "",
    chain: await chainOf(work, run.baseCheckpointId, "reward checkpoint"),
    split: config.split === "all" ? null : config.split,
    judged: config.judgedOnly,
    batchSize: config.batchSize,
    start: context.start,
    tell: (done) => tellStep(work, done),
  });
}
