/** Judgements as programs follow them: pseudonyms, none missed and none twice whatever is committed when, as pages and as a stream. */
import { beforeAll, describe, expect, it } from "vitest";
import { judgements } from "../../../db/schema";
import { undoJudgement } from "../../../server/services/judgement";
import { type ApiClient, apiClient, makeToken } from "../../helpers/api-client";
import { addItem, addProject, addUser, addVote } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();
let call: ApiClient;

beforeAll(async () => {
  call = apiClient(db(), await makeToken(await addUser(db(), "researcher")));
});

describe("judgements", () => {
  type Page = {
    data: { id: string; item_id: string; annotator: string; undone_at: string | null; updated_at: string; simulated: boolean }[];
    has_more: boolean;
    next_cursor: string | null;
  };
  const read = async (projectId: string, parameters = "") =>
    (await call(`/projects/${projectId}/judgements?${parameters}`)).body as unknown as Page;

  it("are given with pseudonyms, people's apart from simulated ones", async () => {
    const projectId = await addProject(db());
    const person = await addUser(db(), "annotator");
    const bot = await addUser(db(), "annotator", { simulated: true });
    for (const [i, ctx] of [person, bot, person].entries()) {
      const { itemId, completionIds } = await addItem(db(), projectId, [`a${i}`, `b${i}`]);
      await addVote(ctx, {
        projectId,
        itemId,
        shownOrder: completionIds.toReversed(),
        value: { kind: "pairwise", margin: -1 },
        ranks: [1, 2],
      });
    }
    await expect.poll(async () => (await read(projectId)).data.length).toBe(2);
    const { data } = await read(projectId);
    expect(new Set(data.map(({ annotator }) => annotator)).size).toBe(1);
    expect(JSON.stringify(data)).not.toContain(person.user.id);
    expect(JSON.stringify(data)).not.toContain(person.user.name);
    // Shown the other way round: the first shown was better, which is the item's second.
    expect(data[0]).toMatchObject({ shown: [1, 0], ranks: [2, 1], value: { kind: "pairwise", margin: -1 }, margin: 1 });
    expect((await read(projectId, `item_id=${data[1]?.item_id}`)).data.map(({ id }) => id)).toEqual([data[1]?.id]);
    expect((await read(projectId, "votes=simulated")).data).toMatchObject([{ simulated: true }]);
    expect((await read(projectId, "votes=all")).data).toHaveLength(3);
  });

  it("are followed without missing one that is committed late or taken back", async () => {
    const projectId = await addProject(db());
    const annotator = await addUser(db(), "annotator");
    const vote = async (name: string) => {
      const { itemId, completionIds } = await addItem(db(), projectId, [`${name} a`, `${name} b`]);
      return (tx: Parameters<typeof addVote>[0]) =>
        addVote(tx, { projectId, itemId, shownOrder: completionIds, value: { kind: "pairwise", margin: -1 }, ranks: [1, 2] });
    };
    const [first, late, second] = [await vote("first"), await vote("late"), await vote("second")];
    const ids = [await first(annotator)];
    await expect.poll(async () => (await read(projectId)).data.length).toBe(1);
    const before = await read(projectId, "undone=include");
    let commit = (): void => undefined;
    const open = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let written = (_id: string): void => undefined;
    const lateId = new Promise<string>((resolve) => {
      written = resolve;
    });
    // Written before the second, committed after it.
    const slow = db().transaction(async (tx) => {
      written(await late({ ...annotator, db: tx }));
      await open;
    });
    ids.push(await lateId, await second(annotator));
    const cursor = `undone=include&cursor=${before.next_cursor}`;
    const between = await read(projectId, cursor);
    expect(between).toEqual({ data: [], has_more: false, next_cursor: before.next_cursor });
    commit();
    await slow;
    await expect.poll(async () => (await read(projectId, cursor)).data.map(({ id }) => id)).toEqual(ids.slice(1));
    const after = await read(projectId, cursor);
    const page = await read(projectId, `${cursor}&limit=1`);
    expect(page).toMatchObject({ has_more: true, data: [{ id: ids[1] }] });
    expect((await read(projectId, `undone=include&cursor=${page.next_cursor}`)).data.map(({ id }) => id)).toEqual([ids[2]]);

    await undoJudgement(annotator, { projectId });
    const follow = `undone=include&cursor=${after.next_cursor}`;
    await expect.poll(async () => (await read(projectId, follow)).data).toMatchObject([{ id: ids[2], undone_at: expect.any(String) }]);
    expect((await read(projectId)).data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const since = (await read(projectId)).data[1]?.updated_at;
    expect((await read(projectId, `updated_since=${since}`)).data.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await call(`/projects/${projectId}/judgements/${ids[2]}`)).body).toMatchObject({ id: ids[2], undone_at: expect.any(String) });
  });

  it("come as one stream of lines, in many pages", async () => {
    const projectId = await addProject(db());
    const annotator = await addUser(db(), "annotator");
    const { itemId, completionIds } = await addItem(db(), projectId, ["many", "votes"]);
    const one = {
      projectId,
      itemId,
      seat: 1,
      annotatorId: annotator.user.id,
      value: { kind: "skip" as const, cause: "other" as const },
      shownOrder: completionIds,
      activeMs: 1,
      undoneAt: new Date(),
    };
    await db()
      .insert(judgements)
      .values(Array.from({ length: 2100 }, () => ({ ...one, clientEventId: crypto.randomUUID() })));
    const path = `/projects/${projectId}/judgements?undone=include`;
    const readIds = async () => {
      const { text } = await call(path, { headers: { accept: "application/x-ndjson" } });
      return text.split("\n").flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { id: string }).id]));
    };
    await expect.poll(async () => (await readIds()).length).toBe(2100);
    expect(new Set(await readIds()).size).toBe(2100);
  });
});
