/** The variables of the commands: .env, folders made absolute, and what an installation makes for itself. */
import { existsSync } from "node:fs";
import path from "node:path";
import { findRunningUrl } from "../../db/embedded";
import { ensureSecret } from "../../server/secret";
import { ROOT } from "./root";

/** Reads .env into the environment, as Next.js does for the web process; what is set already stays. */
export function loadEnvFile(): void {
  const file = path.join(ROOT, ".env");
  // Node 20.12 brought loadEnvFile; before that variables come from the shell only.
  if (existsSync(file)) process.loadEnvFile?.(file);
}

/** The data folder as an absolute path. */
export function dataFolder(): string {
  return path.resolve(ROOT, process.env.HONE_DATA || ".hone");
}

/**
 * The environment of a web or worker process. Without DATABASE_URL, the database that `npm start` runs on
 * the same data folder is used.
 */
export function completeEnvironment(given: { databaseUrl?: string } = {}): NodeJS.ProcessEnv {
  const folder = dataFolder();
  const databaseUrl = given.databaseUrl ?? (process.env.DATABASE_URL || findRunningUrl(folder) || undefined);
  return {
    ...process.env,
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    HONE_DATA: folder,
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    NEXTAUTH_SECRET: process.env.NEXTAUTH_SECRET || ensureSecret(folder),
    NEXTAUTH_URL: process.env.NEXTAUTH_URL || `http://localhost:${process.env.PORT || 3000}`,
  };
}
