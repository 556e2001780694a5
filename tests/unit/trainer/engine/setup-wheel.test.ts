/** The engine's download: goes on where it was cut off, and refuses what is not the known file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { describePlatform, fetchWheel, resumeDownload, wheelFor } from "../../../../trainer/engine/setup-wheel";

const folder = mkdtempSync(path.join(os.tmpdir(), "hone-wheel-"));
const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));
let server: Server | undefined;
afterEach(() => void server?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Serves `bytes` from where it is asked, and breaks the connection after `breakAfter` bytes the first time. */
function serve(breakAfter = Number.POSITIVE_INFINITY): Promise<{ url: string; starts: number[] }> {
  const starts: number[] = [];
  const listening = createServer((request, response) => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    starts.push(start);
    if (start >= bytes.length) return void response.writeHead(416).end();
    response.writeHead(start > 0 ? 206 : 200, { "content-length": bytes.length - start });
    if (starts.length > 1 || breakAfter === Number.POSITIVE_INFINITY) return void response.end(bytes.subarray(start));
    response.write(bytes.subarray(start, start + breakAfter), () => setImmediate(() => response.destroy()));
  });
  server = listening;
  return new Promise((resolve) =>
    listening.listen(0, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`, starts })),
  );
}

const quiet = () => undefined;

it("goes on after what an earlier attempt left", async () => {
  const { url, starts } = await serve();
  const file = path.join(folder, "resumed");
  writeFileSync(file, bytes.subarray(0, 1200));
  await resumeDownload(url, file, quiet);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  await resumeDownload(url, file, quiet);
  expect(starts).toEqual([1200, 5000]);
});

it("takes a broken connection up again", async () => {
  const { url, starts } = await serve(3000);
  const file = path.join(folder, "broken");
  await resumeDownload(url, file, quiet);
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(starts).toHaveLength(2);
});

it("removes a file whose checksum is not the known one", async () => {
  const wheel = wheelFor("linux-x64");
  if (wheel === null) throw new Error("no wheel");
  const file = path.join(folder, `tensorflow_cpu-2.21.0-cp311-cp311-${wheel.platform}.whl`);
  writeFileSync(file, "not the wheel");
  await expect(fetchWheel(["pip"], wheel, folder, quiet)).rejects.toThrow(/has the checksum .* was expected; it was removed/);
  expect(() => readFileSync(file)).toThrow();
});

describe("platforms", () => {
  it("are Linux on x64 and arm64 and macOS on arm64, and say what nobody tried", () => {
    expect(["linux-x64", "linux-arm64", "darwin-arm64"].map((platform) => wheelFor(platform)?.platform)).toEqual([
      "manylinux_2_27_x86_64",
      "manylinux_2_27_aarch64",
      "macosx_12_0_arm64",
    ]);
    expect(wheelFor("win32-x64")).toBeNull();
    expect(describePlatform("linux-x64")).toBe("linux-x64");
    expect(describePlatform("darwin-arm64")).toMatch(/nobody has tried it/);
    expect(describePlatform("win32-x64")).toMatch(/WebAssembly only/);
  });
});
