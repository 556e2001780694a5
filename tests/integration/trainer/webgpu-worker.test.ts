/**
 * A worker of its own that HONE_ENGINE=webgpu starts, on Chromium's SwiftShader: its run beside the same one of
 * this process. A minute without a card: with HONE_TEST_WEBGPU=all only.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readRunEvents } from "../../../db/queries/run-events";
import { selectRun } from "../../../db/queries/runs";
import { runConfigSchema } from "../../../domain/run";
import { freezeDataset } from "../../../server/services/dataset";
import { createRun } from "../../../server/services/run";
import { loadEngine } from "../../../trainer/engine/engine";
import { createWorker, type Worker } from "../../../trainer/worker/worker";
import { createTestDb, type TestDb } from "../../helpers/database";
import { softwareVulkan } from "../../helpers/software-vulkan";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";

const SECRET = "only-for-this-test";
const vulkan = softwareVulkan();

let database: TestDb;
let project: TinyProject;
let worker: Worker;

beforeAll(async () => {
  database = await createTestDb();
  const engine = await loadEngine();
  project = await createTinyProject(database.db);
  vi.stubEnv("DATABASE_URL", database.url);
  vi.stubEnv("HONE_DATA", project.dataFolder);
  vi.stubEnv("NEXTAUTH_SECRET", SECRET);
  worker = await createWorker({ db: database.db, engine, storeFolder: project.storeFolder, modelsFolder: "models", name: "test-1" });
});
afterAll(async () => {
  await database.close();
  rmSync(project.dataFolder, { recursive: true, force: true });
});

async function startSft(): Promise<string> {
  const user = { id: project.researcherId, role: "researcher" as const, name: "Researcher", simulated: false };
  const ctx = { db: database.db, user };
  const dataset = await freezeDataset(ctx, { projectId: project.projectId, kind: "sft" });
  const config = { kind: "sft", method: "lora", batchSize: 2, maxSteps: 2, evalSteps: 0, lora: { loraDropout: 0 } };
  const { id } = await createRun(ctx, {
    projectId: project.projectId,
    name: "Run",
    config: runConfigSchema.parse(config),
    baseCheckpointId: project.baseId,
    rewardCheckpointId: null,
    datasetVersionId: dataset.id,
  });
  return id;
}

const losses = async (runId: string): Promise<number[]> =>
  (await readRunEvents(database.db, runId, 0, 1000)).flatMap(({ event }) =>
    event.kind === "metric" && "loss/train" in event.values ? [event.values["loss/train"] ?? Number.NaN] : [],
  );

it.skipIf(vulkan === null || process.env.HONE_TEST_WEBGPU === undefined)(
  "trains to the same losses as this process' engine",
  async () => {
    const native = await startSft();
    await worker.workOnce();
    const own = await startSft();
    const child = spawn(process.execPath, ["--import", "tsx", "scripts/worker.ts"], {
      env: { ...process.env, HONE_ENGINE: "webgpu", VK_ICD_FILENAMES: vulkan?.driver, LD_LIBRARY_PATH: vulkan?.folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stdout.on("data", (text) => (said += String(text)));
    child.stderr.on("data", (text) => (said += String(text)));
    const gone = new Promise((resolve) => child.once("close", resolve));
    try {
      await vi.waitFor(async () => expect((await selectRun(database.db, own))?.state, said).toMatch(/succeeded|failed/), {
        timeout: 150_000,
        interval: 200,
      });
    } finally {
      child.kill("SIGTERM");
      await gone;
    }
    expect(said).toContain("engine: WebGPU");
    const [expected, actual] = [await losses(native), await losses(own)];
    expect((await selectRun(database.db, own))?.state).toBe("succeeded");
    expect(actual.length).toBe(2);
    actual.forEach((loss, i) => expect(Math.abs(loss - (expected[i] ?? Number.NaN)), `${actual} against ${expected}`).toBeLessThan(1e-4));
  },
  170_000,
);
