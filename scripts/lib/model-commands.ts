/** `npm run hone --` add-model, merge, unmerge: model folders from outside, and adapters put into one or taken out again. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Command } from "commander";
import { z } from "zod";
import { createDb } from "../../db/client";
import { migrateDatabase } from "../../db/migrate";
import { sftRowSchema } from "../../domain/dataset";
import { parseWorkerEnv } from "../../server/env";
import { addModel } from "../../server/services/model";
import { createLossMeter } from "../../trainer/algorithms/completion-loss";
import { encodeExample } from "../../trainer/algorithms/examples";
import { type ChainLink, disposeCheckpoints, loadCheckpoint } from "../../trainer/checkpoint/checkpoint-chain";
import { checkModelFolder, readModelFolder, writeModelFolder } from "../../trainer/checkpoint/hugging-face";
import { readAdapterFolder } from "../../trainer/checkpoint/peft";
import type { StoredDtype } from "../../trainer/checkpoint/safetensors";
import { writeFolderAtomically } from "../../trainer/checkpoint/snapshot";
import { loadChosenEngine } from "./chosen-engine";
import { unmergeAdapter } from "../../trainer/models/lora";
import { readTokenizer } from "../../trainer/tokenizer/tokenizer";
import { completeEnvironment, loadEnvFile } from "./environment";

const DTYPES: Record<string, StoredDtype> = { f32: "F32", f16: "F16", bf16: "BF16" };

function storedDtype(name: string): StoredDtype {
  const dtype = DTYPES[name];
  if (!dtype) throw new Error(`--dtype: "${name}" is none of ${Object.keys(DTYPES).join(", ")}`);
  return dtype;
}

async function add(folder: string, options: { name?: string; json: boolean }): Promise<void> {
  loadEnvFile();
  const { model, parameters } = await checkModelFolder(folder);
  await readTokenizer(folder);
  const { databaseUrl, dataFolder } = parseWorkerEnv(completeEnvironment());
  await migrateDatabase(databaseUrl);
  const { db, close } = createDb(databaseUrl, { max: 1 });
  try {
    const added = await addModel(db, {
      folder,
      name: options.name ?? path.basename(path.resolve(folder)),
      storeFolder: path.join(dataFolder, "store"),
    });
    if (options.json) console.log(JSON.stringify({ ...added, family: model.family, parameters }));
    else
      console.log(
        `${added.name}: ${model.family}, ${(parameters / 1e6).toFixed(1)} million parameters, ${added.created ? "added" : "was there already"}. Choose it where a run starts.`,
      );
  } finally {
    await close();
  }
}

/** Whether the trainer can read a folder, as one line of JSON: what the models page asks before it takes one in. */
async function check(folder: string): Promise<void> {
  const { model, parameters } = await checkModelFolder(folder);
  await readTokenizer(folder);
  console.log(JSON.stringify({ family: model.family, parameters }));
}

/** Mean loss a completion token of the rows in a JSONL file, each {messages, completion}. */
async function lossOn(file: string, checkpoint: Awaited<ReturnType<typeof loadCheckpoint>>): Promise<number> {
  const { model, params, tokenizer } = checkpoint;
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
  const examples = await Promise.all(
    lines.map((line, i) => {
      const row = sftRowSchema.safeParse(JSON.parse(line));
      if (!row.success) throw new Error(`${file}, line ${i + 1}: ${z.prettifyError(row.error)}`);
      return encodeExample(tokenizer, row.data.messages, row.data.completion);
    }),
  );
  return createLossMeter(await loadChosenEngine(), model)(params, examples, { batchSize: 8, padTokenId: tokenizer.padTokenId });
}

async function merge(
  base: string,
  adapters: string[],
  options: { out: string; dtype: string; rows?: string; json: boolean },
): Promise<void> {
  const dtype = storedDtype(options.dtype);
  await loadChosenEngine();
  const chain: ChainLink[] = [{ kind: "base", folder: base }, ...adapters.map((folder): ChainLink => ({ kind: "adapter", folder }))];
  const merged = await loadCheckpoint(chain);
  const before = options.rows === undefined ? null : await lossOn(options.rows, merged);
  await writeFolderAtomically(options.out, async (folder) => {
    await writeModelFolder(folder, { config: merged.config, params: merged.params, tokenizerFolder: base, dtype });
  });
  disposeCheckpoints(merged);
  if (options.json) return console.log(JSON.stringify({ out: options.out, dtype }));
  console.log(`${options.out}: ${base} with ${adapters.join(", ")}, as ${dtype}`);
  if (options.rows === undefined || before === null) return;
  const written = await loadCheckpoint([{ kind: "base", folder: options.out }]);
  const after = await lossOn(options.rows, written);
  disposeCheckpoints(written);
  console.log(
    `loss a completion token: ${before.toFixed(5)} in memory, ${after.toFixed(5)} as written (${after >= before ? "+" : ""}${(100 * (after / before - 1)).toFixed(3)} %)`,
  );
}

async function unmerge(merged: string, adapter: string, options: { out: string; dtype: string }): Promise<void> {
  const dtype = storedDtype(options.dtype);
  await loadChosenEngine();
  const { config, model, params } = await readModelFolder(merged);
  const read = await readAdapterFolder(adapter, model);
  const [whole] = Object.keys(read.heads);
  if (whole !== undefined) throw new Error(`${adapter} replaces ${whole}, which cannot be taken out again`);
  if (read.overNf4) throw new Error(`${adapter} was trained over NF4: the base before it is not in the merged model`);
  const base = unmergeAdapter(params, read.adapter);
  await writeFolderAtomically(options.out, async (folder) => {
    await writeModelFolder(folder, { config, params: base, tokenizerFolder: merged, dtype });
  });
  tf.dispose([...new Set([...Object.values(params), ...Object.values(base), ...Object.values(read.adapter.params)])]);
  console.log(`${options.out}: ${merged} without ${adapter}, as ${dtype}`);
}

export function addModelCommands(program: Command): void {
  program
    .command("add-model")
    .description("register a Hugging Face folder as a base model; it is checked, copied into the file store and offered where runs start")
    .argument("<folder>", "config.json, model.safetensors (or a sharded index), tokenizer.json, tokenizer_config.json")
    .option("--name <name>", "what it is called (the folder's name)")
    .option("--json", "for programs", false)
    .action(add);
  program
    .command("check-model")
    .description("whether the trainer can read a Hugging Face folder, by its config, headers and tokenizer")
    .argument("<folder>", "as for add-model")
    .action(check);
  program
    .command("merge")
    .description("write a model with PEFT adapters merged into it, in their order")
    .argument("<base>", "model folder")
    .argument("<adapters...>", "adapter folders")
    .requiredOption("--out <folder>", "where to write")
    .option("--dtype <type>", "f32, f16 or bf16", "bf16")
    .option("--rows <file>", "JSONL of {messages, completion}: the loss on them before and after it is written")
    .option("--json", "for programs", false)
    .action(merge);
  program
    .command("unmerge")
    .description("take a merged PEFT adapter out of a model again, but for the rounding of what was written")
    .argument("<merged>", "model folder")
    .argument("<adapter>", "adapter folder")
    .requiredOption("--out <folder>", "where to write")
    .option("--dtype <type>", "f32, f16 or bf16", "f32")
    .action(unmerge);
}
