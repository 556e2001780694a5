/** Rows of the trainer's benchmarks: Hone beside the reference stack on the same weights and ids, in turns. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { BenchResult, BenchRow } from "../report";
import { limitRow, ratioRow } from "../report";
import { type Measured, measureInTurns, type Rounds, startHone, startReference } from "./pair";
import { prepareWork, type Work } from "./work";

const INSTALL = "pip install torch==2.9.1 transformers==5.23.0 peft==0.21.2 trl==1.12.0 datasets, HONE_PYTHON names its Python";

export type Comparison = Rounds & {
  name: string;
  work: Work;
  unit?: string;
  /** What a unit of it is, where a step is several: tokens of a generation. */
  perStep?: number;
  bar: number | null;
  /** Bar of the peak of memory; left out where memory is no figure of this row. */
  memoryBar?: number | null;
};

export type Compared = { hone: Measured; reference: Measured | null; rows: BenchRow[] };

/** Losses before and after two updates, or the share of greedy tokens that differ. */
function agreementRow(name: string, hone: Measured, reference: Measured): BenchRow | null {
  if (hone.tokens.length > 0) {
    const pairs = hone.tokens.flatMap((row, i) => row.map((id, t) => id === reference.tokens[i]?.[t]));
    return limitRow(`${name}: share of greedy tokens that differ`, "share", pairs.filter((same) => !same).length / pairs.length, 0.01);
  }
  const differences = hone.losses.slice(0, 3).map((loss, i) => Math.abs(loss - (reference.losses[i] ?? Number.NaN)));
  return differences.length === 0 || reference.losses.length === 0
    ? null
    : limitRow(`${name}: largest difference of the first three losses`, "nats", Math.max(...differences), 1e-4);
}

/** Runs `work` on both sides; without the reference's packages on Hone's alone, with the reason among the notes. */
export async function compare(comparison: Comparison, notes: string[]): Promise<Compared> {
  const { name, work, unit = "ms", perStep = 1, bar, memoryBar } = comparison;
  const folder = await mkdtemp(path.join(os.tmpdir(), "hone-bench-"));
  try {
    const file = await prepareWork(folder, work);
    const measure = (withReference: boolean) =>
      measureInTurns([startHone(file), ...(withReference ? [startReference(file)] : [])], comparison);
    let measured: Measured[];
    try {
      measured = await measure(notes.length === 0);
    } catch (error) {
      if (!/No module named|ModuleNotFoundError|ImportError|ENOENT/.test(String(error))) throw error;
      notes.push(`No reference: ${error instanceof Error ? error.message : error} (${INSTALL})`);
      measured = await measure(false);
    }
    const [hone, reference = null] = measured as [Measured, Measured?];
    const rows = [ratioRow(name, unit, hone.median / perStep, reference && reference.median / perStep, bar)];
    if (memoryBar !== undefined)
      rows.push(ratioRow(`${name}: peak memory`, "MB", hone.peak ?? Number.NaN, reference?.peak ?? null, memoryBar));
    const agreement = reference && agreementRow(name, hone, reference);
    return { hone, reference, rows: agreement ? [...rows, agreement] : rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const bestOf = (name: string, { hone, reference }: Compared, perStep: number): string[] =>
  reference === null
    ? []
    : [
        `${name}: best steps ${(hone.best / perStep).toPrecision(3)} / ${(reference.best / perStep).toPrecision(3)} = ${(hone.best / reference.best).toFixed(2)}`,
      ];

/** All of `comparisons`, one after another; `size` is a number of steps instead of each one's own. */
export async function compareAll(
  comparisons: readonly Comparison[],
  size: number | undefined,
): Promise<BenchResult & { compared: Map<string, Compared> }> {
  const notes: string[] = [];
  const compared = new Map<string, Compared>();
  for (const comparison of comparisons) {
    const rounds = size === undefined ? comparison.rounds : Math.max(1, Math.round(size / comparison.steps));
    compared.set(comparison.name, await compare({ ...comparison, rounds }, notes));
  }
  const versions = Object.assign(
    {},
    ...[...compared.values()].flatMap(({ hone, reference }) => [hone.versions, reference?.versions ?? {}]),
  );
  for (const { name, perStep = 1 } of comparisons) notes.push(...bestOf(name, compared.get(name) as Compared, perStep));
  return { rows: [...compared.values()].flatMap(({ rows }) => rows), versions, notes, compared };
}
