/** Speed and memory of what reads or writes all votes of a project, on a PostgreSQL of its own: quality, export, import. */
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { createDb } from "../db/client";
import { startEmbeddedPostgres } from "../db/embedded";
import { migrateDatabase } from "../db/migrate";
import { fillVotes, touchNewestVote } from "../db/queries/many-votes";
import { insertProject } from "../db/queries/projects";
import { insertUser } from "../db/queries/users";
import { fileKindSchema } from "../server/files/file-kind";
import { readRows } from "../server/files/read-rows";
import { exportJudgements } from "../server/services/export";
import { importRows } from "../server/services/import";
import { getQuality } from "../server/services/quality";

const options = new Command("bench-votes")
  .description("Measures the quality report at 100,000 votes, and export and import of 50,000.")
  .option("--quality <votes>", "votes of the quality report", Number, 100_000)
  .option("--files <votes>", "votes that are exported and imported", Number, 50_000)
  .parse()
  .opts<{ quality: number; files: number }>();

const folder = await mkdtemp(path.join(tmpdir(), "hone-bench-"));
await chmod(folder, 0o711);
const server = await startEmbeddedPostgres(folder, { durable: false });
try {
  await migrateDatabase(server.url);
  const { db, close } = createDb(server.url);
  const user = await insertUser(db, { email: "bench@example.org", name: "Bench", role: "researcher" });
  if (user === null) throw new Error("The account was not made");
  const ctx = { db, user: { id: user.id, role: user.role, name: user.name, simulated: false } };
  const addProject = async (slug: string) => {
    const project = await insertProject(db, { slug, name: slug });
    if (project === null) throw new Error(`The project ${slug} was not made`);
    return project.id;
  };
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const measure = async <T>(name: string, work: () => Promise<T>, say: (result: T) => string) => {
    peak = process.memoryUsage.rss();
    const before = peak;
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const result = await work();
    const seconds = (performance.now() - start) / 1000;
    const mb = (bytes: number) => Math.round(bytes / 2 ** 20);
    console.log(`${name}: ${seconds.toFixed(2)} s (CPU of this process ${(process.cpuUsage(cpu).user / 1e6).toFixed(2)} s), memory ${mb(before)} to ${mb(peak)} MB; ${say(result)}`);
  };
  const many = await addProject("many");
  await fillVotes(db, { projectId: many, items: Math.ceil(options.quality / 3), overlap: 3, annotators: 50 });
  for (const run of [1, 2, 3]) {
    // Otherwise the report that is kept would be given.
    await touchNewestVote(db, many);
    await measure(`quality, run ${run}`, () => getQuality(ctx, { projectId: many, simulated: false }), ({ votes }) => `${votes} votes`);
  }
  const source = await addProject("source");
  await fillVotes(db, { projectId: source, items: options.files / 2, overlap: 2, annotators: 50 });
  for (const file of fileKindSchema.options) {
    const name = path.join(folder, `votes.${file}`);
    const write = () => pipeline(Readable.from(exportJudgements(ctx, { projectId: source, simulated: false, layout: "hone", file })), createWriteStream(name));
    await measure(`export ${file}`, write, () => "");
    console.log(`  ${((await stat(name)).size / 2 ** 20).toFixed(0)} MB`);
    const target = await addProject(`target-${file}`);
    const read = () => importRows(ctx, { projectId: target, kind: "comparisons", source: `votes.${file}`, policy: "refuse" }, readRows(createReadStream(name), file));
    await measure(`import ${file}`, read, ({ created, errorCount }) => `${created.judgements} judgements, ${errorCount} wrong`);
  }
  clearInterval(timer);
  await close();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
