/** A project full of made-up pairwise votes, for measuring: every one from every annotator on every item. */
import { sql } from "drizzle-orm";
import type { Db } from "../client";

export type SyntheticSize = { models: number; prompts: number; items: number; annotators: number };

/** Makes the project `slug` with items x annotators votes; returns its id. Ids come from md5, so that SQL alone can write them. */
export async function insertSyntheticVotes(db: Db, slug: string, { models, prompts, items, annotators }: SyntheticSize): Promise<string> {
  const [row] = await db.execute<{ id: string }>(sql`insert into projects (slug, name) values (${slug}, ${slug}) returning id`);
  if (row === undefined) throw new Error("The synthetic project was not made");
  const { id } = row;
  await db.execute(
    sql`insert into users (id, email, name) select md5('u' || k)::uuid, 'u' || k || '@synthetic.invalid', 'u' || k from generate_series(0, ${annotators - 1}) k`,
  );
  await db.execute(
    sql`insert into models (id, project_id, name) select md5('m' || k)::uuid, ${id}, 'model ' || k from generate_series(0, ${models - 1}) k`,
  );
  await db.execute(sql`insert into prompts (id, project_id, messages, split, group_key, content_hash, meta)
    select md5('p' || k)::uuid, ${id}, '[{"role":"user","content":"question"}]', 'test', k, k, jsonb_build_object('category', 'topic ' || k % 5) from generate_series(0, ${prompts - 1}) k`);
  await db.execute(sql`insert into completions (id, project_id, prompt_id, model_id, text, source, content_hash)
    select md5('c' || p * ${models}::int + m)::uuid, ${id}, md5('p' || p)::uuid, md5('m' || m)::uuid, repeat('word ', 5 + (p * 7 + m * 13) % 90), 'external', p || '.' || m
    from generate_series(0, ${prompts - 1}) p, generate_series(0, ${models - 1}) m`);
  await db.execute(
    sql`insert into items (id, project_id, prompt_id, mode, content_hash) select md5('i' || k)::uuid, ${id}, md5('p' || k % ${prompts}::int)::uuid, 'pairwise', k from generate_series(0, ${items - 1}) k`,
  );
  // Model a of item k beats model b the more surely the smaller its number.
  await db.execute(sql`insert into judgements (project_id, item_id, seat, annotator_id, client_event_id, value, shown_order, ranks, active_ms, created_at)
    select ${id}, md5('i' || k)::uuid, t + 1, md5('u' || t)::uuid, md5('e' || k || '.' || t)::uuid, '{"kind": "pairwise", "margin": 1}',
      jsonb_build_array(md5('c' || (k % ${prompts}::int) * ${models}::int + a)::uuid, md5('c' || (k % ${prompts}::int) * ${models}::int + b)::uuid),
      case when dice < 12 then '[1, 1]'::jsonb when dice < 12 + 88.0 / (1 + exp((a - b) / 60.0)) then '[1, 2]' else '[2, 1]' end, 1000,
      timestamptz '2026-01-01' + (k * ${annotators}::int + t) * interval '1 second'
    from (select k, t, a, (a + 1 + (k / ${prompts}::int) % (${models}::int - 1)) % ${models}::int as b, abs(hashint4(k * ${annotators}::int + t)) % 100 as dice
      from generate_series(0, ${items - 1}) k, generate_series(0, ${annotators - 1}) t, lateral (select (k * 7) % ${models}::int as a) x) votes`);
  await db.execute(sql`analyze`);
  return id;
}
