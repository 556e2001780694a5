/**
 * Sets up the native engine. @tensorflow/tfjs-node-gpu's own install script downloads a library of 2021
 * from outside the package registries; this takes TensorFlow's current library out of its Python wheel
 * instead, and builds the package's binding against it. Library and binding are kept in a cache folder
 * (HONE_CACHE, default ~/.cache/hone), so that the next clone needs seconds. Where the package already
 * loads, nothing is touched. Nothing of the wheel goes into the repository (licence: Apache-2.0).
 */
import { execFile } from "node:child_process";
import {
  copyFileSync,
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

const run = promisify(execFile);

const TENSORFLOW_VERSION = "2.21.0";
const NAPI = 8;
const PACKAGE = "node_modules/@tensorflow/tfjs-node-gpu";
const BINDING = `lib/napi-v${NAPI}/tfjs_binding.node`;
const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];
/** The binding looks for these names. */
const LINKS: Record<string, string> = {
  "libtensorflow.so": "libtensorflow_cc.so.2",
  "libtensorflow_framework.so": "libtensorflow_framework.so.2",
};
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
  return existsSync(path.join(packageFolder, "deps/lib/libtensorflow.so")) && existsSync(path.join(packageFolder, BINDING));
}

/** Whether what lies in place is this variant out of the cache. */
function isVariantInPlace(variant: EngineVariant): boolean {
  const [used, wanted] = [path.join(packageFolder, "deps"), path.join(variantFolder(variant), "deps")];
  return existsSync(used) && existsSync(wanted) && realpathSync(used) === realpathSync(wanted);
}

/** Loads the package in a process of its own. @returns null when it works, otherwise the reason. */
export async function probeEngine(): Promise<string | null> {
  const script =
    'const util = require("node:util"); util.isNullOrUndefined ??= (v) => v === null || v === undefined; require("@tensorflow/tfjs-node-gpu");';
  try {
    await run(process.execPath, ["-e", script], { cwd: root, env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" }, timeout: 120_000 });
    return null;
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    return /^(?:\w*Error): (.+)$/m.exec(stderr)?.[1]?.trim() ?? (stderr.trim().split("\n").at(-1) || String(error));
  }
}

const hasLibrary = (deps: string) =>
  [...LIBRARIES, ...Object.keys(LINKS)].every((name) => existsSync(path.join(deps, "lib", name))) &&
  HEADERS.every((name) => existsSync(path.join(deps, "include", name)));

function checkSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes) {
    throw new SetupError(
      `${Math.floor((bavail * bsize) / 2 ** 20)} MB are free in ${folder}, ${Math.ceil(bytes / 2 ** 20)} MB are needed`,
      "free some space, or choose another folder with HONE_CACHE",
    );
  }
}

function wheelOf(variant: EngineVariant): { requirement: string; platform: string } {
  const machine = { x64: "x86_64", arm64: "aarch64" }[process.arch as string];
  if (process.platform !== "linux" || machine === undefined) {
    throw new SetupError(
      `there is no library for ${process.platform}-${process.arch} in the form the binding needs`,
      "use Linux on x64 or arm64 for the native engine",
    );
  }
  const name = variant === "cpu" && machine === "x86_64" ? "tensorflow-cpu" : variant === "gpu" ? "tensorflow[and-cuda]" : "tensorflow";
  return { requirement: `${name}==${TENSORFLOW_VERSION}`, platform: `manylinux_2_27_${machine}` };
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
async function fetchCpuLibrary(tools: Tools, work: string): Promise<void> {
  if (tools.pip === null || tools.python === null)
    throw new SetupError("no Python with pip", "install Python 3 and pip (Debian, Ubuntu: apt-get install python3 python3-pip)");
  const { requirement, platform } = wheelOf("cpu");
  const wheels = path.join(work, "wheels");
  const [pip, ...pipArgs] = tools.pip;
  // The wheel of one Python version, whichever runs here: only the C library in it is used.
  await run(
    pip,
    [
      ...pipArgs,
      "download",
      "--no-deps",
      "--only-binary=:all:",
      "--python-version",
      "3.11",
      "--implementation",
      "cp",
      "--abi",
      "cp311",
      "--platform",
      platform,
      "--dest",
      wheels,
      "--quiet",
      "--disable-pip-version-check",
      requirement,
    ],
    { maxBuffer: 2 ** 24 },
  );
  const wheel = readdirSync(wheels).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw new SetupError("pip downloaded no wheel", "look at what pip download says");
  const members = [...LIBRARIES.map((name) => `tensorflow/${name}`), ...HEADERS.map((name) => `tensorflow/include/${name}`)];
  const unpacked = path.join(work, "unpacked");
  await run(tools.python.command, ["-c", EXTRACT, path.join(wheels, wheel), unpacked, ...members]);
  mkdirSync(path.join(work, "deps/lib"), { recursive: true });
  renameSync(path.join(unpacked, "tensorflow/include"), path.join(work, "deps/include"));
  for (const name of LIBRARIES) renameSync(path.join(unpacked, "tensorflow", name), path.join(work, "deps/lib", name));
}

/** The GPU wheel finds CUDA beside itself in pip's layout, so all of it is installed and linked to. */
async function fetchGpuLibrary(tools: Tools, work: string, final: string): Promise<void> {
  if (tools.pip === null)
    throw new SetupError("no Python with pip", "install Python 3 and pip (Debian, Ubuntu: apt-get install python3 python3-pip)");
  const { requirement } = wheelOf("gpu");
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
      requirement,
    ],
    { maxBuffer: 2 ** 24 },
  );
  mkdirSync(path.join(work, "deps/lib"), { recursive: true });
  const site = path.join(final, "site");
  symlinkSync(path.join(site, "tensorflow/include"), path.join(work, "deps/include"));
  // The libraries' own search path is $ORIGIN/../nvidia/*/lib, seen from deps/lib.
  symlinkSync(path.join(site, "nvidia"), path.join(work, "deps/nvidia"));
  for (const name of LIBRARIES) symlinkSync(path.join(site, "tensorflow", name), path.join(work, "deps/lib", name));
}

/** Makes `<cache>/tensorflow-<version>-<variant>` whole, or leaves nothing. */
async function ensureLibrary(tools: Tools, variant: EngineVariant, log: (line: string) => void): Promise<boolean> {
  const final = variantFolder(variant);
  if (hasLibrary(path.join(final, "deps"))) return false;
  mkdirSync(cacheFolder(), { recursive: true });
  checkSpace(cacheFolder(), variant === "cpu" ? 1.3 * 2 ** 30 : 9 * 2 ** 30);
  log(
    `Downloading TensorFlow ${TENSORFLOW_VERSION} (${variant === "cpu" ? "274 MB" : "with CUDA, about 3 GB"}), once for this machine ...`,
  );
  const work = mkdtempSync(path.join(cacheFolder(), "setup-"));
  try {
    await (variant === "cpu" ? fetchCpuLibrary(tools, work) : fetchGpuLibrary(tools, work, final));
    for (const [link, target] of Object.entries(LINKS)) symlinkSync(target, path.join(work, "deps/lib", link));
    for (const name of ["wheels", "unpacked"]) rmSync(path.join(work, name), { recursive: true, force: true });
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

/** The binding uses Node-API only, so one build serves every version of Node. */
const cachedBinding = () =>
  path.join(
    cacheFolder(),
    "bindings",
    `tfjs-node-gpu-${packageVersion()}-tensorflow-${TENSORFLOW_VERSION}-napi${NAPI}-${process.platform}-${process.arch}.node`,
  );

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
  if (existsSync(cached)) {
    copyFileSync(cached, binding);
    return false;
  }
  checkCompiler(tools);
  log("Building the engine's binding (about half a minute) ...");
  const headers = tools.nodeHeaders === null ? [] : [`--nodedir=${tools.nodeHeaders}`];
  const options = [
    "--module_name=tfjs_binding",
    `--module_path=${path.dirname(binding)}`,
    `--napi_build_version=${NAPI}`,
    "--napi_version=9",
    `--node_napi_label=napi-v${NAPI}`,
  ];
  try {
    await run(process.execPath, [tools.nodeGyp ?? "", "rebuild", ...headers, ...options], { cwd: packageFolder, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const cause = /(?:error|ERR!).*/.exec(stderr)?.[0] ?? String(error).split("\n")[0];
    throw new SetupError(
      `the binding does not build: ${cause}`,
      "install a C++ compiler and Node's headers, then run npm run setup-engine",
    );
  }
  mkdirSync(path.dirname(cached), { recursive: true });
  copyFileSync(binding, `${cached}.${process.pid}`);
  renameSync(`${cached}.${process.pid}`, cached);
  return true;
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
    wheelOf(variant);
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
