/** Hone's side of `npm run bench -- benchmark`: argv is work.json; each line of the input is a number of rounds over its tasks. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { expandTasks } from "../../../domain/tasks/registry";
import { loadCheckpoint } from "../../../trainer/checkpoint/checkpoint-chain";
import { loadEngine } from "../../../trainer/engine/engine";
import { loadBenchmark, runBenchmark } from "../../../trainer/evaluation/benchmark";
import { openAnswerCache } from "../../../trainer/evaluation/result-cache";
import { folderSource } from "../../../trainer/evaluation/task-source";
import type { Turn } from "../trainer/pair";
import type { BenchmarkWork } from "./work";

const work = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as BenchmarkWork;
const engine = await loadEngine();
const checkpoint = await loadCheckpoint([{ kind: "base", folder: work.model }]);
const peak = () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? Number.NaN) / 1000;

/** Reads the tasks, asks everything anew, and gives the log-likelihoods (of texts, their lengths) in their order. */
async function evaluate(): Promise<number[]> {
  const source = folderSource(work.data);
  const tasks = await loadBenchmark(expandTasks([work.task]), { source, required: true, shots: work.shots, limit: null, seed: 1 });
  const outcomes = await runBenchmark(
    engine,
    { checkpoint, tasks, batchSize: work.batchSize, cache: await openAnswerCache(null) },
    async () => undefined,
  );
  return [...(outcomes ?? [])].flatMap(([, rows]) =>
    rows.flatMap(({ logprobs, text }) => (logprobs.length > 0 ? logprobs : [text.length])),
  );
}

for await (const line of createInterface({ input: process.stdin })) {
  const turn: Turn = { ms: [], losses: [], peak: null, versions: { node: process.versions.node, engine: engine.description } };
  for (let round = 0; round < Number(line); round++) {
    const started = performance.now();
    turn.losses = await evaluate();
    turn.ms.push(performance.now() - started);
  }
  console.log(JSON.stringify({ ...turn, peak: peak() }));
}
