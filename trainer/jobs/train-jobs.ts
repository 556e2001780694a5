/** The training runs as functions of plain data: load the checkpoints, encode the rows, run the loop. */
import type { PreferenceRow, SftRow } from "../../domain/dataset";
import type { Message } from "../../domain/prompt";
import type { PpoConfig, PreferenceConfig, RewardConfig, SftConfig } from "../../domain/run";
import { encodeExample, type Example } from "../algorithms/examples";
import { trainPpo } from "../algorithms/ppo";
import { trainPreference } from "../algorithms/preference";
import { pairAccuracy, type RankedExample } from "../algorithms/ranked-items";
import { trainReward } from "../algorithms/reward";
import { createScorer, initScore, SCORE_NAME } from "../algorithms/reward-model";
import { trainSft } from "../algorithms/sft";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import { type ChainLink, disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import { writeModelFolder } from "../checkpoint/hugging-face";
import { writeAdapterFolder } from "../checkpoint/peft";
import { initAdapter } from "../models/lora";
import type { DecoderModel, Params } from "../models/model";
import type { Tokenizer } from "../tokenizer/tokenizer";

type PromptRow = { messages: Message[]; reference: string | null };

/** The last thing that was asked: what a table of samples shows of a prompt. */
const showPrompt = (messages: readonly Message[]) => messages[messages.length - 1]?.content ?? "";

function requireDecoder(checkpoint: LoadedCheckpoint, purpose: string): DecoderModel {
  if (checkpoint.model.family !== "llama") throw new Error(`${purpose} needs a decoder model; this checkpoint is a ${checkpoint.model.family} encoder-decoder`);
  return checkpoint.model;
}

const encodePrompts = (tokenizer: Tokenizer, rows: PromptRow[]) =>
  Promise.all(rows.map(async ({ messages, reference }) => ({ promptIds: await tokenizer.encodePrompt(messages), prompt: showPrompt(messages), reference })));

async function warnOfDropped(context: TrainContext, dropped: number, total: number, limit: string): Promise<void> {
  if (dropped > 0) await context.emit([{ kind: "log", level: "warning", message: `${dropped} of ${total} rows are longer than ${limit} tokens and were left out` }]);
}

async function encodeSftRows(tokenizer: Tokenizer, rows: SftRow[], maxLength: number): Promise<Example[]> {
  const examples: Example[] = [];
  for (const { messages, completion } of rows) {
    const example = await encodeExample(tokenizer, messages, completion);
    if (example.promptIds.length + example.completionIds.length <= maxLength) examples.push(example);
  }
  return examples;
}

export async function runSft(
  context: TrainContext,
  input: { config: SftConfig; chain: ChainLink[]; train: SftRow[]; validation: SftRow[]; showcase: PromptRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain);
  const { model, tokenizer, params } = checkpoint;
  const train = await encodeSftRows(tokenizer, input.train, config.maxLength);
  await warnOfDropped(context, input.train.length - train.length, input.train.length, `maxLength ${config.maxLength}`);
  const adapter = config.method === "lora" ? initAdapter(model, config.lora, config.seed) : null;
  const writeModel = async (folder: string, trained: Params): Promise<void> => {
    if (config.method === "full") await writeModelFolder(folder, { config: checkpoint.config, params: trained, tokenizerFolder: checkpoint.baseFolder });
    else await writeAdapterFolder(folder, { config: config.lora, params: trained, baseName: baseNameOf(chain), taskType: model.family === "t5" ? "SEQ_2_SEQ_LM" : "CAUSAL_LM" });
  };
  const showcase = await encodePrompts(tokenizer, input.showcase);
  try {
    return await trainSft(context, {
      config, model, tokenizer, base: params, adapter, train,
      validation: await encodeSftRows(tokenizer, input.validation, config.maxLength),
      showcase, writeModel,
    });
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

/** Where PEFT finds the model below an adapter: the folder's own name in the file store. */
const baseNameOf = (chain: readonly ChainLink[]) => chain[chain.length - 1]?.folder.split("/").slice(-2).join("/") ?? "";

export async function encodeRankings(tokenizer: Tokenizer, rows: PreferenceRow[], maxLength: number): Promise<RankedExample[]> {
  const out: RankedExample[] = [];
  for (const { messages, completions, ranks, margin, ratings } of rows) {
    const examples = await Promise.all(completions.map((completion) => encodeExample(tokenizer, messages, completion)));
    if (examples.every(({ promptIds, completionIds }) => promptIds.length + completionIds.length <= maxLength)) out.push({ examples, ranks, margin, ratings });
  }
  return out;
}

export async function runReward(
  context: TrainContext,
  input: { config: RewardConfig; chain: ChainLink[]; train: PreferenceRow[]; validation: PreferenceRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain);
  const model = requireDecoder(checkpoint, "A reward model");
  const { tokenizer, params } = checkpoint;
  const train = await encodeRankings(tokenizer, input.train, config.maxLength);
  await warnOfDropped(context, input.train.length - train.length, input.train.length, `maxLength ${config.maxLength}`);
  try {
    const { outcome } = await trainReward(context, {
      config, model, tokenizer, base: params,
      adapter: initAdapter(model, config.lora, config.seed),
      score: initScore(model.hiddenSize, config.seed),
      train,
      validation: await encodeRankings(tokenizer, input.validation, config.maxLength),
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, { config: config.lora, params: trained, baseName: baseNameOf(chain), taskType: "SEQ_CLS" });
      },
    });
    return outcome;
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

/** Held-out agreement of a saved reward model with the votes: right and all strictly ordered pairs of each item. */
export async function measureRewardAccuracy(
  { engine }: Pick<TrainContext, "engine">,
  input: { chain: ChainLink[]; rows: PreferenceRow[]; maxLength: number },
): Promise<[number, number][]> {
  const checkpoint = await loadCheckpoint(input.chain);
  const model = requireDecoder(checkpoint, "A reward model");
  if (!checkpoint.reward) throw new Error(`The checkpoint is no reward model: ${SCORE_NAME} is missing`);
  const { adapter, score } = checkpoint.reward;
  try {
    const items = await encodeRankings(checkpoint.tokenizer, input.rows, input.maxLength);
    const scorer = createScorer(engine, model);
    const scores = scorer({ weights: { base: checkpoint.params, adapter }, score }, items.flatMap(({ examples }) => examples), { batchSize: 32, padTokenId: checkpoint.tokenizer.padTokenId });
    let next = 0;
    return items.map(({ ranks }) => {
      const own = scores.slice(next, next + ranks.length);
      next += ranks.length;
      return pairAccuracy(ranks, own);
    });
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

/** Beside the outcome, how far the implicit reward agrees with votes that it never saw: right and all ordered pairs of each item. */
export async function runPreference(
  context: TrainContext,
  input: { config: PreferenceConfig; chain: ChainLink[]; train: PreferenceRow[]; validation: PreferenceRow[]; test: PreferenceRow[]; showcase: PromptRow[] },
): Promise<{ outcome: Outcome; heldOut: [number, number][] }> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain);
  const { model, tokenizer, params } = checkpoint;
  const train = await encodeRankings(tokenizer, input.train, config.maxLength);
  await warnOfDropped(context, input.train.length - train.length, input.train.length, `maxLength ${config.maxLength}`);
  try {
    return await trainPreference(context, {
      config, model, tokenizer, base: params, train,
      adapter: initAdapter(model, config.lora, config.seed),
      validation: await encodeRankings(tokenizer, input.validation, config.maxLength),
      test: await encodeRankings(tokenizer, input.test, config.maxLength),
      showcase: await encodePrompts(tokenizer, input.showcase),
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, { config: config.lora, params: trained, baseName: baseNameOf(chain), taskType: model.family === "t5" ? "SEQ_2_SEQ_LM" : "CAUSAL_LM" });
      },
    });
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

export async function runPpo(
  context: TrainContext,
  input: { config: PpoConfig; chain: ChainLink[]; rewardChain: ChainLink[]; prompts: PromptRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain);
  const model = requireDecoder(checkpoint, "PPO");
  const rewardCheckpoint = await loadCheckpoint(input.rewardChain, { ...checkpoint, chain });
  const rewardModel = requireDecoder(rewardCheckpoint, "A reward model");
  if (!rewardCheckpoint.reward) throw new Error(`The reward checkpoint has no ${SCORE_NAME}`);
  const { tokenizer, params } = checkpoint;
  const prompts = await encodePrompts(tokenizer, input.prompts);
  await warnOfDropped(context, prompts.filter(({ promptIds }) => promptIds.length > config.maxPromptLength).length, prompts.length, `maxPromptLength ${config.maxPromptLength}`);
  const { adapter: rewardAdapter, score } = rewardCheckpoint.reward;
  try {
    return await trainPpo(context, {
      config, model, tokenizer, base: params, prompts,
      adapter: initAdapter(model, config.lora, config.seed),
      reward: { model: rewardModel, weights: { weights: { base: rewardCheckpoint.params, adapter: rewardAdapter }, score } },
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, { config: config.lora, params: trained, baseName: baseNameOf(chain), taskType: "CAUSAL_LM" });
      },
    });
  } finally {
    disposeCheckpoints(checkpoint, rewardCheckpoint);
  }
}
