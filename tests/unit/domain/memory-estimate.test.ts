/** The estimate of a run's memory; `npm run bench -- memory` holds it against measured runs. */
import { describe, expect, it } from "vitest";
import { estimateMemory, shapeOfConfig } from "../../../domain/memory-estimate";
import { runConfigSchema } from "../../../domain/run";

const MIB = 2 ** 20;
const gpt2 = shapeOfConfig({ model_type: "gpt2", vocab_size: 512, n_positions: 1024, n_embd: 384, n_layer: 6, n_head: 6 }, 11_242_752);
const t5 = shapeOfConfig(
  { model_type: "t5", vocab_size: 1024, d_model: 256, d_kv: 64, d_ff: 512, num_layers: 4, num_heads: 4, feed_forward_proj: "gated-gelu" },
  6_600_000,
);
const sft = (changes: object, shape = gpt2) =>
  estimateMemory(runConfigSchema.parse({ kind: "sft", maxLength: 256, batchSize: 8, measureQuantization: false, ...changes }), shape);

it("reads shapes of every family", () => {
  expect(gpt2).toMatchObject({ layers: 6, encoderLayers: 0, innerSize: 1536, heads: 6, keyHeads: 6, headSize: 64, feedForward: "gelu" });
  expect(t5).toMatchObject({ layers: 4, encoderLayers: 4, innerSize: 512, headSize: 64, feedForward: "gated-gelu" });
  expect(
    shapeOfConfig(
      {
        model_type: "llama",
        vocab_size: 10,
        hidden_size: 64,
        intermediate_size: 128,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
      },
      1,
    ),
  ).toMatchObject({ keyHeads: 2, headSize: 16, feedForward: "gated-silu" });
  expect(
    shapeOfConfig({ model_type: "gemma2", vocab_size: 10, hidden_size: 64, head_dim: 32, num_hidden_layers: 2, num_attention_heads: 4 }, 1),
  ).toMatchObject({ headSize: 32, feedForward: "gated-gelu" });
});

/** Peak resident memory in MiB of runs measured by the benchmark on Linux, x86-64, TensorFlow 2.21.0. */
describe("is within a fifth of measured runs", () => {
  it.each([
    ["full", { method: "full" }, 1562],
    ["full, layers computed again", { method: "full", gradientCheckpointing: true }, 1043],
    ["LoRA, layers computed again", { method: "lora", gradientCheckpointing: true }, 752],
    ["full, encoder-decoder", { method: "full" }, 950, t5],
  ] as const)("%s", (_, changes, measured, shape = gpt2) => {
    const ratio = sft(changes, shape).bytes / MIB / measured;
    expect(ratio).toBeGreaterThan(1 / 1.2);
    expect(ratio).toBeLessThan(1.2);
  });
});

it("is the sum of its parts, and smaller for every option that saves memory", () => {
  const whole = sft({ method: "full" });
  expect(whole.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(whole.bytes);
  for (const saving of [
    { method: "lora" },
    { method: "full", gradientCheckpointing: true },
    { method: "full", microBatchSize: 2 },
    { method: "full", maxLength: 128 },
  ]) {
    expect(sft(saving).bytes, JSON.stringify(saving)).toBeLessThan(whole.bytes);
  }
  expect(sft({ method: "qlora" }).parts.find(({ part }) => part === "weights")?.bytes).toBeLessThan(0.7 * 4 * gpt2.parameters);
});

it("knows every kind of run", () => {
  for (const kind of ["reward", "preference", "ppo", "evaluation", "sample", "benchmark"])
    expect(estimateMemory(runConfigSchema.parse({ kind }), gpt2).bytes).toBeGreaterThan(4 * gpt2.parameters);
});
