/**
 * A head on disk: head_config.json with transformers' names (problem_type, id2label), and head.safetensors with
 * "score.weight" [labels, hidden], which AutoModelForSequenceClassification's `score` layer takes as it is.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { Pooling } from "../algorithms/features";
import { SCORE_NAME } from "../algorithms/reward-model";
import { readJson, toHostTensors } from "./hugging-face";
import { readSafetensors, writeSafetensors } from "./safetensors";

const headConfigSchema = z.looseObject({
  problem_type: z.enum(["single_label_classification", "regression"]),
  id2label: z.record(z.string(), z.string()).optional(),
  pooling: z.enum(["last_token", "encoder_mean"]),
});

/** `labels` are the classes in the order of the head's rows; empty for a number. */
export type Head = { problem: "classification" | "regression"; labels: string[]; pooling: Pooling; weight: tf.Tensor2D };

const CONFIG_FILE = "head_config.json";
const WEIGHT_FILE = "head.safetensors";

export async function writeHeadFolder(folder: string, { problem, labels, pooling, weight }: Head, baseName: string): Promise<void> {
  const json = {
    problem_type: problem === "classification" ? "single_label_classification" : "regression",
    ...(problem === "classification" ? { id2label: Object.fromEntries(labels.map((label, i) => [String(i), label])) } : {}),
    pooling,
    base_model_name_or_path: baseName,
  };
  await writeFile(path.join(folder, CONFIG_FILE), `${JSON.stringify(json, null, 2)}\n`);
  await writeSafetensors(path.join(folder, WEIGHT_FILE), await toHostTensors({ [SCORE_NAME]: weight }));
}

/** Throws naming the file where one is missing or its shape does not fit `width`. */
export async function readHeadFolder(folder: string, width: number): Promise<Head> {
  const parsed = headConfigSchema.safeParse(await readJson(path.join(folder, CONFIG_FILE)));
  if (!parsed.success) throw new Error(`${folder}/${CONFIG_FILE}: ${z.prettifyError(parsed.error)}`);
  const { problem_type: type, id2label = {}, pooling } = parsed.data;
  const stored = readSafetensors(path.join(folder, WEIGHT_FILE))[SCORE_NAME];
  const problem = type === "regression" ? "regression" : "classification";
  const labels =
    problem === "regression"
      ? []
      : Object.keys(id2label)
          .sort((a, b) => Number(a) - Number(b))
          .map((id) => id2label[id] ?? "");
  const expected = [Math.max(1, labels.length), width];
  if (stored?.shape.join() !== expected.join())
    throw new Error(`${folder}/${WEIGHT_FILE}: ${SCORE_NAME} has shape [${stored?.shape ?? "none"}], [${expected}] was expected`);
  return { problem, labels, pooling, weight: tf.tensor2d(stored.values, [expected[0] ?? 1, width]) };
}
