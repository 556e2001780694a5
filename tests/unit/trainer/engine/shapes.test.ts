/** The shapes that tracing infers are those that TensorFlow gives, over whole training and decoding steps of both families. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { createCompletionBatch } from "../../../../trainer/algorithms/completion-loss";
import { flattenParams, layoutOf } from "../../../../trainer/algorithms/flat-params";
import { createTrainState, scheduleScalars } from "../../../../trainer/algorithms/optimiser";
import { createCompletionSteps } from "../../../../trainer/algorithms/sft";
import { loadCheckpoint } from "../../../../trainer/checkpoint/checkpoint-chain";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { type Engine, loadEngine, runEager } from "../../../../trainer/engine/engine";
import { type AbstractTensor, inferOutputs } from "../../../../trainer/engine/shapes";
import type { Binding, NodeBackend } from "../../../../trainer/engine/trace";
import { createGenerator } from "../../../../trainer/generation/generate";
import { dropoutSeed, initAdapter } from "../../../../trainer/models/lora";
import { goldenPath } from "../../../helpers/golden";

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

/** Runs `fn` on the native binding and infers beside it. @returns the operations met. */
async function inferBeside(fn: () => Promise<void>): Promise<Set<string>> {
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const known = new Map<number, AbstractTensor>();
  const met = new Set<string>();
  const createTensor: Binding["createTensor"] = (shape, dtype, values) => {
    const id = binding.createTensor(shape, dtype, values);
    known.set(id, { shape: [...shape], dtype, values: Array.from(values as ArrayLike<number>) });
    return id;
  };
  const executeOp: Binding["executeOp"] = (name, attributes, ids, count) => {
    const outputs = binding.executeOp(name, attributes, ids, count);
    const inputs = ids.map((id) => known.get(id));
    if (inputs.every((input) => input !== undefined)) {
      const inferred = inferOutputs(name, inputs, new Map(attributes.map((attribute) => [attribute.name, attribute.value])));
      expect(inferred.map(({ shape, dtype }) => ({ name, shape, dtype }))).toEqual(
        outputs.map(({ shape, dtype }) => ({ name, shape, dtype })),
      );
      met.add(name);
    }
    for (const { id, shape, dtype } of outputs) known.set(id, { shape, dtype });
    return outputs;
  };
  backend.binding = new Proxy({} as Binding, {
    get(_, property) {
      if (property === "createTensor") return createTensor;
      if (property === "executeOp") return executeOp;
      const value = binding[property as keyof Binding];
      return typeof value === "function" ? value.bind(binding) : value;
    },
  });
  try {
    await fn();
  } finally {
    backend.binding = binding;
  }
  return met;
}

describe.each(["tiny-llama", "tiny-t5"])("%s", (name) => {
  it.for(["full", "lora", "qlora"] as const)("training, %s", async (method, context) => {
    if (!engine.graphs) return context.skip("the engine does not trace");
    const eager: Engine = { ...engine, compile: (_, fn) => (args) => runEager(fn, args) };
    const { model, params } = await loadCheckpoint([{ kind: "base", folder: goldenPath("models", name) }], {
      quantize: method === "qlora",
    });
    const met = await inferBeside(async () => {
      const config = sftConfigSchema.parse({ kind: "sft", method, lora: { loraDropout: 0.1 } });
      const adapter = initAdapter(model, config.lora, 1);
      const trainable = method === "full" ? params : adapter.params;
      const steps = createCompletionSteps(
        { engine: eager },
        model,
        config,
        layoutOf(trainable),
        method === "full" ? null : adapter.scaling,
      );
      const batch = createCompletionBatch(
        model,
        [
          { promptIds: [5, 6, 7], completionIds: [8, 1] },
          { promptIds: [9, 4], completionIds: [3, 2, 1] },
        ],
        0,
      );
      steps.train({
        frozen: method === "full" ? {} : params,
        state: createTrainState(flattenParams(trainable)),
        batch,
        tokens: tf.scalar(5),
        dropout: method === "full" ? null : dropoutSeed(0.1, 1, 0),
        scalars: scheduleScalars(config, 0, 1e-3),
      });
    });
    expect(met.size).toBeGreaterThan(20);
  });

  it("decoding", async (context) => {
    if (!engine.graphs) return context.skip("the engine does not trace");
    const eager: Engine = { ...engine, compile: (_, fn) => (args) => runEager(fn, args) };
    const { model, params } = await readModelFolder(goldenPath("models", name));
    const met = await inferBeside(async () => {
      await createGenerator(eager, model)(
        { base: params, adapter: null },
        [
          [5, 6, 7],
          [9, 4],
        ],
        [createRandom(1), createRandom(2)],
        { temperature: 1, topK: 0, topP: 1, maxNewTokens: 3, eosTokenId: -1, padTokenId: 0 },
      );
    });
    expect(met.size).toBeGreaterThan(15);
  });
});
