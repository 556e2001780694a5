/** When an invitation can be used, and where its token is found in an address. */
import { describe, expect, it } from "vitest";
import { changedSettings } from "../../../domain/audit";
import { invitationState, tokenOfPath } from "../../../domain/invitation";

const NOW = new Date("2026-01-02T00:00:00Z");
const open = { revokedAt: null, expiresAt: new Date("2026-01-03T00:00:00Z"), uses: 0, maxUses: 1 };

describe("an invitation", () => {
  it.each([
    ["open", {}],
    ["used_up", { uses: 1 }],
    ["open", { uses: 1, maxUses: 2 }],
    ["expired", { expiresAt: NOW }],
    ["expired", { expiresAt: NOW, uses: 1 }],
    ["revoked", { revokedAt: NOW, expiresAt: NOW, uses: 1 }],
  ] as const)("is %s with %j", (state, change) => {
    expect(invitationState({ ...open, ...change }, NOW)).toBe(state);
  });

  it("is known by its path, and nothing else is", () => {
    const token = "a".repeat(42).concat("_");
    expect(tokenOfPath(`/invite/${token}`)).toBe(token);
    expect(tokenOfPath(`/invite/${token}?x=1`)).toBe(token);
    for (const path of ["/", "/invite/", `/invite/${token}a`, `/invite/${"!".repeat(43)}`, `/x/invite/${token}`])
      expect(tokenOfPath(path)).toBeNull();
  });
});

describe("changed settings", () => {
  it("are those that differ, before and after", () => {
    const before = { name: "a", overlap: 1, reasons: ["x"], published: false };
    expect(changedSettings(before, { ...before, overlap: 2, reasons: ["x"] })).toEqual({ before: { overlap: 1 }, after: { overlap: 2 } });
    expect(changedSettings(before, { ...before })).toEqual({ before: {}, after: {} });
  });
});
