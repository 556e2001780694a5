/** A project for annotators, made as a researcher makes it: import, modes, items. */
import { expect, type Page } from "@playwright/test";
import type { AnnotationSettings } from "../../domain/annotation/settings";
import type { Message } from "../../domain/prompt";
import { signInAs } from "./support";

export type WorldPrompt = { prompt: string | Message[]; completions: (string | Message[])[] };

const SCALES = [
  { name: "Helpful", points: 5, low: "Useless", high: "Just what was asked" },
  { name: "Honest", points: 5, low: "Made up", high: "All true" },
];

async function call<T>(page: Page, path: string, input: unknown): Promise<T> {
  const response = await page.request.post(`/api/trpc/${path}`, { data: { json: input } });
  expect(response.ok(), `${path}: ${await response.text()}`).toBe(true);
  return ((await response.json()) as { result: { data: { json: T } } }).result.data.json;
}

async function upload(page: Page, projectId: string, kind: "prompts" | "completions", rows: object[]): Promise<void> {
  const parameters = new URLSearchParams({ projectId, kind, source: `${kind}.jsonl` });
  const response = await page.request.post(`/api/import?${parameters}`, {
    data: rows.map((row) => JSON.stringify(row)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
  expect(response.ok(), await response.text()).toBe(true);
}

/** Until no vote is on its way any more. */
export const delivered = (page: Page) =>
  page.waitForFunction(() => Object.keys(localStorage).every((key) => !key.startsWith("hone:vote:")));

/** Signs in as the researcher, on the page. Gives the address of the annotators' room and the project's id. */
export async function createAnnotationProject(
  page: Page,
  world: { name: string; modes: AnnotationSettings["modes"]; prompts: WorldPrompt[]; imageHosts?: string[]; guideline?: string },
): Promise<{ room: string; projectId: string }> {
  await signInAs(page, "researcher", "/projects");
  const { id: projectId, slug } = await call<{ id: string; slug: string }>(page, "project.create", {
    name: world.name,
    description: "For the browser tests",
    reasons: ["Faithful", "Clear"],
  });
  await call(page, "project.changeAnnotation", {
    projectId,
    annotation: { modes: world.modes, scales: SCALES, imageHosts: world.imageHosts ?? [] },
  });
  if (world.guideline !== undefined) await call(page, "guideline.save", { projectId, body: world.guideline, basedOn: 0 });
  await upload(
    page,
    projectId,
    "prompts",
    world.prompts.map(({ prompt }, i) => ({
      [typeof prompt === "string" ? "prompt" : "messages"]: prompt,
      group: String(i),
      split: "train",
    })),
  );
  const completions = world.prompts.flatMap(({ prompt, completions: texts }, i) =>
    texts.map((completion, j) => ({ prompt, completion, model: `model-${j}`, group: String(i), split: "train" })),
  );
  if (completions.length > 0) await upload(page, projectId, "completions", completions);
  const { made } = await call<{ made: Record<string, number> }>(page, "item.make", { projectId, split: null, maxItems: 10_000 });
  expect(Object.values(made).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
  return { room: `/annotate/${slug}`, projectId };
}
