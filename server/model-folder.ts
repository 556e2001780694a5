/** Where checkpoints lie in the file store, and what their config says, without loading any weights. */
import { open, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type ModelShape, shapeOfConfig } from "../domain/memory-estimate";
import { env } from "./env";

const SHIPPED = "shipped:";

/** The folder of a checkpoint's `path`: "shipped:<name>" is a model of the repository. */
export function checkpointFolder(path: string): string {
  if (path.startsWith(SHIPPED)) return resolve("models", path.slice(SHIPPED.length));
  return resolve(env().dataFolder, "store", path);
}

const configSchema = z.looseObject({ model_type: z.string(), vocab_size: z.number() });

export type TensorEntry = { dtype: string; shape: number[]; data_offsets: [number, number] };

/** Longer than any real model's; a wrong first word must not be taken for a length. */
const MAX_HEADER = 100 * 2 ** 20;

/** Tensors of a safetensors file, by its header alone. Throws saying what is wrong with the file. */
export async function readSafetensorsHeader(file: string): Promise<TensorEntry[]> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const length = Buffer.alloc(8);
    await handle.read(length, 0, 8, 0);
    const headerLength = Number(length.readBigUInt64LE());
    if (headerLength > MAX_HEADER || headerLength + 8 > size) throw new Error("is not a safetensors file, or is cut short");
    const header = Buffer.alloc(headerLength);
    await handle.read(header, 0, header.length, 8);
    const { __metadata__: _ignored, ...tensors } = headerSchema.parse(JSON.parse(header.toString("utf8")));
    for (const [name, tensor] of Object.entries(tensors)) {
      if (!isTensor(tensor)) throw new Error(`has no shape or place for tensor ${name}`);
      if (8 + headerLength + tensor.data_offsets[1] > size) throw new Error(`is cut short in tensor ${name}`);
    }
    return Object.values(tensors).filter(isTensor);
  } finally {
    await handle.close();
  }
}

const headerSchema = z.record(z.string(), z.unknown());
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(z.number()), data_offsets: z.tuple([z.number(), z.number()]) });
const isTensor = (value: unknown): value is TensorEntry => tensorSchema.safeParse(value).success;

export const countValues = (tensors: readonly TensorEntry[]): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

export type ModelFolder = { modelType: string; shape: ModelShape };

/** What a whole model's folder holds; null when it is not there or no model. */
export async function readModelFolder(path: string): Promise<ModelFolder | null> {
  const folder = checkpointFolder(path);
  try {
    const config = configSchema.parse(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
    const weights = (await readdir(folder)).filter((name) => name.endsWith(".safetensors"));
    const counts = await Promise.all(weights.map(async (name) => countValues(await readSafetensorsHeader(join(folder, name)))));
    return {
      modelType: config.model_type,
      shape: shapeOfConfig(
        config,
        counts.reduce((a, b) => a + b, 0),
      ),
    };
  } catch {
    // The folder may be on another machine's disk; what depends on it is then left to the worker.
    return null;
  }
}
