/** End-to-end tests: the product as `npm start` runs it, on a port and a data folder of its own, in Chromium. */
import { defineConfig, devices } from "@playwright/test";
import { findChromium } from "./scripts/lib/chromium";
import { DATA_FOLDER, PORT } from "./tests/e2e/place";

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
    baseURL: `http://localhost:${PORT}`,
    // A click that waits longer has nothing to click on.
    actionTimeout: 20_000,
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
    url: `http://localhost:${PORT}/api/health`,
    env: { PORT: String(PORT), HONE_DATA: DATA_FOLDER, DATABASE_URL: "", NEXTAUTH_URL: "", NEXTAUTH_SECRET: "" },
    // The first time includes the build.
    timeout: 300_000,
    reuseExistingServer: false,
    stdout: "ignore",
    stderr: "pipe",
    // Anything harder would orphan the database.
    gracefulShutdown: { signal: "SIGTERM", timeout: 45_000 },
  },
});
