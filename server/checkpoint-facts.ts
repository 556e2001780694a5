/** What the files of a checkpoint say about it, without loading any weights: for lists of models. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { checkpointFolder, countValues, readSafetensorsHeader } from "./model-folder";

export type CheckpointFacts = {
  bytes: number;
  /** Values in the weight files: of an adapter, its own. */
  parameters: number;
  /** As stored: F32, BF16 ...; several are joined by "+". */
  dtype: string;
  /** Of whole models only. */
  family: string | null;
  vocabulary: number | null;
  tokenizer: string | null;
  licence: string | null;
  /** Of adapters and reward models only. */
  rank: number | null;
};

const jsonSchema = z.looseObject({
  model_type: z.string().optional(),
  vocab_size: z.number().optional(),
  tokenizer_class: z.string().optional(),
  license: z.string().optional(),
  r: z.number().optional(),
});

/** Of a file that may not be there, or be no JSON. */
async function readJson(file: string): Promise<z.infer<typeof jsonSchema>> {
  try {
    return jsonSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return {};
  }
}

const LICENCE_FILE = /^LICEN[CS]E(\.(txt|md))?$/;

/** The licence that the model card names, else the first line of a licence file. */
async function readLicence(folder: string, names: readonly string[]): Promise<string | null> {
  if (names.includes("README.md")) {
    const card = await readFile(join(folder, "README.md"), "utf8");
    const named = /^---[\s\S]*?^license:\s*(\S+)/m.exec(card)?.[1];
    if (named !== undefined) return named;
  }
  const file = names.find((name) => LICENCE_FILE.test(name));
  if (file === undefined) return null;
  const text = await readFile(join(folder, file), "utf8");
  return (
    text
      .split("\n")
      .map((line) => line.trim())
      .find((line) => line !== "")
      ?.slice(0, 80) ?? null
  );
}

async function readFacts(folder: string): Promise<CheckpointFacts> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile()).map(({ name }) => name);
  const weights = names.filter((name) => name.endsWith(".safetensors"));
  const [sizes, headers, config, tokenizer, adapter, licence] = await Promise.all([
    Promise.all(names.map(async (name) => (await stat(join(folder, name))).size)),
    Promise.all(weights.map((name) => readSafetensorsHeader(join(folder, name)))),
    readJson(join(folder, "config.json")),
    readJson(join(folder, "tokenizer_config.json")),
    readJson(join(folder, "adapter_config.json")),
    readLicence(folder, names),
  ]);
  return {
    bytes: sizes.reduce((a, b) => a + b, 0),
    parameters: countValues(headers.flat()),
    dtype: [...new Set(headers.flat().map(({ dtype }) => dtype))].sort().join("+"),
    family: config.model_type ?? null,
    vocabulary: config.vocab_size ?? null,
    tokenizer: tokenizer.tokenizer_class ?? null,
    licence: config.license ?? licence,
    rank: adapter.r ?? null,
  };
}

/** Checkpoints never change, so their facts are read once. */
const known = new Map<string, CheckpointFacts>();

/** Null where the folder is not on this machine's disk, or not whole. */
export async function checkpointFacts({ path, hash }: { path: string; hash: string }): Promise<CheckpointFacts | null> {
  const key = `${path}:${hash}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  try {
    const facts = await readFacts(checkpointFolder(path));
    known.set(key, facts);
    return facts;
  } catch {
    return null;
  }
}
