/** Programs that judge elsewhere, freeze what was judged, and start a run on it. */
import { eq } from "drizzle-orm";
import { beforeAll, expect, it, vi } from "vitest";
import { auditEntries, judgements, projects, runs } from "../../../db/schema";
import { datasetExamples, trainingExamples } from "../../../app/developers/examples";
import type { UserContext } from "../../../server/context";
import { loadEngine } from "../../../trainer/engine/engine";
import { type ApiClient, apiClient, makeToken } from "../../helpers/api-client";
import { addProject, addUser } from "../../helpers/project-world";
import { createTinyProject, type TinyProject } from "../../helpers/tiny-project";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let researcher: UserContext;
let call: ApiClient;
const ROWS = [
  { prompt: "One?", chosen: "1", rejected: "2", annotator: "ada" },
  {
    prompt: "Two?",
    completions: [
      { text: "2", model: "small" },
      { text: "two", model: "large" },
      { text: "3", model: "small" },
    ],
    ranks: [1, 2, 3],
    annotator: "bob",
  },
];

beforeAll(async () => {
  // Writes the weights of the tiny project.
  await loadEngine();
  researcher = await addUser(db(), "researcher");
  call = apiClient(db(), await makeToken(researcher));
});

/** A project with a base model, in a data folder of its own. */
async function startTiny(): Promise<TinyProject> {
  const tiny = await createTinyProject(db());
  vi.stubEnv("DATABASE_URL", "postgres://nobody@127.0.0.1/none");
  vi.stubEnv("NEXTAUTH_SECRET", "only-for-this-test");
  vi.stubEnv("HONE_DATA", tiny.dataFolder);
  return tiny;
}

it("comparisons go in once, rankings too, and a bad row is told by its line", async () => {
  const projectId = await addProject(db());
  const path = `/projects/${projectId}/judgements`;
  const refused = await call(`${path}?source=judged.jsonl`, { json: [...ROWS, { prompt: "Three?", chosen: "3" }] });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ line: 3 }] } });
  expect((await call(`${path}?source=judged.jsonl`, { json: ROWS })).body).toMatchObject({
    stored: true,
    created: { prompts: 2, completions: 5, items: 2, judgements: 2 },
  });
  expect((await call(`${path}?source=judged.jsonl`, { json: ROWS })).body).toMatchObject({ created: { judgements: 0 }, known: 2 });
  const stored = await db().select().from(judgements).where(eq(judgements.projectId, projectId));
  expect(stored.map(({ shownOrder }) => shownOrder.length).sort()).toEqual([2, 3]);
});

it("a dataset version is frozen once of the same rows, and says what is wrong with a filter", async () => {
  const projectId = await addProject(db());
  const path = `/projects/${projectId}/datasets`;
  expect(await call(path, { json: { kind: "preference" } })).toMatchObject({ status: 409 });
  await call(`/projects/${projectId}/judgements`, { json: ROWS });
  const first = await call(path, { json: { kind: "preference" } });
  expect(first).toMatchObject({ status: 200, body: { kind: "preference", version: 1, created: true } });
  expect(await call(path, { json: { kind: "preference" } })).toMatchObject({ body: { id: first.body.id, created: false } });
  expect((await call(`${path}/${String(first.body.id)}`)).body).toMatchObject({ hash: first.body.hash });
  const wrong = await call(path, { json: { kind: "preference", filter: { nonsense: 1 } } });
  expect(wrong).toMatchObject({ status: 422, body: { detail: expect.stringContaining("nonsense") } });
  expect(await call(path, { json: { kind: "votes" } })).toMatchObject({ status: 422, body: { errors: [{ field: "kind" }] } });
  expect(await call(path, { body: "{", headers: { "content-type": "application/json" } })).toMatchObject({ status: 400 });
  expect(await call(path, { body: "{}", headers: { "content-type": "text/plain" } })).toMatchObject({ status: 415 });
});

it("a run is queued with its defaults, logged, and refused with the field named", async () => {
  const tiny = await startTiny();
  const path = `/projects/${tiny.projectId}/runs`;
  const started = await call(path, {
    json: { name: "By token", config: { kind: "benchmark", tasks: ["cola"], limit: 5 }, base_checkpoint_id: tiny.baseId },
  });
  expect(started).toMatchObject({
    status: 200,
    body: { kind: "benchmark", state: "queued", config: { tasks: ["cola"], limit: 5, batchSize: 16 }, base_checkpoint_id: tiny.baseId },
  });
  const [row] = await db()
    .select()
    .from(runs)
    .where(eq(runs.id, String(started.body.id)));
  expect(row).toMatchObject({ projectId: tiny.projectId, createdBy: researcher.user.id });
  expect(
    await db()
      .select()
      .from(auditEntries)
      .where(eq(auditEntries.targetId, String(started.body.id))),
  ).toHaveLength(1);
  const wrong = (config: object, more: object = {}) =>
    call(path, { json: { name: "Wrong", config, base_checkpoint_id: tiny.baseId, ...more } });
  expect(await wrong({ kind: "benchmark", tasks: ["nope"] })).toMatchObject({
    status: 422,
    body: { errors: [{ field: "config.tasks.0" }] },
  });
  expect(await wrong({ kind: "benchmark", unknown: 1 })).toMatchObject({ status: 422 });
  expect(await wrong({ kind: "reward" })).toMatchObject({ status: 422, body: { errors: [{ field: "dataset_id" }] } });
  expect(await wrong({ kind: "benchmark" }, { surprise: 1 })).toMatchObject({ status: 422 });
  expect(await db().select().from(runs).where(eq(runs.projectId, tiny.projectId))).toHaveLength(1);
});

it("the examples of curl are taken as they stand", async () => {
  const tiny = await startTiny();
  await db().update(projects).set({ slug: "support-summaries" }).where(eq(projects.id, tiny.projectId));
  const send = (code = "", replace: Record<string, string> = {}) => {
    const json = /-d '([\s\S]+)'/.exec(code)?.[1] ?? "";
    const filled = Object.entries(replace).reduce((text, [from, to]) => text.replaceAll(from, to), json);
    return call(/\/api\/v1(\S+)/.exec(code)?.[1] ?? "", { json: JSON.parse(filled) });
  };
  const [imported, frozen] = (datasetExamples("https://hone.example")[0]?.code ?? "").split("\n\n");
  expect(await send(imported)).toMatchObject({ status: 200, body: { created: { judgements: 1 } } });
  expect(await send(frozen)).toMatchObject({ status: 200, body: { created: true } });
  expect(await send(trainingExamples("https://hone.example")[0]?.code, { "BASE-CHECKPOINT": tiny.baseId })).toMatchObject({
    status: 200,
    body: { state: "queued" },
  });
});
