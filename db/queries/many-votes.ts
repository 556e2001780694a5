/** A project with many votes, made inside the database: what measurements of speed start from. */
import { sql } from "drizzle-orm";
import type { Db } from "../client";

/** Fills a project with `items` items of two short completions, one in five to be ranked with four completions. */
async function fillItems(db: Db, { projectId, items }: { projectId: string; items: number }): Promise<void> {
  await db.execute(sql`insert into models (project_id, name) select ${projectId}, 'Model ' || n from generate_series(1, 4) n`);
  await db.execute(sql`
    insert into prompts (project_id, messages, split, group_key, content_hash)
    select ${projectId}, jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Prompt ' || n)), 'train', 'g' || n, md5('prompt' || n)
    from generate_series(1, ${items}::int) n`);
  await db.execute(sql`
    insert into completions (project_id, prompt_id, model_id, text, source, content_hash)
    select p.project_id, p.id, m.id, 'An answer of ' || m.name || ' to ' || p.group_key || repeat(' and so on', 20), 'external', md5(m.name || p.group_key)
    from prompts p join models m on m.project_id = p.project_id
    where p.project_id = ${projectId} and (m.name in ('Model 1', 'Model 2') or p.group_key like '%5' or p.group_key like '%0')`);
  await db.execute(sql`
    insert into items (project_id, prompt_id, mode, content_hash)
    select p.project_id, p.id, case when p.group_key like '%5' or p.group_key like '%0' then 'ranking' else 'pairwise' end, md5('item' || p.group_key) from prompts p where p.project_id = ${projectId}`);
  await db.execute(sql`
    insert into item_completions (item_id, completion_id, position)
    select i.id, c.id, row_number() over (partition by i.id order by c.id) - 1 from items i join completions c on c.prompt_id = i.prompt_id where i.project_id = ${projectId}`);
}

/** `annotators` people who can sign in with the password of `passwordHash`, if there is one; their ids, by number. */
export async function fillPeople(
  db: Db,
  input: { projectId: string; annotators: number; passwordHash?: string },
): Promise<{ id: string; email: string }[]> {
  const { projectId, annotators, passwordHash = null } = input;
  const rows = await db.execute<{ id: string; email: string }>(sql`
    insert into users (email, name, password_hash)
    select 'many' || n || '-' || left(${projectId}, 8) || '@example.org', 'Annotator ' || n, ${passwordHash} from generate_series(0, ${annotators - 1}::int) n
    returning id, email`);
  return [...rows];
}

/** Items that nobody has judged, with `overlap` seats each. */
export async function fillQueue(db: Db, input: { projectId: string; items: number; overlap: number }): Promise<void> {
  const { projectId, overlap } = input;
  await fillItems(db, input);
  await db.execute(
    sql`insert into seats (item_id, seat) select i.id, seat from items i cross join generate_series(1, ${overlap}::int) seat where i.project_id = ${projectId}`,
  );
  // What autovacuum would do. Of the judgements it would say that there are none, and they would be read whole from then on.
  await db.execute(sql`analyze prompts, completions, items, item_completions, seats`);
}

/** Items with `overlap` votes of `annotators` people on each. */
export async function fillVotes(db: Db, input: { projectId: string; items: number; overlap: number; annotators: number }): Promise<void> {
  const { projectId, overlap, annotators } = input;
  await fillPeople(db, input);
  await fillItems(db, input);
  await db.execute(sql`
    with people as (select id, row_number() over (order by email) - 1 as n from users where email like 'many%-' || left(${projectId}, 8) || '%'),
    votes as (
      select i.id as item_id, i.mode, seat, i.n as item_n, (select jsonb_agg(completion_id order by md5(completion_id::text || seat)) from item_completions where item_id = i.id) as shown,
        -- Four in five say of an item what most say: which side that is depends on the order shown.
        (('x' || substr(md5(i.id::text || seat || 'm'), 1, 6))::bit(24)::int % 4)
          * (case when (('x' || substr(md5(i.id::text || seat || 's'), 1, 6))::bit(24)::int % 5) > 0 then 1 else -1 end) as size, (i.n * 7 + seat) % ${annotators}::int as who
      from (select *, row_number() over (order by id) as n from items where project_id = ${projectId}) i cross join generate_series(1, ${overlap}::int) seat),
    sided as (select *, case when shown->>0 < shown->>1 then size else -size end as margin from votes)
    insert into judgements (project_id, item_id, seat, annotator_id, client_event_id, value, shown_order, ranks, active_ms, created_at)
    select ${projectId}, item_id, seat, people.id, gen_random_uuid(),
      case when mode = 'pairwise' then jsonb_build_object('kind', 'pairwise', 'margin', margin) else jsonb_build_object('kind', 'ranking') end, shown,
      case when mode = 'ranking' then (select jsonb_agg(k order by place) from (select row_number() over (order by md5(id || case when seat = 1 then 'odd' else '' end)) as k, place from jsonb_array_elements_text(shown) with ordinality as t(id, place)) ranked)
        when margin = 0 then '[1,1]' when margin < 0 then '[1,2]' else '[2,1]' end,
      5000 + item_n * 37 % 60000, now() - make_interval(hours => (item_n % 2000)::int)
    from sided join people on people.n = sided.who`);
  await db.execute(
    sql`update judgements set value = jsonb_build_object('kind', 'ranking', 'ranks', ranks) where project_id = ${projectId} and value->>'kind' = 'ranking'`,
  );
  await db.execute(sql`
    insert into seats (item_id, seat, annotator_id, shown_order, judgement_id)
    select item_id, seat, annotator_id, shown_order, id from judgements where project_id = ${projectId}`);
  await db.execute(sql`analyze`);
}

/** Changes a vote, so that what is kept of all of them is out of date. */
export async function touchNewestVote(db: Db, projectId: string): Promise<void> {
  await db.execute(
    sql`update judgements set created_at = created_at + interval '1 second' where id = (select id from judgements where project_id = ${projectId} order by created_at desc limit 1)`,
  );
}

/** What must hold of a project whatever happened to the servers: nothing was judged by too many, or by one person twice. */
export async function countWrongs(db: Db, projectId: string): Promise<{ overAssigned: number; twice: number; judgements: number }> {
  const [row] = await db.execute<{ overAssigned: number; twice: number; judgements: number }>(sql`
    with live as (select item_id, annotator_id from judgements where project_id = ${projectId} and undone_at is null and value->>'kind' <> 'skip')
    select
      (select count(*)::int from (select item_id from live group by item_id having count(*) > (select count(*) from seats s where s.item_id = live.item_id)) o) as "overAssigned",
      (select count(*)::int from (select 1 from live group by item_id, annotator_id having count(*) > 1) t) as twice,
      (select count(*)::int from live) as judgements`);
  return row ?? { overAssigned: 0, twice: 0, judgements: 0 };
}

/** How often each of the clients' events is stored. */
export async function countEvents(db: Db, clientEventIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.execute<{ id: string; n: number }>(sql`
    select client_event_id as id, count(*)::int as n from judgements
    where client_event_id in (select value::uuid from json_array_elements_text(${JSON.stringify(clientEventIds)}::json)) group by 1`);
  return new Map(rows.map(({ id, n }) => [id, n]));
}
