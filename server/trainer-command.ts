/**
 * Asks the trainer's own commands (`npm run hone --`) about model folders, in a process of their own: which tensors an
 * architecture has is known to the trainer alone, and the web process shall not hold a model's weights.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { AppError } from "./errors";

const run = promisify(execFile);

/** Headers of a folder take a second; merging a large model takes minutes. */
const TIMEOUT_MS = 30 * 60_000;

/** What the engine's library says about itself. */
const NOISE = /^(WARNING: All log messages before absl|[IWE]\d{4} )/;

/** Last line that the command printed, as JSON. Throws BAD_INPUT with what the command said where it failed. */
export async function askTrainer<T>(args: readonly string[]): Promise<T> {
  try {
    const { stdout } = await run(process.execPath, ["--import", "tsx", "scripts/hone.ts", ...args], {
      cwd: process.cwd(),
      timeout: TIMEOUT_MS,
      maxBuffer: 2 ** 24,
    });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
  } catch (cause) {
    const { stderr = "" } = cause as { stderr?: string };
    const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !NOISE.test(line));
    if (lines.length === 0) throw cause;
    throw new AppError("BAD_INPUT", lines.join("\n").slice(0, 2000), { cause });
  }
}
