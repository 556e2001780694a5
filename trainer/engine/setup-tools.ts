/** What the engine's set-up finds on this machine: Python, pip, a compiler, node-gyp, a GPU. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** First line a command prints; null when it is not there or fails. */
export async function firstLine(command: string, args: string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: 20_000 });
    return (stdout || stderr).split("\n")[0]?.trim() ?? null;
  } catch {
    return null;
  }
}

/** A command and its first arguments. */
export type Command = [string, ...string[]];

export type Tools = {
  python: { command: string; version: string } | null;
  pip: Command | null;
  compiler: string | null;
  make: string | null;
  nodeGyp: string | null;
  /** Folder that holds include/node with this Node's headers; without one node-gyp fetches them. */
  nodeHeaders: string | null;
  gpu: string | null;
};

async function firstThat<T>(candidates: T[], works: (candidate: T) => Promise<boolean>): Promise<T | null> {
  for (const candidate of candidates) if (await works(candidate)) return candidate;
  return null;
}

/** node-gyp comes with npm; npm lies beside the node that runs us, or where npm says. */
function findNodeGyp(): string | null {
  const prefix = path.dirname(path.dirname(process.execPath));
  const npmFolders = [
    ...(process.env.npm_execpath === undefined ? [] : [path.dirname(path.dirname(process.env.npm_execpath))]),
    path.join(prefix, "lib/node_modules/npm"),
    path.join(prefix, "share/nodejs/npm"),
    "/usr/share/nodejs/npm",
    "/usr/local/lib/node_modules/npm",
  ];
  const candidates = [
    ...npmFolders.map((folder) => path.join(folder, "node_modules/node-gyp/bin/node-gyp.js")),
    "/usr/share/nodejs/node-gyp/bin/node-gyp.js",
  ];
  return candidates.find((file) => existsSync(file)) ?? null;
}

function findNodeHeaders(): string | null {
  const prefixes = [path.dirname(path.dirname(process.execPath)), "/usr", "/usr/local"];
  return prefixes.find((prefix) => existsSync(path.join(prefix, "include/node/node_api.h"))) ?? null;
}

export async function findTools(): Promise<Tools> {
  const pythonCommand = await firstThat(["python3", "python"], async (name) =>
    /^Python 3/.test((await firstLine(name, ["--version"])) ?? ""),
  );
  const python =
    pythonCommand === null
      ? null
      : { command: pythonCommand, version: ((await firstLine(pythonCommand, ["--version"])) ?? "").replace("Python ", "") };
  const pips: Command[] = [...(pythonCommand === null ? [] : [[pythonCommand, "-m", "pip"] as Command]), ["pip3"], ["pip"], ["uvx", "pip"]];
  const [pip, compiler, make, gpu] = await Promise.all([
    firstThat(pips, async ([command, ...args]) => (await firstLine(command, [...args, "--version"])) !== null),
    firstLine(process.env.CXX ?? "g++", ["--version"]).then((found) => found ?? firstLine("clang++", ["--version"])),
    firstLine("make", ["--version"]),
    firstLine("nvidia-smi", ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]),
  ]);
  return { python, pip, compiler, make, nodeGyp: findNodeGyp(), nodeHeaders: findNodeHeaders(), gpu };
}
