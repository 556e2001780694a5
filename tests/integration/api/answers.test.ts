/** What the API answers: every route by the schema of the document, and what cannot be answered by its problem. */
import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { upsertScores } from "../../../db/queries/scores";
import { items, judgements, projects, prompts } from "../../../db/schema";
import { MAX_BODY_BYTES } from "../../../server/api/handle";
import { describeApi } from "../../../server/api/openapi";
import { ROUTES } from "../../../server/api/routes";
import { type Answer, type ApiClient, apiClient, makeToken } from "../../helpers/api-client";
import { addItem, addProject } from "../../helpers/project-world";
import { addRun, createRunWorld, type RunWorld } from "../../helpers/run-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let world: RunWorld;
let call: ApiClient;
let base: string;

beforeAll(async () => {
  world = await createRunWorld(db());
  call = apiClient(db(), await makeToken(world.ctx));
  base = `/projects/${world.projectId}`;
});

const LINES = { "content-type": "application/x-ndjson" };

type Operation = { responses: Record<string, { content: Record<string, { schema: object }> }> };
type Document = { paths: Record<string, Record<string, Operation>>; components: object };
const document = describeApi("https://hone.example") as Document;
const ajv = addFormats(new Ajv2020({ strict: false }));
/** What the document says that a route answers, refused by name where it does not. */
function expectDescribed(route: (typeof ROUTES)[number], body: unknown, type = "application/json"): void {
  const schema = document.paths[route.path]?.[route.method.toLowerCase()]?.responses["200"]?.content[type]?.schema;
  const validate = ajv.compile({ ...schema, components: document.components });
  expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
}

describe("every route", () => {
  let ids: Record<string, string>;
  beforeAll(async () => {
    const run = await addRun(world);
    await upsertScores(db(), [
      {
        projectId: world.projectId,
        checkpointId: world.base.id,
        runId: run.id,
        metric: "reward/accuracy",
        value: 0.7,
        low: 0.6,
        high: 0.8,
        n: 12,
        signature: "test",
      },
    ]);
    // What is younger than half a second is not told yet.
    await db().update(judgements).set({ updatedAt: sql`now() - interval '1 minute'` });
    const [item] = await db().select().from(items).where(eq(items.projectId, world.projectId));
    const [judgement] = await db().select().from(judgements).where(eq(judgements.projectId, world.projectId));
    ids = { run_id: run.id, item_id: item?.id ?? "", judgement_id: judgement?.id ?? "", dataset_id: world.preferenceDatasetId };
  });
  const bodies: Record<string, unknown> = {
    addPrompts: [{ prompt: "Why is the sky blue?" }],
    addCompletions: [{ prompt: "Why is the sky blue?", completion: "Scattering.", model: "m" }],
    addItems: [{ prompt: "Why is the sky blue?", completions: ["Scattering.", "The sea."] }],
    addJudgements: [{ prompt: "Why is the sky blue?", chosen: "Scattering.", rejected: "The sea." }],
    freezeDataset: { kind: "preference" },
  };

  // A run needs weights to start from: writes.test.ts.
  const answering = ROUTES.filter(({ id }) => id !== "startRun");
  it.each(answering.map((route) => [route.id, route] as const))("%s answers as the document says", async (id, route) => {
    const path = route.path.replace("{project}", world.projectId).replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? name);
    const answer = await call(path, bodies[id] === undefined ? {} : { json: bodies[id] });
    expect(answer.status, answer.text).toBe(200);
    expectDescribed(route, answer.body);
    if ("data" in answer.body) expect(answer.body.data).not.toEqual([]);
    if (route.lines === undefined) return;
    const stream = await call(path, { headers: { accept: "application/x-ndjson" } });
    expect(stream.headers.get("content-type")).toBe("application/x-ndjson");
    const rows = stream.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expectDescribed(route, row, "application/x-ndjson");
  });
});

describe("what cannot be answered", () => {
  const cases: [what: string, status: number, ask: () => Promise<Answer>][] = [
    ["an address that there is not", 404, () => call("/nothing")],
    ["a method that the address has not", 405, () => call(`${base}/judgements`, { method: "DELETE" })],
    ["an id that is none", 404, () => call(`${base}/items/1`)],
    [
      "an item of another project",
      404,
      async () => call(`/projects/${await addProject(db())}/items/${(await addItem(db(), world.projectId, ["one", "two"])).itemId}`),
    ],
    ["a parameter that is not known", 422, () => call(`${base}/items?colour=red`)],
    ["a parameter given twice", 422, () => call(`${base}/items?limit=1&limit=2`)],
    ["a limit out of its range", 422, () => call(`${base}/items?limit=0`)],
    ["a cursor that was never given", 422, () => call(`${base}/judgements?cursor=abc`)],
    ["a moment that is none", 422, () => call(`${base}/judgements?updated_since=yesterday`)],
    [
      "a body of an unknown type",
      415,
      () => call(`${base}/prompts`, { body: "prompt=x", headers: { "content-type": "application/x-www-form-urlencoded" } }),
    ],
    ["no body", 400, () => call(`${base}/prompts`, { method: "POST", headers: LINES })],
    [
      "a list that does not end",
      422,
      () => call(`${base}/prompts`, { body: '[{"prompt":"x"}', headers: { "content-type": "application/json" } }),
    ],
    [
      "a body that says it is too large",
      413,
      () => call(`${base}/prompts`, { body: "{}", headers: { ...LINES, "content-length": String(MAX_BODY_BYTES + 1) } }),
    ],
  ];
  it.each(cases)("%s is %i", async (_what, status, ask) => {
    const answer = await ask();
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      status,
      type: expect.stringMatching(/^\/developers#/),
      request_id: answer.headers.get("x-request-id"),
    });
    if (status === 405) expect(answer.headers.get("allow")).toBe("POST, GET");
  });

  it("names the parameter", async () => {
    expect((await call(`${base}/items?limit=0&state=lost`)).body.errors).toEqual([
      expect.objectContaining({ field: "limit" }),
      expect.objectContaining({ field: "state" }),
    ]);
  });

  it("a body that grows too large is refused where it does, and nothing of it is kept", async () => {
    const projectId = await addProject(db());
    const line = new TextEncoder().encode(`${JSON.stringify({ prompt: "x".repeat(1_000_000) })}\n`);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += line.byteLength;
        controller.enqueue(line);
      },
    });
    const answer = await call(`/projects/${projectId}/prompts`, { body, headers: LINES });
    expect(answer.status).toBe(413);
    expect(sent).toBeLessThan(MAX_BODY_BYTES + 4_000_000);
    expect(await db().select().from(prompts).where(eq(prompts.projectId, projectId))).toEqual([]);
  });
});

describe("a dataset's rows", () => {
  it("are read in pages, as they were frozen or as TRL has them", async () => {
    const path = `${base}/datasets/${world.preferenceDatasetId}/rows`;
    const first = await call(`${path}?limit=2`);
    expect(first.body).toMatchObject({ has_more: true, next_cursor: "1" });
    const rest = await call(`${path}?limit=2&cursor=1`);
    expect(rest.body).toMatchObject({ has_more: false, data: [{ completions: ["a", "b"], ranks: [1, 2], split: "train", group: "g2" }] });
    expect((await call(`${path}?format=trl&limit=1`)).body.data).toMatchObject([
      { chosen: [{ role: "assistant", content: "a" }], rejected: [{ role: "assistant", content: "b" }] },
    ]);
    expect((await call(`${path}?split=test`)).body).toMatchObject({ data: [], has_more: false, next_cursor: null });
  });
});

describe("projects", () => {
  it("are found by their slug, and a token of one lists that one", async () => {
    const [project] = await db().select().from(projects).where(eq(projects.id, world.projectId));
    expect((await call(`/projects/${project?.slug}`)).body).toMatchObject({ id: world.projectId });
    const token = await makeToken(world.ctx, { projectId: world.projectId });
    expect((await call("/projects", { token })).body.data).toMatchObject([{ id: world.projectId }]);
    await addProject(db());
    expect(((await call("/projects")).body.data as unknown[]).length).toBeGreaterThan(1);
  });
});
