/**
 * `npm start`, after the packages are there: database, migrations, demo project, build, web, engine, worker;
 * then waits, and stops all of it in order on Ctrl-C. What keeps it from starting is said in one message.
 */
import path from "node:path";
import { createDb } from "../db/client";
import { EmbeddedPostgresError, startEmbeddedPostgres } from "../db/embedded";
import { lockDataFolder } from "../db/folder-lock";
import { migrateDatabase } from "../db/migrate";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "../domain/demo-accounts";
import { type Env, parseEnv } from "../server/env";
import { seedDemo, seedTasksProject } from "../server/services/demo";
import { setupEngine } from "../trainer/engine/setup";
import { buildWeb } from "./lib/build";
import { type Child, startChild, stopChild } from "./lib/children";
import { completeEnvironment, loadEnvFile } from "./lib/environment";
import { ROOT } from "./lib/root";
import { isPortTaken, waitUntilServing, webArguments } from "./lib/web-process";

/** Long enough for a worker to finish its step and save a checkpoint. */
const WORKER_GRACE_MS = 30_000;
const WEB_GRACE_MS = 5_000;
const TSX = path.join(ROOT, "node_modules/tsx/dist/loader.mjs");

/** Exit codes, for scripts that start Hone: 1 anything else, 2 a wrong variable, 3 already running, 4 port in use, 5 database. */
class StartError extends Error {
  override readonly name = "StartError";
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

const started = Date.now();
const stop = new AbortController();
const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
/** Undone in reverse order at the end. */
const cleanups: (() => Promise<void> | void)[] = [];

function say(what: string, detail: string): void {
  console.log(`  ${what.padEnd(10)} ${detail}`);
}

function readEnvironment(): Env {
  loadEnvFile();
  try {
    // The embedded database's address is not known yet; everything else is checked before anything starts.
    return parseEnv(completeEnvironment({ databaseUrl: process.env.DATABASE_URL || "postgres://embedded" }));
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), 2);
  }
}

async function takePlace(env: Env): Promise<void> {
  const lock = lockDataFolder(env.dataFolder, env.auth.url);
  if ("holder" in lock) {
    throw new StartError(
      `Hone already runs on ${env.dataFolder}: ${lock.holder.address} (process ${lock.holder.pid}). Stop that one, or give this one a folder of its own: HONE_DATA=/another/folder PORT=${env.port + 1} npm start`,
      3,
    );
  }
  cleanups.push(() => lock.release());
  if (await isPortTaken(env.port, env.host)) {
    throw new StartError(`Port ${env.port} is in use by another program. Choose another one: PORT=${env.port + 1} npm start`, 4);
  }
}

/** @returns the address of the database, given or our own. */
async function startDatabase(env: Env): Promise<string> {
  if (process.env.DATABASE_URL) {
    say("database", new URL(process.env.DATABASE_URL).host);
    return process.env.DATABASE_URL;
  }
  const server = await startEmbeddedPostgres(env.dataFolder);
  cleanups.push(() => server.stop());
  void server.ended.then((lastLines) => {
    if (stop.signal.aborted) return;
    console.error(`The database ended:\n${lastLines}`);
    process.exitCode = 5;
    stop.abort();
  });
  say("database", `PostgreSQL ${server.version} in ${path.relative(process.cwd(), server.folder) || server.folder}`);
  return server.url;
}

async function seed(databaseUrl: string): Promise<void> {
  const { db, close } = createDb(databaseUrl, { max: 2 });
  try {
    await seedDemo(db, { modelsFolder: path.join(ROOT, "models") });
    await seedTasksProject(db);
  } finally {
    await close();
  }
}

async function startWeb(env: Env, variables: NodeJS.ProcessEnv): Promise<void> {
  const building = Date.now();
  const { built } = await buildWeb(variables, stop.signal);
  if (built) say("build", `${Math.round((Date.now() - building) / 1000)} s`);
  const web = startChild("web", webArguments(env), { env: variables, logFolder: env.dataFolder });
  cleanups.push(() => stopChild(web, WEB_GRACE_MS));
  await waitUntilServing(env, () => web.process.exitCode !== null || stop.signal.aborted);
  void web.ended.then(({ code, signal }) => {
    if (stop.signal.aborted) return;
    console.error(`The web process ended (${signal ?? code}); see ${path.join(env.dataFolder, "web.log")}`);
    process.exitCode = 1;
    stop.abort();
  });
}

/** Keeps one worker running: a worker that dies gives its run back, and the next one goes on from the checkpoint. */
async function keepWorker(env: Env, variables: NodeJS.ProcessEnv): Promise<void> {
  let current: Child | undefined;
  cleanups.push(() => (current === undefined ? undefined : stopChild(current, WORKER_GRACE_MS)));
  let waitMs = 1_000;
  while (!stop.signal.aborted) {
    const since = Date.now();
    current = startChild("worker", ["--import", TSX, "scripts/worker.ts"], { env: variables, logFolder: env.dataFolder, echo: true });
    const end = await Promise.race([current.ended, stopped]);
    if (end === undefined || stop.signal.aborted) return;
    waitMs = Date.now() - since > 60_000 ? 1_000 : Math.min(waitMs * 2, 60_000);
    console.error(`worker ended (${end.signal ?? end.code}); another one starts in ${waitMs / 1000} s`);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, waitMs)), stopped]);
  }
}

async function prepareEngine(env: Env): Promise<void> {
  if (env.engine === "wasm" || env.engine === "webgpu") return;
  const result = await setupEngine({ log: (line) => say("engine", line) });
  if (result.ok) {
    if (result.how !== "already there") say("engine", `TensorFlow, ${result.how} (${result.seconds} s)`);
    return;
  }
  say("engine", `not TensorFlow: ${result.reason}. For the fast engine: ${result.advice}.`);
}

function printAddress(env: Env, demo: boolean): void {
  console.log(`\nHone is ready: ${env.auth.url}  (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  if (demo) {
    console.log(`  Demo accounts, password ${DEMO_PASSWORD}:`);
    for (const { email, role } of DEMO_ACCOUNTS) console.log(`    ${email.padEnd(26)} ${role}`);
  }
  console.log(`  Ctrl-C stops everything; the data stays in ${path.relative(process.cwd(), env.dataFolder) || env.dataFolder}\n`);
}

async function start(): Promise<void> {
  const env = readEnvironment();
  console.log("Hone");
  await takePlace(env);
  // Downloading the engine takes longest on a first start: it goes on beside everything else.
  const engine = prepareEngine(env);
  const databaseUrl = await startDatabase(env);
  const variables = completeEnvironment({ databaseUrl });
  await migrateDatabase(databaseUrl);
  const demo = env.demo ?? !process.env.DATABASE_URL;
  if (demo) await seed(databaseUrl);
  stop.signal.throwIfAborted();
  await startWeb(env, variables);
  stop.signal.throwIfAborted();
  printAddress(env, demo);
  await Promise.race([engine, stopped]);
  stop.signal.throwIfAborted();
  await keepWorker(env, variables);
}

function listen(): void {
  let asked = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      asked += 1;
      // The second Ctrl-C means now: the children end when our channel to them closes.
      if (asked === 2) process.exit(130);
      if (asked === 1) console.log("\nStopping ...");
      stop.abort();
    });
  }
}

function report(error: unknown): void {
  if (stop.signal.aborted) return;
  stop.abort();
  if (error instanceof StartError) process.exitCode = error.code;
  else process.exitCode = error instanceof EmbeddedPostgresError || isDiskFull(error) ? 5 : 1;
  if (isDiskFull(error))
    console.error(`\nThe disk is full: ${(error as Error).message}. Free some space, or choose another data folder with HONE_DATA.`);
  else if (error instanceof StartError || error instanceof EmbeddedPostgresError) console.error(`\n${error.message}`);
  else console.error(error);
}

/** From the file system (ENOSPC) or from PostgreSQL (53100). */
function isDiskFull(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return code === "ENOSPC" || code === "53100" || (cause !== undefined && isDiskFull(cause));
}

listen();
await start().catch(report);
for (const cleanup of cleanups.reverse()) {
  try {
    await cleanup();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode ??= 1;
  }
}
process.exit();
