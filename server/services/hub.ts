/** The Hugging Face hub by its own client: files of data sets to import, dataset versions to publish. */
import { createRepo, downloadFile, HubApiError, listFiles, repoExists, uploadFiles } from "@huggingface/hub";
import { z } from "zod";
import { splitSchema } from "../../domain/prompt";
import type { UserContext } from "../context";
import { env } from "../env";
import { AppError } from "../errors";
import { writeRows } from "../files/write-rows";
import { type ExportFormat, exportDataset, getDataset } from "./dataset";

export const hubRepoSchema = z
  .string()
  .trim()
  .regex(/^[\w.-]{1,96}\/[\w.-]{1,96}$/, "Enter owner/name, as in the address of the data set");

/** What the import reads; .gz and others are left out. */
const READABLE = /\.(jsonl|ndjson|json|csv|parquet)$/i;
const MOST_FILES = 500;

const place = (repo: string) => {
  const { token, url } = env().hub;
  return { repo: { type: "dataset" as const, name: repo }, hubUrl: url, ...(token === null ? {} : { accessToken: token }) };
};

/** What a refusal of the hub means for the person. */
function explainHub(error: unknown, repo: string): unknown {
  const cause = { cause: error };
  if (!(error instanceof HubApiError))
    return error instanceof AppError ? error : new AppError("UNAVAILABLE", "The hub could not be reached. Try again later.", cause);
  if (error.statusCode === 401 || error.statusCode === 403 || error.statusCode === 404) {
    const how =
      env().hub.token === null
        ? "A private or gated one needs a token of the server: HF_TOKEN."
        : "The server's token may not have the right to it.";
    return new AppError("BAD_INPUT", `The hub shows no data set ${repo}. ${how}`, cause);
  }
  if (error.statusCode === 429) return new AppError("RATE_LIMITED", "The hub asks to be left alone for a while. Try again later.", cause);
  return new AppError("UNAVAILABLE", `The hub answered: ${error.message}`, cause);
}

/** Files of a data set that the import reads, with their bytes, by path. Throws BAD_INPUT for one that cannot be seen. */
export async function listHubFiles(_ctx: UserContext, { repo }: { repo: string }): Promise<{ path: string; size: number }[]> {
  const found: { path: string; size: number }[] = [];
  try {
    for await (const { type, path, size } of listFiles({ ...place(repo), recursive: true })) {
      if (type === "file" && READABLE.test(path)) found.push({ path, size });
      if (found.length === MOST_FILES) break;
    }
  } catch (error) {
    throw explainHub(error, repo);
  }
  return found;
}

/** The bytes of one file, as they arrive. */
export async function readHubFile(_ctx: UserContext, { repo, path }: { repo: string; path: string }): Promise<AsyncIterable<Uint8Array>> {
  try {
    const blob = await downloadFile({ ...place(repo), path });
    if (blob === null) throw new AppError("BAD_INPUT", `The data set ${repo} has no file ${path}.`);
    return blob.stream() as unknown as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw explainHub(error, repo);
  }
}

const card = (input: { title: string; hash: string; counts: Record<string, number>; simulated: boolean }, splits: readonly string[]) => `---
configs:
- config_name: default
  data_files:
${splits.map((split) => `  - split: ${split}\n    path: ${split}.jsonl`).join("\n")}
---

# ${input.title}

A frozen dataset version of Hone, sha256 \`${input.hash}\`: ${Object.entries(input.counts)
  .map(([split, n]) => `${n} ${split}`)
  .join(", ")} rows.${input.simulated ? "\n\nSome of its votes were made by simulated annotators." : ""}
`;

/**
 * Publishes a dataset version: one JSONL file for each split that has rows, and a card that says what it is. Makes the data set,
 * private unless told otherwise, where there is none. Throws CONFLICT without a token.
 */
export async function pushDataset(
  ctx: UserContext,
  input: { datasetId: string; repo: string; visibility: "private" | "public" } & ExportFormat,
): Promise<{ url: string }> {
  const { datasetId, repo, visibility, ...format } = input;
  const version = await getDataset(ctx, { datasetId });
  const { token, url } = env().hub;
  if (token === null)
    throw new AppError("CONFLICT", "The server has no token for the hub: set HF_TOKEN to one that may write, and start it again.");
  const target = { ...place(repo), accessToken: token };
  const files: { path: string; content: Blob }[] = [];
  for (const split of splitSchema.options) {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of writeRows(exportDataset(ctx, { datasetId, splits: [split], ...format }), "jsonl", null))
      chunks.push(new Uint8Array(chunk));
    const content = new Blob(chunks);
    if (content.size > 0) files.push({ path: `${split}.jsonl`, content });
  }
  const splits = files.map(({ path }) => path.replace(/\.jsonl$/, ""));
  const { kind, version: number, hash, counts, simulated } = version;
  files.push({ path: "README.md", content: new Blob([card({ title: `${kind} v${number}`, hash, counts, simulated }, splits)]) });
  try {
    if (!(await repoExists(target))) await createRepo({ ...target, visibility });
    await uploadFiles({ ...target, files, commitTitle: `${kind} v${number}, ${hash.slice(0, 12)}`, useXet: false });
  } catch (error) {
    throw explainHub(error, repo);
  }
  return { url: `${url}/datasets/${repo}` };
}
