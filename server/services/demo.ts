/**
 * The demo project: people, guidelines, prompts, summaries to judge, and the base models that ship with the product.
 * Seeding again changes nothing that is there.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Db } from "../../db/client";
import { insertCheckpoint, selectShippedCheckpoints } from "../../db/queries/checkpoints";
import { ensureNamedModel, hashCompletionText, type NewCompletionRow, upsertCompletions } from "../../db/queries/completions";
import { insertGuidelineVersion } from "../../db/queries/guidelines";
import type { NewItem } from "../../db/queries/items";
import { insertProject, selectProjectBySlug } from "../../db/queries/projects";
import { hashMessages } from "../../db/queries/prompts";
import { insertUser, selectUserByEmail } from "../../db/queries/users";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "../../domain/demo-accounts";
import { createScriptedCompletions } from "../../domain/demo/completions";
import { createDemoPrompts, demoFacts } from "../../domain/demo/prompts";
import { createTaskPrompts } from "../../domain/demo/task-prompts";
import type { Prompt, Split } from "../../domain/prompt";
import { createRandom } from "../../domain/random";
import type { Role } from "../../domain/user";
import type { SessionUser } from "../context";
import { hashPassword } from "../password";
import { DEMO_GUIDELINES, DEMO_PROJECT, TASKS_PROJECT } from "./demo-texts";
import { createItems } from "./item";
import { hashModelFolder } from "./model";
import { addPrompts } from "./prompt";

export type SeedDemoOptions = {
  /** Folder with one Hugging Face folder for each base model that ships. */
  modelsFolder: string;
  seed?: number;
  /** Prompts of each split. */
  prompts?: Record<Split, number>;
  /** Whether to make summaries by script, and items of them for the annotators. */
  items?: boolean;
};

export type SeededDemo = {
  projectId: string;
  /** False when the project was there already. */
  created: boolean;
  users: Record<Role, SessionUser>;
  /** Base models that ship with the product, by folder name. */
  checkpoints: { id: string; name: string }[];
};

const DEFAULT_PROMPTS: Record<Split, number> = { train: 300, validation: 60, test: 60 };
/** One prompt in RANKING_EVERY has an item with all four writers, the others a pair. */
const RANKING_EVERY = 5;
/** One item in SECOND_SEAT_EVERY wants a second judgement, for agreement. */
const SECOND_SEAT_EVERY = 4;

export async function seedDemo(db: Db, options: SeedDemoOptions): Promise<SeededDemo> {
  const { modelsFolder, seed = 1, prompts = DEFAULT_PROMPTS, items = true } = options;
  const users = await seedUsers(db);
  const checkpoints = await registerShippedModels(db, modelsFolder);
  const { projectId, created } = await db.transaction(async (tx) => {
    const project = await insertProject(tx, DEMO_PROJECT);
    if (project === null) {
      const known = await selectProjectBySlug(tx, DEMO_PROJECT.slug);
      if (known === null) throw new Error("The demo project was removed while it was seeded");
      return { projectId: known.id, created: false };
    }
    await insertGuidelineVersion(tx, { projectId: project.id, version: 1, body: DEMO_GUIDELINES, createdBy: users.researcher.id });
    const demoPrompts = createDemoPrompts({ seed, ...prompts });
    const { ids } = await addPrompts(tx, { projectId: project.id, prompts: demoPrompts });
    if (items) await seedItems(tx, { projectId: project.id, seed, prompts: demoPrompts, ids });
    return { projectId: project.id, created: true };
  });
  return { projectId, created, users, checkpoints };
}

/** Prompts of each task and split of the second demo project; words to Python have few different texts. */
const TASK_PROMPTS: Record<Split, number> = { train: 200, validation: 20, test: 20 };

/** The second demo project: prompts with references of the four instruction tasks. Seeding again changes nothing. */
export async function seedTasksProject(
  db: Db,
  options: { seed?: number; prompts?: Record<Split, number> } = {},
): Promise<{ created: boolean }> {
  const { seed = 1, prompts = TASK_PROMPTS } = options;
  return db.transaction(async (tx) => {
    const project = await insertProject(tx, TASKS_PROJECT);
    if (project === null) return { created: false };
    await addPrompts(tx, { projectId: project.id, prompts: createTaskPrompts({ seed, ...prompts }) });
    return { created: true };
  });
}

async function seedUsers(db: Db): Promise<Record<Role, SessionUser>> {
  const found = {} as Record<Role, SessionUser>;
  for (const { email, name, role } of DEMO_ACCOUNTS) {
    const user =
      (await selectUserByEmail(db, email)) ??
      (await insertUser(db, { email, name, role, passwordHash: await hashPassword(DEMO_PASSWORD) })) ??
      (await selectUserByEmail(db, email));
    if (user === null) throw new Error(`The demo account ${email} was removed while it was seeded`);
    found[role] = { id: user.id, role: user.role, name: user.name, simulated: user.simulated };
  }
  return found;
}

async function seedItems(
  tx: Db,
  input: { projectId: string; seed: number; prompts: readonly Prompt[]; ids: readonly (string | null)[] },
): Promise<void> {
  const { projectId, seed, prompts, ids } = input;
  const modelIds = new Map<string, string>();
  const rows: NewCompletionRow[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const promptId = ids[index];
    const facts = demoFacts(prompt.meta);
    if (promptId == null || facts === null) continue;
    for (const { model, text } of createScriptedCompletions({ facts, seed, key: hashMessages(prompt.messages) })) {
      const modelId = modelIds.get(model) ?? (await ensureNamedModel(tx, projectId, model));
      modelIds.set(model, modelId);
      rows.push({ projectId, promptId, modelId, text, source: "external", contentHash: hashCompletionText(text) });
    }
  }
  const { ids: completionIds } = await upsertCompletions(tx, rows);
  const byPrompt = new Map<string, { id: string; hash: string }[]>();
  rows.forEach((row, i) => {
    const list = byPrompt.get(row.promptId) ?? [];
    byPrompt.set(row.promptId, list);
    // Two writers may say the same: one of them is enough to compare with the others.
    if (!list.some(({ hash }) => hash === row.contentHash)) list.push({ id: completionIds[i] ?? "", hash: row.contentHash });
  });
  const random = createRandom(seed, "demo-items");
  const wanted: { item: NewItem; seats: number }[] = [];
  for (const [promptId, list] of byPrompt) {
    if (list.length < 2) continue;
    const ranking = wanted.length % RANKING_EVERY === RANKING_EVERY - 1 && list.length > 2;
    const chosen = ranking ? list : random.shuffle(list).slice(0, 2);
    const pairs = (list.length * (list.length - 1)) / 2;
    wanted.push({
      item: {
        promptId,
        completionIds: chosen.map(({ id }) => id),
        mode: ranking ? "ranking" : "pairwise",
        propensity: ranking ? 1 : 1 / pairs,
      },
      seats: wanted.length % SECOND_SEAT_EVERY === 0 ? 2 : 1,
    });
  }
  for (const seatsPerItem of [1, 2]) {
    await createItems(
      { db: tx },
      { projectId, items: wanted.filter(({ seats }) => seats === seatsPerItem).map(({ item }) => item), seatsPerItem },
    );
  }
}

/** Registers each folder of base models that has its weights; one whose weights changed is a checkpoint of its own. */
export async function registerShippedModels(db: Db, modelsFolder: string): Promise<{ id: string; name: string }[]> {
  const folders = await readdir(modelsFolder, { withFileTypes: true }).catch(() => []);
  const known = await selectShippedCheckpoints(db);
  const registered: { id: string; name: string }[] = [];
  for (const name of folders
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()) {
    const hash = await hashModelFolder(path.join(modelsFolder, name));
    if (hash === null) continue;
    const shipped = `shipped:${name}`;
    const same = known.find((checkpoint) => checkpoint.path === shipped && checkpoint.hash === hash);
    const { id } = same ?? (await insertCheckpoint(db, { kind: "base", name, path: shipped, hash, final: true }));
    registered.push({ id, name });
  }
  return registered;
}
