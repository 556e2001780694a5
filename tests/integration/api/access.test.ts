/** Who may call each route of the API: every route, with every scope, as every role, and with every token that does not work. */
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { apiTokens, users } from "../../../db/schema";
import { API_SCOPES, type ApiScope } from "../../../domain/api-token";
import { ROLES, type Role, roleAtLeast } from "../../../domain/user";
import { handleApi } from "../../../server/api/handle";
import { ROUTES } from "../../../server/api/routes";
import { MAX_REQUESTS } from "../../../server/api/authenticate";
import type { UserContext } from "../../../server/context";
import { createCaller } from "../../../server/root";
import { createToken, listTokens, revokeToken } from "../../../server/services/api-token";
import { type ApiClient, apiClient, makeToken } from "../../helpers/api-client";
import { addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let researcher: UserContext;
let projectId: string;
let call: ApiClient;
/** A token of each scope alone, and one of all scopes but it. */
const only = new Map<ApiScope, string>();
const without = new Map<ApiScope, string>();
let ofAnother: string;

/** An address of the route in the test's project. */
const addressOf = (route: (typeof ROUTES)[number]) =>
  route.path.replace("{project}", projectId).replaceAll(/\{\w+\}/g, "11111111-1111-4111-8111-111111111111");
const callRoute = (route: (typeof ROUTES)[number], token: string | null) =>
  call(addressOf(route), {
    method: route.method,
    token,
    ...(route.row === undefined && route.body === undefined ? {} : { json: route.body === undefined ? [] : {} }),
  });
/** What the route says once it is open: an empty body is none of a new thing. */
const open = (route: (typeof ROUTES)[number]) => (route.body === undefined ? [200, 404] : [422]);
const routes = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

beforeAll(async () => {
  researcher = await addUser(db(), "researcher");
  projectId = await addProject(db());
  call = apiClient(db(), await makeToken(researcher));
  for (const scope of API_SCOPES) {
    only.set(scope, await makeToken(researcher, { scopes: [scope] }));
    without.set(scope, await makeToken(researcher, { scopes: API_SCOPES.filter((other) => other !== scope) }));
  }
  ofAnother = await makeToken(researcher, { projectId: await addProject(db()) });
});

async function setRole(ctx: UserContext, role: Role): Promise<void> {
  await db().update(users).set({ role }).where(eq(users.id, ctx.user.id));
}

describe("every route", () => {
  it.each(routes)("%s wants a token that works", async (_name, route) => {
    const answer = await callRoute(route, null);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="Hone"/);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    for (const token of ["hone_", "hone_aaaa", `hone_${"a".repeat(43)}`, "Bearer"])
      expect((await callRoute(route, token)).status, token).toBe(401);
  });

  it.each(routes)("%s opens to its own scope and to no other", async (_name, route) => {
    for (const scope of API_SCOPES) {
      const { status } = await callRoute(route, only.get(scope) ?? null);
      if (route.scope === null || route.scope === scope) expect(open(route), scope).toContain(status);
      else expect(status, scope).toBe(403);
    }
    if (route.scope === null) return;
    expect((await callRoute(route, without.get(route.scope) ?? null)).status).toBe(403);
  });

  it.each(routes)("%s goes by the role that the person has now", async (_name, route) => {
    const person = await addUser(db(), "admin");
    const token = await makeToken(person);
    for (const role of ROLES) {
      await setRole(person, role);
      const { status } = await callRoute(route, token);
      if (route.scope === null || roleAtLeast(role, "researcher")) expect(open(route), role).toContain(status);
      else expect(status, role).toBe(403);
    }
  });

  it.each(routes.filter(([, route]) => route.path.includes("{project}")))(
    "%s of another project is not there for a token of one",
    async (_name, route) => {
      const { status, body } = await callRoute(route, ofAnother);
      expect(status).toBe(404);
      expect(body.detail).toMatch(/no such project/);
    },
  );
});

describe("a token", () => {
  it("is stored as its hash and shown once", async () => {
    const { id, token } = await createToken(researcher, { name: "Once", scopes: ["runs:read"], projectId: null, days: 30 });
    expect(token).toMatch(/^hone_[\w-]{43}$/);
    const stored = await db().select().from(apiTokens).where(eq(apiTokens.id, id));
    expect(JSON.stringify(stored)).not.toContain(token.slice(10));
    const listed = await listTokens(researcher);
    expect(JSON.stringify(listed)).not.toContain(token.slice(10));
    expect(listed.find((row) => row.id === id)).toMatchObject({ prefix: token.slice(0, 9), lastUsedAt: null });
    await call("/me", { token });
    expect((await listTokens(researcher)).find((row) => row.id === id)?.lastUsedAt).toBeInstanceOf(Date);
  });

  it("ends when it is revoked, with the reason", async () => {
    const { id, token } = await createToken(researcher, { name: "Revoked", scopes: ["projects:read"], projectId: null, days: null });
    expect((await call("/projects", { token })).status).toBe(200);
    const stranger = await addUser(db(), "admin");
    await expect(revokeToken(stranger, { tokenId: id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await revokeToken(researcher, { tokenId: id });
    expect(await call("/projects", { token })).toMatchObject({ status: 401, body: { detail: "This token was revoked." } });
  });

  it("ends with its time", async () => {
    const { id, token } = await createToken(researcher, { name: "Short", scopes: ["projects:read"], projectId: null, days: 1 });
    expect((await call("/projects", { token })).status).toBe(200);
    await db().update(apiTokens).set({ expiresAt: sql`now()` }).where(eq(apiTokens.id, id));
    expect(await call("/projects", { token })).toMatchObject({ status: 401, body: { detail: "This token has expired." } });
  });

  it("ends with the account of its person, and works again with it", async () => {
    const person = await addUser(db(), "researcher");
    const token = await makeToken(person);
    await db().update(users).set({ disabled: true }).where(eq(users.id, person.user.id));
    expect(await call("/me", { token })).toMatchObject({ status: 401, body: { detail: "The account of this token is disabled." } });
    await db().update(users).set({ disabled: false }).where(eq(users.id, person.user.id));
    expect((await call("/me", { token })).status).toBe(200);
  });

  it("is nothing to the procedures of the product, and annotators can make none", async () => {
    const annotator = await addUser(db(), "annotator");
    const input = { name: "Mine", scopes: ["projects:read" as const], projectId: null, days: null };
    await expect(createCaller(annotator).token.create(input)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(createCaller(researcher).token.create({ ...input, scopes: ["everything" as ApiScope] })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
    await expect(
      createCaller(researcher).token.create({ ...input, projectId: "11111111-1111-4111-8111-111111111111" }),
    ).rejects.toMatchObject({ code: "BAD_REQUEST", message: /projectId/ });
  });

  it("is taken from the header alone, never from a cookie or the address", async () => {
    const token = await makeToken(researcher);
    const attempts = [
      new Request(`http://localhost/api/v1/me?access_token=${token}`),
      new Request("http://localhost/api/v1/me", { headers: { cookie: `next-auth.session-token=${token}` } }),
      new Request("http://localhost/api/v1/me", { headers: { authorization: `Basic ${token}` } }),
    ];
    for (const request of attempts) expect((await handleApi(db(), request)).status).toBe(401);
    const answer = await call("/me", { headers: { origin: "https://elsewhere.example" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it(`may make ${MAX_REQUESTS} requests a minute, counted by the token`, async () => {
    const person = await addUser(db(), "researcher");
    const token = await makeToken(person);
    const [row] = await listTokens(person);
    await call("/me", { token });
    await db().execute(sql`update rate_limits set count = ${MAX_REQUESTS} where key = ${`api:${row?.id}`}`);
    const answer = await call("/me", { token });
    expect(answer.status).toBe(429);
    const wait = Number(answer.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await call("/me")).status).toBe(200);
    await db().execute(sql`update rate_limits set window_started_at = now() - interval '61 seconds' where key = ${`api:${row?.id}`}`);
    expect((await call("/me", { token })).status).toBe(200);
  });
});
