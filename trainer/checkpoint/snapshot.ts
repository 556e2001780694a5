/**
 * Checkpoint folders on disk, written beside their place and renamed into it, so that a folder that exists is whole.
 * A folder holds the model files that other tools read and, where a run can go on from it, `resume/`: the
 * optimiser's tensors (float32, exact) and the loop's state.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { SaveRequest, Snapshot } from "../algorithms/train-context";
import { toHostTensors } from "./hugging-face";
import { readSafetensors, writeSafetensors } from "./safetensors";

const RESUME = "resume";

/** Writes a folder through `write`; a folder that already stands there is replaced. */
export async function writeFolderAtomically(folder: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const temporary = path.join(path.dirname(folder), `.${path.basename(folder)}.${randomUUID()}.tmp`);
  await mkdir(temporary);
  try {
    await write(temporary);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Model files and the state to go on from. */
export async function writeSnapshot(folder: string, { step, tensors, state, writeModel }: SaveRequest): Promise<void> {
  await writeFolderAtomically(folder, async (temporary) => {
    await writeModel(temporary);
    const resume = path.join(temporary, RESUME);
    await mkdir(resume);
    await writeSafetensors(path.join(resume, "state.safetensors"), await toHostTensors(tensors));
    await writeFile(path.join(resume, "state.json"), JSON.stringify({ step, state }));
  });
}

/** The snapshot of a folder, or null where it holds only model files. The caller owns the tensors. */
export async function readSnapshot(folder: string): Promise<Snapshot | null> {
  const resume = path.join(folder, RESUME);
  if (!existsSync(path.join(resume, "state.json"))) return null;
  const { step, state } = JSON.parse(await readFile(path.join(resume, "state.json"), "utf8")) as Pick<Snapshot, "step" | "state">;
  const stored = readSafetensors(path.join(resume, "state.safetensors"));
  return {
    step,
    state,
    tensors: Object.fromEntries(Object.entries(stored).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)])),
  };
}

/** Frees the disk of what only a resumed run needs, once the run is over. */
export async function dropResumeState(folder: string): Promise<void> {
  await rm(path.join(folder, RESUME), { recursive: true, force: true });
}

/** sha256 over the safetensors files of a folder (not of `resume/`), in name order. */
export async function hashWeights(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".safetensors")).sort())
    for await (const chunk of createReadStream(path.join(folder, name))) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
