/**
 * The WebGPU engine: any card that Vulkan, Metal or Direct3D 12 reach, through Dawn; eager. Tensors live on the card, and
 * their values come back asynchronously only (`await tensor.data()`).
 */
import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { type Engine, runEager } from "./engine";
import type { TensorTree } from "./tree";
import { registerWebgpuKernels, type WebgpuBackend } from "./webgpu-kernels";

/** What is used of Dawn's objects; the types of WebGPU come with the browser's library only. */
type Adapter = {
  info: { vendor: string; architecture: string; device: string; description: string; isFallbackAdapter?: boolean };
  features: Set<string>;
  limits: Record<string, number>;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<unknown>;
};
type Gpu = { requestAdapter(options: { powerPreference: string }): Promise<Adapter | null> };

/** What Dawn found: a name for people, and whether the processor computes in the card's place. */
export type WebgpuAdapter = { name: string; software: boolean };
type LoadResult = { ok: true; engine: Engine } | { ok: false; reason: string };

/** Free buffers that are kept for the next tensors of their size; beyond, and beyond what is in use, they are given back. */
const KEPT_BYTES = 2 ** 28;

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

const LIMITS = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
];

function describe({ info }: Adapter): WebgpuAdapter {
  const name = [info.vendor, info.architecture, info.description || info.device].filter((part) => part !== "").join(" ");
  return { name: name || "unnamed", software: info.isFallbackAdapter === true || SOFTWARE.test(name) };
}

/** Held for as long as the process lives: what Dawn made ends with it. */
let gpu: Gpu | undefined;

/** The adapter, or why there is none: no package for this platform, no driver. */
async function findAdapter(): Promise<Adapter | string> {
  try {
    const { create, globals } = (await import("webgpu")) as unknown as { create(options: string[]): Gpu; globals: object };
    Object.assign(globalThis, globals);
    gpu ??= create([]);
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    return adapter ?? "Dawn finds no adapter (a card and its Vulkan, Metal or Direct3D 12 driver)";
  } catch (error) {
    return `Dawn does not load: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`;
  }
}

/** What this machine offers, without loading the engine. */
export async function findWebgpuAdapter(): Promise<WebgpuAdapter | { reason: string }> {
  const adapter = await findAdapter();
  return typeof adapter === "string" ? { reason: adapter } : describe(adapter);
}

/** One line about it, for people. */
export function describeWebgpu(found: WebgpuAdapter | { reason: string }): string {
  if ("reason" in found) return `not available: ${found.reason}`;
  return found.software
    ? `Dawn finds ${found.name}, which is software: slower than WebAssembly, used with HONE_ENGINE=webgpu only`
    : `Dawn finds ${found.name}: used where TensorFlow's library does not load, or with HONE_ENGINE=webgpu`;
}

/** The backend looks for `navigator.gpu`, which Node lacks; `navigator` itself is there from Node 21 on. */
function offerGpu(): void {
  if (!("navigator" in globalThis)) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}

/** Loads the backend; a failure is returned as a reason. `software: false` refuses an adapter that is no card. */
export async function loadWebgpu({ software }: { software: boolean }): Promise<LoadResult> {
  const adapter = await findAdapter();
  if (typeof adapter === "string") return { ok: false, reason: adapter };
  const found = describe(adapter);
  if (found.software && !software) return { ok: false, reason: `the adapter ${found.name} is software` };
  try {
    const require = createRequire(import.meta.url);
    require("@tensorflow/tfjs"); // registers the gradients
    const device = await adapter.requestDevice({
      requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name] ?? 0])),
    });
    offerGpu();
    const { WebGPUBackend } = require("@tensorflow/tfjs-backend-webgpu") as {
      WebGPUBackend: new (device: unknown, info: Adapter["info"]) => WebgpuBackend & tf.KernelBackend;
    };
    const { version } = require("@tensorflow/tfjs-backend-webgpu/package.json") as { version: string };
    const backend = new WebGPUBackend(device, adapter.info);
    // The package registers a factory of its own where it finds navigator.gpu.
    tf.removeBackend("webgpu");
    tf.registerBackend("webgpu", () => backend);
    await tf.setBackend("webgpu");
    await tf.ready();
    registerWebgpuKernels();
    return {
      ok: true,
      engine: createWebgpuEngine(
        backend,
        `WebGPU (${found.name}${found.software ? ", software" : ""}; tfjs-backend-webgpu ${version}, Dawn)`,
      ),
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

/** Gives back free buffers when there are more than are worth keeping: sizes of tensors that do not come again. */
function trimBuffers({ bufferManager }: WebgpuBackend): void {
  const free = bufferManager.numBytesAllocated - bufferManager.numBytesUsed;
  if (free <= Math.max(KEPT_BYTES, bufferManager.numBytesUsed)) return;
  for (const buffers of bufferManager.freeBuffers.values()) {
    for (const buffer of buffers) {
      buffer.destroy();
      bufferManager.numBytesAllocated -= buffer.size;
    }
    bufferManager.numFreeBuffers -= buffers.length;
    buffers.length = 0;
  }
}

function createWebgpuEngine(backend: WebgpuBackend, description: string): Engine {
  return {
    name: "webgpu",
    device: "webgpu",
    description,
    graphs: false,
    compile<A extends TensorTree, R extends TensorTree>(_name: string, fn: (args: A) => R) {
      return (args: A) => {
        const result = runEager(fn, args);
        trimBuffers(backend);
        return result;
      };
    },
    dispose() {},
  };
}
