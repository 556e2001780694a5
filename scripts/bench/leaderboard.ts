/**
 * `npm run bench -- leaderboard`: ratings of a million votes of 130 models beside arena-rank and evalica, the distance to the
 * converged optimum (numpy), and reading those votes from PostgreSQL. Times are the best of warm runs in one process, of the
 * processor (all threads, collecting garbage too), so that other programs do not count; reading is by the clock.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createDb } from "../../db/client";
import { startEmbeddedPostgres } from "../../db/embedded";
import { migrateDatabase } from "../../db/migrate";
import { selectVoteMark } from "../../db/queries/leaderboard";
import { insertSyntheticVotes } from "../../db/queries/synthetic-votes";
import { readCompletions, readVotes } from "../../db/queries/vote-columns";
import { createRandom } from "../../domain/random";
import { bootstrapStrengths } from "../../domain/ratings/bootstrap";
import { ELO } from "../../domain/ratings/bradley-terry";
import { createOnlineRatings } from "../../domain/ratings/online";
import { rateVotes } from "../../domain/ratings/rate";
import { fitStyle } from "../../domain/ratings/style";
import type { Votes } from "../../domain/ratings/votes";
import { ROOT } from "../lib/root";
import { type Bench, type BenchRow, limitRow, runPython } from "./report";

const VOTES = 1_000_000;
const MODELS = 130;
const FEATURES = 4;
const STYLE_VOTES = 2;
const ANNOTATORS = 10;

type Reference = {
  versions: Record<string, string>;
  seconds: Partial<Record<"prepare" | "fit" | "bootstrap" | "style" | "evalica", number>>;
  theta: number[];
  missing: string[];
};

/** Votes of models with normal strengths, a fifth of them ties, and what the answers look like. */
function simulate(count: number, features: number): { votes: Votes; style: Float64Array } {
  const random = createRandom(1, "bench-leaderboard");
  const theta = Array.from({ length: MODELS }, () => random.normal() * 0.7);
  const votes: Votes = {
    models: MODELS,
    a: new Uint16Array(count),
    b: new Uint16Array(count),
    outcome: new Uint8Array(count),
    judgement: null,
    weight: null,
  };
  const style = new Float64Array(count * features);
  for (let row = 0; row < count; row++) {
    const a = random.int(MODELS);
    const b = (a + 1 + random.int(MODELS - 1)) % MODELS;
    let d = (theta[a] as number) - (theta[b] as number);
    for (let f = 0; f < features; f++) {
      const value = Math.fround(random.normal());
      style[row * features + f] = value;
      d += (0.3 / (f + 1)) * value;
    }
    const [up, down] = [Math.exp(d / 2), Math.exp(-d / 2)];
    const dice = random.next() * (up + down + 0.6);
    votes.a[row] = a;
    votes.b[row] = b;
    votes.outcome[row] = dice < up ? 0 : dice < up + down ? 1 : 2;
  }
  return { votes, style };
}

/** The rows as the Python side reads them. */
function encode({ a, b, outcome }: Votes, style: Float64Array | null): Buffer {
  const width = 6 + (style === null ? 0 : 4 * FEATURES);
  const out = Buffer.alloc(a.length * width);
  for (let row = 0; row < a.length; row++) {
    out.writeUInt16LE(a[row] as number, row * width);
    out.writeUInt16LE(b[row] as number, row * width + 2);
    out.writeUInt16LE(outcome[row] as number, row * width + 4);
    if (style !== null) for (let f = 0; f < FEATURES; f++) out.writeFloatLE(style[row * FEATURES + f] as number, row * width + 6 + 4 * f);
  }
  return out;
}

/** The best of `runs` in milliseconds of the processor, after as many to warm up. */
function best(runs: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2 * runs; run++) {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    if (run >= runs) least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const row = (name: string, unit: string, hone: number, reference: number | null, bar: number | null): BenchRow => ({
  name,
  unit,
  hone,
  reference,
  ratio: reference === null ? null : hone / reference,
  bar,
  holds: bar === null ? null : hone < bar,
});

/** Seconds to read a project's votes from PostgreSQL into columns: the first time, and again. */
async function measureReading(folder: string, count: number): Promise<number> {
  const server = await startEmbeddedPostgres(path.join(folder, "data"), { durable: false });
  const { db, close } = createDb(server.url);
  try {
    await migrateDatabase(server.url);
    const items = Math.ceil(count / ANNOTATORS);
    const projectId = await insertSyntheticVotes(db, "bench", { models: MODELS, prompts: 1000, items, annotators: ANNOTATORS });
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      const mark = await selectVoteMark(db, { projectId, votes: "all" });
      const { index } = await readCompletions(db, projectId);
      const { columns } = await readVotes(db, { projectId, votes: "all", completions: index, expected: mark.count, upTo: mark.last });
      if (columns.length !== items * ANNOTATORS) throw new Error(`${columns.length} of ${items * ANNOTATORS} votes were read`);
      least = Math.min(least, performance.now() - start);
    }
    return least / 1000;
  } finally {
    await close();
    await server.stop();
  }
}

export const leaderboardBench: Bench = {
  name: "leaderboard",
  description: `ratings of ${VOTES.toLocaleString("en")} votes of ${MODELS} models beside arena-rank and evalica, and reading them from PostgreSQL`,
  async run({ size = VOTES }) {
    const folder = mkdtempSync(path.join(os.tmpdir(), "hone-bench-"));
    try {
      // PostgreSQL may run under another account.
      chmodSync(folder, 0o711);
      const data = () => ({ votes: simulate(size, 0).votes, styled: simulate(STYLE_VOTES * size, FEATURES) });
      const written = data();
      writeFileSync(path.join(folder, "votes.bin"), encode(written.votes, null));
      writeFileSync(path.join(folder, "style.bin"), encode(written.styled.votes, written.styled.style));
      const python = await runPython<Reference>(path.join(ROOT, "scripts/bench/leaderboard.py"), [
        path.join(folder, "votes.bin"),
        path.join(folder, "style.bin"),
        String(MODELS),
      ]);
      const seconds = python.value?.seconds ?? {};
      const ms = (name: keyof typeof seconds) => (seconds[name] === undefined ? null : 1000 * seconds[name]);

      // The same again: the system moves memory away that lay idle while Python worked.
      const { votes, styled } = data();
      const rated = rateVotes(votes, { seed: 1 });
      const label = `${size.toLocaleString("en")} votes x ${MODELS} models`;
      const prepared = seconds.prepare === undefined || seconds.fit === undefined ? null : 1000 * (seconds.prepare + seconds.fit);
      const online = createOnlineRatings(votes);
      const random = createRandom(2, "bench-online");
      const updates = 300;
      const addVotes = () => {
        for (let k = 0; k < updates; k++) {
          const a = random.int(MODELS);
          online.add(a, (a + 1 + random.int(MODELS - 1)) % MODELS, random.int(3));
          online.strengths();
        }
      };
      const rows: BenchRow[] = [
        row(
          `${label}: ratings, sandwich, ranks, P(first); beside arena-rank's preparation, fit and sandwich`,
          "ms (processor)",
          best(8, () => rateVotes(votes, { seed: 1 })),
          prepared,
          50,
        ),
        row(
          "the same beside evalica's Bradley-Terry without errors",
          "ms (processor)",
          best(3, () => rateVotes(votes, { seed: 1 })),
          ms("evalica"),
          null,
        ),
        row(
          "100 bootstrap refits (arena-rank: 25 times four of its refits)",
          "ms (processor)",
          best(2, () => bootstrapStrengths(votes, rated.fit, { seed: 1, samples: 100 })),
          ms("bootstrap"),
          1000,
        ),
        row(
          `${(STYLE_VOTES * size).toLocaleString("en")} votes, ${FEATURES} style features, sandwich`,
          "ms (processor)",
          best(2, () => fitStyle(styled.votes, styled.style, FEATURES)),
          ms("style"),
          1000,
        ),
        row("refit after one vote", "ms (processor)", best(3, addVotes) / updates, null, 1),
      ];
      if (python.value !== null) {
        const { theta } = python.value;
        rows.push(
          limitRow(
            "farthest score from the converged optimum",
            "Elo",
            Math.max(...theta.map((value, i) => Math.abs(value - (rated.fit.x[i] as number)))) * ELO,
            0.01,
          ),
        );
      }
      rows.push(row("reading the votes from PostgreSQL", "s", await measureReading(folder, size), null, 3));
      return {
        rows,
        versions: { node: process.versions.node, ...python.value?.versions },
        notes:
          python.value === null
            ? [`No reference: ${python.reason} (pip install arena-rank evalica, HONE_PYTHON names another Python)`]
            : python.value.missing.map((name) => `Not installed: ${name}`),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
