/** Projects: settings, and how their judging goes. */
import type { Db } from "../../db/client";
import { upsertMember } from "../../db/queries/members";
import {
  insertProject,
  lockProject,
  type ProjectChange,
  readOverlappingPreferences,
  selectAnnotatorActivity,
  selectJudgementsByDay,
  selectProject,
  selectProjectCounts,
  selectProjectsWithProgress,
  updateProject,
} from "../../db/queries/projects";
import { selectServableCompletions } from "../../db/queries/completions";
import { selectPromptPage } from "../../db/queries/datasets";
import { selectLatestGuideline } from "../../db/queries/guidelines";
import { chooseServable } from "../../domain/annotation/serving";
import { changedSettings } from "../../domain/audit";
import { createPairAgreement, type PairAgreement } from "../../domain/pair-agreement";
import { type ProjectAccess, type ProjectRole, projectRoleAtLeast } from "../../domain/project-role";
import { listRoles, requireProject } from "../access";
import { recordAction } from "../audit";
import type { UserContext } from "../context";
import { AppError } from "../errors";
import { createKept } from "../kept";
import { pseudonymOf } from "../pseudonym";

const DAYS = 30;
/** Annotators on the overview; the others are on pages. */
const FIRST_ANNOTATORS = 8;
const ANNOTATOR_PAGE = 50;
/** Prompts among which the example is looked for. */
const EXAMPLES = 50;

/** Projects that the caller does more in than to judge. */
export async function listProjects(ctx: UserContext) {
  const roles = await listRoles(ctx);
  const projects = await selectProjectsWithProgress(ctx.db);
  return projects.filter(({ id }) => projectRoleAtLeast(roles.get(id) ?? null, "reviewer"));
}

/** With the caller's role in it. */
export async function getProject(ctx: UserContext, input: { projectId: string }) {
  const { role } = await requireProject(ctx, { project: input.projectId }, "reviewer");
  return { ...(await loadProject(ctx, input)), role };
}

async function loadProject(ctx: UserContext, input: { projectId: string }) {
  const project = await selectProject(ctx.db, input.projectId);
  if (project === null) throw new AppError("NOT_FOUND", "There is no such project.");
  return project;
}

/** "Support summaries" to "support-summaries"; what has no letters of the Latin alphabet becomes "project". */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return slug === "" ? "project" : slug;
}

/** The prompt with most completions among the first of the project, with those that annotators may see; null without prompts. */
export async function getExample(ctx: UserContext, input: { projectId: string }) {
  await requireProject(ctx, { project: input.projectId }, "researcher");
  const prompts = await selectPromptPage(ctx.db, { projectId: input.projectId, afterHash: "", limit: EXAMPLES });
  const completions = await selectServableCompletions(
    ctx.db,
    prompts.map(({ id }) => id),
  );
  const countOf = ({ id }: { id: string }) => completions.get(id)?.length ?? 0;
  const [fullest] = prompts.toSorted((a, b) => countOf(b) - countOf(a));
  if (fullest === undefined) return null;
  const { chosen } = chooseServable(completions.get(fullest.id) ?? []);
  const guideline = await selectLatestGuideline(ctx.db, input.projectId);
  return {
    messages: fullest.messages,
    completions: chosen.map(({ id, text, turns }) => ({ id, text, ...(turns === null ? {} : { turns }) })),
    guideline: guideline === null ? null : { version: guideline.version, body: guideline.body },
  };
}

/** Whoever makes a project owns it; it is for members only unless `access` says that it is open. */
export async function createProject(
  ctx: UserContext,
  input: { name: string; description: string; overlap: number; reasons: string[]; access?: ProjectAccess | undefined },
) {
  const { access = "members", ...settings } = input;
  const slug = slugOf(input.name);
  return ctx.db.transaction(async (tx) => {
    for (let n = 1; n <= 50; n++) {
      const project = await insertProject(tx, { ...settings, access, slug: n === 1 ? slug : `${slug}-${n}` });
      if (project === null) continue;
      await upsertMember(tx, { projectId: project.id, userId: ctx.user.id, role: "owner" });
      await recordAction(tx, ctx.user.id, {
        action: "project.created",
        projectId: project.id,
        kind: "project",
        id: project.id,
        details: { after: { access } },
      });
      return project;
    }
    throw new AppError("CONFLICT", "There are many projects of this name. Choose another one.");
  });
}

export async function changeProject(ctx: UserContext, input: { projectId: string } & ProjectChange) {
  const { projectId, ...change } = input;
  await requireProject(ctx, { project: projectId }, "owner");
  return ctx.db.transaction(async (tx) => {
    const before = await lockProject(tx, projectId);
    const project = before === null ? null : await updateProject(tx, projectId, change);
    if (before === null || project === null) throw new AppError("NOT_FOUND", "There is no such project.");
    await recordAction(tx, ctx.user.id, {
      action: "project.changed",
      projectId,
      kind: "project",
      id: projectId,
      details: changedSettings(before, project),
    });
    return project;
  });
}

async function measureProgress(db: Db, projectId: string) {
  const since = new Date(Date.now() - DAYS * 24 * 60 * 60 * 1000);
  // One after the other: together they would take every processor from the annotators.
  const counts = await selectProjectCounts(db, projectId);
  const days = await selectJudgementsByDay(db, projectId, since);
  return { counts, days, activity: await selectAnnotatorActivity(db, { projectId, limit: FIRST_ANNOTATORS, offset: 0 }) };
}

async function measureAgreement(db: Db, projectId: string) {
  const people = createPairAgreement();
  const simulated = createPairAgreement();
  await readOverlappingPreferences(db, projectId, (votes) => {
    people.addItem(votes.filter((vote) => !vote.simulated));
    simulated.addItem(votes.filter((vote) => vote.simulated));
  });
  return { people: people.measure(), simulated: simulated.measure() };
}

const keptProgress = createKept<Awaited<ReturnType<typeof measureProgress>>>({ max: 200, times: 30 });
// No live counter, and the dearest of them.
const keptAgreement = createKept<Awaited<ReturnType<typeof measureAgreement>>>({ max: 200, cheapMs: 20, times: 500 });

/**
 * Counts, judgements of the last 30 days, the most active annotators, and how far people who judged the same items agree; of large
 * projects some seconds old.
 */
export async function getProjectOverview(ctx: UserContext, input: { projectId: string }) {
  const { role, ...project } = await getProject(ctx, input);
  const { counts, days, activity } = await keptProgress(project.id, () => measureProgress(ctx.db, project.id));
  const agreement = await keptAgreement(project.id, () => measureAgreement(ctx.db, project.id));
  return {
    project,
    role,
    counts,
    days,
    annotators: describeAnnotators({ ...project, role }, activity.annotators, agreement),
    annotatorCount: activity.total,
    agreement: withoutAnnotators(agreement.people),
  };
}

/** A page of the project's annotators, the most active first; `page` counts from 1. */
export async function listAnnotators(ctx: UserContext, input: { projectId: string; page: number }) {
  const project = await getProject(ctx, input);
  const { annotators, total } = await selectAnnotatorActivity(ctx.db, {
    projectId: project.id,
    limit: ANNOTATOR_PAGE,
    offset: (input.page - 1) * ANNOTATOR_PAGE,
  });
  const agreement = await keptAgreement(project.id, () => measureAgreement(ctx.db, project.id));
  return { annotators: describeAnnotators(project, annotators, agreement), total, pageSize: ANNOTATOR_PAGE };
}

type Activity = Awaited<ReturnType<typeof selectAnnotatorActivity>>["annotators"];

/** With how far each agrees with the others; under pseudonyms where the caller is to be blind. */
function describeAnnotators(
  project: { id: string; role: ProjectRole; blindReview: boolean },
  annotators: Activity,
  agreement: Awaited<ReturnType<typeof measureAgreement>>,
) {
  return annotators.map((annotator) => ({
    ...annotator,
    ...(project.role === "owner" || !project.blindReview ? {} : hideAnnotator(project.id, annotator.id)),
    agreement: agreement[annotator.simulated ? "simulated" : "people"].byAnnotator[annotator.id] ?? null,
  }));
}

function withoutAnnotators({ byAnnotator: _, ...agreement }: PairAgreement) {
  return agreement;
}

function hideAnnotator(projectId: string, userId: string) {
  const pseudonym = pseudonymOf(projectId, userId);
  return { id: pseudonym, name: pseudonym };
}

export type ProjectOverview = Awaited<ReturnType<typeof getProjectOverview>>;
export type AnnotatorActivity = ProjectOverview["annotators"][number];
export type ListedProject = Awaited<ReturnType<typeof listProjects>>[number];
