/** Which addresses are private, however they are written. */
import { describe, expect, it } from "vitest";
import { createGuardedFetch, isPrivateAddress, literalAddress, PrivateAddressError } from "../../../server/guarded-fetch";

describe("isPrivateAddress", () => {
  it.each(["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"])(
    "%s is public",
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );
  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
  ])("%s is not", (address) => expect(isPrivateAddress(address)).toBe(true));
});

it("an address is read in every way that the URL standard knows, and refused before anything is sent", async () => {
  for (const host of ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"]) {
    expect(literalAddress(new URL(`https://${host}/`)), host).toBe("127.0.0.1");
    await expect(createGuardedFetch({ allowPrivate: false })(`http://${host}:1/`)).rejects.toThrow(PrivateAddressError);
  }
  expect(literalAddress(new URL("https://[::1]:8443/"))).toBe("::1");
  expect(literalAddress(new URL("https://example.org/"))).toBeNull();
});
