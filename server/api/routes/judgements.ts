/** Judgements out, in the layout of the export, so that what is read can be imported again. */
import { z } from "zod";
import { toLayout } from "../../../domain/formats/judgement-layouts";
import { itemModeSchema, judgementValueSchema } from "../../../domain/judgement";
import { messageSchema, splitSchema } from "../../../domain/prompt";
import { itemPurposeSchema } from "../../../domain/queue";
import type { StoredRecord } from "../../services/export";
import { getFedJudgement, listFedJudgements, readFedJudgements } from "../../services/judgement-feed";
import { cursorSchema, limitSchema, momentSchema, pageOf, writeCursor } from "../paging";
import { defineRoute, type RouteInput } from "../route";
import { importAs, importQuery, importReportSchema, place, promptText } from "./prompts";

const judgementSchema = z
  .object({
    id: z.uuid(),
    item_id: z.uuid(),
    prompt_id: z.uuid(),
    messages: z.array(messageSchema),
    reference: z.string().nullable(),
    split: splitSchema,
    group: z.string(),
    mode: itemModeSchema,
    purpose: itemPurposeSchema.describe("Only work counts in rankings and data sets; the others check annotators"),
    completions: z.array(z.object({ id: z.uuid(), text: z.string(), model: z.string(), checkpoint_id: z.uuid().nullable() })),
    shown: z.array(z.number().int()).describe("Places in completions, in the order they were shown"),
    value: judgementValueSchema.describe("As it was given, in shown places"),
    ranks: z
      .array(z.number().int())
      .nullable()
      .describe("Of the completions, 1 is best and equal ranks tie; null for what prefers nothing"),
    margin: z.number().int().nullable().describe("Of pairs: 0 tie to 3 much better"),
    reasons: z.array(z.string()),
    comment: z.string(),
    annotator: z.string().describe("A pseudonym, the same in all of the project"),
    simulated: z.boolean(),
    guideline_version: z.number().int().nullable(),
    propensity: z.number(),
    active_ms: z.number().int(),
    idle_ms: z.number().int(),
    untouched: z.boolean(),
    created_at: z.iso.datetime(),
    client_event_id: z.uuid(),
    updated_at: z.iso.datetime({ precision: 6 }).describe("Given, or taken back"),
    undone_at: z.iso.datetime().nullable().describe("Taken back: it counts nowhere"),
  })
  .meta({ id: "Judgement" });

type Judgement = z.input<typeof judgementSchema>;

/** The export's own row, and what only those who follow need. */
function toJudgement(record: StoredRecord): Judgement {
  const [row] = toLayout(record, "hone");
  return {
    ...(row as Omit<Judgement, "item_id" | "completions" | "updated_at" | "undone_at">),
    item_id: record.itemId,
    completions: record.completions.map(({ id, text, model, checkpointId }) => ({ id, text, model, checkpoint_id: checkpointId })),
    updated_at: record.updatedAt,
    undone_at: record.undoneAt?.toISOString() ?? null,
  };
}

const query = z.strictObject({
  limit: limitSchema(1000, 100),
  cursor: cursorSchema,
  updated_since: momentSchema.optional().describe("Given or taken back at this moment or later"),
  item_id: z.uuid().optional(),
  votes: z.enum(["people", "simulated", "all"]).default("people").describe("Whose"),
  undone: z
    .enum(["exclude", "include"])
    .default("exclude")
    .describe("include: also those that were taken back, again at that moment; to follow changes"),
});

const toFilter = ({ project, query: { item_id, votes, undone, updated_since, cursor } }: RouteInput<z.infer<typeof query>>) => ({
  projectId: project.id,
  itemId: item_id,
  simulated: votes === "all" ? undefined : votes === "simulated",
  undone: undone === "include",
  since: updated_since,
  after: cursor,
});

/** The usual rows; those of an export and of the other formats are read too. */
const comparisonRowSchema = z
  .looseObject({
    prompt: promptText.optional(),
    completions: z
      .array(z.object({ text: z.string(), model: z.string().optional() }))
      .optional()
      .describe("Two or more, with ranks"),
    ranks: z.array(z.number().int()).nullable().optional().describe("Of the completions, 1 is best and equal ranks tie"),
    chosen: z
      .union([z.string(), z.array(messageSchema)])
      .optional()
      .describe("Instead of completions and ranks, with rejected"),
    rejected: z.union([z.string(), z.array(messageSchema)]).optional(),
    annotator: z.string().optional().describe("Who judged; nobody can sign in as them"),
    ...place,
  })
  .meta({ id: "NewJudgement" });

const addJudgements = defineRoute({
  method: "POST",
  path: "/projects/{project}/judgements",
  id: "addJudgements",
  tag: "Judgements",
  summary: "Import comparisons that were judged elsewhere, with their prompts and completions",
  description:
    "Rows of Hone's own export, TRL, hh-rlhf, LMArena, summarize-from-feedback, AlpacaEval, HelpSteer3, Argilla and OpenAssistant are read too, as on the import page. Sending the same rows again changes nothing.",
  scope: "judgements:write",
  query: importQuery,
  row: comparisonRowSchema,
  answer: importReportSchema,
  handle: (ctx, input) => importAs("comparisons", ctx, input),
});

const listJudgements = defineRoute({
  method: "GET",
  path: "/projects/{project}/judgements",
  id: "listJudgements",
  tag: "Judgements",
  summary: "Judgements in the order in which they were given",
  description:
    "To follow a project, keep next_cursor and ask with it again: no judgement is missed and none comes twice, however many are given meanwhile. A judgement appears half a second after it was given, later where an import is under way. With Accept: application/x-ndjson all of them come as one stream, one a line; go on from the last line's updated_at with updated_since.",
  scope: "judgements:read",
  query,
  answer: pageOf(judgementSchema),
  handle: async (ctx, input) => {
    const { rows, more } = await listFedJudgements(ctx, { ...toFilter(input), limit: input.query.limit });
    const last = rows.at(-1);
    const place = last === undefined ? input.query.cursor : { at: last.updatedAt, id: last.id };
    return { data: rows.map(toJudgement), has_more: more, next_cursor: place === undefined ? null : writeCursor(place) };
  },
  lines: {
    line: judgementSchema,
    async *stream(ctx, input) {
      for await (const record of readFedJudgements(ctx, toFilter(input))) yield toJudgement(record);
    },
  },
});

const getJudgement = defineRoute({
  method: "GET",
  path: "/projects/{project}/judgements/{judgement_id}",
  id: "getJudgement",
  tag: "Judgements",
  summary: "A judgement, also one that was taken back",
  scope: "judgements:read",
  query: z.strictObject({}),
  answer: judgementSchema,
  handle: async (ctx, { project, params: { judgement_id: judgementId = "" } }) =>
    toJudgement(await getFedJudgement(ctx, { projectId: project.id, judgementId })),
});

export const judgementRoutes = [addJudgements, listJudgements, getJudgement];
