/** A project whose runs ask a fake endpoint, and workers whose waits take no time. */
import { setImmediate } from "node:timers/promises";
import type { Db } from "../../db/client";
import { type EndpointRow, insertEndpoint } from "../../db/queries/endpoints";
import { insertRun, type RunRow, selectRun } from "../../db/queries/runs";
import { endpointSettingsSchema, type EndpointSettings } from "../../domain/endpoint";
import { runConfigSchema } from "../../domain/run";
import type { UserContext } from "../../server/context";
import { createEndpointClient, sealEndpointKey } from "../../server/endpoint-client";
import type { Engine } from "../../trainer/engine/engine";
import { createWorker, type Worker } from "../../trainer/worker/worker";
import { addProject, addUser } from "./project-world";

export const SECRET = "the secret of this test";
export const NOW = Date.parse("2026-01-01T00:00:00Z");

export type FakeClock = { now(): number; sleep(ms: number): Promise<void>; slept: number[] };

/** Moves only by sleeping. */
export function createFakeClock(): FakeClock {
  let now = NOW;
  const slept: number[] = [];
  return {
    now: () => now,
    async sleep(ms) {
      slept.push(ms);
      now += ms;
      await setImmediate();
    },
    slept,
  };
}

export type EndpointWorld = { db: Db; researcher: UserContext; projectId: string };

export async function createEndpointWorld(db: Db): Promise<EndpointWorld> {
  return { db, researcher: await addUser(db, "researcher"), projectId: await addProject(db) };
}

export async function addEndpoint(
  { db, projectId, researcher }: EndpointWorld,
  name: string,
  settings: Partial<EndpointSettings> & { baseUrl: string },
): Promise<EndpointRow> {
  const row = await insertEndpoint(db, {
    projectId,
    name,
    model: "fake-1",
    settings: endpointSettingsSchema.parse({ requestsPerMinute: null, concurrency: 1, ...settings }),
    sealedKey: sealEndpointKey("sk-secret-of-the-test", SECRET),
    keyEnd: "test",
    allowPrivate: true,
    createdBy: researcher.user.id,
  });
  if (row === null) throw new Error("The test endpoint was not added");
  return row;
}

/** A worker that trains nothing. */
export function addRequestWorker(db: Db, name: string, clock: FakeClock = createFakeClock()): Promise<Worker> {
  return createWorker({
    db,
    engine: { description: "none" } as Engine,
    storeFolder: "/nonexistent",
    modelsFolder: "models",
    name,
    askEndpoint: createEndpointClient({ secret: SECRET, now: () => NOW }),
    clock,
  });
}

export function addEndpointRun(
  { db, projectId, researcher }: EndpointWorld,
  endpoint: EndpointRow,
  config: Record<string, unknown>,
): Promise<RunRow> {
  const parsed = runConfigSchema.parse(config);
  return insertRun(db, {
    projectId,
    kind: parsed.kind,
    name: "Test run",
    config: parsed,
    endpointId: endpoint.id,
    createdBy: researcher.user.id,
  });
}

export async function readRun(db: Db, id: string): Promise<RunRow> {
  const run = await selectRun(db, id);
  if (run === null) throw new Error("The run is gone");
  return run;
}
