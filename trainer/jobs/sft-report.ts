/** Answers of held-out rows before and after a run, and with examples in the prompt: what its task report is made of. */
import type { SftRow } from "../../domain/dataset";
import type { Message } from "../../domain/prompt";
import { createRandom } from "../../domain/random";
import type { SftConfig } from "../../domain/run";
import { type AnsweredRow, buildTaskReport, type TaskReport } from "../../domain/task-report";
import type { Engine } from "../engine/engine";
import { createGenerator } from "../generation/generate";
import type { Model, Weights } from "../models/model";
import type { Tokenizer } from "../tokenizer/tokenizer";

/** Longest answer that is waited for, in tokens. */
const MAX_ANSWER = 96;

/** The first `count` rows of each task. */
export function rowsPerTask(rows: readonly SftRow[], count: number): SftRow[] {
  const taken = new Map<string, number>();
  return rows.filter(({ task = "" }) => {
    const n = taken.get(task) ?? 0;
    taken.set(task, n + 1);
    return n < count;
  });
}

/**
 * `shots` training rows of the same task as earlier turns before the question, drawn by the seed and the row's place.
 * Source: Brown et al. 2020, section 2 (few-shot: K examples of context and completion, no update of weights).
 */
export function fewShotMessages(row: SftRow, train: readonly SftRow[], options: { shots: number; seed: number; place: number }): Message[] {
  const same = train.filter(({ task }) => task === row.task);
  const examples = createRandom(options.seed, `shots:${options.place}`).shuffle(same).slice(0, options.shots);
  return [
    ...examples.flatMap(({ messages, completion }): Message[] => [...messages, { role: "assistant", content: completion }]),
    ...row.messages,
  ];
}

export type ReportInput = {
  config: SftConfig;
  model: Model;
  tokenizer: Tokenizer;
  before: Weights;
  train: SftRow[];
  heldOut: SftRow[];
  /** Longest context of the model, in tokens; examples that do not fit are left out, the first ones first. */
  contextLength: number;
};

/** The report of a run whose result is `after`. */
export async function reportTasks(engine: Engine, input: ReportInput, after: Weights): Promise<TaskReport> {
  const { config, model, tokenizer } = input;
  const rows = rowsPerTask(input.heldOut, config.reportRows);
  const generate = createGenerator(engine, model);
  const ends = await Promise.all(rows.map(({ completion }) => tokenizer.encode(completion)));
  const maxNewTokens = Math.min(MAX_ANSWER, Math.max(...ends.map(({ length }) => length)) + 8);
  const answer = async (weights: Weights, prompts: number[][]): Promise<string[]> => {
    const out = new Array<string>(prompts.length);
    const order = [...prompts.keys()].sort((a, b) => (prompts[a]?.length ?? 0) - (prompts[b]?.length ?? 0) || a - b);
    for (let i = 0; i < order.length; i += config.batchSize) {
      const places = order.slice(i, i + config.batchSize);
      const filled = Array.from({ length: config.batchSize }, (_, row) => places[row] ?? places[0] ?? 0);
      const generated = await generate(
        weights,
        filled.map((place) => prompts[place] ?? []),
        filled.map((place) => createRandom(config.seed, `report:${place}`)),
        {
          temperature: 0,
          topK: 0,
          topP: 1,
          maxNewTokens,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
        },
      );
      for (const [row, place] of places.entries()) out[place] = (await tokenizer.decode(generated[row]?.tokens ?? [])).trim();
    }
    return out;
  };
  const zeroShot = await Promise.all(rows.map(({ messages }) => tokenizer.encodePrompt(messages)));
  /** Null where the context has no room for a single example. */
  const withExamples = async (row: SftRow, place: number): Promise<number[] | null> => {
    for (let shots = config.reportShots; shots > 0; shots--) {
      const ids = await tokenizer.encodePrompt(fewShotMessages(row, input.train, { shots, seed: config.seed, place }));
      if (ids.length + maxNewTokens <= input.contextLength) return ids;
    }
    return null;
  };
  const before = await answer(input.before, zeroShot);
  const prompted = (await Promise.all(rows.map(withExamples))).flatMap((ids, place) => (ids === null ? [] : [{ ids, place }]));
  const promptedAnswers = await answer(
    input.before,
    prompted.map(({ ids }) => ids),
  );
  const fewShot = new Map(prompted.map(({ place }, i) => [place, promptedAnswers[i] ?? ""]));
  const result = await answer(after, zeroShot);
  const answered = rows.map(
    (row, i): AnsweredRow => ({
      task: row.task ?? "",
      reference: row.completion,
      before: before[i] ?? "",
      after: result[i] ?? "",
      fewShot: fewShot.get(i) ?? null,
    }),
  );
  const trained = new Set(
    input.train.map(({ task = "" }) => task).filter((task) => config.tasks.length === 0 || config.tasks.includes(task)),
  );
  return buildTaskReport(answered, { trained, shots: config.reportShots, seed: config.seed });
}
