/**
 * Starts one real PostgreSQL for the integration tests and makes the migrated template that each test
 * database is cloned from. TEST_DATABASE_URL names a server to use instead.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../db/embedded";
import { migrateDatabase } from "../../db/migrate";
import { onDatabase } from "./database-url";

declare module "vitest" {
  export interface ProvidedContext {
    databaseServer: { url: string; template: string };
  }
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given !== undefined && given !== "") return { url: given, stop: async () => undefined };
  const folder = mkdtempSync(path.join(tmpdir(), "hone-test-"));
  chmodSync(folder, 0o711);
  const server = await startEmbeddedPostgres(folder, { durable: false });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const template = `hone_template_${randomBytes(4).toString("hex")}`;
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`create database ${template}`);
  await migrateDatabase(onDatabase(server.url, template));
  project.provide("databaseServer", { url: server.url, template });
  return async () => {
    await sql.unsafe(`drop database ${template} with (force)`);
    await sql.end({ timeout: 5 });
    await server.stop();
  };
}
