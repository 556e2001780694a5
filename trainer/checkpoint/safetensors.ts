/**
 * Reads and writes safetensors: an 8-byte header length, a JSON header, the raw little-endian values.
 * Source: the format's description in huggingface/safetensors. Values arrive as float32 whatever is stored.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import type * as tf from "@tensorflow/tfjs-core";
import { mapFile } from "../engine/mapped-file";

export type StoredDtype = "F32" | "F16" | "BF16";

export type HostTensor = { shape: number[]; values: Float32Array };

type HeaderEntry = { dtype: string; shape: number[]; data_offsets: [number, number] };

const BYTES: Record<StoredDtype, number> = { F32: 4, F16: 2, BF16: 2 };

function isStoredDtype(dtype: string): dtype is StoredDtype {
  return dtype in BYTES;
}

/** Half-precision bits to a number. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number to half-precision bits, rounding to nearest, ties to even. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const scaled = size / 2 ** (exponent - 10);
  let rounded = Math.floor(scaled);
  const rest = scaled - rounded;
  if (rest > 0.5 || (rest === 0.5 && rounded % 2 === 1)) rounded++;
  // A fraction that rounds up to 2048 carries into the exponent by itself.
  return sign | (rounded + (size < 2 ** -14 ? 0 : (exponent + 14) * 1024));
}

function decode(dtype: StoredDtype, bytes: Uint8Array): Float32Array {
  if (dtype === "F32") return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  const values = new Float32Array(halves.length);
  // Plain loops: `from` with a function is ten times slower, and a model has millions of values.
  if (dtype === "F16") {
    for (let i = 0; i < halves.length; i++) values[i] = fromHalf(halves[i] ?? 0);
    return values;
  }
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return values;
}

/** The bits of `values` in bfloat16, rounded to nearest, ties to even, as PyTorch converts. */
export function toBf16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  // A plain loop: models have millions of values.
  for (let i = 0; i < halves.length; i++) {
    const x = bits[i] ?? 0;
    halves[i] = (x & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return halves;
}

function encode(dtype: StoredDtype, values: Float32Array): Uint8Array {
  if (dtype === "F32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dtype === "BF16") return new Uint8Array(toBf16(values).buffer);
  const halves = new Uint16Array(values.length);
  // A plain loop: `from` with a function makes an array of JavaScript's first, which has no room for the largest embeddings.
  for (let i = 0; i < halves.length; i++) halves[i] = toHalf(values[i] ?? 0);
  return new Uint8Array(halves.buffer);
}

export type SafetensorsFile = {
  /** Tensors and their shapes, in file order. */
  shapes: ReadonlyMap<string, number[]>;
  /** One tensor's values; nothing of it is kept here. Throws on a tensor that is not a float. */
  read(name: string): HostTensor;
  /** The same in the engine's memory, without a way through this process's where the engine can; null where it cannot. */
  upload(name: string): tf.Tensor | null;
  close(): void;
};

/**
 * Opens a file and reads its header alone, so that a large model can be taken in tensor by tensor. Throws naming the
 * file, and the tensor, where the file is cut short.
 */
export function openSafetensors(file: string): SafetensorsFile {
  const handle = openSync(file, "r");
  try {
    const { size } = fstatSync(handle);
    const lengthBytes = Buffer.alloc(8);
    readSync(handle, lengthBytes, 0, 8, 0);
    const headerLength = Number(lengthBytes.readBigUInt64LE());
    if (headerLength + 8 > size) throw new Error(`${file} is not a safetensors file, or is cut short`);
    const headerBytes = Buffer.alloc(headerLength);
    readSync(handle, headerBytes, 0, headerLength, 8);
    const { __metadata__: _metadata, ...header } = JSON.parse(headerBytes.toString("utf8")) as Record<string, HeaderEntry>;
    for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
      if (8 + headerLength + offsets[1] > size) throw new Error(`${file} is cut short in tensor ${name}`);
    }
    const placeOf = (name: string) => {
      const entry = header[name];
      if (!entry) throw new Error(`${file} has no tensor ${name}`);
      const {
        dtype,
        shape,
        data_offsets: [start, end],
      } = entry;
      if (!isStoredDtype(dtype)) throw new Error(`${file}: tensor ${name} is stored as ${dtype}; F32, F16 and BF16 are read`);
      const count = shape.reduce((product, length) => product * length, 1);
      if (end - start !== count * BYTES[dtype]) throw new Error(`${file}: tensor ${name} has ${end - start} bytes for shape [${shape}]`);
      return { dtype, shape, start: 8 + headerLength + start, length: end - start };
    };
    let mapped: ReturnType<typeof mapFile> | undefined;
    return {
      shapes: new Map(Object.entries(header).map(([name, { shape }]) => [name, shape])),
      read(name) {
        const { dtype, shape, start, length } = placeOf(name);
        const bytes = new Uint8Array(length);
        readExactly(handle, bytes, start);
        return { shape, values: decode(dtype, bytes) };
      },
      upload(name) {
        const place = placeOf(name);
        if (mapped === undefined) mapped = mapFile(file, size);
        return mapped?.read(place) ?? null;
      },
      close() {
        mapped?.close();
        closeSync(handle);
      },
    };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/** One read call gives at most 2 GiB. */
function readExactly(handle: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(handle, bytes, done, Math.min(bytes.length - done, 2 ** 30), position + done);
    if (count === 0) throw new Error("the file became shorter while it was read");
    done += count;
  }
}

/** All tensors of a file, for the small ones. Throws as `openSafetensors` and its `read` do. */
export function readSafetensors(file: string): Record<string, HostTensor> {
  const opened = openSafetensors(file);
  try {
    return Object.fromEntries([...opened.shapes.keys()].map((name) => [name, opened.read(name)]));
  } finally {
    opened.close();
  }
}

/** Writes `tensors` in order and flushes them to the disk; returns the file's sha256. */
export async function writeSafetensors(file: string, tensors: Record<string, HostTensor>, dtype: StoredDtype = "F32"): Promise<string> {
  const header: Record<string, HeaderEntry | Record<string, string>> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const bytes = values.length * BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  let json = JSON.stringify(header);
  json += " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const hash = createHash("sha256");
  const handle = await open(file, "w");
  try {
    const write = async (bytes: Uint8Array) => {
      hash.update(bytes);
      await handle.writeFile(bytes);
    };
    await write(Buffer.concat([start, Buffer.from(json)]));
    for (const { values } of Object.values(tensors)) await write(encode(dtype, values));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}
