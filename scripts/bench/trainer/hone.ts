/**
 * Hone's side of the trainer's benchmarks: the loops that the worker runs, held at each step until the other process asks for more.
 * argv: work.json, and what runs it: graph, eager (the same library, operation by operation) or wasm.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs-core";
import { createRandom } from "../../../domain/random";
import { ppoConfigSchema, preferenceConfigSchema, type RunEvent, rewardConfigSchema, sftConfigSchema } from "../../../domain/run";
import { trainPpo } from "../../../trainer/algorithms/ppo";
import { trainPreference } from "../../../trainer/algorithms/preference";
import type { RankedExample } from "../../../trainer/algorithms/ranked-items";
import { trainReward } from "../../../trainer/algorithms/reward";
import { trainSft } from "../../../trainer/algorithms/sft";
import type { TrainContext } from "../../../trainer/algorithms/train-context";
import { prepareMerged } from "../../../trainer/checkpoint/checkpoint-chain";
import { readModelFolder } from "../../../trainer/checkpoint/hugging-face";
import { readAdapterFolder } from "../../../trainer/checkpoint/peft";
import { type Engine, loadEngine, runEager } from "../../../trainer/engine/engine";
import { disposeTree, type TensorTree } from "../../../trainer/engine/tree";
import { createGenerator } from "../../../trainer/generation/generate";
import type { Adapter, DecoderModel } from "../../../trainer/models/model";
import type { Turn } from "./pair";
import { EOS, LORA, PAD, type PreparedWork } from "./work";

const [file = "", how = "graph"] = process.argv.slice(2);
const work = JSON.parse(readFileSync(file, "utf8")) as PreparedWork;
const native = await loadEngine({ prefer: how === "wasm" ? "wasm" : "tensorflow" });
const engine: Engine =
  how === "eager"
    ? {
        ...native,
        compile:
          <A extends TensorTree, R extends TensorTree>(_name: string, fn: (args: A) => R) =>
          (args: A) =>
            runEager(fn, args),
      }
    : native;

const requests = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** MB: of the process, or on a GPU what it holds there, which never shrinks. */
function peak(): number {
  if (engine.device !== "cuda") return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? Number.NaN) / 1000;
  const used = execFileSync("nvidia-smi", ["--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"], { encoding: "utf8" });
  return Number(new RegExp(`^${process.pid}, (\\d+)`, "m").exec(used)?.[1] ?? Number.NaN) * 1.048576;
}

let turn: Turn = { ms: [], losses: [], tokens: [], peak: null, versions: {} };
let left = 0;
let started = 0;

/** Between two steps: answers when the turn is over, and waits for the next one. */
async function endStep(loss: number | null, tokens?: number[][]): Promise<void> {
  turn.ms.push(performance.now() - started);
  if (loss !== null) turn.losses.push(loss);
  if (tokens) turn.tokens = tokens;
  if (--left === 0) {
    console.log(JSON.stringify({ ...turn, peak: peak() }));
    await beginTurn();
  }
  started = performance.now();
}

async function beginTurn(): Promise<void> {
  const request = await requests.next();
  if (request.done) process.exit(0);
  left = Number(request.value);
  turn = { ms: [], losses: [], tokens: [], peak: null, versions: { node: process.versions.node, engine: engine.description } };
  started = performance.now();
}

const forever = { saveSteps: 1_000_000_000, evalSteps: 0, lrSchedule: "constant", learningRate: 1e-4, lora: { ...LORA } };
const context: TrainContext = {
  engine,
  start: async () => {},
  requested: () => null,
  save: async () => {},
  resume: null,
  async emit(events: RunEvent[]) {
    for (const event of events)
      if (event.kind === "metric") await endStep(event.values["loss/train"] ?? event.values["loss/policy"] ?? null);
  },
};
const tokenizer = { padTokenId: PAD, eosTokenId: EOS, encode: async () => [], decode: async () => "", encodePrompt: async () => [] };
const writeModel = async () => {};
const steps = { maxSteps: 1_000_000 };

async function load() {
  const { model, params } = await readModelFolder(work.folder, (model) => (work.bf16 ? prepareMerged(model, [], false, "bf16") : null));
  if (model.kind !== "decoder") throw new TypeError("the benchmarks are of decoders");
  const adapter = work.adapter === null ? null : (await readAdapterFolder(work.adapter, model)).adapter;
  return { model, params, adapter };
}

const example = (i: number, completion = i) => ({ promptIds: work.prompts[i] ?? [], completionIds: work.completions[completion] ?? [] });
const pairs = (): RankedExample[] =>
  work.prompts.map((_, i) => ({ examples: [example(i, 2 * i), example(i, 2 * i + 1)], ranks: [1, 2], margin: null }));
const score = () => tf.tensor2d([JSON.parse(readFileSync(work.score ?? "", "utf8")) as number[]]);
const must = (adapter: Adapter | null): Adapter => {
  if (!adapter) throw new TypeError("this work needs an adapter");
  return adapter;
};

async function generateForever(
  model: DecoderModel,
  base: tf.NamedTensorMap,
  lengths: { prompt: number; completion: number },
): Promise<void> {
  const generate = createGenerator(engine, model);
  for (let call = 0; ; call++) {
    // The first call is greedy, so that the two sides can be held against one another.
    const generated = await generate(
      { base, adapter: null },
      work.prompts,
      work.prompts.map((_, i) => createRandom(call, `bench:${i}`)),
      {
        temperature: call === 0 ? 0 : 1,
        topK: 0,
        topP: 1,
        maxNewTokens: lengths.completion,
        eosTokenId: -1,
        padTokenId: PAD,
      },
    );
    await endStep(null, call === 0 ? generated.map(({ tokens }) => tokens) : undefined);
  }
}

await beginTurn();
if (work.kind === "load") {
  for (;;) {
    const { params } = await readModelFolder(work.folder);
    // Every weight is read once: the reference maps a file that it need not convert, and reads it later.
    tf.tidy(() => {
      for (const tensor of Object.values(params)) tf.sum(tensor).dataSync();
    });
    await endStep(null);
    disposeTree(params);
    started = performance.now();
  }
}
const { model, params: base, adapter } = await load();
// Loading is a benchmark of its own.
started = performance.now();
switch (work.kind) {
  case "sft": {
    const config = sftConfigSchema.parse({
      kind: "sft",
      ...forever,
      ...steps,
      method: work.lora ? "lora" : "full",
      batchSize: work.rows,
      maxLength: 4096,
      ...(work.bf16 ? { precision: "bf16", baseStorage: "bf16" } : {}),
    });
    await trainSft(context, {
      config,
      model,
      tokenizer,
      base,
      adapter,
      train: work.prompts.map((_, i) => example(i)),
      validation: [],
      showcase: [],
      writeModel,
    });
    break;
  }
  case "reward": {
    const config = rewardConfigSchema.parse({
      kind: "reward",
      ...forever,
      ...steps,
      batchSize: work.rows,
      maxLength: 4096,
      centerRewardsCoefficient: 0,
    });
    await trainReward(context, {
      config,
      model,
      tokenizer,
      base,
      adapter: must(adapter),
      score: score(),
      train: pairs(),
      validation: [],
      writeModel,
    });
    break;
  }
  case "dpo": {
    const config = preferenceConfigSchema.parse({ kind: "preference", ...forever, ...steps, batchSize: work.rows, maxLength: 4096 });
    await trainPreference(context, {
      config,
      model,
      tokenizer,
      base,
      adapter: must(adapter),
      train: pairs(),
      validation: [],
      test: [],
      showcase: [],
      writeModel,
    });
    break;
  }
  case "ppo": {
    const config = ppoConfigSchema.parse({
      kind: "ppo",
      ...forever,
      iterations: 1_000_000,
      learningRate: 3e-6,
      rolloutBatchSize: work.rows,
      numPpoEpochs: 4,
      numMiniBatches: 1,
      responseLength: work.completion,
      maxPromptLength: work.prompt,
      temperature: 0.7,
      klCoef: 0.05,
      missingEosPenalty: null,
      normalizeRewards: false,
      valueNetwork: work.value === "head" ? "head" : "reward",
    });
    const reward = { model, weights: { weights: { base, adapter: must(adapter) }, score: score() } };
    await trainPpo(context, {
      config,
      model,
      tokenizer,
      base,
      adapter: must(adapter),
      reward,
      prompts: work.prompts.map((promptIds) => ({ promptIds, prompt: "", reference: null })),
      writeModel,
    });
    break;
  }
  case "generate":
    await generateForever(model, base, work);
    break;
}
