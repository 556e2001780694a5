/** Items: what is to be judged goes in, and how far it has come is read. */
import { z } from "zod";
import { type ItemState, selectItemsPage, selectListedItem } from "../../../db/queries/api-pages";
import { itemModeSchema } from "../../../domain/judgement";
import { itemPurposeSchema } from "../../../domain/queue";
import { AppError } from "../../errors";
import { createItemsFromRows, itemRowSchema } from "../../services/item-rows";
import { listQuery, pageOf, toPage } from "../paging";
import { defineRoute } from "../route";
import { refusedRows, rowErrorSchema, rowsQuery } from "./prompts";

const addItems = defineRoute({
  method: "POST",
  path: "/projects/{project}/items",
  id: "addItems",
  tag: "Items",
  summary: "Add items to judge",
  description:
    "A row is a prompt with its completions, or names completions that are there by their ids. The same completions in the same mode are one item: sending the same rows again changes nothing and gives the same ids.",
  scope: "items:write",
  query: rowsQuery,
  row: itemRowSchema,
  answer: z
    .object({
      stored: z.boolean(),
      rows: z.number().int(),
      created: z.number().int(),
      existing: z.number().int().describe("Rows whose comparison was an item already; it is left as it is"),
      items: z.array(z.object({ line: z.number().int(), id: z.uuid(), created: z.boolean() })),
      error_count: z.number().int(),
      errors: z.array(rowErrorSchema),
    })
    .meta({ id: "ItemsReport" }),
  handle: async (ctx, { project, query, rows }) => {
    const refuse = query.on_error === "refuse";
    const report = await createItemsFromRows(ctx, { projectId: project.id, source: query.source, refuse }, rows);
    if (!report.stored) throw refusedRows(report.errors.length, report.rows, report.errors);
    return { ...report, error_count: report.errors.length };
  },
});

const stateSchema = z
  .enum(["open", "completed", "closed"])
  .describe("open: wants judgements; completed: has all of them; closed: is not handed out any more");

const itemSchema = z
  .object({
    id: z.uuid(),
    prompt_id: z.uuid(),
    completion_ids: z.array(z.uuid()),
    mode: itemModeSchema,
    purpose: itemPurposeSchema.describe("work: judged for the votes themselves; the others check annotators and count in no ranking"),
    priority: z.number().int(),
    state: stateSchema,
    judgements_wanted: z.number().int(),
    judgements_given: z.number().int(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "Item" });

type StoredItem = NonNullable<Awaited<ReturnType<typeof selectListedItem>>>;

function toItem({
  place: { id },
  promptId,
  completionIds,
  wanted,
  given,
  open,
  createdAt,
  ...row
}: StoredItem): z.input<typeof itemSchema> {
  const state: ItemState = given >= wanted ? "completed" : open ? "open" : "closed";
  return {
    ...row,
    id,
    state,
    prompt_id: promptId,
    completion_ids: completionIds,
    judgements_wanted: wanted,
    judgements_given: given,
    created_at: createdAt.toISOString(),
  };
}

const listItems = defineRoute({
  method: "GET",
  path: "/projects/{project}/items",
  id: "listItems",
  tag: "Items",
  summary: "Items of a project with their state",
  scope: "projects:read",
  query: listQuery.extend({
    state: stateSchema.optional(),
    purpose: itemPurposeSchema.exclude(["repeat"]).optional(),
    prompt_id: z.uuid().optional(),
  }),
  answer: pageOf(itemSchema),
  handle: async ({ db }, { project, query }) => toPage(await selectItemsPage(db, { projectId: project.id, ...query }), query, toItem),
});

const getItem = defineRoute({
  method: "GET",
  path: "/projects/{project}/items/{item_id}",
  id: "getItem",
  tag: "Items",
  summary: "An item with its state",
  scope: "projects:read",
  query: z.strictObject({}),
  answer: itemSchema,
  handle: async ({ db }, { project, params: { item_id: itemId = "" } }) => {
    const row = await selectListedItem(db, { projectId: project.id, itemId });
    if (row === null) throw new AppError("NOT_FOUND", "There is no such item in this project.");
    return toItem(row);
  },
});

export const itemRoutes = [addItems, listItems, getItem];
