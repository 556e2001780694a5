/** The training runs as functions of plain data: load the checkpoints, encode the rows, run the loop. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { PreferenceRow, SftRow } from "../../domain/dataset";
import { shapeOfConfig } from "../../domain/memory-estimate";
import type { Message } from "../../domain/prompt";
import type { PpoConfig, PreferenceConfig, RewardConfig, SftConfig } from "../../domain/run";
import { createLossMeter } from "../algorithms/completion-loss";
import { encodeExample } from "../algorithms/examples";
import { trainPpo } from "../algorithms/ppo";
import { trainPreference } from "../algorithms/preference";
import { pairAccuracy, type RankedExample } from "../algorithms/ranked-items";
import { trainReward } from "../algorithms/reward";
import { createScorer, initScore, SCORE_NAME } from "../algorithms/reward-model";
import { trainSft } from "../algorithms/sft";
import type { Outcome, TrainContext } from "../algorithms/train-context";
import { baseNameOf, type ChainLink, disposeCheckpoints, type LoadedCheckpoint, loadCheckpoint } from "../checkpoint/checkpoint-chain";
import { CHAT_TEMPLATE_FILE, writeModelFolder } from "../checkpoint/hugging-face";
import { writeAdapterFolder } from "../checkpoint/peft";
import { countParameters, initParams } from "../models/create-model";
import { initAdapter } from "../models/lora";
import type { Adapter, DecoderModel, Params, Weights } from "../models/model";
import { chatTemplateOf } from "../tokenizer/templates";
import { readTokenizer, type Tokenizer } from "../tokenizer/tokenizer";
import { reportTasks } from "./sft-report";
import { encodeSftRows, rowsOfTasks } from "./sft-rows";

type PromptRow = { messages: Message[]; reference: string | null };

/** The last thing that was asked: what a table of samples shows of a prompt. */
const showPrompt = (messages: readonly Message[]) => messages[messages.length - 1]?.content ?? "";

function requireDecoder(checkpoint: LoadedCheckpoint, purpose: string): DecoderModel {
  if (checkpoint.model.kind !== "decoder")
    throw new Error(`${purpose} needs a decoder model; this checkpoint is a ${checkpoint.model.family} encoder-decoder`);
  return checkpoint.model;
}

const encodePrompts = (tokenizer: Tokenizer, rows: PromptRow[]) =>
  Promise.all(
    rows.map(async ({ messages, reference }) => ({
      promptIds: await tokenizer.encodePrompt(messages),
      prompt: showPrompt(messages),
      reference,
    })),
  );

async function warnOfDropped(context: TrainContext, dropped: number, total: number, limit: string): Promise<void> {
  if (dropped > 0)
    await context.emit([
      { kind: "log", level: "warning", message: `${dropped} of ${total} rows are longer than ${limit} tokens and were left out` },
    ]);
}

export async function runSft(
  context: TrainContext,
  input: { config: SftConfig; chain: ChainLink[]; train: SftRow[]; validation: SftRow[]; test: SftRow[]; showcase: PromptRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const quantize = config.method === "qlora";
  const lossBefore =
    quantize && config.measureQuantization && context.resume === null
      ? await measureValidationLoss(context, chain, config, input.validation)
      : null;
  const checkpoint = await loadCheckpoint(chain, { quantize, storage: config.baseStorage });
  if (lossBefore !== null)
    await reportQuantization(context, lossBefore, await measureValidationLoss(context, chain, config, input.validation, checkpoint));
  const template = chatTemplateOf(config) ?? checkpoint.chatTemplate;
  if (template !== null) checkpoint.tokenizer = await readTokenizer(checkpoint.baseFolder, template);
  if (config.initialisation === "random") {
    tf.dispose(Object.values(checkpoint.params));
    checkpoint.params = initParams(checkpoint.model, config.seed);
  }
  const { model, tokenizer, params } = checkpoint;
  const rows = rowsOfTasks(input.train, config.tasks);
  const { examples: train, cut } = await encodeSftRows(tokenizer, rows, config);
  await warnOfDropped(context, rows.length - train.length, rows.length, `maxLength ${config.maxLength}`);
  if (cut > 0)
    await context.emit([
      {
        kind: "log",
        level: "warning",
        message: `${cut} of ${rows.length} rows are longer than maxLength ${config.maxLength} tokens and were cut on the ${config.truncation}`,
      },
    ]);
  const adapter = config.method === "full" ? null : initAdapter(model, config.lora, config.seed);
  const writeModel = async (folder: string, trained: Params): Promise<void> => {
    if (config.method === "full")
      await writeModelFolder(folder, { config: checkpoint.config, params: trained, tokenizerFolder: checkpoint.baseFolder });
    else
      await writeAdapterFolder(folder, {
        config: config.lora,
        model,
        overNf4: quantize,
        params: trained,
        baseName: baseNameOf(chain),
        taskType: model.kind === "encoder-decoder" ? "SEQ_2_SEQ_LM" : "CAUSAL_LM",
      });
    if (template !== null) await writeFile(path.join(folder, CHAT_TEMPLATE_FILE), template);
  };
  const showcase = await encodePrompts(tokenizer, input.showcase);
  // Rows that decided nothing of the run; validation where nothing else was held out.
  const heldOut = input.test.length > 0 ? input.test : input.validation;
  const contextLength = Number(checkpoint.config.max_position_embeddings ?? checkpoint.config.n_positions ?? 512);
  const report = async (after: Weights): Promise<void> => {
    const made = await reportTasks(
      context.engine,
      { config, model, tokenizer, before: { base: params, adapter: null }, train: input.train, heldOut, contextLength },
      after,
    );
    await context.emit([{ kind: "report", report: made }]);
  };
  try {
    return await trainSft(context, {
      config,
      model,
      tokenizer,
      base: params,
      adapter,
      train,
      validation: (await encodeSftRows(tokenizer, input.validation, config)).examples,
      showcase,
      writeModel,
      shape: shapeOfConfig(checkpoint.config, countParameters(model)),
      report: config.reportRows > 0 && heldOut.length > 0 ? report : undefined,
    });
  } finally {
    disposeAdapter(adapter);
    disposeCheckpoints(checkpoint);
  }
}

/** Mean loss a completion token of the model below the run's adapter; null without validation rows. Frees what it loads. */
async function measureValidationLoss(
  context: TrainContext,
  chain: ChainLink[],
  config: SftConfig,
  rows: SftRow[],
  loaded?: LoadedCheckpoint,
): Promise<number | null> {
  if (rows.length === 0) return null;
  const checkpoint = loaded ?? (await loadCheckpoint(chain));
  const { model, tokenizer, params } = checkpoint;
  try {
    const { examples } = await encodeSftRows(tokenizer, rows, config);
    return examples.length === 0
      ? null
      : await createLossMeter(context.engine, model)(params, examples, { batchSize: config.batchSize, padTokenId: tokenizer.padTokenId });
  } finally {
    if (!loaded) disposeCheckpoints(checkpoint);
  }
}

async function reportQuantization(context: TrainContext, before: number, after: number | null): Promise<void> {
  if (after === null) return;
  await context.emit([
    { kind: "metric", step: 0, values: { "loss/base": before, "loss/base_nf4": after } },
    {
      kind: "log",
      level: "info",
      message: `Validation loss of the base: ${before.toFixed(4)} as it is, ${after.toFixed(4)} in NF4 (${after >= before ? "+" : ""}${(100 * (after / before - 1)).toFixed(2)} %)`,
    },
  ]);
}

/** A fresh adapter is only what the loop starts from. */
const disposeAdapter = (adapter: Adapter | null): void => tf.dispose(Object.values(adapter?.params ?? {}));

export async function encodeRankings(tokenizer: Tokenizer, rows: PreferenceRow[], maxLength: number): Promise<RankedExample[]> {
  const out: RankedExample[] = [];
  for (const { messages, completions, ranks, margin, ratings } of rows) {
    const examples = await Promise.all(completions.map((completion) => encodeExample(tokenizer, messages, completion)));
    if (examples.every(({ promptIds, completionIds }) => promptIds.length + completionIds.length <= maxLength))
      out.push({ examples, ranks, margin, ratings });
  }
  return out;
}

export async function runReward(
  context: TrainContext,
  input: { config: RewardConfig; chain: ChainLink[]; train: PreferenceRow[]; validation: PreferenceRow[] },
): Promise<Outcome> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain, { quantize: config.quantizeBase, storage: config.baseStorage });
  const model = requireDecoder(checkpoint, "A reward model");
  const { tokenizer, params } = checkpoint;
  const train = await encodeRankings(tokenizer, input.train, config.maxLength);
  await warnOfDropped(context, input.train.length - train.length, input.train.length, `maxLength ${config.maxLength}`);
  const adapter = initAdapter(model, config.lora, config.seed);
  const score = initScore(model.hiddenSize, config.seed);
  try {
    const { outcome } = await trainReward(context, {
      config,
      model,
      tokenizer,
      base: params,
      adapter,
      score,
      train,
      validation: await encodeRankings(tokenizer, input.validation, config.maxLength),
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, {
          config: config.lora,
          model,
          overNf4: config.quantizeBase,
          params: trained,
          baseName: baseNameOf(chain),
          taskType: "SEQ_CLS",
        });
      },
    });
    return outcome;
  } finally {
    disposeAdapter(adapter);
    score.dispose();
    disposeCheckpoints(checkpoint);
  }
}

/** Held-out agreement of a saved reward model with the votes: right and all strictly ordered pairs of each item, and the vote's margin. */
export async function measureRewardAccuracy(
  { engine }: Pick<TrainContext, "engine">,
  input: { chain: ChainLink[]; rows: PreferenceRow[]; maxLength: number },
): Promise<{ margin: number | null; counts: [right: number, pairs: number] }[]> {
  const checkpoint = await loadCheckpoint(input.chain, { readOnly: true });
  const model = requireDecoder(checkpoint, "A reward model");
  if (!checkpoint.reward) throw new Error(`The checkpoint is no reward model: ${SCORE_NAME} is missing`);
  const { adapter, score } = checkpoint.reward;
  try {
    const items = await encodeRankings(checkpoint.tokenizer, input.rows, input.maxLength);
    const scorer = createScorer(engine, model);
    const scores = await scorer(
      { weights: { base: checkpoint.params, adapter }, score },
      items.flatMap(({ examples }) => examples),
      { batchSize: 32, padTokenId: checkpoint.tokenizer.padTokenId },
    );
    let next = 0;
    return items.map(({ ranks, margin }) => {
      const own = scores.slice(next, next + ranks.length);
      next += ranks.length;
      return { margin, counts: pairAccuracy(ranks, own) };
    });
  } finally {
    disposeCheckpoints(checkpoint);
  }
}

/** Beside the outcome, how far the implicit reward agrees with votes that it never saw: right and all ordered pairs of each item. */
export async function runPreference(
  context: TrainContext,
  input: {
    config: PreferenceConfig;
    chain: ChainLink[];
    train: PreferenceRow[];
    validation: PreferenceRow[];
    test: PreferenceRow[];
    showcase: PromptRow[];
  },
): Promise<{ outcome: Outcome; heldOut: [number, number][] }> {
  const { config, chain } = input;
  const checkpoint = await loadCheckpoint(chain, { storage: config.baseStorage });
  const { model, tokenizer, params } = checkpoint;
  const train = await encodeRankings(tokenizer, input.train, config.maxLength);
  await warnOfDropped(context, input.train.length - train.length, input.train.length, `maxLength ${config.maxLength}`);
  try {
    return await trainPreference(context, {
      config,
      model,
      tokenizer,
      base: params,
      train,
      adapter: initAdapter(model, config.lora, config.seed),
      validation: await encodeRankings(tokenizer, input.validation, config.maxLength),
      test: await encodeRankings(tokenizer, input.test, config.maxLength),
      showcase: await encodePrompts(tokenizer, input.showcase),
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, {
          config: config.lora,
          model,
          overNf4: false,
          params: trained,
          baseName: baseNameOf(chain),
          taskType: model.kind === "encoder-decoder" ? "SEQ_2_SEQ_LM" : "CAUSAL_LM",
        });
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
  const checkpoint = await loadCheckpoint(chain, { quantize: config.quantizeBase, storage: config.baseStorage });
  const model = requireDecoder(checkpoint, "PPO");
  const rewardCheckpoint = await loadCheckpoint(input.rewardChain, { storage: config.baseStorage, shared: { ...checkpoint, chain } });
  const rewardModel = requireDecoder(rewardCheckpoint, "A reward model");
  if (!rewardCheckpoint.reward) throw new Error(`The reward checkpoint has no ${SCORE_NAME}`);
  const { tokenizer, params } = checkpoint;
  const prompts = await encodePrompts(tokenizer, input.prompts);
  await warnOfDropped(
    context,
    prompts.filter(({ promptIds }) => promptIds.length > config.maxPromptLength).length,
    prompts.length,
    `maxPromptLength ${config.maxPromptLength}`,
  );
  const { adapter: rewardAdapter, score } = rewardCheckpoint.reward;
  const adapter = initAdapter(model, config.lora, config.seed);
  try {
    return await trainPpo(context, {
      config,
      model,
      tokenizer,
      base: params,
      prompts,
      adapter,
      reward: { model: rewardModel, weights: { weights: { base: rewardCheckpoint.params, adapter: rewardAdapter }, score } },
      writeModel: async (folder, trained) => {
        await writeAdapterFolder(folder, {
          config: config.lora,
          model,
          overNf4: config.quantizeBase,
          params: trained,
          baseName: baseNameOf(chain),
          taskType: "CAUSAL_LM",
        });
      },
    });
  } finally {
    disposeAdapter(adapter);
    disposeCheckpoints(checkpoint, rewardCheckpoint);
  }
}
