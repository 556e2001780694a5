/**
 * Two long-lived processes that take turns, a few steps each: what else the machine does meets both alike, so that the ratio
 * of their medians holds on a busy machine too. Each reads from its standard input how many steps to do, and answers in a line of JSON.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../lib/root";

/** Of some steps: milliseconds each, losses where there are some, peak memory of the process so far in MB. */
export type Turn = { ms: number[]; losses: number[]; tokens?: number[][]; peak: number | null; versions: Record<string, string> };
export type Side = { take(steps: number): Promise<Turn>; stop(): void };

/** Throws, with the last line that the process said, when it ends before it answers. */
function startSide(command: string, args: string[]): Side {
  const child: ChildProcessWithoutNullStreams = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", TRANSFORMERS_VERBOSITY: "error" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async take(steps) {
      child.stdin.write(`${steps}\n`);
      for (let next = await lines.next(); !next.done; next = await lines.next())
        if (next.value.startsWith("{")) return JSON.parse(next.value) as Turn;
      throw new Error(`${path.basename(command)}: ${said.trim().split("\n").at(-1)}`);
    },
    stop: () => child.kill("SIGKILL"),
  };
}

/** Path of a file of the benchmarks, from this folder. */
export const here = (name: string) => path.join(ROOT, "scripts/bench/trainer", name);
export const startNode = (script: string, ...args: string[]): Side => startSide(process.execPath, ["--import", "tsx", script, ...args]);
export const startPython = (script: string, ...args: string[]): Side => startSide(process.env.HONE_PYTHON ?? "python3", [script, ...args]);
export const startHone = (file: string, engine: "graph" | "eager" | "wasm" = "graph"): Side => startNode(here("hone.ts"), file, engine);
export const startReference = (file: string): Side => startPython(here("reference.py"), file);

export type Measured = {
  median: number;
  best: number;
  losses: number[];
  tokens: number[][];
  peak: number | null;
  versions: Record<string, string>;
};
export type Rounds = { warm: number; rounds: number; steps: number };

const median = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN)) / 2;
};

/** `warm` steps that do not count, then `rounds` turns of `steps` each, the sides alternating. Stops the sides. */
export async function measureInTurns(sides: Side[], { warm, rounds, steps }: Rounds): Promise<Measured[]> {
  const turns: Turn[][] = sides.map(() => []);
  try {
    for (let round = 0; round <= rounds; round++)
      for (const [i, side] of sides.entries()) turns[i]?.push(await side.take(round === 0 ? warm : steps));
  } finally {
    for (const side of sides) side.stop();
  }
  return turns.map((own) => ({
    median: median(own.slice(1).flatMap(({ ms }) => ms)),
    best: Math.min(...own.slice(1).flatMap(({ ms }) => ms)),
    losses: own.flatMap(({ losses }) => losses),
    tokens: own[0]?.tokens ?? [],
    peak: own.at(-1)?.peak ?? null,
    versions: own[0]?.versions ?? {},
  }));
}
