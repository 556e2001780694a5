import { expect, it } from "vitest";
import { seal, unseal } from "../../../server/sealed";

const SECRET = "a secret of the server";

it("opens with the same secret and purpose only, and not when changed", () => {
  const sealed = seal("sk-test-1234", SECRET, "keys");
  expect(sealed).not.toContain("1234");
  expect(unseal(sealed, SECRET, "keys")).toBe("sk-test-1234");
  expect(unseal(sealed, "another secret", "keys")).toBe(null);
  expect(unseal(sealed, SECRET, "other")).toBe(null);
  expect(unseal(`${sealed.slice(0, -2)}${sealed.endsWith("AA") ? "BB" : "AA"}`, SECRET, "keys")).toBe(null);
  expect(unseal("v1.short", SECRET, "keys")).toBe(null);
  expect(seal("sk-test-1234", SECRET, "keys")).not.toBe(sealed);
});
