/** Prompts and completions, in and out. They go in as an import of the product takes them in. */
import { z } from "zod";
import { completionSourceSchema } from "../../../domain/completion";
import type { ImportKind } from "../../../domain/formats/import-row";
import { messageSchema, splitSchema } from "../../../domain/prompt";
import { selectCompletionsPage, selectPromptsPage } from "../../../db/queries/api-pages";
import { importRows } from "../../services/import";
import { listQuery, pageOf, toPage } from "../paging";
import { Problem } from "../problem";
import { type ApiContext, defineRoute, type RouteInput } from "../route";

export const rowsQuery = z.strictObject({
  on_error: z
    .enum(["refuse", "keep"])
    .default("refuse")
    .describe("refuse: one bad row and nothing is stored (422); keep: the good rows are stored and the bad ones told"),
  source: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .default("API")
    .describe("Where the rows come from; names the model of completions that name none"),
});

export const rowErrorSchema = z
  .object({ line: z.number().int().describe("Line of JSON lines, or place in the list, from 1"), message: z.string() })
  .meta({ id: "RowError" });

export const importQuery = rowsQuery.extend({
  dry_run: z.enum(["true", "false"]).default("false").describe("true: everything is checked and counted, and nothing stored"),
});

export const importReportSchema = z
  .object({
    stored: z.boolean(),
    rows: z.number().int(),
    created: z.object({
      prompts: z.number().int(),
      completions: z.number().int(),
      items: z.number().int().describe("Of judgements: the comparisons that they are of"),
      judgements: z.number().int(),
    }),
    known: z.number().int().describe("Rows that said nothing new: sent twice, they are stored once"),
    error_count: z.number().int(),
    errors: z.array(rowErrorSchema).describe("The first hundred"),
    unused_fields: z.record(z.string(), z.number().int()).describe("Fields that nothing reads, and how many rows have them"),
  })
  .meta({ id: "ImportReport" });

export const promptText = z
  .union([z.string(), z.array(messageSchema)])
  .describe("A text of the user, or chat messages that end with what is to be answered");
export const place = {
  split: splitSchema.optional(),
  group: z.union([z.string(), z.number()]).optional().describe("Prompts of one group are in one split"),
};

/** The usual row; the other formats of an import are read too, so other fields are no error. */
const promptRowSchema = z
  .looseObject({
    prompt: promptText,
    reference: z.string().optional().describe("An answer to compare with"),
    ...place,
    meta: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "NewPrompt" });
const completionRowSchema = z
  .looseObject({
    prompt: promptText,
    completion: z.union([z.string(), z.array(messageSchema)]),
    model: z.string().optional().describe("What wrote it"),
    ...place,
  })
  .meta({ id: "NewCompletion" });

const OTHERS = "Rows of TRL, Alpaca and AlpacaEval are read too, as on the import page. Sending the same rows again changes nothing.";

export async function importAs(
  kind: ImportKind,
  ctx: ApiContext,
  { project, query, rows }: RouteInput<z.infer<typeof importQuery>>,
): Promise<z.input<typeof importReportSchema>> {
  const report = await importRows(
    ctx,
    { projectId: project.id, kind, source: query.source, policy: query.on_error, dryRun: query.dry_run === "true" },
    rows,
  );
  const errors = report.errors.map(({ line, reason }) => ({ line, message: reason }));
  if (report.errorCount > 0 && query.on_error === "refuse" && query.dry_run === "false")
    throw refusedRows(report.errorCount, report.rows, errors);
  return {
    stored: report.stored,
    rows: report.rows,
    created: report.created,
    known: report.known,
    error_count: report.errorCount,
    errors,
    unused_fields: report.unusedFields,
  };
}

export function refusedRows(count: number, rows: number, errors: { line: number; message: string }[]): Problem {
  return new Problem(
    "invalid",
    `${count} of ${rows} rows are not valid, so nothing was stored. Correct them, or send on_error=keep to store the others.`,
    { errors: errors.slice(0, 100) },
  );
}

const addPrompts = defineRoute({
  method: "POST",
  path: "/projects/{project}/prompts",
  id: "addPrompts",
  tag: "Prompts",
  summary: "Add prompts",
  description: `The same messages are one prompt. ${OTHERS}`,
  scope: "prompts:write",
  query: importQuery,
  row: promptRowSchema,
  answer: importReportSchema,
  handle: (ctx, input) => importAs("prompts", ctx, input),
});

const addCompletions = defineRoute({
  method: "POST",
  path: "/projects/{project}/completions",
  id: "addCompletions",
  tag: "Prompts",
  summary: "Add completions, with the prompts that they answer",
  description: `The same text of the same model to the same prompt is one completion. ${OTHERS}`,
  scope: "prompts:write",
  query: importQuery,
  row: completionRowSchema,
  answer: importReportSchema,
  handle: (ctx, input) => importAs("completions", ctx, input),
});

const promptSchema = z
  .object({
    id: z.uuid(),
    messages: z.array(messageSchema),
    reference: z.string().nullable(),
    split: splitSchema,
    group: z.string(),
    meta: z.record(z.string(), z.unknown()),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Prompt" });

const listPrompts = defineRoute({
  method: "GET",
  path: "/projects/{project}/prompts",
  id: "listPrompts",
  tag: "Prompts",
  summary: "Prompts of a project",
  scope: "projects:read",
  query: listQuery.extend({ split: splitSchema.optional() }),
  answer: pageOf(promptSchema),
  handle: async ({ db }, { project, query }) =>
    toPage(await selectPromptsPage(db, { projectId: project.id, ...query }), query, ({ place: { id }, groupKey, createdAt, ...row }) => ({
      ...row,
      id,
      group: groupKey,
      created_at: createdAt.toISOString(),
    })),
});

const completionSchema = z
  .object({
    id: z.uuid(),
    prompt_id: z.uuid(),
    model: z.string(),
    text: z.string(),
    turns: z.array(messageSchema).nullable().describe("Of a whole conversation, of which text is the transcript"),
    source: completionSourceSchema,
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Completion" });

const listCompletions = defineRoute({
  method: "GET",
  path: "/projects/{project}/completions",
  id: "listCompletions",
  tag: "Prompts",
  summary: "Completions of a project",
  scope: "projects:read",
  query: listQuery.extend({ prompt_id: z.uuid().optional(), model: z.string().min(1).max(200).optional() }),
  answer: pageOf(completionSchema),
  handle: async ({ db }, { project, query }) =>
    toPage(
      await selectCompletionsPage(db, { projectId: project.id, ...query }),
      query,
      ({ place: { id }, promptId, createdAt, ...row }) => ({ ...row, id, prompt_id: promptId, created_at: createdAt.toISOString() }),
    ),
});

export const promptRoutes = [addPrompts, addCompletions, listPrompts, listCompletions];
