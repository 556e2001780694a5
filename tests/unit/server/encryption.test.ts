/** Secrets that are read again: only under the same secret, and only unchanged. */
import { describe, expect, it } from "vitest";
import { decryptText, encryptText } from "../../../server/encryption";

describe("an encrypted text", () => {
  const text = "whsec_ü";
  const stored = encryptText(text, "the installation's secret");

  it("reads back, and looks different each time", () => {
    expect(decryptText(stored, "the installation's secret")).toBe(text);
    expect(encryptText(text, "the installation's secret")).not.toBe(stored);
    expect(stored).not.toContain("whsec");
  });

  it("is refused under another secret, changed, or cut", () => {
    expect(() => decryptText(stored, "another secret")).toThrow();
    const [version, iv, tag, sealed = ""] = stored.split(".");
    const changed = Buffer.from(sealed, "base64url");
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(() => decryptText([version, iv, tag, changed.toString("base64url")].join("."), "the installation's secret")).toThrow();
    expect(() => decryptText("v1.a.b", "the installation's secret")).toThrow(/no encrypted text/);
  });
});
