/** A project with demo prompts and a tiny random model that uses the demo tokenizer: enough to run every kind of run. */
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Db } from "../../db/client";
import { insertCheckpoint } from "../../db/queries/checkpoints";
import { projects, prompts, users } from "../../db/schema";
import { createDemoPrompts } from "../../domain/demo/prompts";
import { hashWeights } from "../../trainer/checkpoint/snapshot";
import { writeModelFolder } from "../../trainer/checkpoint/hugging-face";
import { createModel, initParams } from "../../trainer/models/create-model";

export const TOKENIZER_FOLDER = path.join(import.meta.dirname, "../../models/hone-llama-demo");

export const TINY_LLAMA = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 1024,
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 256,
  tie_word_embeddings: true,
};

export type TinyProject = { projectId: string; researcherId: string; baseId: string; dataFolder: string; storeFolder: string };

export async function createTinyProject(db: Db, counts = { train: 24, validation: 6, test: 6 }): Promise<TinyProject> {
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), "hone-data-"));
  const storeFolder = path.join(dataFolder, "store");
  const [researcher] = await db
    .insert(users)
    .values({ email: `${randomUUID()}@example.org`, name: "Researcher", role: "researcher" })
    .returning();
  const [project] = await db.insert(projects).values({ slug: randomUUID(), name: "Tiny", overlap: 1, demo: true }).returning();
  if (!researcher || !project) throw new Error("the project was not made");
  await db.insert(prompts).values(
    createDemoPrompts({ seed: 1, ...counts }).map((prompt) => ({
      ...prompt,
      projectId: project.id,
      contentHash: createHash("sha256").update(JSON.stringify(prompt.messages)).digest("hex"),
    })),
  );
  const folder = path.join(storeFolder, "base");
  await mkdir(folder, { recursive: true });
  const params = initParams(createModel(TINY_LLAMA), 1);
  await writeModelFolder(folder, { config: TINY_LLAMA, params, tokenizerFolder: TOKENIZER_FOLDER });
  tf.dispose(Object.values(params));
  const base = await insertCheckpoint(db, {
    projectId: project.id,
    kind: "base",
    name: "Tiny base",
    path: "base",
    hash: await hashWeights(folder),
    final: true,
  });
  return { projectId: project.id, researcherId: researcher.id, baseId: base.id, dataFolder, storeFolder };
}
