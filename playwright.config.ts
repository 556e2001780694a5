/** End-to-end tests: the product as `npm start` runs it, on a port and a data folder of its own, in Chromium. */
import { tmpdir } from "node:os";
import path from "node:path";
import { defineConfig, devices } from "@playwright/test";
import { findChromium } from "./scripts/lib/chromium";

const port = Number(process.env.HONE_E2E_PORT ?? 4199);
const dataFolder = process.env.HONE_E2E_DATA ?? path.join(tmpdir(), `hone-e2e-${port}`);

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  // One server and one database: tests that share a queue of items run one after another.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1280, height: 800 },
    baseURL: `http://localhost:${port}`,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: findChromium() ?? undefined,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
      ],
    },
  },
  webServer: {
    command: "node scripts/start.mjs",
    url: `http://localhost:${port}/api/health`,
    env: { PORT: String(port), HONE_DATA: dataFolder, DATABASE_URL: "", NEXTAUTH_URL: "", NEXTAUTH_SECRET: "" },
    // The first time includes the build.
    timeout: 300_000,
    reuseExistingServer: false,
    stdout: "ignore",
    stderr: "pipe",
    // Anything harder would orphan the database.
    gracefulShutdown: { signal: "SIGTERM", timeout: 45_000 },
  },
});
