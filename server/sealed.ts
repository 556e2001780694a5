/**
 * Secrets at rest: AES-256-GCM under a key that HKDF-SHA256 (RFC 5869) derives from the server's secret, so that a copy of the
 * database alone reveals none. Whoever holds the secret (web and workers) can open them; another secret cannot.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const VERSION = "v1";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `purpose` keeps keys apart that come from one secret. */
const deriveKey = (secret: string, purpose: string) => new Uint8Array(hkdfSync("sha256", secret, "hone", purpose, 32));

/** "v1.<nonce, ciphertext and tag in base64url>". */
export function seal(text: string, secret: string, purpose: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", deriveKey(secret, purpose), nonce);
  const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${sealed.toString("base64url")}`;
}

/** Null when it was sealed under another secret or purpose, or was tampered with. */
export function unseal(sealed: string, secret: string, purpose: string): string | null {
  const [version, encoded = ""] = sealed.split(".");
  const bytes = Buffer.from(encoded, "base64url");
  if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", deriveKey(secret, purpose), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
  } catch {
    // What final() throws says only that the tag does not fit.
    return null;
  }
}
