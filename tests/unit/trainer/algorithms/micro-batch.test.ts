/** The size of micro-batches: found from estimate and measurement, halved where the memory runs out, and without effect on the result. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { createMicroBatcher, evenParts, isOutOfMemory } from "../../../../trainer/algorithms/micro-batch";
import { trainSft } from "../../../../trainer/algorithms/sft";
import type { TrainContext } from "../../../../trainer/algorithms/train-context";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import type { Params } from "../../../../trainer/models/model";
import { maxDifference } from "../../../helpers/golden";

const MIB = 2 ** 20;

/** A batcher over a process that takes `perRow` for each row and started at 1000; steps note their sizes. */
async function fake({ perRow, estimate, limit }: { perRow: number; estimate: number; limit: number }) {
  const sizes: number[] = [];
  const told: string[] = [];
  let peak = 1000 * MIB;
  const batcher = await createMicroBatcher({
    batchSize: 32,
    microBatchSize: "auto",
    estimate: (rows) => rows * estimate * MIB,
    limit: limit * MIB,
    tell: async (message) => void told.push(message),
    measure: async () => peak,
  });
  const step = (rows: number) => {
    sizes.push(rows);
    if (rows * perRow > 4000) throw new Error("OOM when allocating tensor with shape[9]");
    peak = (1000 + rows * perRow) * MIB;
  };
  return { sizes, told, next: () => batcher.run(step) };
}

describe("auto", () => {
  it("takes the whole batch where it fits", async () => {
    const { sizes, next } = await fake({ perRow: 10, estimate: 10, limit: 1000 });
    for (let i = 0; i < 5; i++) await next();
    expect(sizes).toEqual([32, 32, 32, 32, 32]);
  });

  it("is corrected by what the first steps took, down and up, in even parts", async () => {
    const down = await fake({ perRow: 50, estimate: 25, limit: 400 });
    for (let i = 0; i < 4; i++) await down.next();
    expect(down.sizes).toEqual([16, 8, 8, 8]);
    const up = await fake({ perRow: 10, estimate: 100, limit: 400 });
    for (let i = 0; i < 4; i++) await up.next();
    expect(up.sizes).toEqual([4, 32, 32, 32]);
    expect(up.told).toEqual(["Rows at once: 32 of 32, which take about 320 MiB beside the model"]);
  });

  it("halves where the memory runs out, goes on, and never takes as many again", async () => {
    const { sizes, told, next } = await fake({ perRow: 300, estimate: 10, limit: 100_000 });
    for (let i = 0; i < 5; i++) await next();
    expect(sizes).toEqual([32, 16, 8, 8, 8, 8, 8]);
    expect(told.filter((message) => message.includes("ran out"))).toHaveLength(2);
  });

  it("gives up where one row is too much, and on any other error", async () => {
    const { next } = await fake({ perRow: 5000, estimate: 10, limit: 100_000 });
    await expect(next()).rejects.toThrow(/OOM/);
    const batcher = await createMicroBatcher({
      batchSize: 4,
      microBatchSize: "auto",
      estimate: () => 1,
      limit: 100,
      tell: async () => {},
      measure: async () => null,
    });
    await expect(
      batcher.run(() => {
        throw new Error("shapes do not fit");
      }),
    ).rejects.toThrow("shapes do not fit");
  });

  it("keeps parts even, so that few graphs are made", () => {
    expect([evenParts(32, 20), evenParts(32, 11), evenParts(10, 4), evenParts(7, 100), evenParts(5, 0)]).toEqual([16, 11, 4, 7, 1]);
    expect(isOutOfMemory(new Error("failed to allocate: ResourceExhausted"))).toBe(true);
    expect(isOutOfMemory(new Error("no"))).toBe(false);
  });
});

describe("SFT", () => {
  const model = createModel({
    model_type: "llama",
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    tie_word_embeddings: true,
  });
  const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
  const random = createRandom(1);
  const ids = (length: number) => Array.from({ length }, () => 2 + random.int(38));
  const examples = Array.from({ length: 16 }, (_, i) => ({ promptIds: ids(4 + i), completionIds: [...ids(3 + i), 1] }));
  let engine: Engine;
  beforeAll(async () => {
    engine = await loadEngine();
  });

  /** Losses of three steps, and the weights after them. */
  async function train(changes: object, memoryLimit?: number) {
    const losses: number[] = [];
    let weights = new Float32Array();
    const context: TrainContext = {
      engine,
      resume: null,
      requested: () => null,
      start: async () => {},
      memoryLimit,
      emit: async (events) => {
        for (const event of events)
          if (event.kind === "metric" && event.values["loss/train"] !== undefined) losses.push(event.values["loss/train"]);
      },
      save: async ({ writeModel, final }) => (final ? writeModel("") : undefined),
    };
    const writeModel = async (_: string, params: Params) => {
      weights = Float32Array.from(Object.values(params).flatMap((tensor) => Array.from(tensor.dataSync())));
    };
    const config = sftConfigSchema.parse({
      kind: "sft",
      method: "full",
      batchSize: 8,
      maxSteps: 3,
      evalSteps: 0,
      learningRate: 1e-3,
      ...changes,
    });
    const outcome = await trainSft(context, {
      config,
      model,
      tokenizer,
      base: initParams(model, 1),
      adapter: null,
      train: examples,
      validation: [],
      showcase: [],
      writeModel,
    });
    expect(outcome).toBe("succeeded");
    return { losses, weights };
  }

  it.each([
    { microBatchSize: 1 },
    { microBatchSize: 3 },
    { microBatchSize: "auto" },
    { batchSize: 4, gradientAccumulationSteps: 2, microBatchSize: 2 },
  ])("gives the same with %o as with the whole batch", async (changes) => {
    const [whole, parts] = [await train({}), await train(changes)];
    expect(maxDifference(parts.losses, whole.losses)).toBeLessThan(1e-5);
    expect(maxDifference(parts.weights, whole.weights)).toBeLessThan(1e-4);
    expect(whole.losses[0]).toBeGreaterThan(1);
  });

  it("goes on in small parts where next to nothing is free", async () => {
    const [whole, parts] = [await train({}), await train({ microBatchSize: "auto" }, 1)];
    expect(maxDifference(parts.losses, whole.losses)).toBeLessThan(1e-5);
  });

  it("frees everything, also of a step that failed for want of memory", async () => {
    const before = tf.memory().numTensors;
    let failed = false;
    const real = engine;
    const flaky: Engine = {
      ...engine,
      compile: (name, fn) => {
        const compiled = real.compile(name, fn);
        return (args) => {
          if (name === "sft-train" && !failed) {
            failed = true;
            throw new Error("OOM when allocating tensor");
          }
          return compiled(args);
        };
      },
    };
    engine = flaky;
    try {
      const { losses } = await train({ microBatchSize: "auto" });
      expect(failed).toBe(true);
      expect(losses).toHaveLength(3);
    } finally {
      engine = real;
    }
    // The base that the loop was given is its caller's.
    expect(tf.memory().numTensors - before).toBe(Object.keys(model.parameterShapes()).length);
  });
});
