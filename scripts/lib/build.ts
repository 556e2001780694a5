/** `next build` when something it is made from has changed since the last one. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./root";

const SOURCES = [
  "app",
  "server",
  "db",
  "domain",
  "public",
  "next.config.ts",
  "proxy.ts",
  "postcss.config.mjs",
  "tsconfig.json",
  "package-lock.json",
];

function filesUnder(relative: string): string[] {
  const absolute = path.join(ROOT, relative);
  if (!existsSync(absolute)) return [];
  if (path.extname(relative) !== "" && !relative.includes(path.sep)) return [relative];
  return readdirSync(absolute, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath ?? entry.path, entry.name)));
}

/** sha256 over the names and contents of everything the build reads. */
export function hashSources(): string {
  const hash = createHash("sha256").update(`node ${process.versions.node.split(".")[0]}\n`);
  for (const file of SOURCES.flatMap(filesUnder).sort()) hash.update(`${file}\n`).update(readFileSync(path.join(ROOT, file)));
  return hash.digest("hex");
}

const buildFolder = () => path.join(ROOT, process.env.HONE_NEXT_DIR ?? ".next");

/** Whether the build that lies there is of these sources. */
export function isBuilt(hash: string): boolean {
  const stamp = path.join(buildFolder(), "hone-build");
  return existsSync(path.join(buildFolder(), "BUILD_ID")) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}

/**
 * Builds the web application if needed.
 * @param env environment of the build
 * @throws with the last lines it printed when it fails
 */
export async function buildWeb(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<{ built: boolean }> {
  const hash = hashSources();
  if (isBuilt(hash)) return { built: false };
  const child = spawn(process.execPath, [path.join(ROOT, "node_modules/next/dist/bin/next"), "build"], {
    cwd: ROOT,
    env: { ...env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`The web application does not build:\n${output.trim().split("\n").slice(-30).join("\n")}`);
  writeFileSync(path.join(buildFolder(), "hone-build"), hash);
  return { built: true };
}
