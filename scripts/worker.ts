/** `npm run worker`: one trainer process. Any number may run, on any machine that reaches the database and the file store. */
import { hostname } from "node:os";
import path from "node:path";
import { createDb } from "../db/client";
import { migrateDatabase } from "../db/migrate";
import { createEndpointClient } from "../server/endpoint-client";
import { parseWorkerEnv } from "../server/env";
import { loadEngine } from "../trainer/engine/engine";
import { createWorker } from "../trainer/worker/worker";
import { completeEnvironment, loadEnvFile } from "./lib/environment";
import { fail } from "./lib/fail";
import { ROOT } from "./lib/root";

async function main(): Promise<void> {
  loadEnvFile();
  const { databaseUrl, dataFolder, engine: prefer, hub, secret } = parseWorkerEnv(completeEnvironment());
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await migrateDatabase(databaseUrl);
  const engine = await loadEngine({ prefer });
  console.log(`engine: ${engine.description}`);
  const { db, close } = createDb(databaseUrl, { max: 4 });
  const name = `${hostname()}-${process.pid}`;
  const worker = await createWorker({
    db,
    engine,
    storeFolder: path.join(dataFolder, "store"),
    modelsFolder: path.join(ROOT, "models"),
    benchmarksFolder: path.join(dataFolder, "benchmarks"),
    hub,
    askEndpoint: createEndpointClient({ secret }),
    name,
  });
  console.log(`${name} waits for runs`);
  await worker.work(stop.signal);
  await close();
}

main().then(() => process.exit(0), fail);
