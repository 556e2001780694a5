/** Endpoints: who may register which, keys that never come back, and the small request that tries one. */
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { endpoints, runs } from "../../../db/schema";
import { newEndpointSchema } from "../../../domain/endpoint";
import { runConfigSchema } from "../../../domain/run";
import { sampleBatchSchema } from "../../../domain/sample-batch";
import type { UserContext } from "../../../server/context";
import { createEndpoint, listEndpoints, removeEndpoint, tryEndpoint, updateEndpoint } from "../../../server/services/endpoint";
import { createRun } from "../../../server/services/run";
import { startSampleBatch } from "../../../server/services/sample-batch";
import { createTestDb, type TestDb } from "../../helpers/database";
import { chatAnswer, type FakeOpenAI, refusal, startFakeOpenAI } from "../../helpers/fake-openai";
import { addProject, addPrompt, addUser } from "../../helpers/project-world";

const KEY = "sk-abcdefghijklmnop-1234";
let database: TestDb;
let fake: FakeOpenAI;
let admin: UserContext;
let researcher: UserContext;
beforeAll(async () => {
  database = await createTestDb();
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  [fake, admin, researcher] = [await startFakeOpenAI(), await addUser(database.db, "admin"), await addUser(database.db, "researcher")];
});
afterAll(async () => {
  await fake.close();
  await database.close();
});

const input = (
  projectId: string,
  name: string,
  more: { baseUrl?: string; model?: string; shared?: boolean; apiKey?: string | null } = {},
) => {
  const { shared = false, apiKey = KEY, ...rest } = more;
  return {
    ...newEndpointSchema.parse({ name, model: "fake-1", baseUrl: fake.baseUrl, requestsPerMinute: null, ...rest }),
    projectId,
    shared,
    apiKey,
  };
};

it("keeps a key encrypted, shows its end only, and forgets it with the endpoint", async () => {
  const projectId = await addProject(database.db);
  const made = await createEndpoint(admin, input(projectId, "Mine"));
  expect(made).toMatchObject({ hasKey: true, keyEnd: "1234", privateNetwork: true, shared: false });
  const listed = await listEndpoints(researcher, { projectId });
  expect(listed.map(({ name }) => name)).toEqual(["Mine"]);
  const [row] = await database.db.select().from(endpoints).where(eq(endpoints.id, made.id));
  expect(JSON.stringify(listed)).not.toContain(row?.sealedKey ?? KEY);
  expect(JSON.stringify([listed, row])).not.toContain(KEY.slice(0, 12));

  await removeEndpoint(researcher, { projectId, endpointId: made.id });
  expect(await listEndpoints(researcher, { projectId })).toEqual([]);
  const [gone] = await database.db.select().from(endpoints).where(eq(endpoints.id, made.id));
  expect(gone).toMatchObject({ sealedKey: null, keyEnd: null });
  await expect(createEndpoint(admin, input(projectId, "Mine", { model: "fake-2" }))).rejects.toThrow("has stood for the model fake-1");
  await createEndpoint(admin, input(projectId, "Mine"));
});

it("lets only admins reach into private networks and serve all projects", async () => {
  const projectId = await addProject(database.db);
  for (const baseUrl of [fake.baseUrl, "http://localhost:11434/v1", "http://[::1]:8000/v1", "http://169.254.169.254/latest"]) {
    await expect(createEndpoint(researcher, input(projectId, "Local", { baseUrl })), baseUrl).rejects.toThrow(
      "baseUrl: This address is in the server's own network",
    );
  }
  await expect(createEndpoint(researcher, input(projectId, "All", { shared: true }))).rejects.toThrow("Only an admin");
  const shared = await createEndpoint(admin, input(projectId, "For all", { shared: true }));
  const other = await addProject(database.db);
  expect((await listEndpoints(researcher, { projectId: other })).map(({ id }) => id)).toEqual([shared.id]);
  await expect(removeEndpoint(researcher, { projectId: other, endpointId: shared.id })).rejects.toThrow("only an admin may change it");
  await removeEndpoint(admin, { projectId: other, endpointId: shared.id });
});

it("is refused when a name leads into a private network at the moment of asking", async () => {
  const projectId = await addProject(database.db);
  const { id } = await createEndpoint(admin, input(projectId, "Turned", { baseUrl: fake.baseUrl.replace("127.0.0.1", "localhost") }));
  // As if it had resolved elsewhere when a researcher registered it.
  await database.db.update(endpoints).set({ allowPrivate: false }).where(eq(endpoints.id, id));
  const before = fake.requests.length;
  expect(await tryEndpoint(researcher, { projectId, endpointId: id, prompt: "Hi" })).toMatchObject({
    ok: false,
    error: expect.stringContaining("localhost is in a private network"),
  });
  expect(fake.requests).toHaveLength(before);
});

it("does not send a key to another server than it was entered for", async () => {
  const projectId = await addProject(database.db);
  const { id, settings } = await createEndpoint(admin, input(projectId, "Kept"));
  await expect(
    updateEndpoint(admin, { projectId, endpointId: id, settings: { ...settings, baseUrl: "https://elsewhere.example.org/v1" } }),
  ).rejects.toThrow("apiKey: The address is another server's");
  await updateEndpoint(researcher, { projectId, endpointId: id, settings: { ...settings, inputPrice: 3 } });
  expect(await listEndpoints(researcher, { projectId })).toMatchObject([
    { settings: { inputPrice: 3 }, keyEnd: "1234", privateNetwork: true },
  ]);
  await updateEndpoint(admin, { projectId, endpointId: id, settings, apiKey: null });
  expect(await listEndpoints(researcher, { projectId })).toMatchObject([{ hasKey: false, keyEnd: null }]);
});

it("tries one with a small request, or says exactly what is wrong", async () => {
  const projectId = await addProject(database.db);
  const { id } = await createEndpoint(admin, input(projectId, "Tried"));
  fake.reply = () => chatAnswer({ text: "Hello." });
  expect(await tryEndpoint(researcher, { projectId, endpointId: id, prompt: "Hi" })).toMatchObject({
    ok: true,
    answer: { text: "Hello.", inputTokens: 10, outputTokens: 5, finishReason: "stop" },
  });
  expect(fake.requests.at(-1)).toMatchObject({ authorization: `Bearer ${KEY}`, body: { max_tokens: 64 } });
  fake.reply = () => refusal(401, "Incorrect API key provided");
  expect(await tryEndpoint(researcher, { projectId, endpointId: id, prompt: "Hi" })).toMatchObject({
    ok: false,
    error: "The endpoint refuses the key (401 Incorrect API key provided)",
  });
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  await expect(tryEndpoint(researcher, { projectId: await addProject(database.db), endpointId: id, prompt: "Hi" })).rejects.toThrow(
    "no such endpoint",
  );
});

it("is what a sample run may start from instead of a checkpoint, in its own project", async () => {
  const projectId = await addProject(database.db);
  await addPrompt(database.db, projectId, "Hi");
  const { id } = await createEndpoint(admin, input(projectId, "Source"));
  const run = (change: object) => ({
    projectId,
    name: "Sample",
    config: runConfigSchema.parse({ kind: "sample" }),
    baseCheckpointId: null,
    endpointId: id,
    rewardCheckpointId: null,
    datasetVersionId: null,
    ...change,
  });
  await createRun(researcher, run({}));
  await expect(createRun(researcher, run({ endpointId: null }))).rejects.toThrow("baseCheckpointId: Choose a checkpoint");
  await expect(createRun(researcher, run({ config: runConfigSchema.parse({ kind: "evaluation" }) }))).rejects.toThrow(
    "endpointId: This kind of run needs a checkpoint",
  );
  const other = await addProject(database.db);
  await addPrompt(database.db, other, "Hi");
  await expect(createRun(researcher, run({ projectId: other }))).rejects.toThrow("endpointId: The project has no such endpoint");
  await expect(createRun(researcher, run({ config: runConfigSchema.parse({ kind: "judge" }) }))).rejects.toThrow(
    "config.firstModelId: Choose a model",
  );
});

it("several sources at once are a run each, all or none", async () => {
  const projectId = await addProject(database.db);
  await addPrompt(database.db, projectId, "Hi");
  const ids = [];
  for (const name of ["One", "Two"]) ids.push((await createEndpoint(admin, input(projectId, name))).id);
  const batch = {
    projectId,
    split: "train" as const,
    maxPrompts: 10,
    completionsPerPrompt: 1,
    temperature: 1,
    maxNewTokens: 32,
    onlyMissing: true,
    makeItems: true,
    maxCost: 2,
    seed: 1,
    checkpointIds: [],
    endpointIds: ids,
  };
  const { runs: started } = await startSampleBatch(researcher, batch);
  expect(started.map(({ name }) => name)).toEqual(["Sampling from One", "Sampling from Two"]);
  const rows = await database.db.select().from(runs).where(eq(runs.projectId, projectId));
  expect(new Set(rows.map(({ batchId }) => batchId)).size).toBe(1);
  expect(rows[0]).toMatchObject({ batchId: expect.any(String), config: { onlyMissing: true, createItems: false, maxCost: 2 } });
  await expect(startSampleBatch(researcher, { ...batch, endpointIds: [ids[0] ?? "", projectId] })).rejects.toThrow("no such endpoint");
  expect(await database.db.select().from(runs).where(eq(runs.projectId, projectId))).toHaveLength(2);
  expect(sampleBatchSchema.safeParse({ ...batch, endpointIds: [] }).error?.issues[0]).toMatchObject({
    path: ["sources"],
    message: "Choose at least one source",
  });
});
