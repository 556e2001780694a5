/** SQL behind who may enter a project: its access, the caller's membership, and which project a thing belongs to. */
import { and, eq, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { PgSelect } from "drizzle-orm/pg-core";
import type { Db } from "../client";
import { projectMembers, projects } from "../schema";

/** Something that belongs to one project, by its id (a project also by its slug). */
export type ProjectThing =
  | { project: string }
  | { slug: string }
  | { run: string }
  | { dataset: string }
  | { checkpoint: string }
  | { prompt: string }
  | { item: string }
  | { judgement: string }
  | { invitation: string }
  | { humanEvaluation: string }
  | { webhook: string };

/** What decides the caller's role, beside the role of their account; `withMembership` joins what it needs. */
export const accessColumns = {
  access: projects.access,
  memberRole: projectMembers.role,
  owned: sql<boolean>`exists (select 1 from project_members o where o.project_id = projects.id and o.role = 'owner')`,
};

export function withMembership<T extends PgSelect>(query: T, userId: string | Placeholder) {
  return query.leftJoin(projectMembers, and(eq(projectMembers.projectId, projects.id), eq(projectMembers.userId, userId)));
}

function belongsTo(thing: ProjectThing): SQL {
  if ("project" in thing) return eq(projects.id, thing.project);
  if ("slug" in thing) return eq(projects.slug, thing.slug);
  const [[kind, id] = ["", ""]] = Object.entries(thing);
  const table = {
    run: "runs",
    dataset: "dataset_versions",
    checkpoint: "checkpoints",
    prompt: "prompts",
    item: "items",
    judgement: "judgements",
    invitation: "invitations",
    humanEvaluation: "human_evaluations",
    webhook: "webhooks",
  }[kind];
  if (table === undefined) throw new Error(`A ${kind} belongs to no project`);
  return sql`${projects.id} = (select project_id from ${sql.identifier(table)} where id = ${id})`;
}

const columns = { projectId: projects.id, slug: projects.slug, name: projects.name, blindReview: projects.blindReview, ...accessColumns };

/** The project of `thing` with what decides the caller's role in it; null where there is no such thing. */
export async function selectAccess(db: Db, input: { thing: ProjectThing; userId: string }) {
  const [row] = await withMembership(db.select(columns).from(projects).$dynamic(), input.userId).where(belongsTo(input.thing));
  return row ?? null;
}

/** The same of every project. */
export function selectAllAccess(db: Db, userId: string) {
  return withMembership(db.select(columns).from(projects).$dynamic(), userId);
}
