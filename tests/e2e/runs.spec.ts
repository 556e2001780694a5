/**
 * The run console in a browser: the start form names what is wrong, events arrive as they are committed,
 * and neither a reload nor a lost connection loses or repeats one. The test is the run's worker.
 */
import { expect, type Page, test } from "@playwright/test";
import { createDb, type DbConnection } from "../../db/client";
import { findRunningUrl } from "../../db/embedded";
import { appendRunEvents } from "../../db/queries/run-events";
import { heartbeatRun, transitionRun } from "../../db/queries/runs";
import type { RunEvent } from "../../domain/run";
import { createRunWorld, holdRun, type RunWorld } from "../helpers/run-world";
import { DATA_FOLDER } from "./place";
import { expectAccessible, signInAs } from "./support";

let connection: DbConnection;
let world: RunWorld;
test.beforeAll(async () => {
  const url = findRunningUrl(DATA_FOLDER);
  if (url === null) throw new Error(`No database runs on ${DATA_FOLDER}`);
  connection = createDb(url, { max: 2 });
  world = await createRunWorld(connection.db);
});
test.afterAll(() => connection.close());

/** Fills the form for a small SFT run and starts it; returns its id. */
async function startRun(page: Page, name: string): Promise<string> {
  await page.goto(`/runs/new?kind=sft&project=${world.projectId}&base=${world.base.id}`);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** The test as worker: a metric and a log line for each step from `first` to `last`. */
async function work(run: { id: string; attempt: number }, first: number, last: number): Promise<void> {
  for (let step = first; step <= last; step++) {
    const events: RunEvent[] = [
      { kind: "metric", step, values: { "loss/train": 2 / step, lr: 0.001 } },
      { kind: "log", level: "info", message: `line ${step}` },
    ];
    const answer = await appendRunEvents(connection.db, { runId: run.id, attempt: run.attempt, events, step, totalSteps: 20 });
    expect(answer).not.toBeNull();
  }
}

const lines = (page: Page) => page.getByRole("list", { name: "Events" }).getByText(/^line \d+$/);
const newestFirst = (from: number) => Array.from({ length: from }, (_, i) => `line ${from - i}`);

test("the start form says which field is wrong and keeps what was typed", async ({ page }) => {
  await signInAs(page, "researcher", "/runs");
  await page.getByRole("link", { name: "Start a run" }).first().click();
  await page.goto(`/runs/new?kind=sft&project=${world.projectId}`);
  await page.getByLabel("Epochs").fill("-1");
  await page.getByLabel("Batch size").fill("1.5");
  await page.getByText("Optimiser", { exact: false }).first().click();
  await page.getByLabel("Learning rate").fill("fast");
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByText("More than 0")).toBeVisible();
  await expect(page.getByText("Enter a whole number")).toBeVisible();
  await expect(page.getByText("Enter a number")).toBeVisible();
  await expect(page.getByText("Choose a checkpoint", { exact: true }).last()).toBeVisible();
  await expect(page.getByLabel("Base checkpoint")).toBeFocused();
  await expect(page.getByLabel("Batch size")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Batch size")).toHaveValue("1.5");
  await expect(page).toHaveURL(/\/runs\/new/);
  await expectAccessible(page);
});

test("what the server refuses is shown at its field", async ({ page }) => {
  await signInAs(page, "researcher", "/runs");
  await page.goto(`/runs/new?kind=sample&project=${world.projectId}&base=${world.base.id}`);
  await page.getByLabel("Prompts of").selectOption("validation");
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByLabel("Prompts of")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("The project has no prompts in its validation split").first()).toBeVisible();
});

test("a run followed live, over a reload and a lost connection, without gap or duplicate", async ({ page, context }) => {
  await signInAs(page, "researcher", "/runs");
  const id = await startRun(page, "followed live");
  const run = await holdRun(connection.db, id);
  const progress = page.getByTestId("run-progress");

  await work(run, 1, 3);
  await expect(progress).toHaveText("3 of 20 steps");
  await expect(page.getByRole("list", { name: "Last values of Loss" })).toContainText("0.6667");

  await test.step("a reload in the middle, with steps on the way", async () => {
    await Promise.all([page.reload(), work(run, 4, 8)]);
    await expect(progress).toHaveText("8 of 20 steps");
    await page.getByRole("tab", { name: "Events" }).click();
    await expect(lines(page)).toHaveText(newestFirst(8));
  });

  await test.step("a lost connection", async () => {
    await context.setOffline(true);
    await work(run, 9, 12);
    await context.setOffline(false);
    await work(run, 13, 13);
    await expect(lines(page)).toHaveText(newestFirst(13));
    await expect(page.locator("[data-connection=live]")).toBeVisible();
  });

  await test.step("pause is asked of the worker, and the run says who asked", async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(page.getByRole("button", { name: "Pausing after this step" })).toBeDisabled();
    expect(await heartbeatRun(connection.db, { runId: id, attempt: run.attempt })).toEqual({ requested: "pause" });
    await transitionRun(connection.db, { runId: id, attempt: run.attempt, to: "paused", reason: "Paused as asked" });
    await expect(page.getByRole("button", { name: "Resume" })).toBeVisible();
    await expect(page.getByTestId("run-reason")).toHaveText("Paused as asked");
  });

  await test.step("the list tells the same, and its filters are in the address", async () => {
    await page.goto("/runs?state=paused");
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="/runs/${id}"]`) });
    await expect(row).toContainText("13 / 20");
    await page.getByLabel("State").selectOption("failed");
    await expect(page).toHaveURL(/state=failed/);
    await expect(row).toHaveCount(0);
  });
});

test("the run page and its lineage are accessible, also narrow and dark", async ({ page }) => {
  await signInAs(page, "researcher", "/runs");
  const id = await startRun(page, "looked at");
  const run = await holdRun(connection.db, id);
  await work(run, 1, 4);
  await expect(page.getByTestId("run-progress")).toHaveText("4 of 20 steps");
  await expectAccessible(page);
  await page.getByRole("tab", { name: "Lineage" }).click();
  await expect(page.getByRole("link", { name: /sft dataset, version 1/ })).toBeVisible();
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 360, height: 740 });
  for (const tab of ["Curves", "Results", "Config", "Events"]) {
    await page.getByRole("tab", { name: tab }).click();
    await expectAccessible(page);
  }
  await page.getByRole("tab", { name: "Lineage" }).click();
  await page.getByRole("link", { name: /sft dataset, version 1/ }).click();
  await expect(page.getByRole("heading", { name: "sft v1" })).toBeVisible();
  await page.goto(`/checkpoints/${world.reward.id}`);
  await expect(page.getByRole("heading", { name: "tiny-reward" })).toBeVisible();
  await expectAccessible(page);
});
