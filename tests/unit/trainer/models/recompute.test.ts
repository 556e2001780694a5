/** Gradient checkpointing changes no number: losses and gradients are those of layers that are kept. */
import { afterAll, beforeAll, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../../../domain/random";
import { sftConfigSchema } from "../../../../domain/run";
import { completionLoss, createCompletionBatch } from "../../../../trainer/algorithms/completion-loss";
import { flattenParams, layoutOf, unflattenParams } from "../../../../trainer/algorithms/flat-params";
import { lossAndGradient } from "../../../../trainer/algorithms/gradient";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import type { Params, Weights } from "../../../../trainer/models/model";
import { maxDifference } from "../../../helpers/golden";

const rope = {
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: true,
};
const CONFIGS: Record<string, Record<string, unknown>> = {
  gpt2: { model_type: "gpt2", vocab_size: 40, n_positions: 64, n_embd: 16, n_layer: 3, n_head: 2 },
  llama: { model_type: "llama", ...rope },
  gemma2: { model_type: "gemma2", ...rope, head_dim: 8, sliding_window: 4 },
  qwen3: { model_type: "qwen3", ...rope, head_dim: 8 },
  t5: {
    model_type: "t5",
    vocab_size: 40,
    d_model: 16,
    d_kv: 8,
    d_ff: 32,
    num_layers: 2,
    num_heads: 2,
    feed_forward_proj: "gated-gelu",
    tie_word_embeddings: true,
  },
};
const lora = sftConfigSchema.parse({ kind: "sft" }).lora;
const random = createRandom(1);
const ids = (length: number) => Array.from({ length }, () => 2 + random.int(38));
const examples = Array.from({ length: 3 }, (_, i) => ({ promptIds: ids(4 + i), completionIds: [...ids(3 + i), 1] }));

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});
afterAll(() => engine.dispose());

it.each(Object.keys(CONFIGS).flatMap((family) => (["full", "lora"] as const).map((method) => [family, method] as const)))(
  "%s, %s",
  (family, method) => {
    const model = createModel(CONFIGS[family] ?? {});
    const base = initParams(model, 1);
    const adapter = method === "lora" ? initAdapter(model, lora, 2) : null;
    // B is 0 at the start, which would leave A without a gradient.
    for (const [name, tensor] of Object.entries(adapter?.params ?? {}))
      if (adapter && name.endsWith("lora_B")) adapter.params[name] = tf.fill(tensor.shape, 0.02);
    const trained = adapter?.params ?? base;
    const layout = layoutOf(trained);
    const dropout = { rate: 0.2, seed: tf.tensor1d([7, 0], "int32") };
    const batch = createCompletionBatch(model, examples, 0);
    const weightsOf = (params: Params, recompute: boolean): Weights =>
      adapter ? { base, adapter: { ...adapter, params, dropout }, recompute } : { base: params, adapter: null, recompute };
    const run = (recompute: boolean) => {
      const compiled = engine.compile(
        `recompute-${recompute}`,
        ({ theta, base, batch, seed }: { theta: tf.Tensor; base: Params; batch: typeof batchTree; seed: tf.Tensor }) => {
          const { loss, gradient } = lossAndGradient((x) => {
            const params = unflattenParams(layout, x);
            const weights = weightsOf(params, recompute);
            const own: Weights = weights.adapter
              ? { ...weights, base, adapter: { ...weights.adapter, dropout: { ...dropout, seed } } }
              : weights;
            return { loss: completionLoss(model, own, batch).nll, report: {} };
          }, theta as tf.Tensor1D);
          return { loss, gradient };
        },
      );
      const { loss, gradient } = compiled({ theta: flattenParams(trained), base, batch, seed: dropout.seed });
      return { loss: loss.dataSync()[0] ?? Number.NaN, gradient: gradient.dataSync() };
    };
    const batchTree = batch;
    const kept = run(false);
    const again = run(true);
    expect(Math.max(...Array.from(kept.gradient, Math.abs))).toBeGreaterThan(1e-3);
    expect(Math.abs(again.loss / kept.loss - 1)).toBeLessThan(1e-6);
    expect(maxDifference(again.gradient, kept.gradient)).toBeLessThan(1e-6 * Math.max(1, ...Array.from(kept.gradient, Math.abs)));
  },
);
