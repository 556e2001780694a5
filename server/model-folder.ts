/** Where checkpoints lie in the file store, and what their config says, without loading any weights. */
import { open, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { ModelShape } from "../domain/run-estimate";
import { env } from "./env";

const SHIPPED = "shipped:";

/** The folder of a checkpoint's `path`: "shipped:<name>" is a model of the repository. */
export function checkpointFolder(path: string): string {
  if (path.startsWith(SHIPPED)) return resolve("models", path.slice(SHIPPED.length));
  return resolve(env().dataFolder, "store", path);
}

const configSchema = z.object({
  model_type: z.string(),
  hidden_size: z.number().optional(),
  n_embd: z.number().optional(),
  d_model: z.number().optional(),
  num_hidden_layers: z.number().optional(),
  n_layer: z.number().optional(),
  num_layers: z.number().optional(),
  num_decoder_layers: z.number().optional(),
  vocab_size: z.number(),
});

/** Values in a safetensors file, by its header alone. */
async function countValues(file: string): Promise<number> {
  const handle = await open(file, "r");
  try {
    const length = Buffer.alloc(8);
    await handle.read(length, 0, 8, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await handle.read(header, 0, header.length, 8);
    const { __metadata__: _ignored, ...tensors } = JSON.parse(header.toString("utf8")) as Record<string, { shape?: number[] }>;
    return Object.values(tensors).reduce((sum, { shape }) => sum + (shape ?? []).reduce((a, b) => a * b, 1), 0);
  } finally {
    await handle.close();
  }
}

export type ModelFolder = { modelType: string; shape: ModelShape };

/** What a whole model's folder holds; null when it is not there or no model. */
export async function readModelFolder(path: string): Promise<ModelFolder | null> {
  const folder = checkpointFolder(path);
  try {
    const config = configSchema.parse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
    const weights = (await readdir(folder)).filter((name) => name.endsWith(".safetensors"));
    const counts = await Promise.all(weights.map((name) => countValues(join(folder, name))));
    return {
      modelType: config.model_type,
      shape: {
        parameters: counts.reduce((a, b) => a + b, 0),
        hiddenSize: config.hidden_size ?? config.d_model ?? config.n_embd ?? 0,
        layers:
          config.num_hidden_layers ?? config.n_layer ?? (config.num_layers ?? 0) + (config.num_decoder_layers ?? config.num_layers ?? 0),
        vocabSize: config.vocab_size,
      },
    };
  } catch {
    // The folder may be on another machine's disk; what depends on it is then left to the worker.
    return null;
  }
}
