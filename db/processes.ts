/** Whether a process still lives, told apart from another one that got its number later. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** True when some process has this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function ps(pid: number, column: "lstart=" | "comm="): string | null {
  try {
    return execFileSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || null;
  } catch {
    return null;
  }
}

/** When the process started, in whatever form the system tells it; null where it does not. */
export function startTimeOf(pid: number): string | null {
  if (existsSync(`/proc/${pid}/stat`)) {
    // The command (field 2) may hold spaces and brackets; field 22 is the start time in clock ticks since boot.
    const afterCommand = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    return afterCommand.split(" ")[19] ?? null;
  }
  return ps(pid, "lstart=");
}

/** The command's name without folder; null where the system does not tell. */
export function commandOf(pid: number): string | null {
  if (existsSync(`/proc/${pid}/comm`)) return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  return ps(pid, "comm=")?.split("/").at(-1) ?? null;
}
