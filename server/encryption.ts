/** Secrets that must be read again (those that sign webhooks): AES-256-GCM under a key that only the installation's secret gives. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const keyOf = (secret: string) => Buffer.from(hkdfSync("sha256", secret, "", "hone stored secrets", 32));

/** "v1.iv.tag.ciphertext", base64url. */
export function encryptText(text: string, secret: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return ["v1", ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString("base64url"))].join(".");
}

/** Throws where it was encrypted under another secret, or changed. */
export function decryptText(stored: string, secret: string): string {
  const [version, iv, tag, sealed] = stored.split(".");
  if (version !== "v1" || iv === undefined || tag === undefined || sealed === undefined) throw new Error("This is no encrypted text");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(secret), Buffer.from(iv, "base64url"));
  decipher.setAuthTag(Buffer.from(tag, "base64url"));
  return Buffer.concat([decipher.update(Buffer.from(sealed, "base64url")), decipher.final()]).toString("utf8");
}
