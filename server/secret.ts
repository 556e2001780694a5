/** The key that signs sessions, made once for an installation that brings none. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Reads `<dataFolder>/secret`, writing a random one first (readable by its owner only) when there is none. */
export function ensureSecret(dataFolder: string): string {
  const file = path.join(dataFolder, "secret");
  mkdirSync(dataFolder, { recursive: true });
  try {
    // wx: of two processes that start at once, one writes and the other reads what it wrote.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(file, "utf8").trim();
}
