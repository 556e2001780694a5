/** What a benchmark says: rows of figures, beside a reference implementation where there is one. */
import { execFile } from "node:child_process";
import os from "node:os";
import { promisify } from "node:util";

export type BenchRow = {
  name: string;
  unit: string;
  hone: number;
  reference: number | null;
  /** hone / reference for times and memory, reference / hone for rates: smaller is better. */
  ratio: number | null;
  /** Largest ratio that is good enough; of rows without reference the largest value. */
  bar: number | null;
  holds: boolean | null;
};

export type BenchResult = { rows: BenchRow[]; versions: Record<string, string>; notes?: string[] };

export type Bench = {
  name: string;
  description: string;
  /** `size` replaces the benchmark's own number of pairs, votes or rows. */
  run(options: { size?: number }): Promise<BenchResult>;
};

export type BenchReport = { bench: string; machine: string } & BenchResult;

export const machine = (): string =>
  `${os.cpus().length} x ${os.cpus()[0]?.model.trim() ?? "unknown processor"}, ${Math.round(os.totalmem() / 2 ** 30)} GB`;

/** A rate (more is better), with the bar on reference / hone. */
export function rateRow(name: string, unit: string, hone: number, reference: number | null, bar: number | null): BenchRow {
  const ratio = reference === null ? null : reference / hone;
  return { name, unit, hone, reference, ratio, bar, holds: ratio === null || bar === null ? null : ratio <= bar };
}

/** A time or an amount of memory (less is better), with the bar on hone / reference. */
export function ratioRow(name: string, unit: string, hone: number, reference: number | null, bar: number | null): BenchRow {
  const ratio = reference === null ? null : hone / reference;
  return { name, unit, hone, reference, ratio, bar, holds: ratio === null || bar === null ? null : ratio <= bar };
}

/** A number that has to stay below `bar`. */
export const limitRow = (name: string, unit: string, hone: number, bar: number): BenchRow => ({
  name,
  unit,
  hone,
  reference: null,
  ratio: null,
  bar,
  holds: hone <= bar,
});

/** Runs a Python script of the reference packages and reads the JSON that it prints; null with the reason where it cannot run. */
export async function runPython<T>(script: string, args: string[]): Promise<{ value: T } | { value: null; reason: string }> {
  const python = process.env.HONE_PYTHON ?? "python3";
  try {
    const { stdout } = await promisify(execFile)(python, [script, ...args], { maxBuffer: 2 ** 30 });
    return { value: JSON.parse(stdout) as T };
  } catch (error) {
    const message = (error instanceof Error && "stderr" in error && String(error.stderr).trim().split("\n").at(-1)) || String(error);
    return { value: null, reason: `${python}: ${message}` };
  }
}

const digits = (value: number | null) => (value === null ? "-" : Number(value.toPrecision(3)).toString());

export function formatBench({ bench, machine, versions, rows, notes = [] }: BenchReport): string {
  const cells = [
    ["", "unit", "Hone", "reference", "ratio", "bar", ""],
    ...rows.map((row) => [
      row.name,
      row.unit,
      digits(row.hone),
      digits(row.reference),
      digits(row.ratio),
      digits(row.bar),
      row.holds === null ? "" : row.holds ? "holds" : "FAILS",
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const table = cells.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [
    `${bench}: ${machine}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
    ...table,
    ...notes,
  ].join("\n");
}
