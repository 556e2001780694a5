/** `npm run bench -- votes`: what reads or writes all votes of a project, on a PostgreSQL of its own: quality report, export, import. */
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createDb, type Db } from "../../db/client";
import { startEmbeddedPostgres } from "../../db/embedded";
import { migrateDatabase } from "../../db/migrate";
import { fillVotes, touchNewestVote } from "../../db/queries/many-votes";
import { insertProject } from "../../db/queries/projects";
import { insertUser } from "../../db/queries/users";
import { fileKindSchema } from "../../server/files/file-kind";
import { readRows } from "../../server/files/read-rows";
import { exportJudgements } from "../../server/services/export";
import { importRows } from "../../server/services/import";
import { getQuality } from "../../server/services/quality";
import { type Bench, type BenchRow, limitRow } from "./report";

const REPORTED = 100_000;
const FILED = 50_000;

async function addProject(db: Db, slug: string): Promise<string> {
  const project = await insertProject(db, { slug, name: slug });
  if (project === null) throw new Error(`The project ${slug} was not made`);
  return project.id;
}

/** Seconds of `work`, and the most memory of this process meanwhile above what it had before, MiB. */
async function measure(work: () => Promise<unknown>): Promise<{ seconds: number; memory: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const start = performance.now();
  await work();
  clearInterval(timer);
  return { seconds: (performance.now() - start) / 1000, memory: (peak - before) / 2 ** 20 };
}

async function run(db: Db, folder: string, reported: number, filed: number): Promise<BenchRow[]> {
  const user = await insertUser(db, { email: "bench@example.org", name: "Bench", role: "researcher" });
  if (user === null) throw new Error("The account was not made");
  const ctx = { db, user: { id: user.id, role: user.role, name: user.name, simulated: false } };
  const rows: BenchRow[] = [];
  const many = await addProject(db, "many");
  await fillVotes(db, { projectId: many, items: Math.ceil(reported / 3), overlap: 3, annotators: 50 });
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 3; repeat++) {
    // Otherwise the report that is kept would be given.
    await touchNewestVote(db, many);
    best = Math.min(best, (await measure(() => getQuality(ctx, { projectId: many, simulated: false }))).seconds);
  }
  rows.push(limitRow(`quality report of ${reported} votes, read and computed`, "s", best, 1));
  const source = await addProject(db, "source");
  await fillVotes(db, { projectId: source, items: filed / 2, overlap: 2, annotators: 50 });
  for (const file of fileKindSchema.options) {
    const name = path.join(folder, `votes.${file}`);
    const written = await measure(() =>
      pipeline(
        Readable.from(exportJudgements(ctx, { projectId: source, simulated: false, layout: "hone", file })),
        createWriteStream(name),
      ),
    );
    const projectId = await addProject(db, `target-${file}`);
    const read = await measure(async () => {
      const { created } = await importRows(
        ctx,
        { projectId, kind: "comparisons", source: `votes.${file}`, policy: "refuse" },
        readRows(createReadStream(name), file),
      );
      if (created.judgements !== filed) throw new Error(`${file}: ${created.judgements} of ${filed} judgements came back`);
    });
    rows.push(
      limitRow(`export of ${filed} votes, ${file}`, "s", written.seconds, 5),
      limitRow(`import of ${filed} votes, ${file}`, "s", read.seconds, 20),
    );
    for (const [what, { memory }] of [
      ["export", written],
      ["import", read],
    ] as const)
      rows.push({
        ...limitRow(`${what}'s memory above the start, ${file}`, "MiB", memory, Number.POSITIVE_INFINITY),
        bar: null,
        holds: null,
      });
  }
  return rows;
}

export const votesBench: Bench = {
  name: "votes",
  description: "the quality report of 100,000 votes, and 50,000 votes out to each kind of file and in again",
  async run({ size }) {
    const folder = await mkdtemp(path.join(tmpdir(), "hone-bench-"));
    await chmod(folder, 0o711);
    const server = await startEmbeddedPostgres(folder, { durable: false });
    const { db, close } = createDb(server.url);
    try {
      await migrateDatabase(server.url);
      return {
        rows: await run(db, folder, size ?? REPORTED, size ?? FILED),
        versions: { node: process.versions.node, postgresql: String(server.version) },
      };
    } finally {
      await close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};
