import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyRows, readMoment } from "../../../db/copy";
import { createTestDb, type TestDb } from "../../helpers/database";

let test: TestDb;
beforeAll(async () => {
  test = await createTestDb();
});
afterAll(() => test.close());

it("gives the same values as an ordinary query, over many blocks, nulls and empty texts too", async () => {
  const query = sql`select md5(n::text)::uuid as id, case when n % 3 = 0 then null else repeat('é', n % 200) end as words,
    n / 7.0::float8 as part, timestamptz '1999-12-31 23:59:59.123457+00' + n * interval '1 second' as moment from generate_series(1, 4000) n order by n`;
  const copied: unknown[] = [];
  await copyRows(test.db, query, 4, ({ bytes, at, length }) => {
    const [id = 0, words = 0, part = 0, moment = 0] = at;
    const hex = bytes.toString("hex", id, id + (length[0] as number));
    const text = length[1] === -1 ? null : bytes.toString("utf8", words, words + (length[1] as number));
    copied.push([hex, text, bytes.readDoubleBE(part), readMoment(bytes, moment)]);
  });
  const rows = await test.db.execute<{ id: string; words: string | null; part: number; at: string }>(
    sql`select replace(id::text, '-', '') as id, words, part, (extract(epoch from moment) * 1000000)::bigint::text as at from (${query}) q`,
  );
  expect(copied).toEqual(rows.map(({ id, words, part, at }) => [id, words, part, Number(at)]));
});

it("tells what went wrong, there and here, and the connection is of use afterwards", async () => {
  await expect(copyRows(test.db, sql`select 1 / (1000 - n) from generate_series(1, 1000) n`, 1, () => undefined)).rejects.toThrow(
    "division by zero",
  );
  await expect(copyRows(test.db, sql`select n from generate_series(1, 200000) n`, 2, () => undefined)).rejects.toThrow(
    "a row of 1 columns instead of 2",
  );
  const refuse = () => {
    throw new Error("not this row");
  };
  await expect(copyRows(test.db, sql`select n from generate_series(1, 200000) n`, 1, refuse)).rejects.toThrow("not this row");
  for (let use = 0; use < 12; use++) expect((await test.db.execute(sql`select ${use}::int as use`))[0]).toEqual({ use });
});

it("leaves every connection of use, however much came in one packet", async () => {
  for (const rows of [0, 1, 300, 700, 1000, 1500, 3000]) {
    let read = 0;
    const copy = () => copyRows(test.db, sql`select n, n from generate_series(1, ${rows}::int) n`, 2, () => read++);
    await Promise.all(Array.from({ length: 10 }, copy));
    expect(read).toBe(10 * rows);
    await Promise.all(Array.from({ length: 10 }, () => test.db.execute(sql`select 1`)));
  }
});

it("takes values as values", async () => {
  const found: string[] = [];
  const odd = "it''s; select '\\ --";
  await copyRows(test.db, sql`select ${odd}::text`, 1, ({ bytes, at, length }) =>
    found.push(bytes.toString("utf8", at[0], (at[0] as number) + (length[0] as number))),
  );
  expect(found).toEqual([odd]);
});

it("holds up nobody: other queries go on while rows are awaited", async () => {
  const ask = () => Promise.all(Array.from({ length: 40 }, (_, k) => test.db.execute(sql`select ${k}::int as k`)));
  await ask();
  const holder = await test.sql.reserve();
  await holder`select pg_advisory_lock(77)`;
  let read = 0;
  const copies = Promise.all(
    Array.from({ length: 5 }, () =>
      copyRows(test.db, sql`select n from pg_advisory_xact_lock_shared(77), generate_series(1, 3) n`, 1, () => read++),
    ),
  );
  const waiting = async () => {
    const [row] =
      await holder`select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and query like 'copy%pg_advisory%'`;
    return row?.n;
  };
  while ((await waiting()) !== 5);
  expect((await ask()).map(([row]) => row?.k)).toEqual(Array.from({ length: 40 }, (_, k) => k));
  expect(read).toBe(0);
  await holder`select pg_advisory_unlock(77)`;
  holder.release();
  await copies;
  expect(read).toBe(15);
});
