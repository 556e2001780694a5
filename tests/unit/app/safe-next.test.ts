/** Where sign-in may send somebody: nowhere but to this site. */
import { describe, expect, it } from "vitest";
import { safeNext } from "../../../app/sign-in/safe-next";

describe("safeNext", () => {
  it.each([
    ["/runs/1?tab=samples#row", "/runs/1?tab=samples#row"],
    ["/", "/"],
    [undefined, "/"],
    [["/a", "/b"], "/"],
    ["https://elsewhere.example/", "/"],
    ["//elsewhere.example/x", "/"],
    ["/\\elsewhere.example/x", "/"],
    ["/\t/elsewhere.example/x", "/"],
    ["javascript:alert(1)", "/"],
  ])("%j goes to %j", (next, expected) => {
    expect(safeNext(next)).toBe(expected);
  });
});
