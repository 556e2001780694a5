/** `npm run bench [-- name...]`: figures of the product, beside reference implementations where they are installed. */
import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { annotatorsBench } from "./bench/annotators";
import { benchmarkBench } from "./bench/benchmark/benchmark";
import { leaderboardBench } from "./bench/leaderboard";
import { memoryBench } from "./bench/memory";
import { metricsBench } from "./bench/metrics";
import { type Bench, type BenchReport, formatBench, machine } from "./bench/report";
import { generateBench } from "./bench/trainer/generate";
import { ppoBench } from "./bench/trainer/ppo";
import { trainBench } from "./bench/trainer/train";
import { votesBench } from "./bench/votes";
import { fail } from "./lib/fail";

const BENCHES: readonly Bench[] = [
  metricsBench,
  leaderboardBench,
  votesBench,
  annotatorsBench,
  trainBench,
  generateBench,
  ppoBench,
  benchmarkBench,
  memoryBench,
];

function readSize(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1) throw new InvalidArgumentError("expected a whole number from 1 on");
  return size;
}

const program = new Command("bench")
  .description(
    `Measures, and says what was measured on.\n\n${BENCHES.map(({ name, description }) => `  ${name}: ${description}`).join("\n")}`,
  )
  .argument("[names...]", "which benchmarks; all without a name")
  .option("--size <n>", "pairs, votes, rows or steps instead of the benchmark's own number", readSize)
  .option("--json <file>", "write the reports there; - is the standard output")
  .addHelpText("after", "\nPython of the reference implementations: HONE_PYTHON, python3 without it.")
  .parse();

try {
  const { size, json } = program.opts<{ size?: number; json?: string }>();
  const unknown = program.args.find((name) => BENCHES.every((bench) => bench.name !== name));
  if (unknown !== undefined) fail(`There is no benchmark "${unknown}"; there are ${BENCHES.map(({ name }) => name).join(", ")}`, 2);
  const reports: BenchReport[] = [];
  for (const { name, run } of BENCHES.filter((bench) => program.args.length === 0 || program.args.includes(bench.name))) {
    const report = { bench: name, machine: machine(), ...(await run({ size })) };
    reports.push(report);
    if (json !== "-") console.log(formatBench(report));
  }
  const text = JSON.stringify(reports, null, 2);
  if (json === "-") console.log(text);
  else if (json !== undefined) await writeFile(json, `${text}\n`);
  if (reports.some(({ rows }) => rows.some(({ holds }) => holds === false))) process.exitCode = 3;
} catch (error) {
  fail(error);
}
