/** Packed rows have the losses and gradients that they have alone, and those of the reference. */
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import type { Example } from "../../../../trainer/algorithms/examples";
import { packRows } from "../../../../trainer/algorithms/packing";
import { trainSft } from "../../../../trainer/algorithms/sft";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { goldenPath, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

const random = createRandom(5);
const ids = (length: number) => Array.from({ length }, () => 4 + random.int(500));
const row = (prompt: number, completion: number): Example => ({ promptIds: ids(prompt), completionIds: [...ids(completion - 1), 1] });

describe("packRows", () => {
  it("puts each row into one sequence and none over the capacity", () => {
    const rows = Array.from({ length: 60 }, () => row(1 + random.int(30), 1 + random.int(20)));
    const packs = packRows(rows, 64);
    expect(packs.flat().sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
    const tokens = (indices: number[]) =>
      indices.reduce((sum, i) => sum + (rows[i]?.promptIds.length ?? 0) + (rows[i]?.completionIds.length ?? 0), 0);
    for (const pack of packs) expect(tokens(pack)).toBeLessThanOrEqual(64);
    // Best fit decreasing needs at most 11/9 of the optimum and one more (Johnson 1973); the optimum is at least the sum over the capacity.
    expect(packs.length).toBeLessThanOrEqual((11 / 9) * Math.ceil(tokens([...rows.keys()]) / 64) + 1);
  });
  it("fits best: the longest first, each into the fullest sequence that has room", () => {
    const rows = [6, 5, 4, 3, 2].map((length) => row(1, length - 1));
    // 6 | 5 -> then 4 beside 6 (room 4 against 5), 3 beside 5, 2 beside 5 and 3.
    expect(packRows(rows, 10)).toEqual([
      [0, 2],
      [1, 3, 4],
    ]);
  });
  it("names a row that fits nowhere", () => {
    expect(() => packRows([row(4, 4), row(8, 8)], 10)).toThrow("row 1 has 16 tokens, a sequence 10");
  });
});

/** The loops never look at text here. */
const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

async function train(examples: Example[], options: object) {
  const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
  const config = sftConfigSchema.parse({
    kind: "sft",
    method: "full",
    learningRate: 1e-3,
    lrSchedule: "constant",
    maxGradNorm: null,
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
    writeModel: async () => {},
  });
  return {
    loss: metricSeries(context.events, "loss/train"),
    gradNorm: metricSeries(context.events, "grad_norm"),
    accuracy: metricSeries(context.events, "accuracy/token"),
  };
}

function expectClose(actual: number[], expected: number[], relative: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value / (expected[i] ?? Number.NaN) - 1), `step ${i}: ${value} against ${expected[i]}`).toBeLessThan(relative),
  );
}

it("follows the reference's trajectory of the same rows unpacked", async () => {
  type Golden = { batch: { input_ids: number[][]; attention_mask: number[][] }; runs: { full: { loss: number[]; grad_norm: number[] } } };
  const golden = readGolden<Golden>("training", "tiny-llama.sft.json");
  const rows = golden.batch.input_ids.map((row, b) => {
    const real = row.slice(
      0,
      golden.batch.attention_mask[b]?.reduce((sum, x) => sum + x, 0),
    );
    return { promptIds: real.slice(0, 12), completionIds: real.slice(12) };
  });
  // All four rows lie in one sequence.
  expect(packRows(rows, 256)).toHaveLength(1);
  const { loss, gradNorm } = await train(rows, { packing: true, maxLength: 256, batchSize: 1, maxSteps: 6 });
  expectClose(loss, golden.runs.full.loss, 1e-4);
  expectClose(gradNorm.slice(0, 5), golden.runs.full.grad_norm.slice(0, 5), 1e-3);
});

it.each([
  ["packed in two sequences", { packing: true, maxLength: 64, batchSize: 2 }],
  ["packed and accumulated", { packing: true, maxLength: 64, batchSize: 1, gradientAccumulationSteps: 2 }],
  ["padded on the left", { batchSize: 6, paddingSide: "left" }],
])("%s, rows have the loss they have side by side", async (_name, options) => {
  const rows = [row(14, 9), row(5, 3), row(12, 11), row(9, 2), row(4, 16), row(20, 7)];
  expect(packRows(rows, 64)).toHaveLength(2);
  const apart = await train(rows, { batchSize: 6, maxSteps: 3 });
  const other = await train(rows, { maxSteps: 3, ...options });
  expectClose(other.loss, apart.loss, 1e-5);
  expectClose(other.gradNorm, apart.gradNorm, 1e-4);
  expect(other.accuracy).toEqual(apart.accuracy);
});
