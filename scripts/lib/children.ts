/** The processes `npm start` runs: started in groups of their own, watched, and stopped by us only. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./root";

export type Child = {
  name: string;
  process: ChildProcess;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

const GUARD = pathToFileURL(path.join(ROOT, "scripts/lib/exit-with-parent.mjs")).href;

/** What TensorFlow says about itself before it can be told not to; it stays in the log file. */
const NOISE = /^(WARNING: All log messages before absl|I\d{4} )/;

/**
 * Runs a Node program. All it prints goes to `<logFolder>/<name>.log`; what it prints to stderr, and with
 * `echo` also to stdout, appears in the terminal behind its name.
 */
export function startChild(name: string, args: string[], options: { env: NodeJS.ProcessEnv; logFolder: string; echo?: boolean }): Child {
  const log = path.join(options.logFolder, `${name}.log`);
  writeFileSync(log, "");
  const child = spawn(process.execPath, ["--import", GUARD, ...args], {
    cwd: ROOT,
    env: options.env,
    // A group of its own: Ctrl-C in the terminal must reach us only, who stop things in order.
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  for (const [stream, shown] of [
    [child.stdout, options.echo ?? false],
    [child.stderr, true],
  ] as const) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      appendFileSync(log, text);
      if (shown) for (const line of text.split("\n")) if (line.trim() !== "" && !NOISE.test(line)) console.log(`${name.padEnd(6)} ${line}`);
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("error", () => resolve({ code: 1, signal: null }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  return { name, process: child, ended };
}

/** Asks with SIGTERM, insists with SIGKILL after `graceMs`, and waits for the end. */
export async function stopChild(child: Child, graceMs: number): Promise<void> {
  if (child.process.exitCode !== null || child.process.signalCode !== null) return;
  child.process.kill("SIGTERM");
  const timer = setTimeout(() => child.process.kill("SIGKILL"), graceMs);
  await child.ended;
  clearTimeout(timer);
}
