/** Heads on frozen features: transformers' trajectory, exact resume, a case it solves, and the folder they are kept in. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { type SftConfig, sftConfigSchema } from "../../../../domain/run";
import { createFeatureExtractor } from "../../../../trainer/algorithms/features";
import { applyHead, type HeadRows, initHead, trainHead } from "../../../../trainer/algorithms/head";
import { readHeadFolder, writeHeadFolder } from "../../../../trainer/checkpoint/head-folder";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSnapshot, writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { goldenPath, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

type Run = { start: number[][]; loss: number[]; grad_norm: number[]; end: number[][] };
type Golden = {
  batch: { input_ids: number[][]; lengths: number[]; targets: Record<SftConfig["head"], number[]> };
  lr: number;
  weight_decay: number;
  runs: Record<SftConfig["head"], Run>;
};

let engine: Engine;
const folder = mkdtempSync(path.join(os.tmpdir(), "hone-head-"));
beforeAll(async () => {
  engine = await loadEngine();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains to the end, or with a pause in between; the final head and the events. */
async function train(config: SftConfig, head: tf.Tensor2D, rows: HeadRows, options: { validation?: HeadRows; pauseAt?: number } = {}) {
  let result: number[] = [];
  const [, width] = head.shape;
  const part = async (resume: Awaited<ReturnType<typeof readSnapshot>>, pauseAt?: number) => {
    const context = createRecordedContext(engine, {
      resume,
      pauseAt,
      save: (request) => writeSnapshot(path.join(folder, "step"), request),
    });
    const outcome = await trainHead(context, {
      config,
      width,
      head,
      train: rows,
      validation: options.validation ?? { features: new Float32Array(0), targets: [], tasks: [] },
      writeHead: async (_folder, weight) => {
        result = Array.from(weight.dataSync());
      },
    });
    return { outcome, events: context.events };
  };
  const first = await part(null, options.pauseAt);
  if (options.pauseAt === undefined) return { ...first, result };
  expect(first.outcome).toBe("paused");
  const second = await part(await readSnapshot(path.join(folder, "step")));
  return { outcome: second.outcome, events: [...first.events, ...second.events], result };
}

describe.each(["classification", "regression"] as const)("%s", (head) => {
  it("follows transformers' trajectory with the base frozen", async () => {
    const golden = readGolden<Golden>("training", "tiny-llama.head.json");
    const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
    const { batch, lr, weight_decay: weightDecay, runs } = golden;
    const texts = batch.input_ids.map((ids, i) => ids.slice(0, batch.lengths[i]));
    const features = await createFeatureExtractor(engine, model)(params, texts, { batchSize: 4, padTokenId: 0 });
    const targets = batch.targets[head];
    const expected = runs[head];
    const config = sftConfigSchema.parse({
      kind: "sft",
      method: "head",
      head,
      learningRate: lr,
      weightDecay,
      lrSchedule: "constant",
      maxGradNorm: null,
      batchSize: texts.length,
      maxSteps: expected.loss.length,
      evalSteps: 0,
    });
    const { events, result } = await train(config, tf.tensor2d(expected.start), { features, targets, tasks: targets.map(() => "") });
    metricSeries(events, "loss/train").forEach((loss, i) =>
      expect(Math.abs(loss / (expected.loss[i] ?? Number.NaN) - 1), `loss of step ${i}`).toBeLessThan(1e-4),
    );
    metricSeries(events, "grad_norm").forEach((norm, i) =>
      expect(Math.abs(norm / (expected.grad_norm[i] ?? Number.NaN) - 1), `gradient of step ${i}`).toBeLessThan(1e-3),
    );
    const end = expected.end.flat();
    expect(result).toHaveLength(end.length);
    result.forEach((value, i) => expect(Math.abs(value - (end[i] ?? Number.NaN))).toBeLessThan(1e-4));
  });
});

const random = createRandom(3);
const WIDTH = 12;
/** Rows whose class is the sign of two of their features; the numbers are a linear function of them. */
function createRows(count: number, head: SftConfig["head"]): HeadRows {
  const features = Float32Array.from({ length: count * WIDTH }, () => random.normal());
  const at = (row: number, column: number) => features[row * WIDTH + column] ?? 0;
  const targets = Array.from({ length: count }, (_, i) =>
    head === "regression" ? 2 * at(i, 0) - at(i, 1) : (at(i, 0) > 0 ? 1 : 0) + (at(i, 1) > 0 ? 2 : 0),
  );
  return { features, targets, tasks: targets.map((_, i) => (i % 4 === 0 ? "rare" : "common")) };
}

describe.each(["classification", "regression"] as const)("a head of %s", (head) => {
  const rows = createRows(200, head);
  const validation = createRows(100, head);
  const config = sftConfigSchema.parse({ kind: "sft", method: "head", head, learningRate: 0.05, batchSize: 50, epochs: 60, evalSteps: 40 });
  const outputs = head === "regression" ? 1 : 4;
  it("solves what is linear in the features", async () => {
    const { events, outcome } = await train(sftConfigSchema.parse({ ...config, learningRate: 0.3 }), initHead(outputs, WIDTH, 1), rows, {
      validation: rows,
    });
    expect(outcome).toBe("succeeded");
    if (head === "regression") expect(metricSeries(events, "pearson/validation").at(-1)).toBeGreaterThan(0.999);
    else {
      expect(metricSeries(events, "accuracy/validation").at(-1)).toBeGreaterThan(0.98);
      expect(metricSeries(events, "f1/validation").at(-1)).toBeGreaterThan(0.98);
    }
  });
  it.each([
    ["as it is", {}],
    [
      "with the best step kept, mixed tasks and accumulation",
      {
        keepBest: true,
        mixing: { temperature: 1e9, limit: null },
        gradientAccumulationSteps: 2,
        batchSize: 10,
        earlyStoppingPatience: 2,
        learningRate: 0.5,
      },
    ],
  ])("resumed equals uninterrupted, %s", async (_name, options) => {
    const own = sftConfigSchema.parse({ ...config, evalSteps: 3, maxSteps: 20, ...options });
    const whole = await train(own, initHead(outputs, WIDTH, 1), rows, { validation });
    const resumed = await train(own, initHead(outputs, WIDTH, 1), rows, { validation, pauseAt: 4 });
    expect(resumed.outcome).toBe("succeeded");
    expect(resumed.result).toEqual(whole.result);
    expect(metricSeries(resumed.events, "loss/validation")).toEqual(metricSeries(whole.events, "loss/validation"));
  });
  it("comes back from its folder", async () => {
    const weight = initHead(outputs, WIDTH, 2);
    const labels = head === "regression" ? [] : ["a", "b", "c", "d"];
    await writeHeadFolder(folder, { problem: head, labels, pooling: "last_token", weight }, "base");
    const read = await readHeadFolder(folder, WIDTH);
    expect({ ...read, weight: null }).toEqual({ problem: head, labels, pooling: "last_token", weight: null });
    expect(await applyHead(read.weight, rows.features, head)).toEqual(await applyHead(weight, rows.features, head));
    await expect(readHeadFolder(folder, WIDTH + 1)).rejects.toThrow("was expected");
  });
});

it("takes an encoder-decoder's mean over the real tokens, whatever the padding", async () => {
  const { model, params } = await readModelFolder(goldenPath("models", "tiny-t5"));
  const texts = [
    [5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14],
  ];
  const extract = createFeatureExtractor(engine, model);
  const together = await extract(params, texts, { batchSize: 2, padTokenId: 0 });
  const alone = await Promise.all(texts.map((text) => extract(params, [text], { batchSize: 1, padTokenId: 0 })));
  alone.flatMap((values) => Array.from(values)).forEach((value, i) => expect(together[i]).toBeCloseTo(value, 4));
});

it("keeps the number of tensors flat", async () => {
  const config = sftConfigSchema.parse({ kind: "sft", method: "head", batchSize: 10, maxSteps: 6, evalSteps: 2, keepBest: true });
  const rows = createRows(40, "classification");
  const counts: number[] = [];
  const context = createRecordedContext(engine);
  const emit = context.emit;
  context.emit = async (events) => {
    for (const event of events) if (event.kind === "metric" && "grad_norm" in event.values) counts.push(tf.memory().numTensors);
    await emit(events);
  };
  await trainHead(context, { config, width: WIDTH, head: initHead(4, WIDTH, 1), train: rows, validation: rows, writeHead: async () => {} });
  expect(counts).toHaveLength(6);
  expect(new Set(counts).size).toBe(1);
});
