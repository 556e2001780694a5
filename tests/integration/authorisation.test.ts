/**
 * Goes through every procedure there is: each states who may call it, and callers below that are
 * turned away before their input is looked at or the database is touched. Those of a project are
 * called for one that is for members only, by visitors, people outside, members of each role and admins.
 */
import { TRPCError } from "@trpc/server";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Db } from "../../db/client";
import { PROJECT_ROLES, projectRoleAtLeast } from "../../domain/project-role";
import { ROLES, type Role, roleAtLeast } from "../../domain/user";
import type { ServiceContext } from "../../server/context";
import { AppError } from "../../server/errors";
import { appRouter, createCaller } from "../../server/root";
import { exportAudit } from "../../server/services/audit-log";
import { exportDataset } from "../../server/services/dataset";
import { exportJudgements } from "../../server/services/export";
import { importRows } from "../../server/services/import";
import type { ProcedureMeta, ProcedureRole } from "../../server/trpc";
import { createMemberWorld, type MemberIds, type MemberWorld, nowhere, PROJECT_INPUTS } from "../helpers/member-world";
import { useDatabase } from "../helpers/use-database";

const CALLERS = [null, ...ROLES] as const;

vi.hoisted(() => {
  // Some procedures read the environment of a web process.
  process.env.NEXTAUTH_SECRET ??= "a secret of the tests";
  process.env.DATABASE_URL ??= "postgres://nobody@127.0.0.1:1/nothing";
});

/** Whoever may follow a run is given what was before; what comes is another test's. */
vi.mock("../../server/run-listener", () => ({
  getRunListener: () => ({ ready: async () => undefined, subscribe: () => () => undefined }),
}));

/** What visitors may read; everything else that is public is a mistake. */
const PUBLIC_QUERIES = /^(user\.me|leaderboard\..+)$/;
const PUBLIC_MUTATIONS = ["user.signUp"];

/** Procedures that lead to no single project, or answer everybody by what is published; their rules are tested where they are. */
const OF_NO_PROJECT = [
  "annotate.projects",
  "hub.files",
  "hub.ready",
  "leaderboard.get",
  "leaderboard.history",
  "leaderboard.lineage",
  "leaderboard.projects",
  "leaderboard.scrutiny",
  "member.accept",
  "model.add",
  "model.folders",
  "model.list",
  "project.create",
  "project.list",
  "run.inputs",
  "run.list",
  "token.create",
  "token.list",
  "token.revoke",
  "user.account",
  "user.changePassword",
  "user.changeRole",
  "user.create",
  "user.delete",
  "user.deleteOwn",
  "user.list",
  "user.me",
  "user.resetPassword",
  "user.setDisabled",
  "user.signUp",
  "user.votes",
  "worker.list",
];

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

/** Calls `path` with `input` and returns what it threw, or null; of a stream, what came first. */
async function refusalOf(path: string, ctx: ServiceContext, input: unknown): Promise<unknown> {
  let target: unknown = createCaller(ctx);
  for (const key of path.split(".")) target = (target as Record<string, unknown>)[key];
  try {
    const result: unknown = await (target as (input: unknown) => Promise<unknown>)(input);
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
      const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      await iterator.next();
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
      const error = await refusalOf(path, contextOf(role), BAD_INPUT);
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

/** What a caller learns from being refused. */
const told = (error: unknown) =>
  error instanceof TRPCError || error instanceof AppError ? `${error.code} ${error.message}` : String(error);

describe("every procedure of a project for members only", () => {
  const database = useDatabase();
  let world: MemberWorld;
  beforeAll(async () => {
    world = await createMemberWorld(database());
  });
  const ofProjects = procedures.filter(([, procedure]) => procedure._def.meta?.project !== undefined);

  it("is in the list of this test, and no other procedure leads to a project unseen", () => {
    expect(ofProjects.map(([path]) => path).sort()).toEqual(Object.keys(PROJECT_INPUTS).sort());
    expect(
      procedures
        .map(([path]) => path)
        .filter((path) => !(path in PROJECT_INPUTS))
        .sort(),
    ).toEqual([...OF_NO_PROJECT].sort());
  });

  it.each(ofProjects)("%s opens to members by their role, and tells nobody else that there is such a project", async (path, procedure) => {
    const needed = procedure._def.meta?.project;
    const inputOf = PROJECT_INPUTS[path];
    if (needed === undefined || inputOf === undefined) throw new Error(`${path} is not listed`);
    const input = inputOf(world.ids);
    expect(told(await refusalOf(path, { db: database(), user: null }, input))).toMatch(/^UNAUTHORIZED/);
    let unknown = "";
    for (const [who, ctx] of Object.entries(world.outsiders)) {
      unknown = told(await refusalOf(path, ctx, inputOf(nowhere(world.ids))));
      expect(unknown).toMatch(/^NOT_FOUND/);
      expect(told(await refusalOf(path, ctx, input)), `${who} from outside learns something from ${path}`).toBe(unknown);
    }
    for (const role of PROJECT_ROLES) {
      const answer = told(await refusalOf(path, world.members[role], input));
      if (projectRoleAtLeast(role, needed)) {
        expect(answer, `${role} was turned away from ${path}`).not.toMatch(/^(UNAUTHORIZED|FORBIDDEN|INTERNAL)/);
        expect(answer, `${role} was turned away from ${path}`).not.toBe(unknown);
      } else expect(answer, `${role} got into ${path}`).toMatch(/^FORBIDDEN/);
    }
    const answer = told(await refusalOf(path, world.admin, input));
    expect(answer, `an admin was turned away from ${path}`).not.toMatch(/^(UNAUTHORIZED|FORBIDDEN|INTERNAL)/);
    expect(answer).not.toBe(unknown);
  });

  /** What the routes beside tRPC call, as they call it. */
  const downloads: Record<
    string,
    { needed: "researcher" | "owner"; start: (ctx: MemberWorld["admin"], ids: MemberIds) => Promise<unknown> }
  > = {
    "export of judgements": {
      needed: "researcher",
      start: (ctx, { project }) => exportJudgements(ctx, { projectId: project, simulated: false, layout: "hone", file: "jsonl" }).next(),
    },
    "export of a dataset version": {
      needed: "researcher",
      start: (ctx, { dataset }) => exportDataset(ctx, { datasetId: dataset, format: "hone" }).next(),
    },
    "export of the log": { needed: "owner", start: (ctx, { project }) => exportAudit(ctx, { projectId: project }).next() },
    import: {
      needed: "researcher",
      start: (ctx, { project }) => importRows(ctx, { projectId: project, kind: "prompts", source: "a.jsonl", policy: "keep" }, []),
    },
  };

  it.each(Object.entries(downloads))("%s holds to the same", async (_, { needed, start }) => {
    const answerTo = (ctx: MemberWorld["admin"], ids: MemberIds) => start(ctx, ids).then(() => "let in", told);
    for (const ctx of Object.values(world.outsiders)) {
      const unknown = await answerTo(ctx, nowhere(world.ids));
      expect(unknown).toMatch(/^NOT_FOUND/);
      expect(await answerTo(ctx, world.ids)).toBe(unknown);
    }
    for (const role of PROJECT_ROLES)
      expect(await answerTo(world.members[role], world.ids)).toMatch(projectRoleAtLeast(role, needed) ? /^let in$/ : /^FORBIDDEN/);
    expect(await answerTo(world.admin, world.ids)).toBe("let in");
  });

  it("is in the lists of those only who may enter it", async () => {
    const seen = async (ctx: ServiceContext) => {
      const caller = createCaller(ctx);
      const { project, run, slug } = world.ids;
      return {
        judge: (await caller.annotate.projects()).some(({ id }) => id === project),
        work: (await caller.project.list()).some(({ id }) => id === project),
        runs: (await caller.run.list({})).some(({ id }) => id === run),
        start: (await caller.run.inputs({ projectId: null })).projects.some(({ id }) => id === project),
        board: (await caller.leaderboard.projects()).some((board) => board.slug === slug),
      };
    };
    const nothing = { judge: false, work: false, runs: false, start: false, board: false };
    const all = { judge: true, work: true, runs: true, start: true, board: true };
    expect(await seen(world.outsiders.annotator)).toEqual(nothing);
    expect(await seen(world.outsiders.researcher)).toEqual(nothing);
    expect(await seen(world.members.annotator)).toEqual({ ...nothing, judge: true });
    expect(await seen(world.members.reviewer)).toEqual({ ...nothing, judge: true, work: true });
    expect(await seen(world.members.researcher)).toEqual(all);
    expect(await seen(world.admin)).toEqual(all);
  });

  it("keeps its board to its researchers while it is not published", async () => {
    const { slug, modelA } = world.ids;
    const doors = (ctx: ServiceContext) => {
      const board = createCaller(ctx).leaderboard;
      return [board.get({ slug }), board.scrutiny({ slug }), board.history({ slug }), board.lineage({ slug, modelId: modelA })];
    };
    for (const ctx of [{ db: database(), user: null }, ...Object.values(world.outsiders), world.members.annotator, world.members.reviewer])
      for (const answer of await Promise.allSettled(doors(ctx)))
        expect(answer.status === "rejected" && told(answer.reason)).toMatch(/^NOT_FOUND/);
    for (const answer of await Promise.allSettled(doors(world.members.researcher))) expect(answer.status).toBe("fulfilled");
  });

  it("leaves a base model of everybody to those who work in a project, and shows each their own runs on it", async () => {
    const used = async (ctx: ServiceContext) => (await createCaller(ctx).checkpoint.get({ id: world.ids.base })).usedBy.length;
    await expect(used(world.outsiders.annotator)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(used(world.members.reviewer)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await used(world.outsiders.researcher)).toBe(0);
    expect(await used(world.members.researcher)).toBeGreaterThan(0);
  });

  it("leaves the log of the installation to admins", async () => {
    for (const ctx of [world.members.owner, world.outsiders.researcher])
      await expect(createCaller(ctx).audit.list({ projectId: null })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await createCaller(world.admin).audit.list({ projectId: null })).entries.length).toBeGreaterThan(0);
  });
});
