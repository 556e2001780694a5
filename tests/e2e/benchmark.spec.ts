/** A benchmark from the start form to the leaderboard, on the hand-written samples, which say so everywhere. */
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

test("a researcher scores a checkpoint on tasks and sees that the sample is not the benchmark", async ({ page }) => {
  await signInAs(page, "researcher", "/runs/new?kind=benchmark");
  await expect(page.getByText("says nothing about the benchmark")).toBeVisible();
  await page.getByLabel("Base checkpoint").selectOption({ label: "hone-llama-demo (base)" });
  await page.getByLabel("Suites and tasks").fill("cola, nope");
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByText('There is no task or suite "nope"', { exact: false })).toBeVisible();
  await page.getByLabel("Suites and tasks").fill("glue, multirc, nq_closed");
  await expect(page.getByText("known once it runs")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}/);
  const run = page.url();
  await page.goto(`${run}?tab=results`);
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole("region", { name: "Benchmark scores" })).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 90_000 });
  const row = page.getByRole("row").filter({ hasText: "CoLA" });
  await expect(row.getByText("sample", { exact: true })).toBeVisible();
  await expect(row.getByText("Matthews")).toBeVisible();
  await row.getByText("Signature").click();
  await expect(row.getByText("data:sample, not the benchmark")).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "average" }).first()).toContainText("GLUE");
  await expectAccessible(page);
  await page.goto("/leaderboard");
  await expect(page.getByRole("heading", { name: "Benchmarks" })).toBeVisible();
  const table = page.getByRole("region", { name: "Benchmarks of checkpoints" });
  await expect(table.getByText("sample").first()).toBeVisible();
  await expectAccessible(page);
});
