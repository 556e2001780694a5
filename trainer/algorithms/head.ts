/**
 * Feature extraction: a new linear head, no bias, on the features of a frozen base. Classes by cross-entropy, numbers by
 * the mean squared error. Source: transformers' *ForSequenceClassification (single_label_classification, regression)
 * with the base's parameters frozen; its head starts at N(0, 0.02).
 */
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../domain/random";
import type { SftConfig } from "../../domain/run";
import { classScores, numberScores } from "../evaluation/head-scores";
import { explainEarlyStop, restoreBestStep, storeBestStep, updateBestStep } from "./best-step";
import { batchIndices } from "./examples";
import { lossAndGradient } from "./gradient";
import { tokenLogprobs } from "./losses";
import { createMixture } from "./mixture";
import { adamW, createTrainState, learningRateAt, type StepScalars, scheduleScalars, type TrainState } from "./optimiser";
import { assertFinite, type Outcome, readScalars, snapshotTensor, type TrainContext } from "./train-context";

const INIT_DEVIATION = 0.02;

/** (L, D); the head of `outputs` classes, or of one number. */
export function initHead(outputs: number, width: number, seed: number): tf.Tensor2D {
  const random = createRandom(seed, "head");
  return tf.tensor2d(
    Float32Array.from({ length: outputs * width }, () => random.normal() * INIT_DEVIATION),
    [outputs, width],
  );
}

/** Rows as a head sees them: features (N, D), and the index of the class or the number of each. */
export type HeadRows = { features: Float32Array; targets: number[]; tasks: string[] };

export type HeadInput = {
  config: SftConfig;
  width: number;
  /** (L, D) to start from. */
  head: tf.Tensor2D;
  train: HeadRows;
  validation: HeadRows;
  /** Writes the head (L, D). */
  writeHead(folder: string, head: tf.Tensor2D): Promise<void>;
};

type Batch = { features: tf.Tensor; targets: tf.Tensor };

/** What a head makes of features (N, D) row-major: the index of the likeliest class, or the number. */
export async function applyHead(head: tf.Tensor2D, features: Float32Array, problem: SftConfig["head"]): Promise<number[]> {
  const [outputs, width] = head.shape;
  const said = tf.tidy(() => {
    const out = tf.matMul(tf.tensor2d(features, [features.length / width, width]), head, false, true);
    return problem === "regression" || outputs === 1 ? tf.reshape(out, [-1]) : tf.argMax(out, -1);
  });
  const values = Array.from(await said.data());
  said.dispose();
  return values;
}

/** Mean loss of a batch of B rows and what the head said: logits (B, L). */
function headLoss(head: tf.Tensor2D, batch: Batch, problem: SftConfig["head"]): { loss: tf.Scalar; out: tf.Tensor2D } {
  const out = tf.matMul(batch.features as tf.Tensor2D, head, false, true) as tf.Tensor2D;
  const loss =
    problem === "classification"
      ? tf.neg(tf.mean(tokenLogprobs(out, batch.targets as tf.Tensor1D)))
      : tf.mean(tf.square(tf.sub(tf.reshape(out, [-1]), batch.targets)));
  return { loss: loss as tf.Scalar, out };
}

/** Runs to the end, or until a person asks to stop. */
export async function trainHead(context: TrainContext, input: HeadInput): Promise<Outcome> {
  const { config, width, train, validation } = input;
  const problem = config.head;
  const count = train.targets.length;
  if (count === 0) throw new Error("The dataset version has no training rows that fit maxLength");
  const shape = input.head.shape;
  const mixture = createMixture(train.tasks, config.mixing, config.seed);
  const perEpoch = mixture?.size ?? count;
  const perStep = config.batchSize * config.gradientAccumulationSteps;
  const totalSteps = config.maxSteps ?? Math.ceil(Math.ceil(perEpoch / perStep) * config.epochs);
  await context.start(totalSteps);

  const toBatch = (rows: HeadRows, indices: readonly number[]): Batch => ({
    features: tf.tensor2d(Float32Array.from(indices.flatMap((i) => Array.from(rows.features.subarray(i * width, (i + 1) * width)))), [
      indices.length,
      width,
    ]),
    targets: tf.tensor1d(
      indices.map((i) => rows.targets[i] ?? 0),
      problem === "classification" ? "int32" : "float32",
    ),
  });
  const step = context.engine.compile(
    "head-train",
    ({ state, batch, scalars }: { state: TrainState; batch: Batch; scalars: StepScalars }) => {
      const { loss, gradient } = lossAndGradient(
        (theta) => ({ loss: headLoss(tf.reshape(theta, shape), batch, problem).loss, report: {} }),
        state.theta,
      );
      const update = adamW(config, state, gradient, scalars);
      return { state: update.state, metrics: { loss, gradNorm: update.gradNorm } };
    },
  );

  let state: TrainState = context.resume
    ? { theta: snapshotTensor(context.resume, "theta"), m: snapshotTensor(context.resume, "m"), v: snapshotTensor(context.resume, "v") }
    : createTrainState(tf.tidy(() => tf.reshape(input.head, [-1])) as tf.Tensor1D);
  let best = restoreBestStep(context.resume);
  const dispose = () => tf.dispose([...Object.values(state), ...(best.theta ? [best.theta] : [])]);

  const validate = async (at: number): Promise<void> => {
    if (validation.targets.length === 0) return;
    const { head, loss: lossTensor } = tf.tidy(() => {
      const head = tf.reshape(state.theta, shape) as tf.Tensor2D;
      return { head, loss: headLoss(head, toBatch(validation, [...validation.targets.keys()]), problem).loss };
    });
    const { loss = Number.NaN } = await readScalars({ loss: lossTensor });
    const out = await applyHead(head, validation.features, problem);
    head.dispose();
    const pairs = out.map((predicted, i): [number, number] => [predicted, validation.targets[i] ?? 0]);
    const scores = problem === "classification" ? classScores(pairs) : numberScores(pairs);
    const values: Record<string, number> = { "loss/validation": loss };
    for (const [name, value] of Object.entries(scores)) if (name !== "mse" && Number.isFinite(value)) values[`${name}/validation`] = value;
    assertFinite(at, values);
    await context.emit([{ kind: "metric", step: at, values }]);
    best = updateBestStep(best, { loss, step: at, theta: state.theta }, config);
  };
  const save = async (at: number, final: boolean, theta: tf.Tensor1D): Promise<void> => {
    const kept = storeBestStep(best);
    await context.save({
      step: at,
      final,
      tensors: { ...state, ...kept.tensors },
      state: kept.state,
      writeModel: async (folder) => {
        const head = tf.tidy(() => tf.reshape(theta, shape)) as tf.Tensor2D;
        await input.writeHead(folder, head);
        head.dispose();
      },
    });
  };

  const first = context.resume?.step ?? 0;
  if (first === 0 && config.evalSteps > 0) await validate(0);
  for (let at = first; at < totalSteps; at++) {
    const batch = toBatch(train, batchIndices(perEpoch, perStep, at, config.seed, "head", undefined, mixture));
    const lr = learningRateAt(config, at, totalSteps);
    const scalars = scheduleScalars(config, at, lr);
    const result = step({ state, batch, scalars });
    tf.dispose([...Object.values(state), ...Object.values(batch), ...Object.values(scalars)]);
    state = result.state;
    const { loss, gradNorm } = await readScalars(result.metrics);
    const done = at + 1;
    const values = { "loss/train": loss ?? Number.NaN, grad_norm: gradNorm ?? Number.NaN, lr };
    assertFinite(done, values);
    await context.emit([{ kind: "metric", step: done, values }]);
    const planned = done === totalSteps;
    if (config.evalSteps > 0 && (planned || done % config.evalSteps === 0)) await validate(done);
    const early = planned ? null : explainEarlyStop(best, done, config.earlyStoppingPatience);
    if (early !== null) await context.emit([{ kind: "log", level: "info", message: early }]);
    const last = planned || early !== null;
    const requested = context.requested();
    if (last) await save(done, true, best.theta ?? state.theta);
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
