/** `npm run bench -- annotators`: the production build under annotators, over HTTP, on a PostgreSQL of its own; then with both killed in mid-load. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { encode } from "next-auth/jwt";
import { createDb, type Db } from "../../db/client";
import { startEmbeddedPostgres } from "../../db/embedded";
import { migrateDatabase } from "../../db/migrate";
import { countEvents, countWrongs, fillPeople, fillQueue } from "../../db/queries/many-votes";
import { insertProject } from "../../db/queries/projects";
import { insertUser } from "../../db/queries/users";
import { createRandom } from "../../domain/random";
import { hashPassword, passwordMark } from "../../server/password";
import { buildWeb } from "../lib/build";
import { type Child, startChild, stopChild } from "../lib/children";
import { isPortTaken, waitUntilServing, webArguments } from "../lib/web-process";
import { annotate, type Load, send, signIn } from "./annotator-client";
import { type Bench, type BenchRow, limitRow } from "./report";

const FEW = { annotators: 200, thinkMs: 1000, seconds: 45, bar: 50 };
const MANY = { annotators: 10_000, thinkMs: 37_000, seconds: 90, bar: 150 };
const WARM_UP_SECONDS = 10;
const ITEMS = 40_000;
const OVERLAP = 3;
/** Project pages that are open meanwhile, each asking for its counters as the page does. */
const WATCHERS = 5;
const WATCH_MS = 10_000;

const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;

async function freePort(): Promise<number> {
  for (let port = 3900; ; port++) if (!(await isPortTaken(port, "127.0.0.1"))) return port;
}

/** Processor time of a process and of those that it started and that still live, ms; NaN where the system does not tell. */
function processorOf(pid: number | undefined): number {
  const ticks = (of: string) => {
    // After the command, which may hold spaces: state, parent, and as the 12th and 13th user and system time, 100 a second.
    const fields = readFileSync(`/proc/${of}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * 10 };
  };
  try {
    let sum = 0;
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
      try {
        const { parent, ms } = ticks(name);
        if (Number(name) === pid || parent === pid) sum += ms;
      } catch {
        // It ended meanwhile.
      }
    }
    return sum;
  } catch {
    return Number.NaN;
  }
}

const postmasterOf = (folder: string) => Number(readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n")[0]);

/** Memory of a process, MiB; NaN where the system does not tell. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The web process of one measurement, which can be killed and started again. */
function createWeb(folder: string, databaseUrl: string, port: number, secret: string) {
  const at = { port, host: "127.0.0.1" };
  const env = {
    ...process.env,
    NODE_ENV: "production" as const,
    NEXT_TELEMETRY_DISABLED: "1",
    HONE_DATA: folder,
    DATABASE_URL: databaseUrl,
    NEXTAUTH_SECRET: secret,
    NEXTAUTH_URL: `http://127.0.0.1:${port}`,
  };
  let child: Child | null = null;
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: () => child?.process.pid,
    async start() {
      const started = startChild("web", webArguments(at), { env, logFolder: folder });
      child = started;
      await waitUntilServing(at, () => started.process.exitCode !== null || started.process.signalCode !== null);
    },
    async kill() {
      child?.process.kill("SIGKILL");
      await child?.ended;
    },
    stop: async () => (child === null ? undefined : stopChild(child, 5_000)),
  };
}

type World = { db: Db; web: ReturnType<typeof createWeb>; secret: string; researcher: string; databaseFolder: string };

/** A session cookie as NextAuth makes it, without the cost of a sign-in. */
async function mint(secret: string, id: string, passwordHash: string | null): Promise<string> {
  return `next-auth.session-token=${await encode({ secret, token: { sub: id, name: "Bench", role: "annotator", mark: passwordMark(passwordHash) } })}`;
}

async function createQueue({ db }: World, slug: string): Promise<string> {
  const project = await insertProject(db, { slug, name: slug, overlap: OVERLAP });
  if (project === null) throw new Error(`The project ${slug} was not made`);
  await fillQueue(db, { projectId: project.id, items: ITEMS, overlap: OVERLAP });
  return project.id;
}

/** Runs `annotators` until the time is over, with project pages open; `during` happens meanwhile. */
async function drive(
  world: World,
  projectId: string,
  cookies: string[],
  pace: { thinkMs: number; seconds: number },
  during?: () => Promise<void>,
) {
  const random = createRandom(1, "load");
  const start = performance.now();
  const load: Load = {
    origin: world.web.origin,
    projectId,
    // Half to one and a half times the mean: people are not in step.
    thinkMs: () => pace.thinkMs * (0.5 + random.next()),
    until: start + pace.seconds * 1000,
    next: [],
    submit: [],
    acknowledged: [],
    failures: [],
  };
  const watched: number[] = [];
  const watch = async () => {
    const input = encodeURIComponent(JSON.stringify({ json: { projectId } }));
    while (performance.now() < load.until) {
      const at = performance.now();
      const answer = await send(`${load.origin}/api/trpc/project.overview?input=${input}`, {
        method: "GET",
        cookie: world.researcher,
      }).catch(() => null);
      if (answer?.status === 200) watched.push(performance.now() - at);
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    }
  };
  const processor = () => ({ web: processorOf(world.web.pid()), database: processorOf(postmasterOf(world.databaseFolder)) });
  const before = processor();
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(memoryOf(world.web.pid())), 1000);
  const everybody = Promise.all([
    ...cookies.map((cookie) => annotate(load, cookie, random.next() * Math.min(pace.thinkMs, pace.seconds * 1000))),
    ...Array.from({ length: WATCHERS }, watch),
  ]);
  await Promise.all([everybody, during?.()]);
  clearInterval(timer);
  const after = processor();
  const spent = { web: after.web - before.web, database: after.database - before.database };
  // The first seconds pay for what is compiled and connected once.
  const warm = start + WARM_UP_SECONDS * 1000;
  const times = (all: Load["next"]) => all.filter(({ at }) => at >= warm).map(({ ms }) => ms);
  return { load, next: times(load.next), submit: times(load.submit), watched, memory, spent };
}

type Driven = Awaited<ReturnType<typeof drive>>;

function paceRows(who: string, { next, submit, watched, memory, load, spent }: Driven, bar: number, seconds: number): BenchRow[] {
  const figure = (name: string, unit: string, value: number): BenchRow => ({
    ...limitRow(name, unit, value, Number.POSITIVE_INFINITY),
    bar: null,
    holds: null,
  });
  const third = Math.floor(memory.length / 3);
  return [
    limitRow(`${who}: next item, p95`, "ms", quantile(next, 0.95), bar),
    limitRow(`${who}: submit, p95`, "ms", quantile(submit, 0.95), bar),
    figure(`${who}: next item, p50`, "ms", quantile(next, 0.5)),
    figure(`${who}: submit, p50`, "ms", quantile(submit, 0.5)),
    figure(`${who}: judgements`, "per s", load.acknowledged.length / seconds),
    figure(`${who}: processor time of the web process`, "ms a judgement", spent.web / load.acknowledged.length),
    figure(`${who}: processor time of PostgreSQL`, "ms a judgement", spent.database / load.acknowledged.length),
    figure(`${who}: counters of the project page, p95`, "ms", quantile(watched, 0.95)),
    limitRow(
      `${who}: web process's memory, last third / second third`,
      "times",
      quantile(memory.slice(2 * third), 0.5) / quantile(memory.slice(third, 2 * third), 0.5),
      1.15,
    ),
    limitRow(`${who}: requests without an answer`, "requests", load.failures.length, 0),
  ];
}

/** Rows that say what was lost, stored twice or given to too many. */
async function wrongRows(db: Db, projectId: string, load: Load, what: string): Promise<BenchRow[]> {
  const stored = await countEvents(db, load.acknowledged);
  const lost = load.acknowledged.filter((id) => stored.get(id) !== 1).length;
  const { overAssigned, twice, judgements } = await countWrongs(db, projectId);
  return [
    limitRow(`${what}: acknowledged votes that are not there exactly once, of ${load.acknowledged.length}`, "votes", lost, 0),
    limitRow(`${what}: items judged by too many or twice by one, of ${judgements} votes`, "items", overAssigned + twice, 0),
  ];
}

async function measure(folder: string, size: number | undefined): Promise<{ rows: BenchRow[]; version: number; notes: string[] }> {
  const few = { ...FEW, annotators: size ?? FEW.annotators };
  const many = { ...MANY, annotators: size === undefined ? MANY.annotators : size * 50 };
  const server = await startEmbeddedPostgres(folder);
  const { db, close } = createDb(server.url);
  await migrateDatabase(server.url);
  const secret = randomBytes(32).toString("base64url");
  const port = await freePort();
  const web = createWeb(folder, server.url, port, secret);
  let stopServer = () => server.stop();
  try {
    const researcher = await insertUser(db, { email: "researcher@example.org", name: "Researcher", role: "researcher" });
    if (researcher === null) throw new Error("The account was not made");
    const world: World = { db, web, secret, researcher: await mint(secret, researcher.id, null), databaseFolder: server.folder };
    const rows: BenchRow[] = [];
    await web.start();

    const passwordHash = await hashPassword("bench-of-annotators");
    const fewProject = await createQueue(world, "few");
    const people = await fillPeople(db, { projectId: fewProject, annotators: few.annotators, passwordHash });
    const cookies: string[] = [];
    for (const { email } of people) cookies.push(await signIn(web.origin, email, "bench-of-annotators"));
    const quick = await drive(world, fewProject, cookies, few);
    rows.push(...paceRows(`${few.annotators} annotators, 1 s of thinking`, quick, few.bar, few.seconds));
    rows.push(...(await wrongRows(db, fewProject, quick.load, "1 s of thinking")));

    const manyProject = await createQueue(world, "many");
    const crowd = await fillPeople(db, { projectId: manyProject, annotators: many.annotators });
    const minted = await Promise.all(crowd.map(({ id }) => mint(secret, id, null)));
    const slow = await drive(world, manyProject, minted, many);
    rows.push(...paceRows(`${many.annotators} annotators, 37 s a judgement`, slow, many.bar, many.seconds));
    rows.push(...(await wrongRows(db, manyProject, slow.load, "37 s a judgement")));

    const killedProject = await createQueue(world, "killed");
    const killed = await drive(world, killedProject, cookies, { ...few, seconds: 30 }, async () => {
      const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      await sleep(8_000);
      await web.kill();
      await web.start();
      await sleep(6_000);
      process.kill(postmasterOf(server.folder), "SIGKILL");
      await server.ended;
      const again = await startEmbeddedPostgres(folder);
      stopServer = () => again.stop();
    });
    rows.push(...(await wrongRows(db, killedProject, killed.load, "web and PostgreSQL killed with -9")));
    const failures = new Set([...quick.load.failures, ...slow.load.failures]);
    return { rows, version: server.version, notes: [...failures].map((message) => `Without an answer: ${message}`) };
  } finally {
    await web.stop();
    await close();
    await stopServer();
  }
}

export const annotatorsBench: Bench = {
  name: "annotators",
  description: "200 annotators with a second of thinking and 10,000 at human pace against the production build; then kill -9",
  async run({ size }) {
    await buildWeb({ ...process.env, NODE_ENV: "production" });
    const folder = await mkdtemp(path.join(tmpdir(), "hone-bench-"));
    await chmod(folder, 0o711);
    try {
      const { rows, version, notes } = await measure(folder, size);
      return { rows, versions: { node: process.versions.node, postgresql: String(version) }, notes };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
