/** Rows that programs send: told by their line where they are bad, stored once, and read back in pages. */
import { count, eq } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { completions, items, prompts, seats } from "../../../db/schema";
import { submitJudgement } from "../../../server/services/judgement";
import { claimNextItem } from "../../../server/services/queue";
import { type ApiClient, apiClient, makeToken } from "../../helpers/api-client";
import { addItem, addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let call: ApiClient;

const LINES = { "content-type": "application/x-ndjson" };
const lines = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const countOf = async (table: typeof prompts | typeof items | typeof completions, projectId: string) =>
  (await db().select({ n: count() }).from(table).where(eq(table.projectId, projectId)))[0]?.n;

beforeAll(async () => {
  call = apiClient(db(), await makeToken(await addUser(db(), "researcher")));
});

describe("prompts and completions", () => {
  it("go in once, as a list or as lines, also when they are sent again", async () => {
    const projectId = await addProject(db());
    const rows = [
      { prompt: "One?", reference: "1", split: "test", group: "a", meta: { task: "sums" } },
      {
        prompt: [
          { role: "system", content: "Be short" },
          { role: "user", content: "Two?" },
        ],
      },
    ];
    expect((await call(`/projects/${projectId}/prompts`, { json: rows })).body).toMatchObject({
      stored: true,
      rows: 2,
      created: { prompts: 2 },
      known: 0,
    });
    expect((await call(`/projects/${projectId}/prompts`, { body: lines(rows), headers: LINES })).body).toMatchObject({
      created: { prompts: 0 },
      known: 2,
    });
    const answers = [
      { prompt: "One?", completion: "1", model: "small" },
      { prompt: "One?", completion: "one", model: "large" },
    ];
    expect((await call(`/projects/${projectId}/completions`, { json: answers })).body).toMatchObject({
      created: { prompts: 0, completions: 2 },
    });
    const listed = (await call(`/projects/${projectId}/prompts?split=test`)).body.data as { id: string }[];
    expect(listed).toMatchObject([
      { messages: [{ role: "user", content: "One?" }], reference: "1", split: "test", group: "a", meta: { task: "sums" } },
    ]);
    const found = await call(`/projects/${projectId}/completions?prompt_id=${listed[0]?.id}&model=large`);
    expect(found.body.data).toMatchObject([{ text: "one", model: "large", source: "external" }]);
  });

  it("with a bad row are refused together, or kept without it, and the row is told by its line", async () => {
    const projectId = await addProject(db());
    const body = `${lines([{ prompt: "Good?" }])}\n\n{"prompt": \n${lines([{ prompt: "" }, { prompt: "Good too?" }])}`;
    const refused = await call(`/projects/${projectId}/prompts`, { body, headers: LINES });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toEqual([
      { line: 3, message: expect.stringMatching(/^not JSON/) },
      { line: 4, message: expect.stringMatching(/^prompt: expected a text/) },
    ]);
    expect(await countOf(prompts, projectId)).toBe(0);
    const kept = await call(`/projects/${projectId}/prompts?on_error=keep`, { body, headers: LINES });
    expect(kept).toMatchObject({ status: 200, body: { stored: true, created: { prompts: 2 }, error_count: 2 } });
    const dry = await call(`/projects/${projectId}/prompts?dry_run=true`, { json: [{ prompt: "New?" }, {}] });
    expect(dry).toMatchObject({ status: 200, body: { stored: false, created: { prompts: 1 }, error_count: 1 } });
    expect(await countOf(prompts, projectId)).toBe(2);
  });

  it("are read in pages that hold still while more come in", async () => {
    const projectId = await addProject(db());
    const path = `/projects/${projectId}/prompts`;
    await call(path, { json: Array.from({ length: 5 }, (_, i) => ({ prompt: `Question ${i}?` })) });
    const seen: string[] = [];
    let cursor = "";
    for (let page = 0; ; page++) {
      const { body } = await call(`${path}?limit=2${cursor}`);
      seen.push(...(body.data as { id: string }[]).map(({ id }) => id));
      if (page === 0) await call(path, { json: [{ prompt: "Late?" }] });
      if (body.has_more !== true) break;
      cursor = `&cursor=${String(body.next_cursor)}`;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    const [newest] = (await call(`${path}?order=desc&limit=1`)).body.data as { messages: { content: string }[] }[];
    expect(newest?.messages[0]?.content).toBe("Late?");
  });
});

describe("items", () => {
  it("are made of texts or of ids, once, with priority and overlap", async () => {
    const projectId = await addProject(db());
    const path = `/projects/${projectId}/items`;
    const row = {
      prompt: "Which?",
      completions: [
        { text: "This", model: "a" },
        { text: "That", model: "b" },
      ],
      priority: 3,
      overlap: 2,
    };
    const made = await call(path, { json: [row] });
    expect(made.body).toMatchObject({ stored: true, created: 1, existing: 0, items: [{ line: 1, created: true }] });
    const [item] = (await call(path)).body.data as { id: string; completion_ids: string[] }[];
    expect(item).toMatchObject({ mode: "pairwise", priority: 3, state: "open", judgements_wanted: 2, judgements_given: 0 });
    const again = await call(path, { json: [{ completion_ids: item?.completion_ids.toReversed() }, row] });
    expect(again.body).toMatchObject({
      created: 0,
      existing: 2,
      items: [
        { line: 1, id: item?.id, created: false },
        { line: 2, id: item?.id, created: false },
      ],
    });
    expect(await countOf(items, projectId)).toBe(1);
    const three = await call(path, {
      json: [
        { prompt: "Which?", completions: ["x", "y", "z"] },
        { prompt: "Write one", mode: "demonstration" },
      ],
    });
    expect(three.body).toMatchObject({ created: 2 });
    expect(((await call(path)).body.data as { mode: string }[]).map(({ mode }) => mode).sort()).toEqual([
      "demonstration",
      "pairwise",
      "ranking",
    ]);
  });

  it("that cannot be judged are told by their line and field", async () => {
    const projectId = await addProject(db());
    const elsewhere = await addItem(db(), await addProject(db()), ["here", "there"]);
    const rows = [
      { prompt: "Which?", completions: ["same", "same"] },
      { prompt: "Which?", completions: ["alone"] },
      { prompt: "Which?", completions: ["a", "b"], colour: "red" },
      { completion_ids: elsewhere.completionIds },
      { prompt_id: elsewhere.promptId, completions: ["a", "b"] },
      { completions: ["a", "b"] },
      { prompt: "Which?", completions: ["a", "b"], overlap: 99 },
      { prompt: "Which?", completions: ["nul \u0000", "b"] },
    ];
    const refused = await call(`/projects/${projectId}/items`, { json: rows });
    expect(refused.status).toBe(422);
    const errors = refused.body.errors as { line: number; message: string }[];
    expect(errors.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/named twice/),
      expect.stringMatching(/^mode: expected/),
      expect.stringMatching(/colour/),
      expect.stringMatching(/not in this project/),
      expect.stringMatching(/^prompt_id: .* not in this project/),
      expect.stringMatching(/^prompt: expected/),
      expect.stringMatching(/^overlap: /),
      expect.stringMatching(/U\+0000/),
    ]);
    expect(await countOf(items, projectId)).toBe(0);
    expect(await countOf(completions, projectId)).toBe(0);
    const kept = await call(`/projects/${projectId}/items?on_error=keep`, {
      json: [...rows, { prompt: "Which?", completions: ["a", "b"] }],
    });
    expect(kept).toMatchObject({ status: 200, body: { created: 1, error_count: 8, items: [{ line: 9 }] } });
  });

  it("go from open to completed with their judgements", async () => {
    const projectId = await addProject(db());
    const { body } = await call(`/projects/${projectId}/items`, { json: [{ prompt: "Which?", completions: ["left", "right"] }] });
    const [{ id = "" } = {}] = body.items as { id: string }[];
    const annotator = await addUser(db(), "annotator");
    expect((await claimNextItem(annotator, { projectId }))?.itemId).toBe(id);
    await submitJudgement(annotator, {
      itemId: id,
      clientEventId: crypto.randomUUID(),
      value: { kind: "pairwise", margin: -2 },
      reasons: [],
      comment: "",
      activeMs: 5,
      idleMs: 0,
      untouched: false,
    });
    expect((await call(`/projects/${projectId}/items/${id}`)).body).toMatchObject({ state: "completed", judgements_given: 1 });
    expect((await call(`/projects/${projectId}/items?state=open`)).body.data).toEqual([]);
    await db().insert(seats).values({ itemId: id, seat: 2 });
    expect((await call(`/projects/${projectId}/items?state=open`)).body.data).toHaveLength(1);
    await db().update(items).set({ open: false }).where(eq(items.id, id));
    expect((await call(`/projects/${projectId}/items?state=closed`)).body.data).toMatchObject([{ state: "closed" }]);
  });
});
