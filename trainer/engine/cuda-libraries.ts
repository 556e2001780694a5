/** What TensorFlow's CUDA build loads when it looks for a GPU, and which package brings it. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

/** Without one of the first seven TensorFlow sees no GPU, and says so in its log only. */
const CUDA_LIBRARIES: Record<string, string> = {
  "libcudart.so.12": "nvidia-cuda-runtime-cu12",
  "libcublas.so.12": "nvidia-cublas-cu12",
  "libcublasLt.so.12": "nvidia-cublas-cu12",
  "libcufft.so.11": "nvidia-cufft-cu12",
  "libcusolver.so.11": "nvidia-cusolver-cu12",
  "libcusparse.so.12": "nvidia-cusparse-cu12",
  "libcudnn.so.9": "nvidia-cudnn-cu12",
  "libcuda.so.1": "the NVIDIA driver",
};

/** A library that is found is no addon and is refused for that; one that is not found is refused by another name. */
const PROBE = `
  for (const name of process.argv.slice(1)) {
    try { process.dlopen({ exports: {} }, name); }
    catch (error) { if (/cannot open shared object file/.test(error.message)) console.log(name); }
  }`;

/**
 * Libraries that are neither below `folder` (pip's layout: <package>/lib) nor on the system's search path, each with the
 * pip package that brings it.
 */
export async function missingCudaLibraries(folder: string): Promise<{ library: string; package: string }[]> {
  const places = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name, "lib")) : [];
  const elsewhere = Object.keys(CUDA_LIBRARIES).filter((library) => !places.some((place) => existsSync(path.join(place, library))));
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", PROBE, ...elsewhere]);
  const missing = stdout.split("\n").filter((line) => line !== "");
  return missing.map((library) => ({ library, package: CUDA_LIBRARIES[library] as string }));
}
