/** How much memory there is: of the machine or the container around this process, of the GPU, and of this process. */
import { readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import { firstLine } from "./setup-tools";

/** The first of some control-group files that holds a number; "max" is none. */
async function readLimit(...files: string[]): Promise<number | null> {
  for (const file of files) {
    const text = await readFile(file, "utf8").catch(() => "");
    const value = Number(text.trim());
    if (text.trim() !== "" && Number.isFinite(value)) return value;
  }
  return null;
}

const LIMITS = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes of the machine, or of the container where that is less, and of the first NVIDIA GPU; null without one. */
export async function machineMemory(): Promise<{ memoryBytes: number; gpuMemoryBytes: number | null }> {
  const limit = await readLimit(...LIMITS);
  const gpu = await firstLine("nvidia-smi", ["--query-gpu=memory.total", "--format=csv,noheader,nounits"]);
  const mebibytes = Number(gpu ?? Number.NaN);
  return {
    memoryBytes: Math.min(os.totalmem(), limit ?? Number.POSITIVE_INFINITY),
    gpuMemoryBytes: Number.isFinite(mebibytes) ? mebibytes * 2 ** 20 : null,
  };
}

/** Bytes of this process at the most since `forgetPeak`; null where the system does not say (only Linux does). */
export async function peakMemory(): Promise<number | null> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** From here on `peakMemory` counts anew. */
export async function forgetPeak(): Promise<void> {
  await writeFile("/proc/self/clear_refs", "5").catch(() => undefined);
}

/** Bytes that this process may still take before others are short of memory. */
export async function freeMemory(): Promise<number> {
  const [limit, used] = [
    await readLimit(...LIMITS),
    await readLimit("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
  ];
  const info = await readFile("/proc/meminfo", "utf8").catch(() => "");
  const available = Number(/MemAvailable:\s+(\d+) kB/.exec(info)?.[1] ?? Number.NaN) * 1024;
  const free = Number.isFinite(available) ? available : os.freemem();
  return limit === null || used === null ? free : Math.min(free, limit - used);
}
