/**
 * Data sets of benchmark tasks from the Hugging Face hub, by its own client. A run reads one commit of each data set: the
 * one that it is given, else the newest, which is told to the caller to be stored. Files are kept by the hash of their
 * content, so all runs and revisions share them; a download that broke off goes on where it ended.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { datasetInfo, downloadFile, HubApiError, listFiles } from "@huggingface/hub";
import { findTaskFiles, isDataFile, type Listing, type TaskSource } from "./task-source";

export type HubPlace = { url: string; token: string | null };

/** The run was asked to stop in the middle of a download. */
export class FetchStopped extends Error {}

export type HubOptions = {
  hub: HubPlace;
  /** Where files are kept; any number of workers may share it. */
  folder: string;
  /** Commits by data set; what is missing is added, and `onPin` told. */
  revisions: Map<string, string>;
  onPin(dataset: string, revision: string): Promise<void>;
  /** Asked between two chunks of a download. */
  stopped(): boolean;
};

/** `hash` is of the content: sha256 of large files, of others Git's sha1 of its blob. */
type HubFile = { size: number; hash: string; algorithm: "sha256" | "sha1" };
type Snapshot = { revision: string; files: Map<string, HubFile>; list: Listing };

/** Where the hub keeps what it converted of data sets that are published as a script or as archives. */
const CONVERTED = "refs/convert/parquet";
/** A part that nobody has written to for so long is taken over. */
const ABANDONED_MS = 60_000;

function explain(error: unknown, what: string, { token }: HubPlace): Error {
  const cause = { cause: error };
  if (!(error instanceof HubApiError)) {
    const why = error instanceof Error ? error.message : String(error);
    return new Error(`${what}: the hub could not be reached (${why}); a new run goes on where the download ended`, cause);
  }
  if ([401, 403, 404].includes(error.statusCode)) {
    const how =
      token === null ? "a private or gated one needs HF_TOKEN on the worker" : "the worker's HF_TOKEN may not have the right to it";
    return new Error(`${what}: the hub does not show it (${error.statusCode}); ${how}`, cause);
  }
  return new Error(`${what}: the hub answered ${error.statusCode}: ${error.message}`, cause);
}

/** Listing of files by their paths, each below the data set's name. */
function listingOf(dataset: string, paths: readonly string[]): Listing {
  const folders = new Map<string, { files: Set<string>; folders: Set<string> }>();
  const at = (folder: string) => {
    const known = folders.get(folder) ?? { files: new Set(), folders: new Set() };
    folders.set(folder, known);
    return known;
  };
  for (const file of paths) {
    const parts = `${dataset}/${file}`.split("/");
    parts.forEach((part, i) => at(parts.slice(0, i).join("/"))[i === parts.length - 1 ? "files" : "folders"].add(part));
  }
  return (folder) => {
    const known = folders.get(folder);
    return { files: [...(known?.files ?? [])].sort(), folders: [...(known?.folders ?? [])].sort() };
  };
}

async function hashFile(file: string, { algorithm, size }: HubFile): Promise<string> {
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** A name of our own for what there is of a file already: taken from a download that ended. */
async function takePart(folder: string, hash: string): Promise<string> {
  const own = path.join(folder, `${hash}.${randomUUID()}.part`);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${hash}.`) || !name.endsWith(".part")) continue;
    const other = path.join(folder, name);
    const written = await stat(other).catch(() => null);
    if (written === null || Date.now() - written.mtimeMs < ABANDONED_MS) continue;
    // Renaming succeeds for one of several that try.
    if (
      await rename(other, own).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  return own;
}

export function hubSource({ hub, folder, revisions, onPin, stopped }: HubOptions): TaskSource {
  const place = { hubUrl: hub.url, ...(hub.token === null ? {} : { accessToken: hub.token }) };
  const snapshots = new Map<string, Promise<Snapshot>>();

  const readSnapshot = async (dataset: string, revision: string): Promise<Snapshot> => {
    const files = new Map<string, HubFile>();
    for await (const entry of listFiles({ ...place, repo: { type: "dataset", name: dataset }, revision, recursive: true })) {
      if (entry.type !== "file" || !isDataFile(entry.path)) continue;
      const { path: name, size, oid = "", lfs } = entry;
      files.set(name, lfs ? { size: lfs.size, hash: lfs.oid, algorithm: "sha256" } : { size, hash: oid, algorithm: "sha1" });
    }
    return { revision, files, list: listingOf(dataset, [...files.keys()]) };
  };

  const newest = async (dataset: string, branch: string): Promise<Snapshot> => {
    const { sha } = await datasetInfo({ ...place, name: dataset, revision: branch, additionalFields: ["sha"] });
    return readSnapshot(dataset, sha);
  };

  /** The pinned commit, or the newest: of the branch of the converted files where the data set has none itself. */
  const openDataset = async (dataset: string): Promise<Snapshot> => {
    const pinned = revisions.get(dataset);
    try {
      if (pinned !== undefined) return await readSnapshot(dataset, pinned);
      const main = await newest(dataset, "main");
      const snapshot = main.files.size > 0 ? main : await newest(dataset, CONVERTED);
      revisions.set(dataset, snapshot.revision);
      await onPin(dataset, snapshot.revision);
      return snapshot;
    } catch (error) {
      throw explain(error, `${dataset}${pinned === undefined ? "" : ` at ${pinned}`}`, hub);
    }
  };

  const fetchFile = async (dataset: string, revision: string, name: string, file: HubFile): Promise<string> => {
    const what = `${dataset}, ${name}`;
    const kept = path.join(folder, `${file.hash}${path.extname(name)}`);
    if (existsSync(kept)) return kept;
    await mkdir(folder, { recursive: true });
    const part = await takePart(folder, file.hash);
    const begun = (await stat(part).catch(() => null))?.size ?? 0;
    try {
      const blob = await downloadFile({ ...place, repo: { type: "dataset", name: dataset }, revision, path: name });
      if (blob === null) throw new Error(`${what}: the hub lists it and has it not`);
      const chunks = async function* (rest: AsyncIterable<Uint8Array>) {
        for await (const chunk of rest) {
          if (stopped()) throw new FetchStopped();
          yield chunk;
        }
      };
      const rest = blob.slice(begun).stream() as unknown as AsyncIterable<Uint8Array>;
      if (begun < file.size) await pipeline(Readable.from(chunks(rest)), createWriteStream(part, { flags: "a" }));
    } catch (error) {
      // Whoever asks next goes on at once.
      await utimes(part, 0, 0).catch(() => undefined);
      throw error instanceof FetchStopped ? error : explain(error, what, hub);
    }
    if ((await hashFile(part, file)) !== file.hash) {
      await rm(part);
      throw new Error(`${what}: what came is not what the hub lists (${file.algorithm} ${file.hash}); start the run again`);
    }
    await rename(part, kept);
    return kept;
  };

  return {
    name: hub.url,
    find: async (task, split) => {
      const { dataset } = task.data;
      const opening = snapshots.get(dataset) ?? openDataset(dataset);
      snapshots.set(dataset, opening);
      const { revision, files, list } = await opening.catch((error: Error) => {
        throw new Error(`${task.name}: ${error.message}`, { cause: error });
      });
      const found = findTaskFiles(list, task, split);
      if (found === null) return null;
      return {
        ...found,
        revision,
        open: async (name) => {
          const inside = name.slice(dataset.length + 1);
          const file = files.get(inside);
          if (file === undefined) throw new Error(`${task.name}: ${dataset} has no file ${inside}`);
          return fetchFile(dataset, revision, inside, file).catch((error: Error) => {
            throw error instanceof FetchStopped ? error : new Error(`${task.name}: ${error.message}`, { cause: error });
          });
        },
      };
    },
  };
}
