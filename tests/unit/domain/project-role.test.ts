/** The rule of roles in a project, over everything it depends on. */
import { describe, expect, it } from "vitest";
import { PROJECT_ROLES, type ProjectRole, projectRoleAtLeast, projectRoleOf } from "../../../domain/project-role";
import { ROLES } from "../../../domain/user";

const MEMBER_ROLES = [null, ...PROJECT_ROLES] as const;

describe("the role in a project", () => {
  it("of members only is the membership's, whatever the account", () => {
    for (const role of ["annotator", "researcher"] as const)
      for (const owned of [false, true])
        for (const memberRole of MEMBER_ROLES) expect(projectRoleOf(role, { access: "members", memberRole, owned })).toBe(memberRole);
  });

  it("of an open one is at least what the account gives", () => {
    const of = (role: "annotator" | "researcher", owned: boolean) =>
      MEMBER_ROLES.map((memberRole) => projectRoleOf(role, { access: "open", memberRole, owned }));
    expect(of("annotator", true)).toEqual(["annotator", ...PROJECT_ROLES]);
    expect(of("annotator", false)).toEqual(["annotator", ...PROJECT_ROLES]);
    expect(of("researcher", true)).toEqual(["researcher", "researcher", "researcher", "researcher", "owner"]);
    // Somebody has to look after it.
    expect(of("researcher", false)).toEqual(["owner", "owner", "owner", "owner", "owner"]);
  });

  it("of admins is the owner's everywhere", () => {
    for (const access of ["open", "members"] as const)
      for (const memberRole of MEMBER_ROLES) expect(projectRoleOf("admin", { access, memberRole, owned: true })).toBe("owner");
  });

  it("includes the roles before it, and never falls with the account's", () => {
    const rank = (role: ProjectRole | null) => (role === null ? -1 : PROJECT_ROLES.indexOf(role));
    for (const a of PROJECT_ROLES) for (const b of PROJECT_ROLES) expect(projectRoleAtLeast(a, b)).toBe(rank(a) >= rank(b));
    expect(PROJECT_ROLES.some((needed) => projectRoleAtLeast(null, needed))).toBe(false);
    for (const access of ["open", "members"] as const)
      for (const owned of [false, true])
        for (const memberRole of MEMBER_ROLES) {
          const ranks = ROLES.map((role) => rank(projectRoleOf(role, { access, memberRole, owned })));
          expect(ranks).toEqual([...ranks].sort((x, y) => x - y));
        }
  });
});
