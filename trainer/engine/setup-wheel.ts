/**
 * TensorFlow's wheel for this platform: downloaded once for all clones, going on where an earlier attempt was cut off, and
 * used only when its checksum is the one known here.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Tools } from "./setup-tools";

const run = promisify(execFile);

export const TENSORFLOW_VERSION = "2.21.0";

export type Wheel = {
  package: string;
  /** pip's name of the platform. */
  platform: string;
  sha256: string;
  /** In the wheel's tensorflow/ folder. */
  libraries: [string, string];
  /** Names that the binding looks for, and what they stand for. */
  links: Record<string, string>;
  /** Whether Hone's makers have run it. */
  tried: boolean;
};

const LINUX: Pick<Wheel, "libraries" | "links"> = {
  libraries: ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"],
  links: { "libtensorflow.so": "libtensorflow_cc.so.2", "libtensorflow_framework.so": "libtensorflow_framework.so.2" },
};

/** Of one Python version, whichever runs here: only the C library in it is used. Checksums are the registry's own. */
const WHEELS: Record<string, Wheel> = {
  "linux-x64": {
    package: "tensorflow-cpu",
    platform: "manylinux_2_27_x86_64",
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    ...LINUX,
    tried: true,
  },
  "linux-arm64": {
    package: "tensorflow",
    platform: "manylinux_2_27_aarch64",
    sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
    ...LINUX,
    tried: false,
  },
  "darwin-arm64": {
    package: "tensorflow",
    platform: "macosx_12_0_arm64",
    sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
    libraries: ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"],
    links: { "libtensorflow.2.dylib": "libtensorflow_cc.2.dylib" },
    tried: false,
  },
};

export const thisPlatform = () => `${process.platform}-${process.arch}`;

/** Null where there is no library for the native engine. */
export const wheelFor = (platform: string): Wheel | null => WHEELS[platform] ?? null;

/** One line for people. */
export function describePlatform(platform = thisPlatform()): string {
  const wheel = wheelFor(platform);
  if (wheel === null) return `${platform}: no native engine, WebAssembly only`;
  return wheel.tried ? platform : `${platform}: the native engine is set up as on Linux x64, but nobody has tried it there yet`;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Where pip would take the wheel from: its index, mirror and proxies are the person's own. */
async function findAddress(pip: readonly [string, ...string[]], wheel: Wheel): Promise<string> {
  const [command, ...args] = pip;
  const select = [
    "--no-deps",
    "--only-binary=:all:",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
    "--platform",
    wheel.platform,
  ];
  const report = [
    "install",
    "--dry-run",
    "--quiet",
    "--ignore-installed",
    "--disable-pip-version-check",
    ...select,
    "--target",
    "unused",
    "--report",
    "-",
    `${wheel.package}==${TENSORFLOW_VERSION}`,
  ];
  const { stdout } = await run(command, [...args, ...report], { maxBuffer: 2 ** 24 });
  const { install } = JSON.parse(stdout) as { install: { download_info: { url: string } }[] };
  const url = install[0]?.download_info.url;
  if (url === undefined) throw new Error(`pip finds no wheel of ${wheel.package} ${TENSORFLOW_VERSION} for ${wheel.platform}`);
  return url;
}

const ATTEMPTS = 5;

/** Downloads into `file`, going on with what lies in it; a connection that breaks is taken up again. */
export async function resumeDownload(url: string, file: string, log: (line: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const have = existsSync(file) ? statSync(file).size : 0;
    try {
      const response = await fetch(url, { headers: have > 0 ? { range: `bytes=${have}-` } : {} });
      // The whole file lies there already.
      if (response.status === 416) return;
      if (!response.ok || response.body === null) throw new Error(`the server answers ${response.status}`);
      if (have > 0 && response.status === 206) log(`Going on at ${Math.round(have / 2 ** 20)} MB ...`);
      await pipeline(
        Readable.fromWeb(response.body as import("node:stream/web").ReadableStream),
        createWriteStream(file, { flags: response.status === 206 ? "a" : "w" }),
      );
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      log(`The download broke off (${error instanceof Error ? error.message : error}); trying again`);
    }
  }
}

/** The same by pip, which knows proxies and certificates that Node does not; it begins anew each time. */
async function downloadByPip(pip: readonly [string, ...string[]], wheel: Wheel, folder: string): Promise<void> {
  const [command, ...args] = pip;
  const select = [
    "--no-deps",
    "--only-binary=:all:",
    "--python-version",
    "3.11",
    "--implementation",
    "cp",
    "--abi",
    "cp311",
    "--platform",
    wheel.platform,
  ];
  await run(
    command,
    [...args, "download", ...select, "--dest", folder, "--quiet", "--disable-pip-version-check", `${wheel.package}==${TENSORFLOW_VERSION}`],
    { maxBuffer: 2 ** 24 },
  );
}

/**
 * The wheel's file in `folder`. Throws when its checksum is wrong, and removes it then.
 */
export async function fetchWheel(
  pip: NonNullable<Tools["pip"]>,
  wheel: Wheel,
  folder: string,
  log: (line: string) => void,
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const name = `${wheel.package.replace("-", "_")}-${TENSORFLOW_VERSION}-cp311-cp311-${wheel.platform}.whl`;
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    try {
      await resumeDownload(await findAddress(pip, wheel), `${file}.part`, log);
      renameSync(`${file}.part`, file);
    } catch (error) {
      log(`Downloading by pip instead (${error instanceof Error ? error.message.split("\n")[0] : error})`);
      await downloadByPip(pip, wheel, folder);
    }
  }
  const found = await sha256Of(file);
  if (found === wheel.sha256) return file;
  rmSync(file);
  throw new Error(`${name} has the checksum ${found}, ${wheel.sha256} was expected; it was removed`);
}
