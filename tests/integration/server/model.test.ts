/** Registering a Hugging Face folder as a base model. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { selectCheckpoint } from "../../../db/queries/checkpoints";
import { addModel } from "../../../server/services/model";
import { hashWeights } from "../../../trainer/checkpoint/snapshot";
import { goldenPath } from "../../helpers/golden";
import { useDatabase } from "../../helpers/use-database";

const database = useDatabase();
const place = mkdtempSync(path.join(os.tmpdir(), "hone-models-"));
const storeFolder = path.join(place, "store");
afterAll(() => rmSync(place, { recursive: true, force: true }));

it("copies what the trainer reads, records it once, and again when its weights change", async () => {
  const folder = path.join(place, "llama3");
  await cp(goldenPath("families", "llama3"), folder, { recursive: true });
  const db = database();
  const added = await addModel(db, { folder, name: "my-llama", storeFolder });
  expect(added).toMatchObject({ name: "my-llama", created: true });
  const row = await selectCheckpoint(db, added.id);
  expect(row).toMatchObject({ kind: "base", projectId: null, name: "my-llama", path: added.path, final: true });
  const target = path.join(storeFolder, added.path);
  expect(await hashWeights(target)).toBe(row?.hash);
  for (const name of ["config.json", "model.safetensors.index.json", "model-00001-of-00004.safetensors"])
    expect(existsSync(path.join(target, name)), name).toBe(true);
  expect(existsSync(path.join(target, "golden.json"))).toBe(false);
  expect(await addModel(db, { folder, name: "my-llama", storeFolder })).toEqual({ ...added, created: false });
  writeFileSync(path.join(folder, "model-00004-of-00004.safetensors"), "other weights");
  expect((await addModel(db, { folder, name: "my-llama", storeFolder })).id).not.toBe(added.id);
});

it("refuses a name that is no folder name and a folder without weights", async () => {
  const db = database();
  await expect(addModel(db, { folder: goldenPath("families", "gpt2"), name: "../up", storeFolder })).rejects.toThrow(/name: "\.\.\/up"/);
  await expect(addModel(db, { folder: goldenPath("text"), name: "text", storeFolder })).rejects.toThrow(/has no config\.json beside/);
});
