/** The Hugging Face hub through its own client, against a server that speaks the few words of it that are used. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { addPrompt } from "../../helpers/project-world";
import type { UserContext } from "../../../server/context";
import { readRows } from "../../../server/files/read-rows";
import { freezeDataset } from "../../../server/services/dataset";
import { listHubFiles, pushDataset, readHubFile } from "../../../server/services/hub";
import { importRows } from "../../../server/services/import";
import { createTestDb, type TestDb } from "../../helpers/database";
import { addItem, addProject, addUser, addVote } from "../../helpers/project-world";

const FILE = `${JSON.stringify({ prompt: "From the hub?", reference: "Yes" })}\n`;
const TREE = [
  { type: "file", path: "train.jsonl", size: FILE.length, oid: "1" },
  { type: "file", path: "README.md", size: 10, oid: "2" },
  { type: "directory", path: "data", size: 0, oid: "3" },
];
let database: TestDb;
let researcher: UserContext;
let hub: Server;
/** Method, path and body of what was asked, and with which token. */
let asked: { method: string; path: string; body: string; authorization: string | undefined }[] = [];
let repoIsThere = true;

beforeAll(async () => {
  hub = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const [path = ""] = (request.url ?? "").split("?");
      asked.push({ method: request.method ?? "", path, body, authorization: request.headers.authorization });
      const json = (value: unknown, status = 200) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (path === "/api/datasets/me/data/tree/main") return json(TREE);
      if (path === "/datasets/me/data/resolve/main/train.jsonl") {
        const ranged = request.headers.range === "bytes=0-0";
        const part = ranged ? FILE.slice(0, 1) : FILE;
        return response.writeHead(206, { etag: '"1"', "content-range": `bytes 0-${part.length - 1}/${FILE.length}` }).end(part);
      }
      if (path === "/api/datasets/me/new") return repoIsThere ? json({ id: "me/new" }) : json({ error: "no" }, 404);
      if (path === "/api/repos/create") return json({ url: "made", id: "me/new" });
      if (path.endsWith("/preupload/main")) {
        const { files } = JSON.parse(body) as { files: { path: string }[] };
        return json({ files: files.map((file) => ({ path: file.path, uploadMode: "regular" })) });
      }
      if (path.endsWith("/commit/main")) return json({ commitOid: "abc", commitUrl: "there", hookOutput: "" });
      return json({ error: "Repository not found" }, 404);
    })();
  });
  await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
  database = await createTestDb();
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(hub.address() as AddressInfo).port}`);
  vi.stubEnv("HF_TOKEN", "hf_of_the_test");
  researcher = await addUser(database.db, "researcher");
});
afterAll(async () => {
  hub.closeAllConnections();
  hub.close();
  await database.close();
});
beforeEach(() => {
  asked = [];
});

it("lists the files that the import reads, and imports one of them", async () => {
  expect(await listHubFiles(researcher, { repo: "me/data" })).toEqual([{ path: "train.jsonl", size: FILE.length }]);
  const projectId = await addProject(database.db);
  const rows = readRows(await readHubFile(researcher, { repo: "me/data", path: "train.jsonl" }), "jsonl");
  const report = await importRows(researcher, { projectId, kind: "prompts", source: "me/data/train.jsonl", policy: "refuse" }, rows);
  expect(report).toMatchObject({ rows: 1, errorCount: 0, created: { prompts: 1 } });
  expect(asked.every(({ authorization }) => authorization === "Bearer hf_of_the_test")).toBe(true);
});

it("says what is wrong with a data set that is not there", async () => {
  await expect(listHubFiles(researcher, { repo: "me/none" })).rejects.toMatchObject({
    code: "BAD_INPUT",
    message: expect.stringContaining("The hub shows no data set me/none"),
  });
});

it("publishes a version in a data set that it makes where there is none", async () => {
  const { db } = database;
  const projectId = await addProject(db);
  const { itemId, completionIds } = await addItem(db, projectId, ["good", "bad"]);
  await addPrompt(db, projectId, "unjudged");
  await addVote(researcher, { projectId, itemId, shownOrder: completionIds, value: { kind: "pairwise", margin: -1 }, ranks: [1, 2] });
  const { id, hash } = await freezeDataset(researcher, { projectId, kind: "preference" });
  repoIsThere = false;
  expect((await pushDataset(researcher, { datasetId: id, repo: "me/new", visibility: "private", format: "hone" })).url).toMatch(
    /\/datasets\/me\/new$/,
  );
  expect(JSON.parse(asked.find(({ path }) => path === "/api/repos/create")?.body ?? "{}")).toMatchObject({
    name: "new",
    organization: "me",
    type: "dataset",
    visibility: "private",
  });
  const commit = asked
    .find(({ path }) => path.endsWith("/commit/main"))
    ?.body.trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { key: string; value: { path: string; content: string } });
  const files = new Map(
    commit?.filter(({ key }) => key === "file").map(({ value }) => [value.path, Buffer.from(value.content, "base64").toString()]),
  );
  expect([...files.keys()].sort()).toEqual(["README.md", "train.jsonl"]);
  expect(JSON.parse(files.get("train.jsonl") ?? "")).toMatchObject({ completions: ["good", "bad"] });
  expect(files.get("README.md")).toContain(hash);
});
