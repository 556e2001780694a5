/** A researcher with a project, prompts with completions, annotators and votes: what tests of data start from. */
import { randomUUID } from "node:crypto";
import type { Db } from "../../db/client";
import { ensureNamedModel, hashCompletionText, upsertCompletions } from "../../db/queries/completions";
import { insertProject } from "../../db/queries/projects";
import { insertUser } from "../../db/queries/users";
import { judgements, seats } from "../../db/schema";
import type { JudgementValue } from "../../domain/judgement";
import type { Role } from "../../domain/user";
import type { UserContext } from "../../server/context";
import { createItems } from "../../server/services/item";
import { createPrompts, type NewPrompt } from "../../server/services/prompt";

export async function addUser(db: Db, role: Role, options: { simulated?: boolean } = {}): Promise<UserContext> {
  const simulated = options.simulated ?? false;
  const user = await insertUser(db, { email: `${randomUUID()}@example.org`, name: `Test ${role}`, role, simulated });
  if (user === null) throw new Error("The test user was not added");
  return { db, user: { id: user.id, role, name: user.name, simulated } };
}

export async function addProject(db: Db): Promise<string> {
  const project = await insertProject(db, { slug: `test-${randomUUID()}`, name: "Test project" });
  if (project === null) throw new Error("The test project was not added");
  return project.id;
}

export async function addPrompt(db: Db, projectId: string, text: string, more: Partial<NewPrompt> = {}): Promise<string> {
  const { ids } = await createPrompts(
    { db },
    { projectId, prompts: [{ messages: [{ role: "user", content: text }], split: "train", ...more }] },
  );
  const [id] = ids;
  if (id === undefined) throw new Error("The test prompt was not added");
  return id;
}

export async function addCompletions(
  db: Db,
  projectId: string,
  promptId: string,
  texts: readonly string[],
  model = "test-model",
): Promise<string[]> {
  const modelId = await ensureNamedModel(db, projectId, model);
  const rows = texts.map((text) => ({
    projectId,
    promptId,
    modelId,
    text,
    source: "external" as const,
    contentHash: hashCompletionText(text),
  }));
  return (await upsertCompletions(db, rows)).ids;
}

/** An item over new completions of a new prompt. */
export async function addItem(db: Db, projectId: string, texts: readonly string[], more: Partial<NewPrompt> & { seats?: number } = {}) {
  const { seats: seatsPerItem = 1, ...prompt } = more;
  const promptId = await addPrompt(db, projectId, `Prompt for ${texts.join(" / ")}`, prompt);
  const completionIds = await addCompletions(db, projectId, promptId, texts);
  const mode = texts.length === 2 ? ("pairwise" as const) : ("ranking" as const);
  const { ids } = await createItems({ db }, { projectId, items: [{ promptId, completionIds, mode }], seatsPerItem });
  const [itemId] = ids;
  if (itemId === undefined) throw new Error("The test item was not added");
  return { itemId, promptId, completionIds };
}

/** A vote as it is stored; `shownOrder` are the item's completions as the annotator saw them. */
export async function addVote(
  ctx: UserContext,
  input: {
    projectId: string;
    itemId: string;
    shownOrder: string[];
    value: JudgementValue;
    ranks: number[] | null;
    seat?: number;
    undone?: boolean;
    untouched?: boolean;
  },
): Promise<string> {
  const { undone = false, seat = 1, ...rest } = input;
  const [row] = await ctx.db
    .insert(judgements)
    .values({ ...rest, seat, annotatorId: ctx.user.id, clientEventId: randomUUID(), activeMs: 1000, undoneAt: undone ? new Date() : null })
    .returning({ id: judgements.id });
  if (row === undefined) throw new Error("The test vote was not added");
  if (!undone) {
    await ctx.db
      .insert(seats)
      .values({ itemId: input.itemId, seat, annotatorId: ctx.user.id, shownOrder: input.shownOrder, judgementId: row.id })
      .onConflictDoUpdate({
        target: [seats.itemId, seats.seat],
        set: { annotatorId: ctx.user.id, shownOrder: input.shownOrder, judgementId: row.id },
      });
  }
  return row.id;
}
