/**
 * Pretrains a demo base model from fresh weights on the demo corpus and writes it as a Hugging Face folder.
 *
 *   npx tsx scripts/pretrain/pretrain.ts llama
 *   npx tsx scripts/pretrain/pretrain.ts t5
 *
 * The decoder learns every token of prompt and completion, the encoder-decoder the completion given the prompt. The
 * tokenizer files must be in models/<name> already (train-tokenizer writes them). Prints the loss as it goes; the
 * same seed, steps and engine give the same loss.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { Command } from "commander";
import { createPretrainTexts } from "../../domain/demo/pretrain-texts";
import { createRandom } from "../../domain/random";
import { sftConfigSchema } from "../../domain/run";
import type { Example } from "../../trainer/algorithms/examples";
import { encodeExample, lengthOf } from "../../trainer/algorithms/examples";
import { flattenParams, layoutOf, unflattenParams } from "../../trainer/algorithms/flat-params";
import { createTrainState, learningRateAt, scheduleScalars, type TrainState } from "../../trainer/algorithms/optimiser";
import { createCompletionBatch, disposeBatch } from "../../trainer/algorithms/completion-loss";
import { createCompletionSteps } from "../../trainer/algorithms/sft";
import { assertFinite, readScalars } from "../../trainer/algorithms/train-context";
import { writeFolderAtomically } from "../../trainer/checkpoint/snapshot";
import { copyTokenizer, writeModelFolder } from "../../trainer/checkpoint/hugging-face";
import { loadEngine } from "../../trainer/engine/engine";
import { createGenerator } from "../../trainer/generation/generate";
import { createModel, initParams } from "../../trainer/models/create-model";
import { readTokenizer } from "../../trainer/tokenizer/tokenizer";

const VOCAB_SIZE = 1024;
const TOKEN_IDS = { pad_token_id: 0, eos_token_id: 1, bos_token_id: 2 };

const CONFIGS = {
  llama: {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: VOCAB_SIZE,
    hidden_size: 128,
    intermediate_size: 384,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 32,
    max_position_embeddings: 256,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    rope_scaling: null,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: true,
    initializer_range: 0.02,
    ...TOKEN_IDS,
  },
  t5: {
    architectures: ["T5ForConditionalGeneration"],
    model_type: "t5",
    is_encoder_decoder: true,
    vocab_size: VOCAB_SIZE,
    d_model: 128,
    d_kv: 32,
    d_ff: 256,
    num_layers: 3,
    num_decoder_layers: 3,
    num_heads: 4,
    relative_attention_num_buckets: 32,
    relative_attention_max_distance: 128,
    layer_norm_epsilon: 1e-6,
    feed_forward_proj: "gated-gelu",
    dense_act_fn: "gelu_new",
    is_gated_act: true,
    tie_word_embeddings: false,
    decoder_start_token_id: 0,
    dropout_rate: 0,
    pad_token_id: 0,
    eos_token_id: 1,
  },
} as const;

/** Batches of like length: pools of 32 batches are sorted, cut, and shuffled; every row once an epoch. */
function* batches(examples: Example[], batchSize: number, seed: number): Generator<Example[]> {
  for (let epoch = 0; ; epoch++) {
    const random = createRandom(seed, `pretrain:${epoch}`);
    const order = random.shuffle(examples);
    for (let start = 0; start + batchSize <= order.length; start += batchSize * 32) {
      const pool = order.slice(start, start + batchSize * 32).sort((a, b) => lengthOf(a) - lengthOf(b));
      const cut = Array.from({ length: Math.floor(pool.length / batchSize) }, (_, i) => pool.slice(i * batchSize, (i + 1) * batchSize));
      yield* random.shuffle(cut);
    }
  }
}

async function pretrain(
  family: keyof typeof CONFIGS,
  options: { seed: number; steps: number; batch: number; texts: number; lr: number; out: string },
): Promise<void> {
  const folder = path.resolve(options.out, `hone-${family}-demo`);
  const tokenizer = await readTokenizer(folder);
  const engine = await loadEngine();
  const model = createModel(CONFIGS[family]);
  const config = sftConfigSchema.parse({
    kind: "sft",
    method: "full",
    learningRate: options.lr,
    lrSchedule: "cosine",
    warmupSteps: 100,
    adamBeta2: 0.98,
    weightDecay: 0.01,
    batchSize: options.batch,
    seed: options.seed,
  });
  const examples: Example[] = [];
  for (const { messages, completion } of createPretrainTexts(options.seed, options.texts)) {
    const example = await encodeExample(tokenizer, messages, completion);
    if (example.promptIds.length + example.completionIds.length > 256) continue;
    // A decoder's whole conversation is what it learns: the "prompt" is its first token.
    const whole = [...example.promptIds, ...example.completionIds];
    examples.push(model.kind === "decoder" ? { promptIds: whole.slice(0, 1), completionIds: whole.slice(1) } : example);
  }
  const tokenCount = examples.reduce((sum, { promptIds, completionIds }) => sum + promptIds.length + completionIds.length, 0);
  const params = initParams(model, options.seed);
  const size = Object.values(params).reduce((sum, tensor) => sum + tensor.size, 0);
  console.log(`${engine.description}; ${size} parameters; ${examples.length} texts, ${tokenCount} tokens`);

  const layout = layoutOf(params);
  const steps = createCompletionSteps({ engine }, model, config, layout, null);
  let state: TrainState = createTrainState(flattenParams(params));
  tf.dispose(Object.values(params));
  const source = batches(examples, options.batch, options.seed);
  const started = performance.now();
  let seen = 0;
  let running = 0;
  const write = async () => {
    const trained = unflattenParams(layout, state.theta);
    await writeFolderAtomically(`${folder}.new`, async (temporary) => {
      await copyTokenizer(folder, temporary);
      await writeModelFolder(temporary, { config: { ...CONFIGS[family] }, params: trained, tokenizerFolder: folder, dtype: "BF16" });
    });
    const { rename, rm } = await import("node:fs/promises");
    await rm(folder, { recursive: true });
    await rename(`${folder}.new`, folder);
    tf.dispose(Object.values(trained));
  };
  for (let step = 0; step < options.steps; step++) {
    const rows = source.next().value as Example[];
    const tokens = rows.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
    const batch = createCompletionBatch(model, rows, tokenizer.padTokenId);
    const scalars = scheduleScalars(config, step, learningRateAt(config, step, options.steps));
    const count = tf.scalar(tokens);
    const result = steps.train({ frozen: {}, state, batch, tokens: count, dropout: null, scalars });
    tf.dispose([count, ...Object.values(state), ...Object.values(scalars)]);
    disposeBatch(batch);
    state = result.state;
    const { loss = Number.NaN } = await readScalars(result.metrics);
    assertFinite(step + 1, { loss });
    seen += tokens;
    running = step === 0 ? loss : 0.95 * running + 0.05 * loss;
    if ((step + 1) % 50 === 0) {
      const seconds = (performance.now() - started) / 1000;
      console.log(
        `step ${step + 1}/${options.steps} loss ${running.toFixed(4)} ${(seen / seconds).toFixed(0)} tokens/s ${seconds.toFixed(0)} s`,
      );
    }
    if ((step + 1) % 500 === 0 || step + 1 === options.steps) {
      await write();
      const trained = unflattenParams(layout, state.theta);
      const generate = createGenerator(engine, model);
      const probes = createPretrainTexts(options.seed + 1, 8).slice(0, 4);
      const prompts = await Promise.all(probes.map(({ messages }) => tokenizer.encodePrompt(messages)));
      const said = await generate(
        { base: trained, adapter: null },
        prompts,
        prompts.map((_, i) => createRandom(i)),
        {
          temperature: 0,
          topK: 0,
          topP: 1,
          maxNewTokens: 48,
          eosTokenId: tokenizer.eosTokenId,
          padTokenId: tokenizer.padTokenId,
        },
      );
      for (const [i, { tokens: ids }] of said.entries())
        console.log(
          `  ${probes[i]?.messages.at(-1)?.content}\n  wanted: ${probes[i]?.completion}\n  said:   ${await tokenizer.decode(ids)}\n`,
        );
      tf.dispose(Object.values(trained));
    }
  }
}

const program = new Command()
  .argument("<family>", "llama or t5")
  .option("--seed <n>", "seed of weights, texts and order", Number, 1)
  .option("--steps <n>", "updates", Number, 6000)
  .option("--batch <n>", "texts an update", Number, 32)
  .option("--texts <n>", "texts of the corpus", Number, 180000)
  .option("--lr <x>", "highest learning rate", Number, 3e-3)
  .option("--out <folder>", "where the model folders are", "models")
  .action(async (family: string, options: { seed: number; steps: number; batch: number; texts: number; lr: number; out: string }) => {
    if (family !== "llama" && family !== "t5") throw new Error(`family: "${family}" is neither llama nor t5`);
    await mkdir(options.out, { recursive: true });
    await pretrain(family, options);
  });
await program.parseAsync();
