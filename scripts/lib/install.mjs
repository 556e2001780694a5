/** Plain JavaScript, since it runs before any package is there: Node's version, and `npm ci` where it is needed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const MINIMUM = [20, 9];

/** Ends the process with a message where this Node is too old to go on. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  console.error(
    `Hone needs Node ${MINIMUM.join(".")} or newer; this is ${process.versions.node}. Get it from https://nodejs.org or with your package manager.`,
  );
  process.exit(1);
}

/** Whether every package the lock asks for on this platform is there in that version, by npm's own record. */
function matchesRecord(lock, recordPath) {
  if (!existsSync(recordPath)) return false;
  const record = JSON.parse(readFileSync(recordPath, "utf8"));
  return Object.entries(lock.packages).every(
    ([at, { version, optional }]) => at === "" || optional === true || record.packages[at]?.version === version,
  );
}

/**
 * Installs what package-lock.json asks for, unless that is done already.
 * @returns whether it installed anything.
 */
export function installPackages(root) {
  const lockText = readFileSync(path.join(root, "package-lock.json"), "utf8");
  const stamp = path.join(root, "node_modules", ".hone-installed");
  const hash = createHash("sha256").update(`${lockText}${process.platform}-${process.arch}`).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return false;
  if (!existsSync(stamp) && matchesRecord(JSON.parse(lockText), path.join(root, "node_modules", ".package-lock.json"))) {
    writeFileSync(stamp, hash);
    return false;
  }
  console.log("Installing packages (npm ci) ...");
  const started = Date.now();
  // NODE_ENV=production would leave out what the build and the tests need.
  const env = { ...process.env, NODE_ENV: "development" };
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  try {
    if (npm?.endsWith(".js")) execFileSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit", env });
    else
      execFileSync(process.platform === "win32" ? "npm.cmd" : "npm", args, {
        cwd: root,
        stdio: "inherit",
        env,
        shell: process.platform === "win32",
      });
  } catch {
    console.error("npm ci failed: see the lines above. Check the network and the free space, then start again.");
    process.exit(1);
  }
  writeFileSync(stamp, hash);
  console.log(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}
