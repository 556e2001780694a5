/** Loss and gradient-norm trajectories of whole training loops against PyTorch, transformers and PEFT. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { rewardConfigSchema, sftConfigSchema } from "../../../../domain/run";
import { rankingLoss, trainReward } from "../../../../trainer/algorithms/reward";
import { SCORE_NAME } from "../../../../trainer/algorithms/reward-model";
import { trainSft } from "../../../../trainer/algorithms/sft";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { goldenPath, readAdapterStart, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

/**
 * Steps of T5's full fine-tuning that can be compared, and how closely after the first: Adam's first updates are signs,
 * and the unscaled attention is steep, so that a relative noise of 1e-7 on the starting weights (float32's own) moves
 * the second loss by up to 2e-4 and later ones by up to 1e-2, measured over five seeds.
 */
const T5_FULL_STEPS = 2;
const T5_FULL_LATER = 1e-3;

type Run = { loss: number[]; grad_norm: number[]; parameter_abs_sum_after: number };
type Sft = {
  batch: { input_ids: number[][]; attention_mask: number[][]; labels: number[][] };
  runs: Record<"full" | "full_wd0.1_clip1_warmup2_cosine" | "lora", Run>;
};
type Pairs = {
  batch: Record<"chosen_ids" | "chosen_mask" | "rejected_ids" | "rejected_mask", number[][]>;
  runs: Record<string, Run & { extra: { chosen: number[]; rejected: number[] }[] }>;
};

/** The loops never look at text here. */
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};

function expectClose(actual: number[], expected: number[], relative: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value / (expected[i] ?? Number.NaN) - 1), `step ${i}: ${value} against ${expected[i]}`).toBeLessThan(relative),
  );
}

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe.each(["tiny-llama", "tiny-t5"])("SFT of %s", (name) => {
  const golden = readGolden<Sft>("training", `${name}.sft.json`);
  const { input_ids: ids, attention_mask: mask, labels } = golden.batch;
  const examples = ids.map((row, b) => {
    const real = row.slice(
      0,
      mask[b]?.reduce((sum, x) => sum + x, 0),
    );
    const targets = (labels[b] ?? []).filter((label) => label !== -100);
    return name === "tiny-t5"
      ? { promptIds: real, completionIds: targets }
      : { promptIds: real.slice(0, 12), completionIds: real.slice(12) };
  });
  it.each([
    ["full", { method: "full", lrSchedule: "constant", maxGradNorm: null, maxSteps: 6 }],
    [
      "full_wd0.1_clip1_warmup2_cosine",
      { method: "full", lrSchedule: "cosine", warmupSteps: 2, weightDecay: 0.1, maxGradNorm: 1, maxSteps: 5 },
    ],
    ["lora", { method: "lora", lrSchedule: "constant", maxGradNorm: null, maxSteps: 6 }],
  ] as const)("%s", async (variant, options) => {
    const { model, params } = await readModelFolder(goldenPath("models", name));
    const config = sftConfigSchema.parse({ kind: "sft", learningRate: 1e-3, batchSize: 4, evalSteps: 0, ...options });
    const context = createRecordedContext(engine);
    const adapter = variant === "lora" ? readAdapterStart(`${name}.sft_lora_start.safetensors`) : null;
    await trainSft(context, { config, model, tokenizer, base: params, adapter, train: examples, validation: [], showcase: [], writeModel });
    const expected = golden.runs[variant];
    const t5Full = name === "tiny-t5" && variant !== "lora";
    const steps = t5Full ? T5_FULL_STEPS : options.maxSteps;
    const losses = metricSeries(context.events, "loss/train").slice(0, steps);
    expectClose(losses.slice(0, 1), expected.loss.slice(0, 1), 1e-4);
    expectClose(losses, expected.loss.slice(0, steps), t5Full ? T5_FULL_LATER : 1e-4);
    expectClose(metricSeries(context.events, "grad_norm").slice(0, Math.min(5, steps)), expected.grad_norm.slice(0, steps), 1e-3);
  });
  it("accumulates gradients to the same steps as one large batch", async () => {
    const run = async (options: object) => {
      const { model, params } = await readModelFolder(goldenPath("models", name));
      // T5's updates turn the noise of another order of sums into more than the bound: its gradient is what is compared.
      const config = sftConfigSchema.parse({
        kind: "sft",
        method: "full",
        learningRate: 1e-3,
        maxSteps: name === "tiny-t5" ? 1 : 3,
        evalSteps: 0,
        ...options,
      });
      const context = createRecordedContext(engine);
      await trainSft(context, {
        config,
        model,
        tokenizer,
        base: params,
        adapter: null,
        train: examples,
        validation: [],
        showcase: [],
        writeModel,
      });
      return [...metricSeries(context.events, "loss/train"), ...metricSeries(context.events, "grad_norm")];
    };
    expectClose(await run({ batchSize: 1, gradientAccumulationSteps: 4 }), await run({ batchSize: 4 }), 1e-5);
  });
});

describe("reward model of tiny-llama", () => {
  const golden = readGolden<Pairs>("training", "tiny-llama.rm.json");
  const { batch, runs } = golden;
  const real = (ids: number[][], mask: number[][], b: number) => ({
    promptIds: (ids[b] ?? []).slice(0, 16),
    completionIds: (ids[b] ?? []).slice(
      16,
      (mask[b] ?? []).reduce((sum, x) => sum + x, 0),
    ),
  });
  const train = batch.chosen_ids.map((_, b) => ({
    examples: [real(batch.rejected_ids, batch.rejected_mask, b), real(batch.chosen_ids, batch.chosen_mask, b)],
    ranks: [2, 1],
    margin: null,
  }));
  it("follows the reference's LoRA trajectory with the score head", async () => {
    const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
    if (model.kind !== "decoder") throw new Error("tiny-llama is a decoder");
    const score = readSafetensors(goldenPath("training", "tiny-llama.rm_score.safetensors"))[SCORE_NAME];
    const config = rewardConfigSchema.parse({
      kind: "reward",
      learningRate: 1e-3,
      lrSchedule: "constant",
      maxGradNorm: null,
      batchSize: 4,
      maxSteps: 6,
      evalSteps: 0,
      centerRewardsCoefficient: 0,
    });
    const context = createRecordedContext(engine);
    const adapter = readAdapterStart("tiny-llama.rm_lora_start.safetensors");
    await trainReward(context, {
      config,
      model,
      tokenizer,
      base: params,
      adapter,
      score: tf.tensor2d(score?.values ?? [], [1, model.hiddenSize]),
      train,
      validation: [],
      writeModel,
    });
    const expected = runs.lora;
    expectClose(metricSeries(context.events, "loss/train"), expected?.loss ?? [], 1e-4);
    expectClose(metricSeries(context.events, "grad_norm").slice(0, 5), expected?.grad_norm ?? [], 1e-3);
  });
  it("has the reference's loss for its scores, centred and not", () => {
    for (const [variant, coefficient] of [
      ["full", 0],
      ["full_center0.01", 0.01],
    ] as const)
      runs[variant]?.extra.forEach(({ chosen, rejected }, step) => {
        const loss = tf.tidy(() => {
          const scores = tf.tensor1d(chosen.flatMap((c, i) => [c, rejected[i] ?? 0]));
          const rows = chosen.map((_, i) => [2 * i, 2 * i + 1]);
          return rankingLoss(
            scores,
            { orders: tf.tensor2d(rows, undefined, "int32"), orderWeights: tf.fill([4], 0.25), margins: tf.zeros([4]) },
            coefficient,
          ).dataSync()[0];
        });
        expectClose([loss ?? Number.NaN], [runs[variant]?.loss[step] ?? 0], 1e-4);
      });
  });
});

it("Plackett-Luce of scores 2, 1, 0 is 0.720868 summed over ranks", () => {
  const loss = tf.tidy(() =>
    rankingLoss(
      tf.tensor1d([2, 1, 0]),
      { orders: tf.tensor2d([[0, 1, 2]], undefined, "int32"), orderWeights: tf.ones([1]), margins: tf.zeros([1]) },
      0,
    ).dataSync(),
  );
  // A ranking of three is divided by its two comparisons.
  expect((loss[0] ?? 0) * 2).toBeCloseTo(0.720868, 5);
});
