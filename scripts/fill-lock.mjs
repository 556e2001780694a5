/**
 * Writes the optional packages of other platforms back into package-lock.json. Some registries do not serve them to a
 * machine of another platform; npm then leaves them out of the lock, and `npm ci` refuses such a lock. To be run after
 * each `npm install`. It changes nothing where nothing is missing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));
const packages = lock.packages;

const SYSTEMS = {
  darwin: "darwin",
  win32: "win32",
  windows: "win32",
  android: "android",
  freebsd: "freebsd",
  linux: "linux",
  openharmony: "openharmony",
  sunos: "sunos",
  netbsd: "netbsd",
  openbsd: "openbsd",
  aix: "aix",
};
const PROCESSORS = ["arm64", "x64", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el", "arm", "wasm32"];

/** The platform that a package's name tells of: "@esbuild/linux-arm64", "binding-linux-x64-musl". */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const system = Object.keys(SYSTEMS).find((known) => words.includes(known));
  const processor = PROCESSORS.find((known) => words.includes(known));
  const library = name.includes("musl") ? "musl" : system === "linux" && name.includes("gnu") ? "glibc" : undefined;
  if (system === undefined && processor !== "wasm32") return null;
  return { cpu: processor && [processor], os: system && [SYSTEMS[system]], libc: library && [library] };
}

let added = 0;
for (const [place, { optionalDependencies, dev }] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(optionalDependencies ?? {})) {
    if (packages[`node_modules/${name}`] !== undefined || packages[`${place}/node_modules/${name}`] !== undefined) continue;
    const platform = platformOf(name);
    if (platform === null) continue;
    packages[`node_modules/${name}`] = { version: range.replace(/^[\^~=]+/, ""), ...platform, ...(dev ? { dev } : {}), optional: true };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added === 0 ? "package-lock.json is complete" : `${added} packages of other platforms added to package-lock.json`);
