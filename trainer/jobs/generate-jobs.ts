/** Sampling from a checkpoint, and scoring what it says: the two runs that only read weights. */
import { createRandom } from "../../domain/random";
import type { Sampling } from "../../domain/completion";
import type { Message } from "../../domain/prompt";
import { encodeExample, lengthOf } from "../algorithms/examples";
import { createScorer } from "../algorithms/reward-model";
import { type ChainLink, disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import type { Engine } from "../engine/engine";
import { createGenerator } from "../generation/generate";

export type SampledCompletion = {
  promptId: string;
  /** Place among the samples of one prompt. */
  ordinal: number;
  text: string;
  tokens: number;
  /** Ended by itself; false when maxNewTokens cut it off. */
  stopped: boolean;
};

export type SampleInput = {
  chain: ChainLink[];
  /** `key` seeds a prompt's random stream: its content hash, which is the same in every installation. */
  prompts: { id: string; key: string; messages: Message[] }[];
  sampling: Sampling;
  completionsPerPrompt: number;
  batchSize: number;
};

type Progress = (done: number, total: number) => Promise<"stop" | undefined>;

/**
 * `completionsPerPrompt` completions of each prompt. What one says depends on the seed, its prompt and its ordinal,
 * not on the batch it is in. `progress` may stop it early; what was sampled until then is returned.
 */
export async function sampleCompletions(
  engine: Engine,
  input: SampleInput,
  progress: Progress,
  loaded?: LoadedCheckpoint,
): Promise<SampledCompletion[]> {
  const checkpoint = loaded ?? (await loadCheckpoint(input.chain, { readOnly: true }));
  const { model, tokenizer, params, adapter } = checkpoint;
  const { sampling } = input;
  try {
    const generate = createGenerator(engine, model);
    const jobs = await Promise.all(
      input.prompts.flatMap(({ id, key, messages }) =>
        Array.from({ length: input.completionsPerPrompt }, async (_, ordinal) => ({
          id,
          key,
          ordinal,
          promptIds: await tokenizer.encodePrompt(messages),
        })),
      ),
    );
    // Prompts of like length share a batch; the order of the result is the order of the prompts.
    const order = [...jobs.keys()].sort((a, b) => (jobs[a]?.promptIds.length ?? 0) - (jobs[b]?.promptIds.length ?? 0));
    const out: SampledCompletion[] = [];
    for (let start = 0; start < order.length; start += input.batchSize) {
      const rows = order.slice(start, start + input.batchSize).map((i) => jobs[i] as (typeof jobs)[number]);
      const filled = [...rows, ...Array.from({ length: input.batchSize - rows.length }, () => rows[0] as (typeof rows)[number])];
      const generated = await generate(
        { base: params, adapter },
        filled.map(({ promptIds }) => promptIds),
        filled.map(({ key, ordinal }) => createRandom(sampling.seed, `${key}:${ordinal}`)),
        {
          temperature: sampling.temperature,
          topK: sampling.topK,
          topP: sampling.topP,
          maxNewTokens: sampling.maxNewTokens,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
          shouldStop:
            sampling.stop.length === 0
              ? undefined
              : async (tokens) => {
                  const text = await tokenizer.decode(tokens);
                  return sampling.stop.some((stop) => text.includes(stop));
                },
        },
      );
      for (const [i, { id, ordinal }] of rows.entries()) {
        const { tokens = [], stopped = false } = generated[i] ?? {};
        out.push({
          promptId: id,
          ordinal,
          text: cutAtStop(await tokenizer.decode(tokens), sampling.stop).trim(),
          tokens: tokens.length,
          stopped,
        });
      }
      if ((await progress(out.length, jobs.length)) === "stop") break;
    }
    const place = new Map(jobs.map(({ id, ordinal }, i) => [`${id}:${ordinal}`, i]));
    return out.sort((a, b) => (place.get(`${a.promptId}:${a.ordinal}`) ?? 0) - (place.get(`${b.promptId}:${b.ordinal}`) ?? 0));
  } finally {
    if (!loaded) disposeCheckpoints(checkpoint);
  }
}

function cutAtStop(text: string, stops: readonly string[]): string {
  const first = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return first.length === 0 ? text : text.slice(0, Math.min(...first));
}

/** A reward checkpoint in memory until `dispose`; `score` gives rewards of texts in order, null for one longer than it can read. */
export type RewardScorer = {
  score(rows: readonly { messages: Message[]; text: string }[], batchSize: number): Promise<(number | null)[]>;
  dispose(): void;
};

/** Throws where the chain is no reward model. */
export async function openScorer(engine: Engine, rewardChain: ChainLink[]): Promise<RewardScorer> {
  const checkpoint = await loadCheckpoint(rewardChain, { readOnly: true });
  const { model, reward, tokenizer, params } = checkpoint;
  if (model.kind !== "decoder" || !reward) {
    disposeCheckpoints(checkpoint);
    throw new Error("The reward checkpoint is no reward model");
  }
  const most = model.maxPositions ?? Number.POSITIVE_INFINITY;
  return {
    async score(rows, batchSize) {
      const examples = await Promise.all(rows.map(({ messages, text }) => encodeExample(tokenizer, messages, text)));
      const readable = examples.flatMap((example, place) => (lengthOf(example) <= most ? [{ example, place }] : []));
      const scores = await createScorer(engine, model)(
        { weights: { base: params, adapter: reward.adapter }, score: reward.score },
        readable.map(({ example }) => example),
        { batchSize, padTokenId: tokenizer.padTokenId },
      );
      const out = new Array<number | null>(rows.length).fill(null);
      readable.forEach(({ place }, i) => {
        out[place] = scores[i] ?? null;
      });
      return out;
    },
    dispose: () => disposeCheckpoints(checkpoint),
  };
}

/** Rewards of texts by a reward checkpoint, in order. Throws where one is longer than it can read. */
export async function scoreCompletions(
  engine: Engine,
  input: { rewardChain: ChainLink[]; rows: { messages: Message[]; text: string }[]; batchSize: number },
): Promise<number[]> {
  const scorer = await openScorer(engine, input.rewardChain);
  try {
    return (await scorer.score(input.rows, input.batchSize)).map((score) => {
      if (score === null) throw new Error("A completion is longer than the reward model can read");
      return score;
    });
  } finally {
    scorer.dispose();
  }
}
