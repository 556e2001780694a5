import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { missingCudaLibraries } from "../../../../trainer/engine/cuda-libraries";

it("names each library that is not there, with the package that brings it", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "hone-cuda-"));
  try {
    const before = (await missingCudaLibraries(folder)).map(({ library }) => library);
    mkdirSync(path.join(folder, "cudnn/lib"), { recursive: true });
    writeFileSync(path.join(folder, "cudnn/lib/libcudnn.so.9"), "");
    const missing = await missingCudaLibraries(folder);
    expect(missing.map(({ library }) => library)).toEqual(before.filter((library) => library !== "libcudnn.so.9"));
    // Where the system has some of them, they are found there.
    for (const { library, package: source } of missing) expect(source).toMatch(library === "libcuda.so.1" ? /driver/ : /^nvidia-.*-cu12$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
