/** A wrong variable is named, with what was expected; nothing secret has a default. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseEnv, parseWorkerEnv } from "../../../server/env";
import { ensureSecret } from "../../../server/secret";

const good = { DATABASE_URL: "postgres://a:b@localhost:5432/hone", NEXTAUTH_SECRET: "0123456789abcdef" };

describe("parseEnv", () => {
  it("fills in what has a default", () => {
    expect(parseEnv(good)).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      engine: "auto",
      dataFolder: ".hone",
      auth: { url: "http://localhost:3000" },
    });
    expect(parseEnv({ ...good, PORT: "" }).port).toBe(3000);
  });

  it.each([
    [{ PORT: "http" }, "PORT: expected a port number"],
    [{ PORT: "70000" }, "PORT: expected a port number from 1 to 65535"],
    [{ DATABASE_URL: "mysql://localhost/hone" }, "DATABASE_URL: expected postgres://"],
    [{ HONE_ENGINE: "cuda" }, "HONE_ENGINE: expected auto, tensorflow, webgpu or wasm"],
    [{ NEXTAUTH_SECRET: "short" }, "NEXTAUTH_SECRET: expected at least 16 characters"],
    [{ NEXTAUTH_SECRET: undefined }, "NEXTAUTH_SECRET: expected a random string"],
    [{ NEXTAUTH_URL: "hone.example.org" }, "NEXTAUTH_URL: expected http(s)://host[:port]"],
    [{ GITHUB_CLIENT_ID: "abc" }, "GITHUB_CLIENT_SECRET: expected"],
    [{ OIDC_CLIENT_ID: "abc", OIDC_CLIENT_SECRET: "def" }, "OIDC_ISSUER: expected"],
  ])("refuses %o", (variables, message) => {
    expect(() => parseEnv({ ...good, ...variables })).toThrow(message);
  });

  it("names every wrong variable at once", () => {
    expect(() => parseEnv({ ...good, PORT: "x", HONE_ENGINE: "y" })).toThrow(/PORT[\s\S]*HONE_ENGINE|HONE_ENGINE[\s\S]*PORT/);
  });

  it("asks a worker for its database only", () => {
    expect(parseWorkerEnv({ DATABASE_URL: good.DATABASE_URL, NEXTAUTH_SECRET: good.NEXTAUTH_SECRET }).engine).toBe("auto");
    expect(() => parseWorkerEnv({})).toThrow("DATABASE_URL");
  });
});

describe("ensureSecret", () => {
  it("makes one secret and keeps it from others", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "hone-secret-"));
    try {
      const secret = ensureSecret(folder);
      expect(secret.length).toBeGreaterThanOrEqual(32);
      expect(ensureSecret(folder)).toBe(secret);
      expect(statSync(path.join(folder, "secret")).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
