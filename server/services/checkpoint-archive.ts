/** A checkpoint's folder as one tar archive. Not compressed: weights hardly become smaller. */
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { checkpointFolder } from "../model-folder";
import { requireCheckpoint } from "./checkpoint";

/** Throws NOT_FOUND, and GONE where the files are not on this machine's disk. */
export async function archiveCheckpoint(
  ctx: UserContext,
  checkpointId: string,
): Promise<{ name: string; chunks: AsyncGenerator<Uint8Array> }> {
  const checkpoint = await requireCheckpoint(ctx, checkpointId);
  const { projectId, id } = checkpoint;
  await recordAction(ctx.db, ctx.user.id, { action: "model.downloaded", projectId, kind: "checkpoint", id });
  const folder = checkpointFolder(checkpoint.path);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError("GONE", `The files of ${checkpoint.name} are not on this machine`, { cause });
  });
  const name = checkpoint.name.replace(/[^\w.-]+/g, "-");
  // Only files at the top: resume/ serves a run that goes on and nobody else.
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
  return { name, chunks: archiveFiles(folder, name, files) };
}

async function* archiveFiles(folder: string, name: string, files: readonly string[]): AsyncGenerator<Uint8Array> {
  const archive = pack();
  void writeFiles(archive, folder, name, files).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    yield* archive as AsyncIterable<Uint8Array>;
  } finally {
    archive.destroy();
  }
}

async function writeFiles(archive: ReturnType<typeof pack>, folder: string, name: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { size, mtime } = await stat(join(folder, file));
    await pipeline(createReadStream(join(folder, file)), archive.entry({ name: `${name}/${file}`, size, mtime }));
  }
  archive.finalize();
}
