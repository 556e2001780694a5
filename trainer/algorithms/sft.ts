/**
 * Supervised fine-tuning with completion-only loss: the mean negative log-likelihood of the completion's
 * tokens (end of sequence included) given the prompt. Full, LoRA or QLoRA; decoder or encoder-decoder; gradient
 * accumulation divides by the token count of the whole step, so that 1 x 8 equals 8 x 1.
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { SftConfig } from "../../domain/run";
import { createGenerator } from "../generation/generate";
import { dropoutSeed, toDropout } from "../models/lora";
import type { Adapter, Model, Params, Weights } from "../models/model";
import { type CompletionBatch, completionLoss, createCompletionBatch, disposeBatch } from "./completion-loss";
import { batchIndices, type Example, lengthOf, type PromptTokenizer } from "./examples";
import { flattenParams, layoutOf, type ParamLayout, unflattenParams } from "./flat-params";
import { lossAndGradient } from "./gradient";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { assertFinite, type Outcome, readScalars, snapshotTensor, type TrainContext } from "./train-context";

export type SftInput = {
  config: SftConfig;
  model: Model;
  tokenizer: PromptTokenizer;
  /** The model before this run, adapters of its ancestors merged in. */
  base: Params;
  /** The fresh adapter unless config.method is "full"; null trains all of `base`. */
  adapter: Adapter | null;
  train: Example[];
  validation: Example[];
  /** Prompts of the sample table, with their references. */
  showcase: { promptIds: number[]; prompt: string; reference: string | null }[];
  /** Writes the trained parameters as the files that other tools read. */
  writeModel(folder: string, trained: Params): Promise<void>;
};

type TrainArgs = { frozen: Params; state: TrainState; batch: CompletionBatch; tokens: tf.Tensor; dropout: tf.Tensor | null; scalars: StepScalars };

/** The differentiable step shared by fine-tuning and pretraining: gradient of the summed loss over `tokens`. */
export function createCompletionSteps(context: Pick<TrainContext, "engine">, model: Model, config: SftConfig, layout: ParamLayout, scaling: number | null) {
  const toWeights = (frozen: Params, theta: tf.Tensor1D, dropout: tf.Tensor | null = null): Weights => {
    const trained = unflattenParams(layout, theta);
    return scaling === null ? { base: trained, adapter: null } : { base: frozen, adapter: { params: trained, scaling, dropout: toDropout(config.lora.loraDropout, dropout) } };
  };
  const completionGradient = (frozen: Params, theta: tf.Tensor1D, batch: CompletionBatch, tokens: tf.Tensor, dropout: tf.Tensor | null) => {
    const { loss, gradient, report } = lossAndGradient((x) => {
      const { nll, correct } = completionLoss(model, toWeights(frozen, x, dropout), batch);
      return { loss: tf.div(nll, tokens) as tf.Scalar, report: { correct } };
    }, theta);
    return { loss, gradient, correct: report.correct };
  };
  const { engine } = context;
  return {
    /** One whole update from one micro-batch. */
    train: engine.compile("sft-train", ({ frozen, state, batch, tokens, dropout, scalars }: TrainArgs) => {
      const { loss, gradient, correct } = completionGradient(frozen, state.theta, batch, tokens, dropout);
      const update = adamW(config, state, gradient, scalars);
      return { state: update.state, metrics: { loss, correct, gradNorm: update.gradNorm } };
    }),
    /** The pieces for accumulation: gradients of several micro-batches are added before one update. */
    gradient: engine.compile("sft-gradient", ({ frozen, theta, batch, tokens, dropout }: { frozen: Params; theta: tf.Tensor; batch: CompletionBatch; tokens: tf.Tensor; dropout: tf.Tensor | null }) =>
      completionGradient(frozen, theta as tf.Tensor1D, batch, tokens, dropout),
    ),
    update: engine.compile("sft-update", ({ state, gradient, scalars }: { state: TrainState; gradient: tf.Tensor; scalars: StepScalars }) =>
      adamW(config, state, gradient as tf.Tensor1D, scalars),
    ),
    evaluate: engine.compile("sft-evaluate", ({ frozen, theta, batch }: { frozen: Params; theta: tf.Tensor; batch: CompletionBatch }) =>
      completionLoss(model, toWeights(frozen, theta as tf.Tensor1D), batch),
    ),
    toWeights,
  };
}

const countTokens = (examples: Example[]) => examples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);

/** Runs to the end, or until a person asks to stop. */
export async function trainSft(context: TrainContext, input: SftInput): Promise<Outcome> {
  const { config, model, tokenizer, base } = input;
  if (input.train.length === 0) throw new Error("The dataset version has no training rows that fit maxLength");
  const trainable = input.adapter?.params ?? base;
  const layout = layoutOf(trainable);
  const frozen = input.adapter ? base : {};
  const steps = createCompletionSteps(context, model, config, layout, input.adapter?.scaling ?? null);
  const stepsPerEpoch = Math.ceil(input.train.length / (config.batchSize * config.gradientAccumulationSteps));
  const totalSteps = config.maxSteps ?? Math.ceil(stepsPerEpoch * config.epochs);
  await context.start(totalSteps);

  // 1. Start from the fresh parameters, or exactly where the last checkpoint was.
  let state: TrainState = context.resume
    ? { theta: snapshotTensor(context.resume, "theta"), m: snapshotTensor(context.resume, "m"), v: snapshotTensor(context.resume, "v") }
    : createTrainState(flattenParams(trainable));
  const generate = createGenerator(context.engine, model);
  const lengths = input.train.map(lengthOf);

  const evaluate = async (step: number): Promise<void> => {
    const losses = { nll: 0, correct: 0, tokens: 0 };
    for (let i = 0; i < input.validation.length; i += config.batchSize) {
      const examples = input.validation.slice(i, i + config.batchSize);
      // The last batch is filled up with rows that have no targets, so that it needs no graph of its own.
      const filled = [...examples, ...Array.from({ length: config.batchSize - examples.length }, (): Example => ({ promptIds: [tokenizer.padTokenId], completionIds: [] }))];
      const batch = createCompletionBatch(model, filled, tokenizer.padTokenId);
      const { nll, correct } = readScalars(steps.evaluate({ frozen, theta: state.theta, batch }));
      disposeBatch(batch);
      losses.nll += nll ?? 0;
      losses.correct += correct ?? 0;
      losses.tokens += countTokens(examples);
    }
    if (losses.tokens > 0) {
      const values = { "loss/validation": losses.nll / losses.tokens, "accuracy/validation": losses.correct / losses.tokens };
      assertFinite(step, values);
      await context.emit([{ kind: "metric", step, values }]);
    }
    if (input.showcase.length > 0) {
      const weights = tf.tidy(() => ({ kept: Object.values(unflattenParams(layout, state.theta)) }));
      const names = layout.map(({ name }) => name);
      const trained = Object.fromEntries(names.map((name, i) => [name, weights.kept[i] as tf.Tensor]));
      const current: Weights = input.adapter ? { base, adapter: { params: trained, scaling: input.adapter.scaling } } : { base: trained, adapter: null };
      const generated = await generate(current, input.showcase.map(({ promptIds }) => promptIds), input.showcase.map((_, i) => createRandom(config.seed, `showcase:${i}`)), {
        temperature: 0, topK: 0, topP: 1, maxNewTokens: 64, eosTokenId: tokenizer.eosTokenId, padTokenId: tokenizer.padTokenId,
      });
      tf.dispose(weights.kept);
      await context.emit([{
        kind: "sample", step,
        rows: await Promise.all(generated.map(async ({ tokens }, i) => ({ prompt: input.showcase[i]?.prompt ?? "", completion: await tokenizer.decode(tokens), reference: input.showcase[i]?.reference ?? null, score: null, kl: null }))),
      }]);
    }
  };

  const save = async (step: number, final: boolean): Promise<void> => {
    await context.save({
      step, final, tensors: { ...state }, state: {},
      writeModel: async (folder) => {
        const trained = tf.tidy(() => unflattenParams(layout, state.theta));
        await input.writeModel(folder, trained);
        tf.dispose(Object.values(trained));
      },
    });
  };

  const first = context.resume?.step ?? 0;
  if (first === 0 && config.evalSteps > 0) await evaluate(0);
  for (let step = first; step < totalSteps; step++) {
    // 2. The rows of this step, in an order that only the seed decides.
    const started = performance.now();
    const rows = batchIndices(input.train.length, config.batchSize * config.gradientAccumulationSteps, step, config.seed, "sft", lengths).map((i) => input.train[i] as Example);
    const tokenCount = countTokens(rows);
    const tokens = tf.scalar(tokenCount);
    const lr = learningRateAt(config, step, totalSteps);
    const scalars = scheduleScalars(config, step, lr);
    const dropoutRate = input.adapter ? config.lora.loraDropout : 0;

    // 3. Gradient over the micro-batches and one update.
    let metrics: Record<string, number>;
    if (config.gradientAccumulationSteps === 1) {
      const batch = createCompletionBatch(model, rows, tokenizer.padTokenId);
      const dropout = dropoutSeed(dropoutRate, config.seed, step);
      const result = steps.train({ frozen, state, batch, tokens, dropout, scalars });
      tf.dispose(Object.values(state));
      dropout?.dispose();
      disposeBatch(batch);
      state = result.state;
      metrics = readScalars(result.metrics);
    } else {
      let gradient = tf.zerosLike(state.theta);
      let loss = 0;
      let correct = 0;
      for (let i = 0; i < rows.length; i += config.batchSize) {
        const batch = createCompletionBatch(model, rows.slice(i, i + config.batchSize), tokenizer.padTokenId);
        const dropout = dropoutSeed(dropoutRate, config.seed, step, i);
        const part = steps.gradient({ frozen, theta: state.theta, batch, tokens, dropout });
        dropout?.dispose();
        const sum = tf.add(gradient, part.gradient) as tf.Tensor1D;
        tf.dispose([gradient, part.gradient]);
        disposeBatch(batch);
        gradient = sum;
        const values = readScalars({ loss: part.loss, correct: part.correct });
        loss += values.loss ?? 0;
        correct += values.correct ?? 0;
      }
      const update = steps.update({ state, gradient, scalars });
      tf.dispose([...Object.values(state), gradient]);
      state = update.state;
      metrics = { loss, correct, ...readScalars({ gradNorm: update.gradNorm }) };
    }
    tf.dispose([tokens, ...Object.values(scalars)]);
    const done = step + 1;
    const values = {
      "loss/train": metrics.loss ?? Number.NaN,
      "accuracy/token": (metrics.correct ?? 0) / tokenCount,
      grad_norm: metrics.gradNorm ?? Number.NaN,
      lr,
      tokens_per_second: tokenCount / ((performance.now() - started) / 1000),
    };
    assertFinite(done, values);
    await context.emit([{ kind: "metric", step: done, values }]);

    // 4. Validation, checkpoint, and whatever a person asked for.
    const last = done === totalSteps;
    if (config.evalSteps > 0 && (last || done % config.evalSteps === 0)) await evaluate(done);
    const requested = context.requested();
    if (last || requested === "pause" || done % config.saveSteps === 0) await save(done, last);
    if (requested && !last) {
      tf.dispose(Object.values(state));
      return requested === "pause" ? "paused" : "cancelled";
    }
  }
  tf.dispose(Object.values(state));
  return "succeeded";
}
