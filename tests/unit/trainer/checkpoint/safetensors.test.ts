import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openSafetensors, readSafetensors, type StoredDtype, writeSafetensors } from "../../../../trainer/checkpoint/safetensors";
import { loadEngine } from "../../../../trainer/engine/engine";
import { goldenPath } from "../../../helpers/golden";

const folder = mkdtempSync(path.join(os.tmpdir(), "hone-safetensors-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("safetensors", () => {
  it("writes a file of the reference library back byte for byte", async () => {
    const original = goldenPath("training", "tiny-llama.rm_score.safetensors");
    const copy = path.join(folder, "copy.safetensors");
    await writeSafetensors(copy, readSafetensors(original));
    expect(readSafetensors(copy)).toEqual(readSafetensors(original));
    // The data section; headers may order their fields differently.
    const data = (file: string) => {
      const bytes = readFileSync(file);
      return bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
    };
    expect(data(copy).equals(data(original))).toBe(true);
  });
  it.each<[StoredDtype, number[]]>([
    ["F32", [1.1, -0, 3.4e38, 1e-45]],
    // 1 + 2^-11 is between two halves: to even. 2^-24 is the smallest half; 65520 rounds to infinity.
    ["F16", [1, -2.5, 1 + 2 ** -11, 65504, 65520, 2 ** -24, -(2 ** -14)]],
    ["BF16", [1, -2.5, 1 + 2 ** -9, 255 * 2 ** 120]],
  ])("rounds to %s to nearest, ties to even", async (dtype, values) => {
    const file = path.join(folder, `${dtype}.safetensors`);
    await writeSafetensors(file, { x: { shape: [values.length], values: Float32Array.from(values) } }, dtype);
    const wanted: Record<StoredDtype, number[]> = {
      F32: values,
      F16: [1, -2.5, 1, 65504, Number.POSITIVE_INFINITY, 2 ** -24, -(2 ** -14)],
      BF16: [1, -2.5, 1, 255 * 2 ** 120],
    };
    expect(Array.from(readSafetensors(file).x?.values ?? [])).toEqual(Array.from(Float32Array.from(wanted[dtype])));
  });
  it.for<StoredDtype>(["F32", "F16", "BF16"])(
    "hands %s to the engine as it would be read, and keeps nothing of the file",
    async (dtype, context) => {
      const engine = await loadEngine();
      if (engine.name !== "tensorflow") return context.skip("only the native engine maps files");
      const file = path.join(folder, `upload-${dtype}.safetensors`);
      // The second tensor begins at no multiple of a cache line, the first one at one or another.
      const tensors = {
        a: { shape: [3, 5], values: Float32Array.from({ length: 15 }, (_, i) => i / 8 - 1) },
        b: { shape: [64, 32], values: Float32Array.from({ length: 2048 }, (_, i) => i) },
      };
      await writeSafetensors(file, tensors, dtype);
      const opened = openSafetensors(file);
      const uploaded = { a: opened.upload("a"), b: opened.upload("b") };
      const read = { a: opened.read("a").values, b: opened.read("b").values };
      opened.close();
      writeFileSync(file, Buffer.alloc(statSync(file).size, 0xff), { flag: "r+" });
      for (const name of ["a", "b"] as const) {
        expect(uploaded[name]?.shape).toEqual(tensors[name].shape);
        expect(Array.from(uploaded[name]?.dataSync() ?? [])).toEqual(Array.from(read[name]));
        uploaded[name]?.dispose();
      }
    },
  );
  it("names the file and the tensor of a file that is cut short", async () => {
    const file = path.join(folder, "cut.safetensors");
    await writeSafetensors(file, { weight: { shape: [4], values: new Float32Array(4) } });
    truncateSync(file, readFileSync(file).length - 4);
    expect(() => readSafetensors(file)).toThrow(/cut\.safetensors is cut short in tensor weight/);
  });
});
