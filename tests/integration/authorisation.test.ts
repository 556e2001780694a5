/**
 * Goes through every procedure there is: each states who may call it, and callers below that are
 * turned away before their input is looked at or the database is touched.
 */
import { TRPCError } from "@trpc/server";
import { describe, expect, it } from "vitest";
import type { Db } from "../../db/client";
import { ROLES, type Role, roleAtLeast } from "../../domain/user";
import type { ServiceContext } from "../../server/context";
import { AppError } from "../../server/errors";
import { appRouter, createCaller } from "../../server/root";
import type { ProcedureMeta, ProcedureRole } from "../../server/trpc";

const CALLERS = [null, ...ROLES] as const;

/** What visitors may read; everything else that is public is a mistake. */
const PUBLIC_QUERIES = /^(user\.me|leaderboard\..+)$/;
const PUBLIC_MUTATIONS = ["user.signUp"];

/** Input that no schema accepts, so that an allowed call ends at the parser. */
const BAD_INPUT = Symbol("no schema takes a symbol");

class DatabaseTouched extends Error {}

/** A database that nothing may touch: a refused call must not get that far. */
const db = new Proxy(Object.create(null) as Db, {
  get() {
    throw new DatabaseTouched("the database was touched");
  },
});

function contextOf(role: Role | null): ServiceContext {
  const user = role === null ? null : { id: "0190a0a0-0000-7000-8000-000000000001", role, name: role, simulated: false };
  return { db, user };
}

type Procedure = { _def: { type: "query" | "mutation" | "subscription"; meta?: ProcedureMeta } };
const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>);

/** Calls `path` as `role` and returns what it threw, or null. */
async function refusalOf(path: string, role: Role | null): Promise<unknown> {
  let target: unknown = createCaller(contextOf(role));
  for (const key of path.split(".")) target = (target as Record<string, unknown>)[key];
  try {
    const result: unknown = await (target as (input: unknown) => Promise<unknown>)(BAD_INPUT);
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
      const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      await iterator.return?.();
    }
    return null;
  } catch (error) {
    return error;
  }
}

/** Whether the role check refused, as opposed to the parser, the database or a rule of a service. */
function isRoleRefusal(error: unknown): error is TRPCError {
  return error instanceof TRPCError && (error.code === "UNAUTHORIZED" || error.code === "FORBIDDEN") && !(error.cause instanceof AppError);
}

function mayCall(role: Role | null, needed: ProcedureRole): boolean {
  return needed === "public" || (role !== null && roleAtLeast(role, needed));
}

describe("every procedure", () => {
  it("is found by this test", () => {
    expect(procedures.map(([path]) => path)).toEqual(expect.arrayContaining(["user.me", "user.list", "worker.list"]));
  });

  it.each(procedures)("%s says who may call it", (_path, procedure) => {
    expect(["public", ...ROLES]).toContain(procedure._def.meta?.role);
  });

  it.each(procedures)("%s holds to it", async (path, procedure) => {
    const needed = procedure._def.meta?.role;
    if (needed === undefined) throw new Error(`${path} states no role`);
    for (const role of CALLERS) {
      const error = await refusalOf(path, role);
      const who = role ?? "visitor";
      if (mayCall(role, needed)) {
        expect(isRoleRefusal(error), `${who} was turned away from ${path}`).toBe(false);
      } else {
        expect(isRoleRefusal(error), `${who} got past the role check of ${path}`).toBe(true);
        expect((error as TRPCError).code).toBe(role === null ? "UNAUTHORIZED" : "FORBIDDEN");
      }
    }
  });

  it("is public only where visitors are meant", () => {
    const open = procedures.filter(([, procedure]) => procedure._def.meta?.role === "public");
    const surprising = open.filter(([path, procedure]) =>
      procedure._def.type === "mutation" ? !PUBLIC_MUTATIONS.includes(path) : !PUBLIC_QUERIES.test(path),
    );
    expect(surprising.map(([path]) => path)).toEqual([]);
  });
});
