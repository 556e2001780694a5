/** The browser of the end-to-end tests: one that is installed, or the one Playwright brings. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a browser; null when there is none. HONE_CHROMIUM names one. */
export function findChromium(): string | null {
  return [process.env.HONE_CHROMIUM ?? "", ...INSTALLED, chromium.executablePath()].find((file) => file !== "" && existsSync(file)) ?? null;
}

const INSTALLERS: [string, string[]][] = [
  ...(process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")
    ? ([
        ["apt-get", ["update", "-qq"]],
        ["apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"]],
      ] as [string, string[]][])
    : []),
  [process.execPath, ["node_modules/@playwright/test/cli.js", "install", "chromium"]],
];

/** As `findChromium`, installing one first where there is none. @throws with what to do when that fails. */
export function ensureChromium(root: string): string {
  const found = findChromium();
  if (found !== null) return found;
  console.log("Installing Chromium for the end-to-end tests ...");
  for (const [command, args] of INSTALLERS) {
    try {
      execFileSync(command, args, {
        cwd: root,
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
    } catch {
      // The next one may work; what is missing is said at the end.
    }
    const installed = findChromium();
    if (installed !== null) return installed;
  }
  throw new Error(
    "There is no Chromium for the end-to-end tests. Install it (Debian: apt-get install chromium), or name one with HONE_CHROMIUM.",
  );
}
