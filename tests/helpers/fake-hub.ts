/** A server that speaks the words of the Hugging Face hub by which data sets are read: revision, tree, resolve with ranges. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type FakeFile = { content: Buffer; large?: boolean };

export type FakeHub = {
  url: string;
  /** Data sets by name, their branches to commits, and the files of each commit. */
  datasets: Map<string, { branches: Record<string, string>; commits: Record<string, Record<string, FakeFile>> }>;
  asked: { path: string; range: string | undefined; authorization: string | undefined }[];
  /** Ends each answer with a file after so many bytes of it. */
  breakAfter: number | null;
  /** What is sent in place of each file's content. */
  forge: Buffer | null;
  close(): void;
};

export const gitBlob = (content: Buffer) => createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");

export async function startFakeHub(): Promise<FakeHub> {
  const state: Omit<FakeHub, "url" | "close"> = { datasets: new Map(), asked: [], breakAfter: null, forge: null };
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
    const { range, authorization } = request.headers;
    state.asked.push({ path, range, authorization });
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const asked = /^\/(?:api\/)?datasets\/([^/]+\/[^/]+)\/(revision|tree|resolve)\/(.+)$/.exec(path);
    const dataset = state.datasets.get(asked?.[1] ?? "");
    if (asked === null || dataset === undefined) return json({ error: "Repository not found" }, 404);
    const [, name = "", what, rest = ""] = asked;
    if (what === "revision") {
      const sha = dataset.branches[rest];
      return sha === undefined ? json({ error: "Invalid rev id" }, 404) : json({ id: name, _id: "1", sha });
    }
    const [commit = "", ...parts] = rest.split("/");
    const files = dataset.commits[commit];
    if (files === undefined) return json({ error: "Invalid rev id" }, 404);
    if (what === "tree")
      return json(
        Object.entries(files).map(([file, { content, large }]) => ({
          type: "file",
          path: file,
          size: content.length,
          oid: gitBlob(content),
          ...(large ? { lfs: { oid: createHash("sha256").update(content).digest("hex"), size: content.length, pointerSize: 130 } } : {}),
        })),
      );
    const file = files[parts.join("/")];
    if (file === undefined) return response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    const content = state.forge ?? file.content;
    const [from, to] = (/^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [null, 0, content.length - 1]).slice(1).map(Number) as [number, number];
    const part = content.subarray(from, to + 1);
    response.writeHead(206, {
      etag: '"1"',
      "content-range": `bytes ${from}-${from + part.length - 1}/${content.length}`,
      "content-length": part.length,
    });
    if (state.breakAfter === null || part.length <= 1) return response.end(part);
    response.write(part.subarray(0, state.breakAfter), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
