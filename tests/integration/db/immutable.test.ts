/** What the database itself refuses, whoever asks. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDb, type TestDb } from "../../helpers/database";

let database: TestDb;
beforeAll(async () => {
  database = await createTestDb();
});
afterAll(() => database.close());

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A project with a frozen row that came from a judgement. */
async function insertFrozenRow(): Promise<void> {
  const { sql } = database;
  await sql`insert into users (id, email, name) values (${id(1)}, 'a@example.org', 'A')`;
  await sql`insert into projects (id, slug, name) values (${id(2)}, 'p', 'P')`;
  await sql`insert into prompts (id, project_id, messages, split, group_key, content_hash) values (${id(3)}, ${id(2)}, '[]', 'train', 'g', 'h')`;
  await sql`insert into items (id, project_id, prompt_id, mode, content_hash) values (${id(4)}, ${id(2)}, ${id(3)}, 'pairwise', 'h')`;
  await sql`insert into judgements (id, project_id, item_id, seat, annotator_id, client_event_id, value, shown_order, active_ms)
    values (${id(5)}, ${id(2)}, ${id(4)}, 1, ${id(1)}, ${id(6)}, '{}', '[]', 1)`;
  await sql`insert into dataset_versions (id, project_id, kind, version, hash, counts) values (${id(7)}, ${id(2)}, 'preference', 1, 'h', '{}')`;
  await sql`insert into dataset_rows (dataset_version_id, ordinal, split, group_key, judgement_id, prompt_id, content)
    values (${id(7)}, 0, 'train', 'g', ${id(5)}, ${id(3)}, '{}')`;
}

describe("frozen rows", () => {
  beforeAll(insertFrozenRow);

  it.each([
    ["update dataset_versions set hash = 'other'", "UPDATE of dataset_versions is refused"],
    ["delete from dataset_versions", "DELETE of dataset_versions is refused"],
    ["update dataset_rows set content = '[]'", "UPDATE of dataset_rows is refused"],
    ["delete from dataset_rows", "DELETE of dataset_rows is refused"],
    ["truncate dataset_rows", "TRUNCATE of dataset_rows is refused"],
    ["delete from judgements", "judgements are kept for the record"],
    ["delete from items", "judgements are kept for the record"],
  ])("%s", async (statement, message) => {
    await expect(database.sql.unsafe(statement)).rejects.toThrow(message);
  });

  it("are still there, and a judgement can be undone", async () => {
    const [counts] =
      await database.sql`select (select count(*)::int from dataset_rows) as rows, (select count(*)::int from judgements) as judgements`;
    expect(counts).toEqual({ rows: 1, judgements: 1 });
    await database.sql`update judgements set undone_at = now()`;
    const [judgement] = await database.sql`select undone_at from judgements`;
    expect(judgement?.undone_at).not.toBeNull();
  });
});

describe("test databases", () => {
  it("do not see one another", async () => {
    const other = await createTestDb();
    try {
      await other.sql`insert into users (email, name) values ('only@here.example', 'Here')`;
      expect(await database.sql`select 1 from users where email = 'only@here.example'`).toHaveLength(0);
    } finally {
      await other.close();
    }
  });
});
