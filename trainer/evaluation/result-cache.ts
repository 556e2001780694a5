/**
 * What a checkpoint answered, by the hash of what it was asked: a run that is resumed, or another one that asks the same,
 * does not ask again. One file of JSON lines a checkpoint; a line that a dying worker left half written is passed over.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

const answerSchema = z.union([
  /** Summed log-probability, and 1 where greedy decoding writes the choice. */
  z.tuple([z.number(), z.union([z.literal(0), z.literal(1)])]),
  z.string(),
]);
export type Answer = z.infer<typeof answerSchema>;
const lineSchema = z.tuple([z.string(), answerSchema]);

/** Raised when the same request would be answered otherwise. */
const VERSION = 1;

export type AnswerCache = {
  get(key: string): Answer | undefined;
  /** Remembers and writes. */
  add(answers: readonly (readonly [key: string, answer: Answer])[]): Promise<void>;
};

/** The key of a request: everything that its answer depends on beside the checkpoint. */
export const requestKey = (request: readonly (string | number | readonly string[])[]): string =>
  createHash("sha256")
    .update(JSON.stringify([VERSION, ...request]))
    .digest("base64url");

/** `file` null keeps the answers in memory only. */
export async function openAnswerCache(file: string | null): Promise<AnswerCache> {
  const answers = new Map<string, Answer>();
  if (file !== null && existsSync(file)) {
    for (const line of (await readFile(file, "utf8")).split("\n")) {
      const parsed = parseLine(line);
      if (parsed !== null) answers.set(...parsed);
    }
  }
  if (file !== null) await mkdir(path.dirname(file), { recursive: true });
  return {
    get: (key) => answers.get(key),
    async add(made) {
      for (const [key, answer] of made) answers.set(key, answer);
      // A leading line break ends what a dying worker may have left.
      if (file !== null && made.length > 0) await appendFile(file, `\n${made.map((entry) => JSON.stringify(entry)).join("\n")}`);
    },
  };
}

function parseLine(line: string): [string, Answer] | null {
  if (line === "") return null;
  try {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
