/** Reward models of ratings and of rankings with ties: against statsmodels and PyTorch, a tiny scale, a resumed run. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { rewardConfigSchema } from "../../../../domain/run";
import type { RankedExample } from "../../../../trainer/algorithms/ranked-items";
import { initThresholds, ordinalLoss } from "../../../../trainer/algorithms/rating-loss";
import { rankingLoss, tieConsistentOrders, trainReward } from "../../../../trainer/algorithms/reward";
import { initScore, SCORE_NAME } from "../../../../trainer/algorithms/reward-model";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { readSnapshot, writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import { goldenPath, readAdapterStart, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

type Ordinal = {
  scores: number[];
  levels: number[];
  thresholds: number[];
  losses: number[];
  grad_scores: number[];
  grad_thresholds: number[];
  tied: { scores: number[]; ranks: number[]; loss: number };
};
type Rated = {
  learning_rate: number;
  levels: number;
  ratings: number[];
  ranks: number[][];
  runs: Record<string, { loss: number[]; grad_norm: number[] }>;
};

const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

describe("statsmodels", () => {
  const golden = readGolden<Ordinal>("training", "ratings.json");
  it("has the same ordinal losses and gradients", () => {
    const [losses, byScores, byThresholds] = tf.tidy(() => {
      const levels = tf.tensor1d(golden.levels, "int32");
      const [scores, thresholds] = [tf.tensor1d(golden.scores), tf.tensor1d(golden.thresholds)];
      const grads = tf.grads((s: tf.Tensor, t: tf.Tensor) => tf.sum(ordinalLoss(s, levels, t as tf.Tensor1D)));
      return [ordinalLoss(scores, levels, thresholds), ...grads([scores, thresholds])].map((tensor) => Array.from(tensor.dataSync()));
    });
    golden.losses.forEach((loss, i) => expect(losses?.[i]).toBeCloseTo(loss, 4));
    golden.grad_scores.forEach((value, i) => expect(byScores?.[i]).toBeCloseTo(value, 4));
    golden.grad_thresholds.forEach((value, i) => expect(byThresholds?.[i]).toBeCloseTo(value, 4));
  });
  it("stays finite at the ends of a wide scale, for two levels too", () => {
    for (const levels of [2, 7]) {
      const values = tf.tidy(() =>
        ordinalLoss(tf.tensor1d([40, -40, 0]), tf.tensor1d([0, levels - 1, 1], "int32"), initThresholds(levels)).arraySync(),
      ) as number[];
      for (const value of values) expect(Number.isFinite(value)).toBe(true);
      expect(values[0]).toBeGreaterThan(30);
    }
  });
  it("ties are the mean over the orders that agree with them", () => {
    const { scores, ranks, loss } = golden.tied;
    const orders = tieConsistentOrders(ranks, 1);
    expect(orders).toHaveLength(2);
    const own = tf.tidy(
      () =>
        rankingLoss(
          tf.tensor1d(scores),
          {
            orders: tf.tensor2d(orders, undefined, "int32"),
            orderWeights: tf.fill([orders.length], 1 / orders.length),
            margins: tf.zeros([orders.length]),
          },
          0,
        ).dataSync()[0],
    );
    expect(own).toBeCloseTo(loss, 5);
  });
});

describe("PyTorch's trajectories on tiny-llama", () => {
  const golden = readGolden<Rated>("training", "tiny-llama.rated.json");
  const { batch } = readGolden<{ batch: Record<string, number[][]> }>("training", "tiny-llama.rm.json");
  const example = (side: string, b: number) => {
    const ids = (batch[`${side}_ids`]?.[b] ?? []).slice(
      0,
      (batch[`${side}_mask`]?.[b] ?? []).reduce((sum, x) => sum + x, 0),
    );
    return { promptIds: ids.slice(0, 16), completionIds: ids.slice(16) };
  };
  const sequences = [0, 1, 2, 3].flatMap((b) => [example("rejected", b), example("chosen", b)]);
  const pairs = [0, 1, 2, 3].map((b) => sequences.slice(2 * b, 2 * b + 2));
  const rated = (b: number): RankedExample => {
    const ratings = golden.ratings.slice(2 * b, 2 * b + 2);
    return {
      examples: pairs[b] ?? [],
      ranks: ratings[0] === ratings[1] ? [1, 1] : (ratings[0] ?? 0) > (ratings[1] ?? 0) ? [1, 2] : [2, 1],
      margin: null,
      ratings,
    };
  };
  const voted = (b: number): RankedExample => ({ examples: pairs[b] ?? [], ranks: [2, 1], margin: null });
  const cases: Record<string, { train: RankedExample[]; options: object }> = {
    ranking: { train: golden.ranks.map((ranks, i) => ({ examples: sequences.slice(4 * i, 4 * i + 4), ranks, margin: null })), options: {} },
    regression: { train: [0, 1, 2, 3].map(rated), options: { ratingLoss: "regression" } },
    ordinal: { train: [0, 1, 2, 3].map(rated), options: { ratingLoss: "ordinal", ratingLevels: golden.levels } },
    mixture: { train: [rated(0), rated(1), voted(2), voted(3)], options: { ratingLoss: "regression", ratingWeight: 2 } },
  };
  it.each(Object.entries(golden.runs))("%s", async (name, { loss, grad_norm: norms }) => {
    const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
    if (model.kind !== "decoder") throw new Error("tiny-llama is a decoder");
    const score = readSafetensors(goldenPath("training", "tiny-llama.rm_score.safetensors"))[SCORE_NAME];
    const config = rewardConfigSchema.parse({
      kind: "reward",
      learningRate: golden.learning_rate,
      lrSchedule: "constant",
      maxGradNorm: null,
      batchSize: 4,
      maxSteps: 6,
      evalSteps: 0,
      centerRewardsCoefficient: 0,
      ...cases[name]?.options,
    });
    const context = createRecordedContext(engine);
    await trainReward(context, {
      config,
      model,
      tokenizer,
      base: params,
      adapter: readAdapterStart("tiny-llama.rm_lora_start.safetensors"),
      score: tf.tensor2d(score?.values ?? [], [1, model.hiddenSize]),
      train: cases[name]?.train ?? [],
      validation: [],
      writeModel,
    });
    const close = (actual: number[], expected: number[]) => {
      expect(actual).toHaveLength(expected.length);
      expected.forEach((value, i) =>
        expect(Math.abs((actual[i] ?? Number.NaN) / value - 1), `step ${i}: ${actual[i]} against ${value}`).toBeLessThan(1e-3),
      );
    };
    close(metricSeries(context.events, "loss/train"), loss);
    close(metricSeries(context.events, "grad_norm").slice(0, 5), norms);
  });
});

describe("a tiny scale", () => {
  const created = createModel({
    model_type: "llama",
    vocab_size: 24,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  });
  if (created.kind !== "decoder") throw new Error("not a decoder");
  const model = created;
  /** Token 4 + level says how good a completion is; levels differ between rows, so that only their values put all in one order. */
  const rows = Array.from({ length: 12 }, (_, i): RankedExample => {
    const random = createRandom(i, "rated");
    const levels = random.shuffle([0, 1, 2, 3, 4]).slice(0, 2);
    const promptIds = [10 + random.int(14), 10 + random.int(14)];
    return {
      examples: levels.map((level) => ({ promptIds, completionIds: [4 + level, 1] })),
      ranks: (levels[0] ?? 0) > (levels[1] ?? 0) ? [1, 2] : [2, 1],
      // Every third row is a comparison.
      margin: i % 3 === 0 ? 2 : null,
      ...(i % 3 === 0 ? {} : { ratings: levels.map((level) => level / 4) }),
    };
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-ratings-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = async (name: string, changes: object, { pauseAt, resumeFrom }: { pauseAt?: number; resumeFrom?: string } = {}) => {
    const config = rewardConfigSchema.parse({
      kind: "reward",
      learningRate: 1e-2,
      lrSchedule: "constant",
      batchSize: 6,
      maxSteps: 60,
      evalSteps: 60,
      saveSteps: 100,
      ...changes,
    });
    const resume = resumeFrom ? await readSnapshot(path.join(folder, resumeFrom)) : null;
    const context = createRecordedContext(engine, { resume, pauseAt, save: (request) => writeSnapshot(path.join(folder, name), request) });
    const written: string[][] = [];
    const { evaluation } = await trainReward(context, {
      config,
      model,
      tokenizer,
      base: initParams(model, 1),
      adapter: initAdapter(model, config.lora, 1),
      score: initScore(16, 1),
      train: rows,
      validation: rows,
      writeModel: async (_, trained) => void written.push(Object.keys(trained).filter((key) => !key.includes(".lora_"))),
    });
    return {
      evaluation,
      written,
      metrics: context.events.filter(({ kind }) => kind === "metric"),
      end: await readSnapshot(path.join(folder, name)),
    };
  };
  it.each(["regression", "ordinal"] as const)("is learnt by %s beside comparisons; the head alone is kept", async (ratingLoss) => {
    const { evaluation, written, metrics } = await run(ratingLoss, { ratingLoss });
    expect(evaluation).toMatchObject({ right: 12, pairs: 12 });
    expect(written).toEqual([[SCORE_NAME]]);
    expect(metrics.at(-1)).toMatchObject({ values: { "accuracy/validation": 1, "accuracy/margin_2": 1 } });
  });
  it("is resumed to the same bits, thresholds too", async () => {
    const changes = { ratingLoss: "ordinal", maxSteps: 6, evalSteps: 0 };
    const whole = await run("whole", changes);
    const first = await run("first", changes, { pauseAt: 3 });
    const second = await run("second", changes, { resumeFrom: "first" });
    expect(second.end?.tensors.theta?.dataSync()).toEqual(whole.end?.tensors.theta?.dataSync());
    expect([...first.metrics, ...second.metrics]).toEqual(whole.metrics);
  });
});
