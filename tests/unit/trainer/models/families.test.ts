/**
 * Every family against transformers and PEFT on small random models (tests/golden/make/make_families.py): logits, 32
 * greedy tokens through the cache, gradients of all parameters, adapters, and what is written read back.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { loraConfigSchema, sftConfigSchema } from "../../../../domain/run";
import { createCompletionBatch } from "../../../../trainer/algorithms/completion-loss";
import { flattenParams, layoutOf } from "../../../../trainer/algorithms/flat-params";
import { createCompletionSteps } from "../../../../trainer/algorithms/sft";
import { type LoadedModel, readModelFolder, writeModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readAdapterFolder, writeAdapterFolder } from "../../../../trainer/checkpoint/peft";
import { readSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createGenerator } from "../../../../trainer/generation/generate";
import { mergeAdapter, unmergeAdapter } from "../../../../trainer/models/lora";
import type { Model, Params, Weights } from "../../../../trainer/models/model";
import { GOLDEN, goldenPath, maxDifference, readGolden } from "../../../helpers/golden";

type Case = { prompt: number[]; input_ids: number[]; decoder_input_ids: number[] | null; greedy: number[] };
type Golden = {
  rows: { prompt: number[]; completion: number[] }[];
  gradients: { loss: number; parameters: Record<string, [number, number]> };
} & Record<string, { cases: Case[] }>;

const families = readdirSync(goldenPath("families"));
const ids2d = (rows: number[][]) => tf.tensor2d(rows, undefined, "int32");

function logitsOf(model: Model, weights: Weights, { input_ids: ids, decoder_input_ids: decoderIds }: Case): Float32Array {
  const logits = tf.tidy(() => {
    const source = { inputIds: ids2d([ids]), attentionMask: ids2d([ids.map(() => 1)]) };
    if (model.kind === "decoder") return model.logits(weights, model.forward(weights, source));
    const target = ids2d([decoderIds ?? []]);
    return model.logits(
      weights,
      model.forward(weights, source, model.encode(weights, source), { inputIds: target, attentionMask: tf.onesLike(target) }),
    );
  });
  const values = logits.dataSync() as Float32Array;
  logits.dispose();
  return values;
}

let engine: Engine;
const folder = mkdtempSync(path.join(os.tmpdir(), "hone-families-"));
beforeAll(async () => {
  engine = await loadEngine();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(families)("%s", (name) => {
  const golden = readGolden<Golden>("families", name, "golden.json");
  const expected = readSafetensors(goldenPath("families", name, "golden.safetensors"));
  let loaded: LoadedModel;
  beforeAll(async () => {
    loaded = await readModelFolder(goldenPath("families", name));
  });
  const expectLogits = (tag: string, weights: Weights, tolerance = 1e-4) => {
    golden[tag]?.cases.forEach((golden, i) => {
      expect(
        maxDifference(logitsOf(loaded.model, weights, golden), expected[`${tag}.logits.${i}`]?.values ?? []),
        `${tag} ${i}`,
      ).toBeLessThan(tolerance);
    });
  };
  const generate = (tag: string, weights: Weights) => {
    const cases = golden[tag]?.cases ?? [];
    const options = { temperature: 0, topK: 0, topP: 1, maxNewTokens: 32, eosTokenId: -1, padTokenId: 0 };
    return createGenerator(engine, loaded.model)(
      weights,
      cases.map(({ prompt }) => prompt),
      cases.map((_, i) => createRandom(i)),
      options,
    );
  };
  const greedy = (tag: string) => golden[tag]?.cases.map(({ greedy }) => greedy);

  it("has the reference's logits", () => expectLogits("base", { base: loaded.params, adapter: null }));

  it("generates the reference's 32 greedy tokens, both prompts in one left-padded batch", async () => {
    expect((await generate("base", { base: loaded.params, adapter: null })).map(({ tokens }) => tokens)).toEqual(greedy("base"));
  });

  it("has the reference's loss and gradients", () => {
    const layout = layoutOf(loaded.params);
    const steps = createCompletionSteps({ engine }, loaded.model, sftConfigSchema.parse({ kind: "sft", method: "full" }), layout, null);
    const batch = createCompletionBatch(
      loaded.model,
      golden.rows.map(({ prompt, completion }) => ({ promptIds: prompt, completionIds: completion })),
      0,
    );
    const tokens = golden.rows.reduce((sum, { completion }) => sum + completion.length, 0);
    const result = steps.gradient({ frozen: {}, theta: flattenParams(loaded.params), batch, tokens: tf.scalar(tokens), dropout: null });
    expect(Math.abs((result.loss.dataSync()[0] ?? 0) / golden.gradients.loss - 1)).toBeLessThan(1e-4);
    const flat = result.gradient.dataSync() as Float32Array;
    const total = Math.hypot(...Object.values(golden.gradients.parameters).map(([norm]) => norm));
    expect(layout.map(({ name }) => name).sort()).toEqual(Object.keys(golden.gradients.parameters).sort());
    let start = 0;
    for (const { name: parameter, shape, size } of layout) {
      const own = flat.subarray(start, start + size);
      start += size;
      const [norm, projection] = golden.gradients.parameters[parameter] ?? [Number.NaN, Number.NaN];
      const [rows = 1, columns = 1] = shape;
      const place = (i: number) => (loaded.model.storedTransposed(parameter) ? (i % columns) * rows + Math.floor(i / columns) : i);
      const projected = own.reduce((sum, value, i) => sum + value * Math.cos(place(i)), 0);
      // A bias of keys has no gradient but rounding: what is compared is above a millionth of the whole.
      const scale = Math.max(norm, 1e-6 * total);
      expect(Math.abs(Math.hypot(...own) - norm) / scale, parameter).toBeLessThan(1e-3);
      expect(Math.abs(projected - projection) / scale, parameter).toBeLessThan(1e-3);
    }
  });

  it("comes back from the folder that it is written to", async () => {
    const target = mkdtempSync(path.join(folder, name));
    await writeModelFolder(target, {
      config: loaded.config,
      params: loaded.params,
      tokenizerFolder: goldenPath("families", name),
      dtype: "F32",
    });
    const again = await readModelFolder(target);
    for (const [parameter, tensor] of Object.entries(loaded.params))
      expect(again.params[parameter]?.dataSync(), parameter).toEqual(tensor.dataSync());
    tf.dispose(Object.values(again.params));
  });

  const adapters = existsSync(goldenPath("families", name, "adapters")) ? readdirSync(goldenPath("families", name, "adapters")) : [];
  if (adapters.length === 0) return;
  it("has PEFT's logits and tokens with each adapter over the one base, merged, and unmerged again", async () => {
    const read = await Promise.all(
      adapters.map(async (adapter) => ({
        tag: adapter,
        ...(await readAdapterFolder(goldenPath("families", name, "adapters", adapter), loaded.model)),
      })),
    );
    // Twice around: no adapter leaves a trace in the base or in the graphs.
    for (const { tag, adapter, heads } of [...read, ...read]) {
      const base: Params = { ...loaded.params, ...heads };
      expectLogits(tag, { base, adapter });
      expect((await generate(tag, { base, adapter })).map(({ tokens }) => tokens)).toEqual(greedy(tag));
    }
    expectLogits("base", { base: loaded.params, adapter: null });
    for (const { tag, adapter, heads } of read) {
      const merged = mergeAdapter({ ...loaded.params, ...heads }, adapter);
      expectLogits(tag, { base: merged, adapter: null });
      const unmerged = unmergeAdapter(
        { ...merged, ...loaded.params, ...Object.fromEntries(Object.entries(merged).filter(([key]) => !(key in heads))) },
        adapter,
      );
      expectLogits("base", { base: unmerged, adapter: null });
    }
  });

  it("writes an adapter that reads back the same", async () => {
    for (const tag of adapters) {
      const source = goldenPath("families", name, "adapters", tag);
      const { adapter, heads } = await readAdapterFolder(source, loaded.model);
      const json = JSON.parse(readFileSync(path.join(source, "adapter_config.json"), "utf8")) as Record<string, unknown>;
      const config = loraConfigSchema.parse({ r: json.r, loraAlpha: json.lora_alpha, useRslora: json.use_rslora });
      const target = mkdtempSync(path.join(folder, "adapter-"));
      await writeAdapterFolder(target, {
        config,
        model: loaded.model,
        overNf4: false,
        params: { ...adapter.params, ...heads },
        baseName: name,
        taskType: "CAUSAL_LM",
      });
      const [written, given] = [target, source].map((place) => readSafetensors(path.join(place, "adapter_model.safetensors")));
      expect(Object.keys(written ?? {}).sort()).toEqual(Object.keys(given ?? {}).sort());
      for (const [key, { values }] of Object.entries(given ?? {})) expect(written?.[key]?.values, key).toEqual(values);
      const own = JSON.parse(readFileSync(path.join(target, "adapter_config.json"), "utf8")) as Record<string, unknown>;
      for (const key of ["r", "lora_alpha", "use_rslora", "fan_in_fan_out", "modules_to_save", "peft_type"])
        expect(own[key], key).toEqual(json[key]);
    }
  });
});

describe("a folder that does not fit", () => {
  const copy = async (change: (params: Params, config: Record<string, unknown>) => void): Promise<string> => {
    const { config, params } = await readModelFolder(goldenPath("families", "smollm2"));
    const target = mkdtempSync(path.join(folder, "broken-"));
    const changed = { ...config };
    const kept = { ...params };
    change(kept, changed);
    await writeModelFolder(target, { config: changed, params: kept, tokenizerFolder: GOLDEN });
    return target;
  };
  it("names a missing tensor", async () => {
    const target = await copy((params) => delete params["model.layers.1.mlp.up_proj.weight"]);
    await expect(readModelFolder(target)).rejects.toThrow(/tensor model\.layers\.1\.mlp\.up_proj\.weight is missing/);
  });
  it("names a tensor that the config does not account for", async () => {
    const target = await copy((params) => {
      params["model.layers.0.self_attn.q_proj.bias"] = tf.zeros([64]);
    });
    await expect(readModelFolder(target)).rejects.toThrow(/tensor model\.layers\.0\.self_attn\.q_proj\.bias has no place/);
  });
  it("names a wrong shape", async () => {
    const target = await copy((_, config) => {
      config.intermediate_size = 100;
    });
    await expect(readModelFolder(target)).rejects.toThrow(/mlp\.\w+_proj\.weight has shape/);
  });
  it("names the rotary scaling that is not known", async () => {
    const target = await copy((_, config) => {
      config.rope_parameters = { rope_type: "yarn", factor: 4 };
    }).catch((error: Error) => error.message);
    expect(target).toMatch(/rope_type "yarn" is not supported/);
  });
});
