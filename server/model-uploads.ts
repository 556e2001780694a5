/** Files of a model on their way in: streamed into a folder of their own, and gone when the model is taken in, or after a day. */
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SessionUser } from "./context";
import { env } from "./env";
import { AppError } from "./errors";
import { readSafetensorsHeader } from "./model-folder";

const DAY_MS = 86_400_000;

const uploadsFolder = () => resolve(env().dataFolder, "uploads");

/** The folder of one upload: its owner's id is in the name, so that nobody adds to another's. */
export const uploadFolder = (user: SessionUser, uploadId: string) => join(uploadsFolder(), `${user.id}.${uploadId}`);

/** Uploads that nobody finished. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(uploadsFolder())) {
    const folder = join(uploadsFolder(), name);
    if (Date.now() - (await stat(folder)).mtimeMs > DAY_MS) await rm(folder, { recursive: true, force: true });
  }
}

async function folderBytes(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Writes one file of an upload and looks at its header where it holds weights. Throws BAD_INPUT naming the file when it is
 * broken or all files together pass `limit` bytes; the file is removed then.
 */
export async function storeUploadedFile(
  user: SessionUser,
  input: { uploadId: string; name: string; limit: number },
  body: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number }> {
  const folder = uploadFolder(user, input.uploadId);
  await mkdir(folder, { recursive: true });
  await removeAbandoned();
  const file = join(folder, input.name);
  await rm(file, { force: true });
  let room = input.limit - (await folderBytes(folder));
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      room -= chunk.length;
      if (room < 0)
        done(
          new AppError(
            "BAD_INPUT",
            `${input.name}: the model's files are larger than ${(input.limit / 2 ** 30).toFixed(1)} GiB together. Put the folder into models/ of the data folder instead.`,
          ),
        );
      else done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.from(body), measure, createWriteStream(file));
    if (input.name.endsWith(".safetensors")) await checkWeights(file, input.name);
    return { bytes };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function checkWeights(file: string, name: string): Promise<void> {
  try {
    await readSafetensorsHeader(file);
  } catch (cause) {
    throw new AppError(
      "BAD_INPUT",
      `${name} ${cause instanceof SyntaxError ? "is not a safetensors file" : cause instanceof Error ? cause.message : "cannot be read"}`,
      { cause },
    );
  }
}
