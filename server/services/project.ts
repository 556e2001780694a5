/** Projects: settings, and how their judging goes. */
import {
  insertProject,
  type ProjectChange,
  selectAnnotatorActivity,
  selectJudgementsByDay,
  selectOverlappingPreferences,
  selectProject,
  selectProjectCounts,
  selectProjectsWithProgress,
  updateProject,
} from "../../db/queries/projects";
import { selectServableCompletions } from "../../db/queries/completions";
import { selectPromptPage } from "../../db/queries/datasets";
import { selectLatestGuideline } from "../../db/queries/guidelines";
import { chooseServable } from "../../domain/annotation/serving";
import { measurePairAgreement } from "../../domain/pair-agreement";
import type { UserContext } from "../context";
import { AppError } from "../errors";

const DAYS = 30;
/** Prompts among which the example is looked for. */
const EXAMPLES = 50;

export function listProjects(ctx: UserContext) {
  return selectProjectsWithProgress(ctx.db);
}

export async function getProject(ctx: UserContext, input: { projectId: string }) {
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

export async function createProject(ctx: UserContext, input: { name: string; description: string; overlap: number; reasons: string[] }) {
  const slug = slugOf(input.name);
  for (let n = 1; n <= 50; n++) {
    const project = await insertProject(ctx.db, { ...input, slug: n === 1 ? slug : `${slug}-${n}` });
    if (project !== null) return project;
  }
  throw new AppError("CONFLICT", "There are many projects of this name. Choose another one.");
}

export async function changeProject(ctx: UserContext, input: { projectId: string } & ProjectChange) {
  const { projectId, ...change } = input;
  const project = await updateProject(ctx.db, projectId, change);
  if (project === null) throw new AppError("NOT_FOUND", "There is no such project.");
  return project;
}

/** Counts, judgements of the last 30 days, annotators, and how far people who judged the same items agree. */
export async function getProjectOverview(ctx: UserContext, input: { projectId: string }) {
  const project = await getProject(ctx, input);
  const since = new Date(Date.now() - DAYS * 24 * 60 * 60 * 1000);
  const [counts, days, annotators, overlapping] = await Promise.all([
    selectProjectCounts(ctx.db, project.id),
    selectJudgementsByDay(ctx.db, project.id, since),
    selectAnnotatorActivity(ctx.db, project.id),
    selectOverlappingPreferences(ctx.db, project.id),
  ]);
  const votes = overlapping.flatMap(({ ranks, ...vote }) => (ranks === null ? [] : [{ ...vote, ranks }]));
  return {
    project,
    counts,
    days,
    annotators,
    agreement: {
      people: measurePairAgreement(votes.filter(({ simulated }) => !simulated)),
      simulated: measurePairAgreement(votes.filter(({ simulated }) => simulated)),
    },
  };
}

export type ProjectOverview = Awaited<ReturnType<typeof getProjectOverview>>;
export type ListedProject = Awaited<ReturnType<typeof listProjects>>[number];
