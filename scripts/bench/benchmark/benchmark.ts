/** `npm run bench -- benchmark`: the benchmark runner beside lm-evaluation-harness, in turns on the same model and rows. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Bench, type BenchRow, limitRow, ratioRow } from "../report";
import { here, type Measured, measureInTurns, startNode, startPython } from "../trainer/pair";
import { prepareBenchmark } from "./work";

const INSTALL = "pip install lm-eval==0.4.13 torch==2.9.1 transformers==5.23.0 datasets==5.2.0 scikit-learn, HONE_PYTHON names its Python";

const WORKS = [
  { name: "hellaswag, 4 endings", task: "hellaswag", rows: 64, shots: 0 },
  { name: "rte, 2 words", task: "rte", rows: 128, shots: 0 },
  { name: "mmlu_anatomy, an example, 4 letters", task: "mmlu_anatomy", rows: 64, shots: 1 },
  { name: "nq_open, texts", task: "nq_open", rows: 32, shots: 0 },
] as const;

/** As far as float32 on two engines allows. */
const TOLERANCE = 1e-4;

export const benchmarkBench: Bench = {
  name: "benchmark",
  description: "benchmark tasks beside lm-evaluation-harness",
  async run({ size }) {
    const rows: BenchRow[] = [];
    const notes: string[] = [];
    const versions: Record<string, string> = {};
    let installed = true;
    for (const { name, task, rows: usual, shots } of WORKS) {
      const folder = await mkdtemp(path.join(os.tmpdir(), "hone-bench-"));
      try {
        const file = await prepareBenchmark(folder, task, { rows: size ?? usual, shots });
        const measure = (withReference: boolean) =>
          measureInTurns(
            [
              startNode(here("../benchmark/hone.ts"), file),
              ...(withReference ? [startPython(here("../benchmark/reference.py"), file)] : []),
            ],
            {
              warm: 1,
              rounds: 3,
              steps: 1,
            },
          );
        let measured: Measured[];
        try {
          measured = await measure(installed);
        } catch (error) {
          if (!/No module named|ModuleNotFoundError|ImportError|ENOENT/.test(String(error))) throw error;
          installed = false;
          notes.push(`No reference: ${error instanceof Error ? error.message : error} (${INSTALL})`);
          measured = await measure(false);
        }
        const [hone, reference = null] = measured as [Measured, Measured?];
        rows.push(ratioRow(name, "ms", hone.median, reference?.median ?? null, 1));
        if (reference !== null) {
          const largest = Math.max(
            ...reference.losses.map((value, i) => Math.abs(value - (hone.losses[i] ?? Number.NaN)) / Math.max(1, Math.abs(value))),
          );
          rows.push(
            limitRow(`${name}: largest difference of an answer`, task === "nq_open" ? "of its length" : "relative", largest, TOLERANCE),
          );
          notes.push(`${name}: best rounds ${(hone.best / reference.best).toFixed(2)}`);
        }
        Object.assign(versions, hone.versions, reference?.versions);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    return { rows, versions, notes };
  },
};
