/**
 * Sets up the native engine. @tensorflow/tfjs-node-gpu's own install script downloads a library of 2021
 * from outside the package registries; this takes TensorFlow's current library out of its Python wheel
 * instead, and builds the package's binding against it, with what native/binding.cc adds. Library and binding are kept in a cache folder
 * (HONE_CACHE, default ~/.cache/hone), so that the next clone needs seconds. Where the package already
 * loads, nothing is touched. Nothing of the wheel goes into the repository (licence: Apache-2.0).
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findTools, type Tools } from "./setup-tools";
import { fetchWheel, TENSORFLOW_VERSION, thisPlatform, wheelFor, type Wheel } from "./setup-wheel";

const run = promisify(execFile);

const NAPI = 8;
const PACKAGE = "node_modules/@tensorflow/tfjs-node-gpu";
const BINDING = `lib/napi-v${NAPI}/tfjs_binding.node`;
/** The C interface and what it includes: 155 kB of the wheel's 287 MB of headers. */
const HEADERS = [
  ...["c_api", "c_api_macros", "tf_attrtype", "tf_buffer", "tf_datatype", "tf_status", "tf_tensor", "tf_tstring", "eager/c_api"].map(
    (name) => `tensorflow/c/${name}.h`,
  ),
  ...["ctstring", "ctstring_internal"].flatMap((name) => [`tensorflow/core/platform/${name}.h`, `tsl/platform/${name}.h`]),
  "xla/tsl/c/tsl_status.h",
];

export type EngineVariant = "cpu" | "gpu";
export type SetupResult =
  | { ok: true; how: "already there" | "from the cache" | "built"; seconds: number }
  | { ok: false; reason: string; advice: string };
/** Without a variant, whichever is in place is kept, and the CPU's is set up when there is none. */
export type SetupOptions = { variant?: EngineVariant; log?: (line: string) => void };

/** Known to people by what they can do about it. */
class SetupError extends Error {
  override readonly name = "SetupError";
  constructor(
    message: string,
    readonly advice: string,
  ) {
    super(message);
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const packageFolder = path.join(root, PACKAGE);

/** Where library and binding are kept between clones. */
export function cacheFolder(): string {
  return process.env.HONE_CACHE || path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "hone");
}

const variantFolder = (variant: EngineVariant) => path.join(cacheFolder(), `tensorflow-${TENSORFLOW_VERSION}-${variant}`);

/** Whether everything the native engine needs lies in place. Says nothing about whether it loads: that costs a second. */
export function isEngineInPlace(): boolean {
  const binding = path.join(packageFolder, BINDING);
  // The package's own binding, or an older one of ours, lacks a function.
  return hasLibrary(path.join(packageFolder, "deps")) && existsSync(binding) && readFileSync(binding).includes("addFunction");
}

/** Whether what lies in place is this variant out of the cache. */
function isVariantInPlace(variant: EngineVariant): boolean {
  const [used, wanted] = [path.join(packageFolder, "deps"), path.join(variantFolder(variant), "deps")];
  return existsSync(used) && existsSync(wanted) && realpathSync(used) === realpathSync(wanted);
}

/** Where the CUDA build in place has its CUDA; null with another build. */
export const cudaFolder = (): string | null => (isVariantInPlace("gpu") ? path.join(packageFolder, "deps/nvidia") : null);

/** Loads the package in a process of its own. @returns null when it works, otherwise the reason. */
export async function probeEngine(): Promise<string | null> {
  const script = `
    const util = require("node:util");
    util.isNullOrUndefined ??= (v) => v === null || v === undefined;
    const { addFunction } = require("@tensorflow/tfjs-node-gpu").backend().binding;
    if (!addFunction) throw new Error("the binding is an older one");`;
  try {
    await run(process.execPath, ["-e", script], { cwd: root, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" }, timeout: 120_000 });
    return null;
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    return /^(?:\w*Error): (.+)$/m.exec(stderr)?.[1]?.trim() ?? (stderr.trim().split("\n").at(-1) || String(error));
  }
}

function hasLibrary(deps: string): boolean {
  const wheel = wheelFor(thisPlatform());
  if (wheel === null) return false;
  return (
    [...wheel.libraries, ...Object.keys(wheel.links)].every((name) => existsSync(path.join(deps, "lib", name))) &&
    HEADERS.every((name) => existsSync(path.join(deps, "include", name)))
  );
}

function checkSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes) {
    throw new SetupError(
      `${Math.floor((bavail * bsize) / 2 ** 20)} MB are free in ${folder}, ${Math.ceil(bytes / 2 ** 20)} MB are needed`,
      "free some space, or choose another folder with HONE_CACHE",
    );
  }
}

function requireWheel(variant: EngineVariant): Wheel {
  const wheel = wheelFor(thisPlatform());
  if (wheel === null)
    throw new SetupError(
      `there is no library for ${thisPlatform()} in the form the binding needs`,
      "use Linux on x64 or arm64, or macOS on arm64, for the native engine",
    );
  if (variant === "gpu" && process.platform !== "linux")
    throw new SetupError(`there is no CUDA for ${thisPlatform()}`, "run npm run setup-engine without --gpu");
  return wheel;
}

/** Takes the named members out of a wheel, without unpacking the rest. */
const EXTRACT = `
import sys, zipfile
wheel, target = sys.argv[1:3]
with zipfile.ZipFile(wheel) as archive:
    for name in sys.argv[3:]:
        archive.extract(name, target)
`;

/** Members of the CPU wheel: libraries at tensorflow/, headers below tensorflow/include/. */
async function fetchCpuLibrary(tools: Tools, work: string, log: (line: string) => void): Promise<void> {
  if (tools.pip === null || tools.python === null)
    throw new SetupError("no Python with pip", "install Python 3 and pip (Debian, Ubuntu: apt-get install python3 python3-pip)");
  const wheel = requireWheel("cpu");
  const file = await fetchWheel(tools.pip, wheel, path.join(cacheFolder(), "downloads"), log);
  const members = [...wheel.libraries.map((name) => `tensorflow/${name}`), ...HEADERS.map((name) => `tensorflow/include/${name}`)];
  const unpacked = path.join(work, "unpacked");
  await run(tools.python.command, ["-c", EXTRACT, file, unpacked, ...members]);
  mkdirSync(path.join(work, "deps/lib"), { recursive: true });
  renameSync(path.join(unpacked, "tensorflow/include"), path.join(work, "deps/include"));
  for (const name of wheel.libraries) renameSync(path.join(unpacked, "tensorflow", name), path.join(work, "deps/lib", name));
  rmSync(file);
}

/** The GPU wheel finds CUDA beside itself in pip's layout, so all of it is installed and linked to. */
async function fetchGpuLibrary(tools: Tools, work: string, final: string): Promise<void> {
  if (tools.pip === null)
    throw new SetupError("no Python with pip", "install Python 3 and pip (Debian, Ubuntu: apt-get install python3 python3-pip)");
  const { libraries } = requireWheel("gpu");
  const [pip, ...pipArgs] = tools.pip;
  await run(
    pip,
    [
      ...pipArgs,
      "install",
      "--only-binary=:all:",
      "--target",
      path.join(work, "site"),
      "--quiet",
      "--disable-pip-version-check",
      `tensorflow[and-cuda]==${TENSORFLOW_VERSION}`,
    ],
    { maxBuffer: 2 ** 24 },
  );
  mkdirSync(path.join(work, "deps/lib"), { recursive: true });
  const site = path.join(final, "site");
  symlinkSync(path.join(site, "tensorflow/include"), path.join(work, "deps/include"));
  // The libraries' own search path is $ORIGIN/../nvidia/*/lib, seen from deps/lib.
  symlinkSync(path.join(site, "nvidia"), path.join(work, "deps/nvidia"));
  for (const name of libraries) symlinkSync(path.join(site, "tensorflow", name), path.join(work, "deps/lib", name));
}

/** Makes `<cache>/tensorflow-<version>-<variant>` whole, or leaves nothing. */
async function ensureLibrary(tools: Tools, variant: EngineVariant, log: (line: string) => void): Promise<boolean> {
  const final = variantFolder(variant);
  if (hasLibrary(path.join(final, "deps"))) return false;
  mkdirSync(cacheFolder(), { recursive: true });
  checkSpace(cacheFolder(), variant === "cpu" ? 1.3 * 2 ** 30 : 9 * 2 ** 30);
  log(
    `Downloading TensorFlow ${TENSORFLOW_VERSION} (${variant === "cpu" ? "about 280 MB" : "with CUDA, about 3 GB"}), once for this machine ...`,
  );
  const work = mkdtempSync(path.join(cacheFolder(), "setup-"));
  try {
    await (variant === "cpu" ? fetchCpuLibrary(tools, work, log) : fetchGpuLibrary(tools, work, final));
    for (const [link, target] of Object.entries(requireWheel(variant).links)) symlinkSync(target, path.join(work, "deps/lib", link));
    rmSync(path.join(work, "unpacked"), { recursive: true, force: true });
    rmSync(final, { recursive: true, force: true });
    renameSync(work, final);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return true;
}

/** `deps` of the package is a link to the cache; a folder that somebody else put there is kept aside. */
function linkDeps(variant: EngineVariant): void {
  const deps = path.join(packageFolder, "deps");
  const found = lstatSync(deps, { throwIfNoEntry: false });
  if (found?.isSymbolicLink()) rmSync(deps);
  else if (found !== undefined) renameSync(deps, `${deps}.replaced-${Date.now()}`);
  symlinkSync(path.join(variantFolder(variant), "deps"), deps);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(path.join(packageFolder, "package.json"), "utf8")) as { version: string }).version;
}

const NATIVE = fileURLToPath(new URL("native", import.meta.url));

/** The binding uses Node-API only, so one build serves every version of Node. Other sources make another file. */
function cachedBinding(): string {
  const hash = createHash("sha256");
  for (const name of ["binding.cc", "binding.gyp"]) hash.update(readFileSync(path.join(NATIVE, name)));
  const build = `${packageVersion()}-${hash.digest("hex").slice(0, 8)}-tensorflow-${TENSORFLOW_VERSION}-napi${NAPI}`;
  return path.join(cacheFolder(), "bindings", `tfjs-node-gpu-${build}-${process.platform}-${process.arch}.node`);
}

function checkCompiler(tools: Tools): void {
  const missing = [
    tools.compiler === null ? "g++" : null,
    tools.make === null ? "make" : null,
    tools.python === null ? "python3" : null,
  ].filter((name) => name !== null);
  if (missing.length > 0)
    throw new SetupError(
      `no ${missing.join(", no ")}`,
      `install ${missing.join(" ")} (Debian, Ubuntu: apt-get install ${missing.join(" ")})`,
    );
  if (tools.nodeGyp === null) throw new SetupError("node-gyp, which comes with npm, is not found", "run npm run setup-engine through npm");
}

async function ensureBinding(tools: Tools, log: (line: string) => void): Promise<boolean> {
  const binding = path.join(packageFolder, BINDING);
  mkdirSync(path.dirname(binding), { recursive: true });
  const cached = cachedBinding();
  const built = !existsSync(cached);
  if (built) await buildBinding(tools, cached, log);
  // Not into the old file, which a process may have loaded.
  copyFileSync(cached, `${binding}.${process.pid}`);
  renameSync(`${binding}.${process.pid}`, binding);
  return built;
}

async function buildBinding(tools: Tools, cached: string, log: (line: string) => void): Promise<void> {
  checkCompiler(tools);
  log("Building the engine's binding (about half a minute) ...");
  mkdirSync(path.dirname(cached), { recursive: true });
  const work = mkdtempSync(path.join(cacheFolder(), "setup-"));
  try {
    cpSync(NATIVE, work, { recursive: true });
    const headers = tools.nodeHeaders === null ? [] : [`--nodedir=${tools.nodeHeaders}`];
    const places = [`-Dpackage=${packageFolder}`, `-Ddeps=${path.join(packageFolder, "deps")}`];
    await run(process.execPath, [tools.nodeGyp ?? "", "rebuild", ...headers, "--", ...places], { cwd: work, maxBuffer: 2 ** 26 });
    const made = path.join(work, "build/Release/tfjs_binding.node");
    if (process.platform === "darwin") await pointToLibraries(made);
    copyFileSync(made, `${cached}.${process.pid}`);
    renameSync(`${cached}.${process.pid}`, cached);
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const cause = /(?:error|ERR!).*/.exec(stderr)?.[0] ?? String(error).split("\n")[0];
    throw new SetupError(
      `the binding does not build: ${cause}`,
      "install a C++ compiler and Node's headers, then run npm run setup-engine",
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** macOS: the package's build looks for the libraries of another name beside the binding. */
async function pointToLibraries(binding: string): Promise<void> {
  for (const name of requireWheel("cpu").libraries)
    await run("install_name_tool", ["-change", `@rpath/${name}`, `@loader_path/../../deps/lib/${name}`, binding]);
}

/** Takes the native engine out of this clone and, with `cache`, what all clones share. @returns what was removed. */
export function removeEngine({ cache }: { cache: boolean }): string[] {
  const deps = path.join(packageFolder, "deps");
  const places = [
    // A folder that somebody else put there is not ours.
    ...(lstatSync(deps, { throwIfNoEntry: false })?.isSymbolicLink() ? [deps] : []),
    path.join(packageFolder, BINDING),
    ...(cache && existsSync(cacheFolder())
      ? readdirSync(cacheFolder())
          .filter((name) => /^(tensorflow-|setup-|bindings$|downloads$)/.test(name))
          .map((name) => path.join(cacheFolder(), name))
      : []),
  ].filter((place) => lstatSync(place, { throwIfNoEntry: false }) !== undefined);
  for (const place of places) rmSync(place, { recursive: true, force: true });
  return places;
}

/**
 * Brings the native engine into node_modules; every step that is done already is skipped.
 * @returns a reason with advice instead of throwing, since WebAssembly can stand in.
 */
export async function setupEngine({ variant: wanted, log = () => undefined }: SetupOptions = {}): Promise<SetupResult> {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  try {
    if (!existsSync(path.join(packageFolder, "package.json")))
      throw new SetupError("the optional package @tensorflow/tfjs-node-gpu is not installed", "run npm ci with optional packages");
    const inPlace = isEngineInPlace() && (wanted === undefined || isVariantInPlace(wanted));
    if (inPlace && (await probeEngine()) === null) return { ok: true, how: "already there", seconds: seconds() };
    const variant = wanted ?? "cpu";
    const tools = await findTools();
    requireWheel(variant);
    if (!existsSync(cachedBinding())) checkCompiler(tools);
    const downloaded = await ensureLibrary(tools, variant, log);
    linkDeps(variant);
    const built = await ensureBinding(tools, log);
    const problem = await probeEngine();
    if (problem !== null) throw new SetupError(`TensorFlow was set up but does not load: ${problem}`, "run npm run hone -- doctor");
    return { ok: true, how: downloaded || built ? "built" : "from the cache", seconds: seconds() };
  } catch (error) {
    if (error instanceof SetupError) return { ok: false, reason: error.message, advice: error.advice };
    const { stderr, message } = error as { stderr?: string; message: string };
    const detail = (stderr?.trim() || message).split("\n").at(-1) ?? message;
    return { ok: false, reason: detail, advice: "check the network and the free space, then run npm run setup-engine" };
  }
}
