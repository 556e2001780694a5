/** Preference optimisation against TRL's trainers; tiny votes that each loss can learn; a stopped and resumed run. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../../domain/random";
import { PREFERENCE_LOSSES, preferenceConfigSchema } from "../../../../domain/run";
import type { Example } from "../../../../trainer/algorithms/examples";
import { mismatchCompletions, trainPreference } from "../../../../trainer/algorithms/preference";
import type { RankedExample } from "../../../../trainer/algorithms/ranked-items";
import { readModelFolder } from "../../../../trainer/checkpoint/hugging-face";
import { readSnapshot, writeSnapshot } from "../../../../trainer/checkpoint/snapshot";
import { type Engine, loadEngine } from "../../../../trainer/engine/engine";
import { createModel, initParams } from "../../../../trainer/models/create-model";
import { initAdapter } from "../../../../trainer/models/lora";
import { goldenPath, readAdapterStart, readGolden } from "../../../helpers/golden";
import { createRecordedContext, metricSeries } from "../../../helpers/train-context";

type Pairs = { batch: Record<"chosen_ids" | "chosen_mask" | "rejected_ids" | "rejected_mask", number[][]> };
type Golden = {
  prompt_length: number;
  learning_rate: number;
  runs: Record<
    string,
    { options: Record<string, number>; loss: number[]; grad_norm: number[]; logps: number[][]; extra: { kl?: number }[] }
  >;
};

const tokenizer = { padTokenId: 0, eosTokenId: 1, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};
const none = { validation: [], test: [], showcase: [], writeModel };

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine();
});

function expectClose(actual: number[], expected: number[], relative: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value - (expected[i] ?? Number.NaN)), `step ${i}: ${value} against ${expected[i]}`).toBeLessThan(
      relative * Math.max(1e-2, Math.abs(expected[i] ?? 0)),
    ),
  );
}

describe("TRL's trajectories on tiny-llama", () => {
  const golden = readGolden<Golden>("training", "tiny-llama.preference.json");
  const { batch } = readGolden<Pairs>("training", "tiny-llama.rm.json");
  const example = (side: "chosen" | "rejected", b: number): Example => {
    const real = (batch[`${side}_ids`][b] ?? []).slice(
      0,
      (batch[`${side}_mask`][b] ?? []).reduce((sum, x) => sum + x, 0),
    );
    return { promptIds: real.slice(0, golden.prompt_length), completionIds: real.slice(golden.prompt_length) };
  };
  const train = batch.chosen_ids.map(
    (_, b): RankedExample => ({ examples: [example("rejected", b), example("chosen", b)], ranks: [2, 1], margin: null }),
  );

  it.each(Object.entries(golden.runs))("%s", async (name, { options, loss, grad_norm: norms, logps, extra }) => {
    const { model, params } = await readModelFolder(goldenPath("models", "tiny-llama"));
    const config = preferenceConfigSchema.parse({
      kind: "preference",
      loss: name.split("_")[0],
      beta: options.beta,
      labelSmoothing: options.label_smoothing,
      desirableWeight: options.desirable_weight,
      undesirableWeight: options.undesirable_weight,
      learningRate: golden.learning_rate,
      lrSchedule: "constant",
      maxGradNorm: null,
      batchSize: 4,
      maxSteps: 6,
      evalSteps: 0,
    });
    const context = createRecordedContext(engine);
    await trainPreference(context, {
      ...none,
      config,
      model,
      tokenizer,
      base: params,
      adapter: readAdapterStart("tiny-llama.dpo_lora_start.safetensors"),
      train,
    });
    expectClose(metricSeries(context.events, "loss/train"), loss, 1e-3);
    expectClose(metricSeries(context.events, "loss/train").slice(0, 1), loss.slice(0, 1), 1e-4);
    expectClose(metricSeries(context.events, "grad_norm").slice(0, 5), norms, 1e-3);
    const mean = (side: 0 | 1) => logps.map((row) => row.slice(4 * side, 4 * side + 4).reduce((sum, x) => sum + x / 4, 0));
    expectClose(metricSeries(context.events, "logps/chosen"), mean(0), 1e-4);
    expectClose(metricSeries(context.events, "logps/rejected"), mean(1), 1e-4);
    if (name.startsWith("kto"))
      expectClose(
        metricSeries(context.events, "kto/kl"),
        extra.map(({ kl }) => kl ?? Number.NaN),
        1e-3,
      );
  });
});

const created = createModel({
  model_type: "llama",
  vocab_size: 24,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  tie_word_embeddings: true,
});
/** Completions with token 5 are preferred to those with 6, these to those with 7; eight prompts. */
const rankings = Array.from({ length: 8 }, (_, i): RankedExample => {
  const random = createRandom(i, "prompt");
  const promptIds = Array.from({ length: 3 + (i % 3) }, () => 8 + random.int(16));
  const say = (token: number): Example => ({ promptIds, completionIds: [token, token, 1] });
  return i % 2 === 0
    ? { examples: [say(6), say(5)], ranks: [2, 1], margin: 1 }
    : { examples: [say(7), say(5), say(6)], ranks: [3, 1, 2], margin: null };
});

it.each(PREFERENCE_LOSSES)("%s learns votes for one token over another", async (loss) => {
  const config = preferenceConfigSchema.parse({
    kind: "preference",
    loss,
    learningRate: 1e-2,
    lrSchedule: "constant",
    batchSize: 6,
    maxSteps: 30,
    evalSteps: 30,
  });
  const context = createRecordedContext(engine);
  const showcase = rankings.slice(0, 2).map(({ examples }) => ({ promptIds: examples[0]?.promptIds ?? [], prompt: "", reference: null }));
  const decode = async (tokens: readonly number[]) => tokens.slice(0, 2).join(" ");
  const { heldOut } = await trainPreference(context, {
    ...none,
    config,
    model: created,
    tokenizer: { ...tokenizer, decode },
    base: initParams(created, 3),
    adapter: initAdapter(created, config.lora, 1),
    train: rankings,
    validation: rankings,
    test: rankings,
    showcase,
  });
  expect(heldOut.toSorted()).toEqual(rankings.map(({ ranks }) => (ranks.length === 2 ? [1, 1] : [3, 3])).toSorted());
  const [before, after] = metricSeries(context.events, "accuracy/validation");
  expect(before).toBeLessThan(1);
  expect(after).toBe(1);
  // What it now says by itself is what was voted for; IPO stops at a margin, where that need not be the likeliest token.
  const rows = context.events.flatMap((event) => (event.kind === "sample" ? [event.rows] : [])).at(-1) ?? [];
  expect(rows).toHaveLength(2);
  if (loss !== "ipo") for (const { completion } of rows) expect(completion).toMatch(/^5( 5)?/);
});

it.each(["tiny-llama", "tiny-t5"])("DPO of %s starts at ln 2, where policy and reference are one", async (name) => {
  const { model, params } = await readModelFolder(goldenPath("models", name));
  const config = preferenceConfigSchema.parse({
    kind: "preference",
    maxSteps: 2,
    evalSteps: 0,
    lora: { targetModules: name === "tiny-t5" ? ["q", "v"] : ["q_proj", "v_proj"] },
  });
  const context = createRecordedContext(engine);
  await trainPreference(context, {
    ...none,
    config,
    model,
    tokenizer,
    base: params,
    adapter: initAdapter(model, config.lora, 1),
    train: rankings,
  });
  const [first, second] = metricSeries(context.events, "loss/train");
  expect(first).toBeCloseTo(Math.LN2, 4);
  expect(second).toBeLessThan(Math.LN2);
});

it("leaves ties out, and says so where nothing else is there", async () => {
  const config = preferenceConfigSchema.parse({ kind: "preference" });
  const train = rankings.slice(0, 1).map((item) => ({ ...item, ranks: [1, 1] }));
  await expect(
    trainPreference(createRecordedContext(engine), {
      ...none,
      config,
      model: created,
      tokenizer,
      base: initParams(created, 3),
      adapter: initAdapter(created, config.lora, 1),
      train,
    }),
  ).rejects.toThrow("not a tie");
});

it("mismatches completions with the next other prompt, cyclically", () => {
  const item = (prompt: number, ...tokens: number[]): RankedExample => ({
    examples: tokens.map((token) => ({ promptIds: [prompt], completionIds: [token] })),
    ranks: tokens.map((_, i) => i + 1),
    margin: null,
  });
  const own = mismatchCompletions([item(1, 11, 12), item(1, 13, 14), item(2, 21, 22, 23)]);
  expect(own.map((examples) => examples.map(({ promptIds, completionIds }) => [...promptIds, ...completionIds]))).toEqual([
    [
      [1, 21],
      [1, 22],
    ],
    [
      [1, 21],
      [1, 22],
    ],
    [
      [2, 11],
      [2, 12],
      [2, 11],
    ],
  ]);
  expect(() => mismatchCompletions([item(1, 11, 12)])).toThrow("two prompts");
});

describe("stop and resume", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-preference-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(["dpo", "kto"] as const)("%s equals the uninterrupted run bit for bit", async (loss) => {
    const config = preferenceConfigSchema.parse({
      kind: "preference",
      loss,
      learningRate: 1e-2,
      batchSize: 4,
      maxSteps: 7,
      evalSteps: 3,
      saveSteps: 100,
      seed: 5,
    });
    const run = async (name: string, options: { pauseAt?: number; resumeFrom?: string }) => {
      const resume = options.resumeFrom ? await readSnapshot(path.join(folder, options.resumeFrom)) : null;
      const context = createRecordedContext(engine, {
        resume,
        pauseAt: options.pauseAt,
        save: (request) => writeSnapshot(path.join(folder, name), request),
      });
      const { outcome } = await trainPreference(context, {
        ...none,
        config,
        model: created,
        tokenizer,
        base: initParams(created, 3),
        adapter: initAdapter(created, config.lora, 1),
        train: rankings,
        validation: rankings.slice(0, 3),
      });
      return { outcome, metrics: context.events.filter(({ kind }) => kind === "metric"), end: await readSnapshot(path.join(folder, name)) };
    };
    const whole = await run(`${loss}-whole`, {});
    const first = await run(`${loss}-first`, { pauseAt: 3 });
    const second = await run(`${loss}-second`, { resumeFrom: `${loss}-first` });
    expect([whole.outcome, first.outcome, second.outcome]).toEqual(["succeeded", "paused", "succeeded"]);
    for (const name of ["theta", "m", "v"]) {
      const values = whole.end?.tensors[name]?.dataSync() ?? [];
      expect(values.length).toBeGreaterThan(0);
      expect(second.end?.tensors[name]?.dataSync()).toEqual(values);
    }
    expect([...first.metrics, ...second.metrics]).toEqual(whole.metrics);
    expect(Math.max(...Array.from(whole.end?.tensors.m?.dataSync() ?? [], Math.abs))).toBeGreaterThan(0);
  });
});
