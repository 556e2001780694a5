/** The linter enforces the arrows between folders: each forbidden import, planted in a copy of the configuration, is refused. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string;

/** Importing file, what it imports, and whether that is allowed. */
const CASES: [file: string, specifier: string, allowed: boolean][] = [
  ["domain/a.ts", "../db/client", false],
  ["domain/metrics/a.ts", "@/server/errors", false],
  ["domain/metrics/a.ts", "../../trainer/worker", false],
  ["domain/a.ts", "drizzle-orm", false],
  ["domain/a.ts", "drizzle-orm/pg-core", false],
  ["domain/a.ts", "react", false],
  ["domain/a.ts", "zod", true],
  ["domain/metrics/a.ts", "../dataset", true],
  ["db/queries/a.ts", "../../domain/run", true],
  ["db/queries/a.ts", "drizzle-orm", true],
  ["db/queries/a.ts", "../../server/errors", false],
  ["db/a.ts", "../server/errors", false],
  ["db/a.ts", "@/app/trpc", false],
  ["db/a.ts", "next/headers", false],
  ["server/services/a.ts", "../../db/queries/runs", true],
  ["server/services/a.ts", "@/db/client", true],
  ["server/services/a.ts", "drizzle-orm", false],
  ["server/services/a.ts", "../../app/trpc", false],
  ["server/services/a.ts", "../../trainer/worker", false],
  ["server/a.ts", "../scripts/lib/root", false],
  ["app/runs/page.tsx", "@/server/session", true],
  ["app/runs/page.tsx", "@/domain/run", true],
  ["app/runs/page.tsx", "@/app/trpc", true],
  ["app/runs/page.tsx", "@/db/client", false],
  ["app/runs/[id]/page.tsx", "../../../db/client", false],
  ["app/runs/page.tsx", "@/trainer/worker", false],
  ["app/page.tsx", "postgres", false],
  ["trainer/worker/a.ts", "../../db/client", true],
  ["trainer/engine/a.ts", "../../db/client", false],
  ["trainer/a.ts", "../db/client", false],
  ["trainer/algorithms/a.ts", "../../server/env", false],
  ["trainer/algorithms/a.ts", "../../domain/run", true],
  ["scripts/a.ts", "../trainer/worker/worker", true],
  ["scripts/lib/a.ts", "../../app/trpc", false],
  ["scripts/a.ts", "../tests/helpers/database", false],
];

const fileOf = (index: number, file: string) => `${path.dirname(file)}/planted-${index}${path.extname(file)}`;

let refused: Set<string>;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "hone-arrows-"));
  // Without git in the copy, the ignore file has nothing to be read from.
  const config = JSON.parse(readFileSync(path.join(root, "biome.json"), "utf8")) as { vcs?: object; $schema?: string };
  writeFileSync(path.join(folder, "biome.json"), JSON.stringify({ ...config, vcs: undefined, $schema: undefined }));
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  cpSync(path.join(root, "package.json"), path.join(folder, "package.json"));
  CASES.forEach(([file, specifier], index) => {
    const planted = path.join(folder, fileOf(index, file));
    mkdirSync(path.dirname(planted), { recursive: true });
    writeFileSync(planted, `import { thing } from "${specifier}";\nexport const used = thing;\n`);
  });
  const biome = path.join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=json", "."];
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 24 }).catch((error: { stdout: string }) => error);
  refused = new Set([...stdout.matchAll(/planted-(\d+)\.tsx?/g)].map(([, index]) => index ?? ""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("arrows between folders", () => {
  it.each(CASES.map(([file, specifier, allowed], index) => ({ file, specifier, allowed, index })))(
    "$file may import $specifier: $allowed",
    ({ allowed, index }) => {
      expect(refused.has(String(index))).toBe(!allowed);
    },
  );
});
