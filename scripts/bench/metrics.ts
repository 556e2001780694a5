/**
 * `npm run bench -- metrics`: text metrics beside rouge_score and sacrebleu in one run, in pairs a second of processor time
 * (of all threads: collecting garbage counts, other programs do not), and the largest difference of their scores. The pairs are real text: pieces of the installed packages' documentation, as it is and as
 * seeded edits left it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type BleuTokenizer, bleuFromStatistics, bleuStatistics, sumBleuStatistics } from "../../domain/metrics/bleu";
import { chrfFromStatistics, chrfStatistics } from "../../domain/metrics/chrf";
import { ROUGE_METRICS, scoreRouge } from "../../domain/metrics/rouge";
import { createRandom, type Random } from "../../domain/random";
import { ROOT } from "../lib/root";
import { type Bench, type BenchRow, limitRow, rateRow, runPython } from "./report";

type Pair = [reference: string, candidate: string, second: string];
type Reference = { versions: Record<string, string>; results: Record<string, { seconds: number; values: number[][] }> };

const PAIRS = 2_000;
const WORDS = 63;

/** Pieces of about WORDS words, line breaks kept, of every README and other Markdown in the installed packages. */
async function readPieces(count: number): Promise<string[]> {
  const folder = path.join(ROOT, "node_modules");
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".md"));
  const pieces: string[] = [];
  for (const file of files.sort()) {
    if (pieces.length >= count) break;
    const words = (await readFile(path.join(folder, file), "utf8")).split(/(?<=\s)(?=\S)/);
    for (let start = 0; start + WORDS <= words.length; start += WORDS) pieces.push(words.slice(start, start + WORDS).join(""));
  }
  if (pieces.length < count)
    throw new Error(`node_modules has text for ${pieces.length} pairs only, not for ${count}: choose a smaller --size`);
  return pieces.slice(0, count);
}

/** Words dropped, doubled, swapped, taken from elsewhere, cut, in another case; about `rate` of them. */
function edit(text: string, other: string, rate: number, random: Random): string {
  const words = text.split(/(?<=\s)(?=\S)/);
  const others = other.split(/(?<=\s)(?=\S)/);
  const out: string[] = [];
  for (const [i, word] of words.entries()) {
    if (random.next() >= rate) {
      out.push(word);
      continue;
    }
    switch (random.int(6)) {
      case 0:
        break;
      case 1:
        out.push(word, word);
        break;
      case 2:
        out.push(words[i + 1] ?? "", word);
        break;
      case 3:
        out.push(random.pick(others));
        break;
      case 4:
        out.push(word.slice(0, Math.ceil(word.length / 2)));
        break;
      default:
        out.push(random.int(2) ? word.toUpperCase() : word.toLowerCase());
    }
  }
  return out.join("");
}

export async function makePairs(count: number): Promise<Pair[]> {
  const random = createRandom(1, "bench-metrics");
  const pieces = await readPieces(count);
  return pieces.map((reference, i) => {
    const other = pieces[(i + 1) % pieces.length] as string;
    return [reference, edit(reference, other, random.pick([0.05, 0.2, 0.5, 0.9]), random), edit(reference, other, 0.3, random)];
  });
}

const rouge = (stem: boolean) => (pairs: Pair[]) =>
  pairs.map(([reference, candidate]) => {
    const scores = scoreRouge(reference, candidate, { stem });
    return ROUGE_METRICS.flatMap((metric) => [scores[metric].precision, scores[metric].recall, scores[metric].f]);
  });

const bleu =
  (tokenize: BleuTokenizer, two = false) =>
  (pairs: Pair[]) => [
    [
      bleuFromStatistics(
        sumBleuStatistics(
          pairs.map(([reference, candidate, second]) => bleuStatistics(candidate, two ? [reference, second] : [reference], { tokenize })),
        ),
      ).score,
    ],
  ];

const chrf = (wordOrder: 0 | 2) => (pairs: Pair[]) => {
  const sums: number[] = [];
  for (const [reference, candidate] of pairs)
    for (const [i, count] of chrfStatistics(candidate, [reference], { wordOrder }).entries()) sums[i] = (sums[i] ?? 0) + count;
  return [[chrfFromStatistics(sums)]];
};

const chrfSentences = (wordOrder: 0 | 2) => (pairs: Pair[]) =>
  pairs.map(([reference, candidate]) => [chrfFromStatistics(chrfStatistics(candidate, [reference], { wordOrder }))]);

/** Named as in metrics.py; bars: three times rouge_score's, twice sacrebleu's throughput. */
const MEASURES: { name: string; bar: number; score: (pairs: Pair[]) => number[][] }[] = [
  { name: "rouge stemmed", bar: 1 / 3, score: rouge(true) },
  { name: "rouge plain", bar: 1 / 3, score: rouge(false) },
  ...(["13a", "intl", "char", "none"] as const).map((tokenize) => ({ name: `BLEU corpus ${tokenize}`, bar: 1 / 2, score: bleu(tokenize) })),
  { name: "BLEU corpus 13a, two references", bar: 1 / 2, score: bleu("13a", true) },
  {
    name: "BLEU sentence 13a",
    bar: 1 / 2,
    score: (pairs) =>
      pairs.map(([reference, candidate]) => [bleuFromStatistics(bleuStatistics(candidate, [reference]), { effectiveOrder: true }).score]),
  },
  ...(
    [
      [0, "chrF"],
      [2, "chrF++"],
    ] as const
  ).flatMap(([order, name]) => [
    { name: `${name} corpus`, bar: 1 / 2, score: chrf(order) },
    { name: `${name} sentence`, bar: 1 / 2, score: chrfSentences(order) },
  ]),
];

const largestDifference = (a: number[][], b: number[][]) =>
  a.length === b.length
    ? Math.max(...a.map((row, i) => Math.max(...row.map((x, k) => Math.abs(x - (b[i]?.[k] ?? Number.NaN))))))
    : Number.POSITIVE_INFINITY;

export const metricsBench: Bench = {
  name: "metrics",
  description: `ROUGE, BLEU and chrF of ${PAIRS.toLocaleString("en")} pairs of ${WORDS} words beside rouge_score and sacrebleu`,
  async run({ size = PAIRS }) {
    const pairs = await makePairs(size);
    const folder = mkdtempSync(path.join(os.tmpdir(), "hone-bench-"));
    try {
      const file = path.join(folder, "pairs.json");
      await writeFile(file, JSON.stringify(pairs));
      const reference = await runPython<Reference>(path.join(ROOT, "scripts/bench/metrics.py"), [file]);
      const rows: BenchRow[] = [];
      let worst = 0;
      for (const { name, bar, score } of MEASURES) {
        score(pairs.slice(0, 500));
        const start = process.cpuUsage();
        const values = score(pairs);
        const { user, system } = process.cpuUsage(start);
        const seconds = (user + system) / 1e6;
        const theirs = reference.value?.results[name];
        if (theirs) worst = Math.max(worst, largestDifference(values, theirs.values));
        rows.push(rateRow(name, "pairs/s (processor)", size / seconds, theirs ? size / theirs.seconds : null, bar));
      }
      if (reference.value) rows.push(limitRow(`largest difference of a score, ${size} pairs`, "absolute", worst, 1e-6));
      return {
        rows,
        versions: { node: process.versions.node, ...reference.value?.versions },
        notes: reference.value
          ? []
          : [`No reference: ${reference.reason} (pip install rouge_score==0.1.2 sacrebleu==2.6.0, HONE_PYTHON names another Python)`],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
