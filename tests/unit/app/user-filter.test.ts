/** Search and sorting of the list of users. */
import { describe, expect, it } from "vitest";
import { filterUsers, type UserFilter } from "../../../app/admin/users/use-user-filter";
import type { ListedUser } from "../../../server/services/user";

function user(name: string, change: Partial<ListedUser> = {}): ListedUser {
  return {
    id: name,
    email: `${name.toLowerCase()}@example.org`,
    name,
    role: "annotator",
    simulated: false,
    disabled: false,
    deleted: false,
    hasPassword: true,
    providers: [],
    createdAt: new Date(0),
    ...change,
  };
}

const ALL: UserFilter = { query: "", sort: "name", direction: "asc", simulated: false, page: 1 };
const users = [
  user("Zoë", { role: "admin", createdAt: new Date(2000) }),
  user("ann", { role: "researcher", createdAt: new Date(3000) }),
  user("Bea", { createdAt: new Date(1000) }),
  user("Robot", { simulated: true }),
];
const names = (change: Partial<UserFilter>) => filterUsers(users, { ...ALL, ...change }).map((u) => u.name);

describe("filterUsers", () => {
  it("leaves simulated annotators out unless asked", () => {
    expect(names({})).toEqual(["ann", "Bea", "Zoë"]);
    expect(names({ simulated: true })).toContain("Robot");
  });

  it("wants every word, in name, e-mail or role", () => {
    expect(names({ query: "ANN@ example" })).toEqual(["ann"]);
    expect(names({ query: "zoë admin" })).toEqual(["Zoë"]);
    expect(names({ query: "zoë researcher" })).toEqual([]);
  });

  it("sorts by role from annotator to admin, and by time", () => {
    expect(names({ sort: "role" })).toEqual(["Bea", "ann", "Zoë"]);
    expect(names({ sort: "created", direction: "desc" })).toEqual(["ann", "Zoë", "Bea"]);
  });
});
