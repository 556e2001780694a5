/**
 * `npm test`, after the packages are there: every check one after another, none skipped because another
 * failed. The last line is `N passed, N failed`; the exit code is 1 when anything failed.
 * `npm test -- types lint` runs only the stages named.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setupEngine } from "../trainer/engine/setup";
import { ensureChromium } from "./lib/chromium";
import { ROOT } from "./lib/root";

type Count = { passed: number; failed: number; skipped?: number };
type Stage = { name: string; run: () => Promise<Count> };

const work = mkdtempSync(path.join(tmpdir(), "hone-npm-test-"));
const bin = (relative: string) => path.join(ROOT, "node_modules", relative);

/** Runs a Node program in the terminal. @returns its exit code. */
function node(args: string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } as NodeJS.ProcessEnv });
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** A check that passes or fails as a whole. */
async function whole(...commands: string[][]): Promise<Count> {
  for (const command of commands) if ((await node(command)) !== 0) return { passed: 0, failed: 1 };
  return { passed: 1, failed: 0 };
}

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
};

/** A file that does not load, and an error outside any test, count as one failure. */
async function vitest(project: string): Promise<Count> {
  const report = path.join(work, `${project}.json`);
  const code = await node([
    bin("vitest/vitest.mjs"),
    "run",
    "--project",
    project,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, "utf8")) as VitestReport;
  const broken = testResults.filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0).length;
  const failed = numFailedTests + broken;
  return { passed: numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed, skipped: numPendingTests };
}

type PlaywrightReport = { stats: { expected: number; unexpected: number; flaky: number; skipped: number } };

async function playwright(): Promise<Count> {
  const report = path.join(work, "e2e.json");
  const env = { HONE_CHROMIUM: ensureChromium(ROOT), HONE_E2E_DATA: path.join(work, "e2e-data"), PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const code = await node([bin("@playwright/test/cli.js"), "test", "--reporter=list,json"], env);
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { expected, unexpected, flaky, skipped } = (JSON.parse(readFileSync(report, "utf8")) as PlaywrightReport).stats;
  const failed = unexpected + flaky;
  return { passed: expected, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

const STAGES: Stage[] = [
  // A fresh clone has no next-env.d.ts and no types of its routes yet.
  { name: "types", run: () => whole([bin("next/dist/bin/next"), "typegen"], [bin("typescript/bin/tsc"), "--noEmit", "-p", "."]) },
  { name: "lint", run: () => whole([bin("@biomejs/biome/bin/biome"), "lint", "--error-on-warnings", "."]) },
  { name: "unused", run: () => whole([bin("knip/bin/knip.js")]) },
  { name: "unit", run: () => vitest("unit") },
  { name: "integration", run: () => vitest("integration") },
  { name: "e2e", run: playwright },
];

async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) throw new Error(`Unknown stage ${unknown.join(", ")}; there are ${STAGES.map(({ name }) => name).join(", ")}`);
  const stages = STAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const engine = await setupEngine({ log: console.log });
  console.log(engine.ok ? `engine: TensorFlow, ${engine.how}` : `engine: WebAssembly (${engine.reason}; ${engine.advice})`);

  const total = { passed: 0, failed: 0 };
  const lines: string[] = [];
  for (const { name, run } of stages) {
    console.log(`\n== ${name}`);
    const started = Date.now();
    const count = await run().catch((error: unknown): Count => {
      console.error(error instanceof Error ? error.message : error);
      return { passed: 0, failed: 1 };
    });
    total.passed += count.passed;
    total.failed += count.failed;
    const skipped = count.skipped ? `, ${count.skipped} skipped` : "";
    lines.push(
      `${name.padEnd(12)} ${`${count.passed} passed, ${count.failed} failed${skipped}`.padEnd(36)} ${Math.round((Date.now() - started) / 1000)} s`,
    );
  }
  console.log(`\n${lines.join("\n")}\n\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

let code = 1;
try {
  code = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exit(code);
