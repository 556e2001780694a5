import { expect, it } from "vitest";
import { isPrivateAddress } from "../../../server/guarded-fetch";
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

it("knows addresses that are not of the public network", () => {
  for (const address of [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
  ])
    expect(isPrivateAddress(address), address).toBe(true);
  for (const address of ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"]) expect(isPrivateAddress(address), address).toBe(false);
});
