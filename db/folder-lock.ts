/** One `npm start` per data folder: a lock file with the number and start time of its holder. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isAlive, startTimeOf } from "./processes";

export type FolderHolder = { pid: number; startTime: string | null; address: string };

const lockPath = (dataFolder: string) => path.join(dataFolder, "lock.json");

/** Who runs on this data folder; null when nobody does, or when who did has died. */
export function readHolder(dataFolder: string): FolderHolder | null {
  try {
    const holder = JSON.parse(readFileSync(lockPath(dataFolder), "utf8")) as FolderHolder;
    // A number alone may belong to another process by now.
    return isAlive(holder.pid) && startTimeOf(holder.pid) === holder.startTime ? holder : null;
  } catch {
    return null;
  }
}

/**
 * Takes the data folder for this process.
 * @returns the holder when somebody else has it (nothing is taken then), or `release`.
 */
export function lockDataFolder(dataFolder: string, address: string): { holder: FolderHolder } | { release(): void } {
  mkdirSync(dataFolder, { recursive: true });
  const me: FolderHolder = { pid: process.pid, startTime: startTimeOf(process.pid), address };
  const mine = path.join(dataFolder, `lock.${process.pid}.tmp`);
  writeFileSync(mine, JSON.stringify(me));
  try {
    for (;;) {
      try {
        // link fails when the name exists, and what it makes is whole: no reader sees half a file.
        linkSync(mine, lockPath(dataFolder));
        return { release: () => rmSync(lockPath(dataFolder), { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const holder = readHolder(dataFolder);
        if (holder !== null) return { holder };
        rmSync(lockPath(dataFolder), { force: true });
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
}
