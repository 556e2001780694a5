/** Password hashes: scrypt against the vectors of RFC 7914, salts, parameters, broken hashes. */
import { describe, expect, it } from "vitest";
import { generatePassword, hashPassword, passwordMark, verifyPassword } from "../../../server/password";

/** RFC 7914 section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1, 64). */
const RFC_KEY = Buffer.from(
  "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  "hex",
);
const RFC_SALT = Buffer.from("SodiumChloride");
const RFC_HASH = `scrypt$16384$8$1$${RFC_SALT.toString("base64url")}$${RFC_KEY.toString("base64url")}`;

describe("verifyPassword", () => {
  it("agrees with RFC 7914", async () => {
    expect(await verifyPassword("pleaseletmein", RFC_HASH)).toBe(true);
    expect(await verifyPassword("pleaseletmeim", RFC_HASH)).toBe(false);
  });

  it("takes a password in either Unicode form", async () => {
    const hash = await hashPassword("pass\u00e9-partout");
    expect(await verifyPassword("passe\u0301-partout", hash)).toBe(true);
  });

  it.each(["", "scrypt", "scrypt$16384$8$1$c2FsdA$", "bcrypt$16384$8$1$c2FsdA$a2V5", "scrypt$x$8$1$c2FsdA$a2V5"])(
    "is false for a hash it cannot read: %j",
    async (hash) => {
      expect(await verifyPassword("anything", hash)).toBe(false);
    },
  );
});

describe("hashPassword", () => {
  it("salts each hash and stores its parameters", async () => {
    const [a, b] = await Promise.all([hashPassword("the same"), hashPassword("the same")]);
    expect(a).not.toBe(b);
    expect(a).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    expect(await verifyPassword("the same", a)).toBe(true);
    expect(await verifyPassword("not the same", a)).toBe(false);
  });
});

describe("passwordMark", () => {
  it("changes with the hash and does not contain it", () => {
    expect(passwordMark(RFC_HASH)).not.toBe(passwordMark(null));
    expect(RFC_HASH).not.toContain(passwordMark(RFC_HASH));
  });
});

describe("generatePassword", () => {
  it("gives 16 characters, another each time", () => {
    const all = new Set(Array.from({ length: 50 }, generatePassword));
    expect(all.size).toBe(50);
    for (const password of all) expect(password).toMatch(/^[\w-]{16}$/);
  });
});
