/** The token itself, projects, and what a project's votes say of its models. */
import { z } from "zod";
import { selectProjectCounts } from "../../../db/queries/projects";
import { apiScopeSchema } from "../../../domain/api-token";
import { boardSchema } from "../../../domain/board";
import { itemModeSchema } from "../../../domain/judgement";
import { roleSchema } from "../../../domain/user";
import { getLeaderboard } from "../../services/leaderboard";
import { listProjects } from "../../services/project";
import { defineRoute } from "../route";

const none = z.strictObject({});

const me = defineRoute({
  method: "GET",
  path: "/me",
  id: "getToken",
  tag: "Token",
  summary: "What this token may do, and whose it is",
  scope: null,
  query: none,
  answer: z.object({
    token: z.object({
      name: z.string(),
      prefix: z.string(),
      scopes: z.array(apiScopeSchema),
      project_id: z.uuid().nullable().describe("The one project that it opens; null for all"),
      expires_at: z.iso.datetime().nullable(),
    }),
    user: z.object({ name: z.string(), role: roleSchema }),
  }),
  handle: async ({ token, user }) => ({
    token: {
      name: token.name,
      prefix: token.prefix,
      scopes: token.scopes,
      project_id: token.projectId,
      expires_at: token.expiresAt?.toISOString() ?? null,
    },
    user: { name: user.name, role: user.role },
  }),
});

const projectSchema = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    demo: z.boolean(),
    published: z.boolean().describe("Its leaderboard may be read without an account"),
    prompts: z.number().int(),
    judgements_wanted: z.number().int().describe("Of all items of work"),
    judgements_given: z.number().int(),
    last_judged_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "Project" });

const list = defineRoute({
  method: "GET",
  path: "/projects",
  id: "listProjects",
  tag: "Projects",
  summary: "All projects that this token opens, by name",
  scope: "projects:read",
  query: none,
  answer: z.object({ data: z.array(projectSchema) }),
  handle: async (ctx) => {
    const projects = await listProjects(ctx);
    return {
      data: projects
        .filter(({ id }) => ctx.token.projectId === null || ctx.token.projectId === id)
        .map(({ seats, judged, lastJudgedAt, ...project }) => ({
          ...project,
          judgements_wanted: seats,
          judgements_given: judged,
          last_judged_at: lastJudgedAt?.toISOString() ?? null,
        })),
    };
  },
});

const get = defineRoute({
  method: "GET",
  path: "/projects/{project}",
  id: "getProject",
  tag: "Projects",
  summary: "A project, how it is judged and how far it has come",
  scope: "projects:read",
  query: none,
  answer: z.object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    demo: z.boolean(),
    published: z.boolean(),
    overlap: z.number().int().describe("Judgements wanted for each new item"),
    modes: z.array(itemModeSchema).describe("Of items that are made by the project's settings"),
    reasons: z.array(z.string()),
    counts: z.object({
      prompts: z.number().int(),
      completions: z.number().int(),
      models: z.number().int(),
      items: z.number().int().describe("Of work, as all below"),
      items_completed: z.number().int(),
      judgements_wanted: z.number().int(),
      judgements_given: z.number().int(),
    }),
    created_at: z.iso.datetime(),
  }),
  handle: async (ctx, { project }) => {
    const { itemsDone, seats, seatsJudged, ...counts } = await selectProjectCounts(ctx.db, project.id);
    return {
      ...project,
      modes: project.annotation.modes.map(({ mode }) => mode),
      counts: { ...counts, items_completed: itemsDone, judgements_wanted: seats, judgements_given: seatsJudged },
      created_at: project.createdAt.toISOString(),
    };
  },
});

const rankedSchema = z.object({
  model: z.string(),
  model_id: z.uuid(),
  checkpoint_id: z.uuid().nullable(),
  judged: z.number().int().describe("Judgements that the model was part of"),
  both_bad: z.number().int(),
  group: z
    .number()
    .int()
    .nullable()
    .describe("Models of one group were compared with one another; ranks and scores count within it. Null without votes, as all below"),
  rank: z.number().int().nullable(),
  rank_low: z.number().int().nullable(),
  rank_high: z.number().int().nullable(),
  score: z.number().nullable().describe("400 / ln 10 points a logit; the mean of a group is 1000"),
  low: z.number().nullable().describe("Of the 95 % interval"),
  high: z.number().nullable(),
  probability_first: z.number().nullable(),
});

const leaderboard = defineRoute({
  method: "GET",
  path: "/projects/{project}/leaderboard",
  id: "getLeaderboard",
  tag: "Leaderboard",
  summary: "The ranking of a project's models by its votes",
  scope: "projects:read",
  query: boardSchema.pick({ votes: true, category: true, style: true, weights: true }),
  answer: z.object({
    votes: z.object({ counted: z.number().int(), people: z.number().int(), simulated: z.number().int() }),
    ranking: z.array(rankedSchema),
    notes: z.array(z.string()).describe("What the ranking cannot say"),
  }),
  handle: async (ctx, { project, query }) => {
    const { votes, ranking, notes } = await getLeaderboard(ctx, { slug: project.slug, ...query });
    return {
      votes: { counted: votes.counted, ...votes.available },
      ranking: ranking.map((row) => ({
        model: row.name,
        model_id: row.id,
        checkpoint_id: row.checkpointId,
        judged: row.judged,
        both_bad: row.bothBad,
        group: row.group ?? null,
        rank: row.rank ?? null,
        rank_low: row.rankLow ?? null,
        rank_high: row.rankHigh ?? null,
        score: row.score ?? null,
        low: row.low ?? null,
        high: row.high ?? null,
        probability_first: row.first ?? null,
      })),
      notes: [...notes],
    };
  },
});

export const projectRoutes = [me, list, get, leaderboard];
