/**
 * Supervised fine-tuning with completion-only loss: the mean negative log-likelihood of the completion's
 * tokens (end of sequence included) given the prompt. Full, LoRA or QLoRA; decoder or encoder-decoder; packed or padded;
 * several tasks mixed by rates. Gradient accumulation divides by the token count of the whole step, so that 1 x 8
 * equals 8 x 1.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type ModelShape, stepBytes } from "../../domain/memory-estimate";
import { createRandom } from "../../domain/random";
import type { SftConfig } from "../../domain/run";
import { createGenerator } from "../generation/generate";
import { dropoutSeed, toDropout } from "../models/lora";
import type { Adapter, Model, Params, Weights } from "../models/model";
import { explainEarlyStop, restoreBestStep, storeBestStep, updateBestStep } from "./best-step";
import { type CompletionBatch, completionLoss, createCompletionBatch, createPackedBatch, disposeBatch } from "./completion-loss";
import { batchIndices, type Example, lengthOf, type PromptTokenizer } from "./examples";
import { flattenParams, layoutOf, type ParamLayout, unflattenParams } from "./flat-params";
import { computeOptions, lossAndGradient } from "./gradient";
import { createMicroBatcher } from "./micro-batch";
import { createMixture } from "./mixture";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { packRows } from "./packing";
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
  /** What the size of micro-batches is estimated from; a guess without it. */
  shape?: ModelShape;
  /** Writes the trained parameters as the files that other tools read. */
  writeModel(folder: string, trained: Params): Promise<void>;
  /** Called once with the weights of the result, before they are saved. */
  report?(result: Weights): Promise<void>;
};

/** Bytes of a row of a model of unknown shape, until the first step has shown them. */
const UNKNOWN_ROW = 64 * 2 ** 20;

type TrainArgs = {
  frozen: Params;
  state: TrainState;
  batch: CompletionBatch;
  tokens: tf.Tensor;
  dropout: tf.Tensor | null;
  scalars: StepScalars;
};

/** The differentiable step shared by fine-tuning and pretraining: gradient of the summed loss over `tokens`. */
export function createCompletionSteps(
  context: Pick<TrainContext, "engine">,
  model: Model,
  config: SftConfig,
  layout: ParamLayout,
  scaling: number | null,
) {
  const toWeights = (frozen: Params, theta: tf.Tensor1D, dropout: tf.Tensor | null = null): Weights => {
    const trained = unflattenParams(layout, theta);
    const compute = computeOptions(config);
    return scaling === null
      ? { base: trained, adapter: null, ...compute }
      : { base: frozen, adapter: { params: trained, scaling, dropout: toDropout(config.lora.loraDropout, dropout) }, ...compute };
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
    gradient: engine.compile(
      "sft-gradient",
      ({
        frozen,
        theta,
        batch,
        tokens,
        dropout,
      }: {
        frozen: Params;
        theta: tf.Tensor;
        batch: CompletionBatch;
        tokens: tf.Tensor;
        dropout: tf.Tensor | null;
      }) => completionGradient(frozen, theta as tf.Tensor1D, batch, tokens, dropout),
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

const countTokens = (examples: readonly Example[]) => examples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);

/** What a step draws: sequences of one row each, or of several that are packed; each of one task. */
function createUnits(config: SftConfig, train: Example[]): { units: Example[][]; tasks: string[] } {
  const tasks = [...new Set(train.map(({ task = "" }) => task))].sort();
  const byTask = tasks.map((name) => train.filter(({ task = "" }) => task === name));
  const units = config.packing
    ? byTask.flatMap((rows) => packRows(rows, config.maxLength).map((pack) => pack.map((i) => rows[i] as Example)))
    : train.map((example) => [example]);
  return { units, tasks: units.map(([first]) => first?.task ?? "") };
}

/** Runs to the end, or until a person asks to stop. */
export async function trainSft(context: TrainContext, input: SftInput): Promise<Outcome> {
  const { config, model, tokenizer, base } = input;
  if (input.train.length === 0) throw new Error("The dataset version has no training rows that fit maxLength");
  if (config.packing && model.kind === "encoder-decoder")
    throw new Error("packing: an encoder-decoder cannot read packed rows; turn packing off");
  const trainable = input.adapter?.params ?? base;
  const layout = layoutOf(trainable);
  const frozen = input.adapter ? base : {};
  const steps = createCompletionSteps(context, model, config, layout, input.adapter?.scaling ?? null);
  const { units, tasks } = createUnits(config, input.train);
  const mixture = createMixture(tasks, config.mixing, config.seed);
  const perStep = config.batchSize * config.gradientAccumulationSteps;
  const perEpoch = mixture?.size ?? units.length;
  const totalSteps = config.maxSteps ?? Math.ceil(Math.ceil(perEpoch / perStep) * config.epochs);
  await context.start(totalSteps);

  // 1. Start from the fresh parameters, or exactly where the last checkpoint was.
  let state: TrainState = context.resume
    ? { theta: snapshotTensor(context.resume, "theta"), m: snapshotTensor(context.resume, "m"), v: snapshotTensor(context.resume, "v") }
    : createTrainState(flattenParams(trainable));
  let best = restoreBestStep(context.resume);
  const dispose = () => tf.dispose([...Object.values(state), ...(best.theta ? [best.theta] : [])]);
  const generate = createGenerator(context.engine, model);
  const dropoutRate = input.adapter ? config.lora.loraDropout : 0;
  const { shape } = input;
  const microBatches = await createMicroBatcher({
    batchSize: config.batchSize,
    microBatchSize: config.microBatchSize,
    estimate: (rows) => (shape === undefined ? rows * UNKNOWN_ROW : stepBytes({ ...config, microBatchSize: rows }, shape)),
    limit: context.memoryLimit,
    tell: (message) => context.emit([{ kind: "log", level: "info", message }]),
  });
  const lengths = units.map((unit) => unit.reduce((sum, example) => sum + lengthOf(example), 0));
  const batchOf = (rows: Example[][]) =>
    config.packing
      ? createPackedBatch(rows, tokenizer.padTokenId)
      : createCompletionBatch(model, rows.flat(), tokenizer.padTokenId, config.paddingSide);
  /** The named tensors of a vector of parameters, for as long as `use` runs. */
  const withTrained = async <T>(theta: tf.Tensor1D, use: (trained: Params) => Promise<T>): Promise<T> => {
    const trained = tf.tidy(() => unflattenParams(layout, theta));
    try {
      return await use(trained);
    } finally {
      tf.dispose(Object.values(trained));
    }
  };
  const weightsOf = (trained: Params): Weights =>
    input.adapter ? { base, adapter: { params: trained, scaling: input.adapter.scaling } } : { base: trained, adapter: null };

  /** Loss and accuracy of some held-out rows, summed over their tokens. */
  const measure = async (rows: Example[]) => {
    const sums = { nll: 0, correct: 0, tokens: countTokens(rows) };
    for (let i = 0; i < rows.length; i += config.batchSize) {
      const examples = rows.slice(i, i + config.batchSize);
      // The last batch is filled up with rows that have no targets, so that it needs no graph of its own.
      const filled = [
        ...examples,
        ...Array.from(
          { length: config.batchSize - examples.length },
          (): Example => ({ promptIds: [tokenizer.padTokenId], completionIds: [] }),
        ),
      ];
      const batch = createCompletionBatch(model, filled, tokenizer.padTokenId, config.paddingSide);
      const { nll, correct } = await readScalars(steps.evaluate({ frozen, theta: state.theta, batch }));
      disposeBatch(batch);
      sums.nll += nll ?? 0;
      sums.correct += correct ?? 0;
    }
    return sums;
  };

  const trained = new Set(tasks);
  const heldOutTasks = [...new Set(input.validation.map(({ task = "" }) => task))].sort();
  /** One loss over the tasks that are trained, and one for each task of several. */
  const validate = async (step: number): Promise<void> => {
    const byTask = [];
    for (const name of heldOutTasks) byTask.push({ name, ...(await measure(input.validation.filter(({ task = "" }) => task === name))) });
    const known = byTask.filter(({ tokens }) => tokens > 0);
    const own = known.filter(({ name }) => trained.has(name));
    const sum = (of: "nll" | "correct" | "tokens") => own.reduce((total, task) => total + task[of], 0);
    const values: Record<string, number> = {};
    if (own.length > 0)
      Object.assign(values, { "loss/validation": sum("nll") / sum("tokens"), "accuracy/validation": sum("correct") / sum("tokens") });
    if (known.length > 1) for (const { name, nll, tokens } of known) values[`loss/validation/${name}`] = nll / tokens;
    if (Object.keys(values).length > 0) {
      assertFinite(step, values);
      await context.emit([{ kind: "metric", step, values }]);
    }
    const loss = values["loss/validation"];
    if (loss !== undefined) best = updateBestStep(best, { loss, step, theta: state.theta }, config);
  };

  const show = async (step: number): Promise<void> => {
    if (input.showcase.length === 0) return;
    const generated = await withTrained(state.theta, (params) =>
      generate(
        weightsOf(params),
        input.showcase.map(({ promptIds }) => promptIds),
        input.showcase.map((_, i) => createRandom(config.seed, `showcase:${i}`)),
        {
          temperature: 0,
          topK: 0,
          topP: 1,
          maxNewTokens: 64,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
        },
      ),
    );
    await context.emit([
      {
        kind: "sample",
        step,
        rows: await Promise.all(
          generated.map(async ({ tokens }, i) => ({
            prompt: input.showcase[i]?.prompt ?? "",
            completion: await tokenizer.decode(tokens),
            reference: input.showcase[i]?.reference ?? null,
            score: null,
            kl: null,
          })),
        ),
      },
    ]);
  };

  const save = async (step: number, final: boolean, theta: tf.Tensor1D): Promise<void> => {
    const kept = storeBestStep(best);
    await context.save({
      step,
      final,
      tensors: { ...state, ...kept.tensors },
      state: kept.state,
      writeModel: (folder) => withTrained(theta, (params) => input.writeModel(folder, params)),
    });
  };

  /** The result: the best step's parameters where they are kept, else the last ones. */
  const finish = async (step: number): Promise<void> => {
    const theta = best.theta ?? state.theta;
    if (best.theta)
      await context.emit([
        {
          kind: "log",
          level: "info",
          message: `The result is step ${best.step}, which has the lowest validation loss (${best.loss?.toFixed(4)})`,
        },
      ]);
    if (input.report) await withTrained(theta, (params) => input.report?.(weightsOf(params)) ?? Promise.resolve());
    await save(step, true, theta);
  };

  /** Replaces the state by the next one, made of the gradients of `size` sequences at a time. */
  const update = async (
    drawn: Example[][],
    size: number,
    step: number,
    tokens: tf.Tensor,
    scalars: StepScalars,
  ): Promise<Record<string, number>> => {
    const made: tf.Tensor[] = [];
    const own = <T extends tf.Tensor | null>(tensor: T): T => {
      if (tensor) made.push(tensor);
      return tensor;
    };
    const inputsOf = (rows: Example[][], part?: number) => {
      const batch = batchOf(rows);
      Object.values(batch).forEach(own);
      return { batch, dropout: own(dropoutSeed(dropoutRate, config.seed, step, part)) };
    };
    try {
      if (drawn.length <= size) {
        const result = steps.train({ frozen, state, ...inputsOf(drawn), tokens, scalars });
        made.push(...Object.values(state));
        state = result.state;
        return await readScalars(result.metrics);
      }
      let gradient: tf.Tensor1D | null = null;
      const sums = { loss: 0, correct: 0 };
      for (let i = 0; i < drawn.length; i += size) {
        const part = steps.gradient({ frozen, theta: state.theta, ...inputsOf(drawn.slice(i, i + size), i), tokens });
        made.push(part.gradient);
        gradient = gradient === null ? part.gradient : own(tf.add(gradient, part.gradient) as tf.Tensor1D);
        const values = await readScalars({ loss: part.loss, correct: part.correct });
        sums.loss += values.loss ?? 0;
        sums.correct += values.correct ?? 0;
        // All but the sum so far.
        tf.dispose(made.splice(0).filter((tensor) => tensor !== gradient));
        if (gradient) made.push(gradient);
      }
      const next = steps.update({ state, gradient: gradient as unknown as tf.Tensor, scalars });
      made.push(...Object.values(state));
      state = next.state;
      return { ...sums, ...(await readScalars({ gradNorm: next.gradNorm })) };
    } finally {
      tf.dispose(made);
    }
  };

  const first = context.resume?.step ?? 0;
  if (first === 0 && config.evalSteps > 0) {
    await validate(0);
    await show(0);
  }
  for (let step = first; step < totalSteps; step++) {
    // 2. The rows of this step, in an order that only the seed decides.
    const started = performance.now();
    const drawn = batchIndices(perEpoch, perStep, step, config.seed, "sft", lengths, mixture).map((i) => units[i] as Example[]);
    const tokenCount = countTokens(drawn.flat());
    const tokens = tf.scalar(tokenCount);
    const lr = learningRateAt(config, step, totalSteps);
    const scalars = scheduleScalars(config, step, lr);

    // 3. Gradient over the micro-batches and one update.
    const metrics = await microBatches.run((size) => update(drawn, size, step, tokens, scalars));
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

    // 4. Validation, early stopping, checkpoint, and whatever a person asked for.
    const planned = done === totalSteps;
    if (config.evalSteps > 0 && (planned || done % config.evalSteps === 0)) {
      await validate(done);
      await show(done);
    }
    const early = planned ? null : explainEarlyStop(best, done, config.earlyStoppingPatience);
    if (early !== null) await context.emit([{ kind: "log", level: "info", message: early }]);
    const last = planned || early !== null;
    const requested = context.requested();
    if (last) await finish(done);
    else if (requested === "pause" || done % config.saveSteps === 0) await save(done, false, state.theta);
    if (last) break;
    if (requested) {
      dispose();
      return requested === "pause" ? "paused" : "cancelled";
    }
  }
  dispose();
  return "succeeded";
}
