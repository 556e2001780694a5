/** Models from the web: taken in from folders and uploads, merged, downloaded, deleted only where nothing needs them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cp, readdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import * as tf from "@tensorflow/tfjs-core";
import { eq } from "drizzle-orm";
import { extract } from "tar-stream";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { insertCheckpoint, selectCheckpoint } from "../../../db/queries/checkpoints";
import type { UserContext } from "../../../server/context";
import { storeUploadedFile } from "../../../server/model-uploads";
import { archiveCheckpoint } from "../../../server/services/checkpoint-archive";
import { deleteModel, mergeModel, takeInModel } from "../../../server/services/model-changes";
import { listModels, listOfferedFolders } from "../../../server/services/model-list";
import { listRunInputs } from "../../../server/services/run-inputs";
import { sftConfigSchema } from "../../../domain/run";
import { readModelFolder } from "../../../trainer/checkpoint/hugging-face";
import { writeAdapterFolder } from "../../../trainer/checkpoint/peft";
import { loadEngine } from "../../../trainer/engine/engine";
import { initAdapter, mergeAdapter } from "../../../trainer/models/lora";
import { maxDifference } from "../../helpers/golden";
import { addRun, createRunWorld, type RunWorld } from "../../helpers/run-world";
import { runs } from "../../../db/schema";
import { useDatabase } from "../../helpers/use-database";

const DEMO = "models/hone-llama-demo";
const database = useDatabase();
const data = mkdtempSync(path.join(os.tmpdir(), "hone-models-"));
let world: RunWorld;
let researcher: UserContext;
let admin: UserContext;
beforeAll(async () => {
  vi.stubEnv("DATABASE_URL", "postgres://unused@localhost/unused");
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  vi.stubEnv("HONE_DATA", data);
  await cp(DEMO, path.join(data, "models/owner/small"), { recursive: true });
});
beforeEach(async () => {
  world = await createRunWorld(database());
  researcher = world.ctx;
  admin = { ...researcher, user: { ...researcher.user, role: "admin" } };
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

const take = (ctx: UserContext, folder: string, name = "taken") => takeInModel(ctx, { name, source: { kind: "path", path: folder } });
const upload = async (ctx: UserContext, files: Record<string, Uint8Array>, limit = 2 ** 30) => {
  const uploadId = crypto.randomUUID();
  for (const [name, bytes] of Object.entries(files)) await storeUploadedFile(ctx.user, { uploadId, name, limit }, Readable.from([bytes]));
  return uploadId;
};
const demoFiles = async () => Object.fromEntries((await readdir(DEMO)).map((name) => [name, readFileSync(path.join(DEMO, name))]));

it("takes in an offered folder and lists what its files say", async () => {
  expect((await listOfferedFolders(researcher)).folders).toEqual(["owner/small"]);
  const added = await take(researcher, "owner/small");
  expect(added).toMatchObject({ name: "taken", family: "llama", created: true });
  expect(await take(researcher, "owner/small")).toMatchObject({ id: added.id, created: false });
  const listed = (await listModels(researcher)).find(({ id }) => id === added.id);
  expect(listed).toMatchObject({
    kind: "base",
    shipped: false,
    usedBy: 0,
    facts: { family: "llama", parameters: added.parameters, dtype: "BF16", vocabulary: 1024 },
  });
});

it("lets admins alone name other folders, and says nothing about them to others", async () => {
  const outside = path.resolve(DEMO);
  for (const wrong of [outside, "../store", "/no/such/folder"])
    await expect(take(researcher, wrong)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(take(admin, "/no/such/folder")).rejects.toMatchObject({ code: "BAD_INPUT", fields: [{ field: "path" }] });
  expect(await take(admin, outside, "by-admin")).toMatchObject({ created: true });
});

it("takes in uploaded files and removes them", async () => {
  const uploadId = await upload(researcher, await demoFiles());
  const added = await takeInModel(researcher, { name: "uploaded", source: { kind: "upload", uploadId } });
  expect(added.created).toBe(true);
  expect(await readdir(path.join(data, "uploads"))).toEqual([]);
  await expect(takeInModel(admin, { name: "uploaded", source: { kind: "upload", uploadId } })).rejects.toMatchObject({ code: "GONE" });
});

it("names what is wrong with uploaded files, and keeps none that are broken or too large", async () => {
  const files = await demoFiles();
  const weights = files["model.safetensors"] as Buffer;
  await expect(upload(researcher, { "model.safetensors": weights.subarray(0, weights.length - 10) })).rejects.toThrow(
    /model\.safetensors is cut short in tensor /,
  );
  await expect(upload(researcher, { "model.safetensors": Buffer.from("no weights at all") })).rejects.toThrow(
    /model\.safetensors is not a safetensors file/,
  );
  await expect(upload(researcher, files, weights.length - 1)).rejects.toThrow(/larger than/);
  const config = JSON.parse(String(files["config.json"])) as Record<string, unknown>;
  const withConfig = async (changes: object) =>
    takeInModel(researcher, {
      name: "x",
      source: {
        kind: "upload",
        uploadId: await upload(researcher, { ...files, "config.json": Buffer.from(JSON.stringify({ ...config, ...changes })) }),
      },
    });
  await expect(withConfig({ model_type: "mamba" })).rejects.toThrow(/model_type "mamba" is not supported/);
  await expect(withConfig({ num_hidden_layers: Number(config.num_hidden_layers) + 1 })).rejects.toThrow(
    /^tensor model\.layers\.\d+\.\S+ is missing$/,
  );
});

it("merges an adapter into a model that stands on it", async () => {
  await loadEngine();
  const db = database();
  const base = await take(researcher, "owner/small", "base-of-merge");
  const { model, params } = await readModelFolder(DEMO);
  const lora = sftConfigSchema.parse({ kind: "sft" }).lora;
  const adapter = initAdapter(model, lora, 1);
  for (const [name, tensor] of Object.entries(adapter.params))
    if (name.endsWith("lora_B")) adapter.params[name] = tf.fill(tensor.shape, 0.01);
  const folder = path.join(data, "store/runs/one");
  mkdirSync(folder, { recursive: true });
  await writeAdapterFolder(folder, { config: lora, model, overNf4: false, params: adapter.params, baseName: "x", taskType: "CAUSAL_LM" });
  const checkpoint = await insertCheckpoint(db, {
    projectId: world.projectId,
    kind: "adapter",
    name: "my adapter",
    path: "runs/one",
    hash: "ee".repeat(32),
    parentId: base.id,
    final: true,
  });
  const merged = await mergeModel(researcher, { checkpointId: checkpoint.id, name: "merged", dtype: "f32" });
  expect(await selectCheckpoint(db, merged.id)).toMatchObject({ kind: "base", parentId: checkpoint.id, projectId: world.projectId });
  const name = "model.layers.0.self_attn.q_proj.weight";
  const written = (await readModelFolder(path.join(data, "store", merged.path))).params[name];
  expect(maxDifference((written as tf.Tensor).dataSync(), (mergeAdapter(params, adapter)[name] as tf.Tensor).dataSync())).toBeLessThan(
    1e-6,
  );
  await expect(mergeModel(researcher, { checkpointId: base.id, name: "merged", dtype: "f32" })).rejects.toThrow(/is no adapter/);
  await expect(deleteModel(researcher, { checkpointId: checkpoint.id })).rejects.toThrow(/1 checkpoint stands on it/);
});

it("gives a checkpoint's files as an archive, without the state to resume from", async () => {
  const folder = path.join(data, "store/runs/archived");
  mkdirSync(path.join(folder, "resume"), { recursive: true });
  writeFileSync(path.join(folder, "adapter_config.json"), "{}");
  writeFileSync(path.join(folder, "resume/state.json"), "{}");
  const { id } = await insertCheckpoint(database(), {
    projectId: world.projectId,
    kind: "adapter",
    name: "SFT on a/b",
    path: "runs/archived",
    hash: "",
    parentId: world.base.id,
    final: true,
  });
  const { name, chunks } = await archiveCheckpoint(researcher, id);
  const names: string[] = [];
  for await (const entry of Readable.from(chunks).pipe(extract())) {
    names.push(entry.header.name);
    entry.resume();
  }
  expect({ name, names }).toEqual({ name: "SFT-on-a-b", names: ["SFT-on-a-b/adapter_config.json"] });
});

it("deletes what nothing needs, with its files, and says what needs the rest", async () => {
  const db = database();
  const folder = path.join(data, "store/runs/unused");
  mkdirSync(folder, { recursive: true });
  const unused = await insertCheckpoint(db, {
    projectId: world.projectId,
    kind: "adapter",
    name: "unused",
    path: "runs/unused",
    hash: "",
    parentId: world.base.id,
    final: true,
  });
  await deleteModel(researcher, { checkpointId: unused.id });
  expect(await selectCheckpoint(db, unused.id)).toBeNull();
  expect(existsSync(folder)).toBe(false);
  await expect(deleteModel(researcher, { checkpointId: unused.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(deleteModel(admin, { checkpointId: world.base.id })).rejects.toThrow(/ships with the product/);
  const shared = await insertCheckpoint(db, { kind: "base", name: "shared", path: "models/shared", hash: "", final: true });
  await expect(deleteModel(researcher, { checkpointId: shared.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await addRun(world, { config: undefined });
  await expect(deleteModel(admin, { checkpointId: world.reward.id })).resolves.toEqual({ id: world.reward.id });
});

it("refuses to delete a checkpoint that a run started from", async () => {
  const db = database();
  const used = await insertCheckpoint(db, {
    projectId: world.projectId,
    kind: "base",
    name: "used",
    path: "models/used",
    hash: "",
    final: true,
  });
  await addRun({ ...world, base: used });
  await expect(deleteModel(researcher, { checkpointId: used.id })).rejects.toThrow(
    "used is needed: 1 run started from it or was rewarded by it",
  );
});

it("leaves trials of sweeps out of the start form, but for one that is asked for, and knows the model below each result", async () => {
  const db = database();
  const sweep = await addRun(world, { name: "sweep" });
  const trial = await addRun(world, { name: "trial" });
  await db.update(runs).set({ sweepId: sweep.id }).where(eq(runs.id, trial.id));
  const result = await insertCheckpoint(db, {
    projectId: world.projectId,
    runId: trial.id,
    kind: "adapter",
    name: "trial",
    path: "x",
    hash: "",
    parentId: world.base.id,
    final: true,
  });
  const second = await insertCheckpoint(db, {
    projectId: world.projectId,
    runId: sweep.id,
    kind: "adapter",
    name: "SFT on SFT",
    path: "y",
    hash: "",
    parentId: result.id,
    final: true,
  });
  const names = async (include?: string[]) => (await listRunInputs(researcher, { projectId: world.projectId, include })).checkpoints;
  expect((await names()).map(({ id }) => id)).not.toContain(result.id);
  expect((await names([result.id])).map(({ id }) => id)).toContain(result.id);
  expect((await names()).find(({ id }) => id === second.id)).toMatchObject({ modelName: "tiny-base", madeBy: "SFT" });
});
