/**
 * Password hashes: scrypt (RFC 7914) with a salt of its own for each user, compared in constant time.
 * Parameters are stored with the hash ("scrypt$N$r$p$salt$hash", base64url), so they can grow later.
 * N = 2^15, r = 8, p = 3 is one of OWASP's equivalents of its minimum; 32 MB a check.
 */
import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

const N = 2 ** 15;
const R = 8;
const P = 3;
const HASH_BYTES = 32;

function derive(password: string, salt: Buffer, bytes: number, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard or system is the same password.
    scrypt(password.normalize("NFKC"), salt, bytes, { ...options, maxmem: 256 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** A new hash of `password`, ready for users.password_hash. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, HASH_BYTES, { N, r: R, p: P });
  return ["scrypt", N, R, P, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/** Whether `password` belongs to `hash`; false, never an error, for a hash this cannot read. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, n, r, p, salt, key] = hash.split("$");
  if (scheme !== "scrypt" || salt === undefined || key === undefined || key === "") return false;
  const options = { N: Number(n), r: Number(r), p: Number(p) };
  if (!Object.values(options).every((x) => Number.isSafeInteger(x) && x > 0)) return false;
  const expected = Buffer.from(key, "base64url");
  const actual = await derive(password, Buffer.from(salt, "base64url"), expected.length, options);
  return timingSafeEqual(actual, expected);
}

let decoy: Promise<string> | undefined;

/** Takes as long as a real check: an unknown e-mail address cannot be told from a wrong password. */
export async function verifyAgainstNobody(password: string): Promise<false> {
  decoy ??= hashPassword(randomBytes(16).toString("base64url"));
  await verifyPassword(password, await decoy);
  return false;
}

/** 16 characters, 96 bits: for passwords that an admin hands over. */
export function generatePassword(): string {
  return randomBytes(12).toString("base64url");
}

/** Changes with the password and tells nothing about it: sessions of an older password end by it. */
export function passwordMark(hash: string | null): string {
  return createHash("sha256")
    .update(hash ?? "")
    .digest("base64url")
    .slice(0, 16);
}
