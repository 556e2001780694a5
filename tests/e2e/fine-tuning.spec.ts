/**
 * Fine-tuning in a browser with the real worker: the four tasks frozen, one of them trained with its report of all, and a
 * sweep whose best settings are one click from the next run.
 */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

test.setTimeout(300_000);

const isRun = /\/runs\/[0-9a-f-]{36}/;

async function chooseProject(page: Page): Promise<void> {
  await page.goto("/runs/new?kind=sft");
  await page.getByLabel("Project").selectOption({ label: "Four tasks" });
  // What the project has is read anew; a choice made before that is gone.
  const base = page.getByLabel("Base checkpoint");
  await expect(async () => {
    await base.selectOption({ label: "hone-llama-demo (base)" });
    await page.waitForTimeout(500);
    expect(await base.inputValue()).not.toBe("");
  }).toPass();
}

/** Opens a folded group of settings. */
const unfold = (page: Page, group: string) => page.locator("summary", { hasText: group }).click();

test("a run on one task reports all of them; a sweep gives the settings of the next run", async ({ page }) => {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("link", { name: "Four tasks" }).first().click();
  await page.getByRole("link", { name: "Datasets" }).click();
  await page.getByLabel("Kind").selectOption("sft");
  await expect(page.getByText(/960 rows/)).toBeVisible();
  await page.getByRole("button", { name: "Freeze" }).click();
  await expect(page.getByText(/sft v1 is frozen|Nothing changed/).first()).toBeVisible();

  await chooseProject(page);
  await page.getByLabel("Name").fill("Reviews only");
  await page.getByLabel("Method").selectOption("full");
  await page.getByLabel("Steps at most").fill("12");
  await page.getByLabel("Validate every").fill("6");
  await unfold(page, "Data");
  await page.getByLabel("Tasks to train on").fill("review-rating");
  await unfold(page, "Validation");
  await page.getByLabel("Rows of the report").fill("4");
  await page.getByLabel("Shots of the report").fill("1");
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(isRun);
  await expect(page.getByTestId("run-reason")).toHaveText("Finished", { timeout: 120_000 });
  await page.getByRole("tab", { name: "Results" }).click();
  const report = page.getByRole("region", { name: "Each task before and after" });
  for (const task of ["review-rating", "place-names", "python-code", "support-summary"])
    await expect(report.getByRole("row", { name: new RegExp(task) })).toBeVisible();
  await expect(report.getByRole("row", { name: /review-rating/ })).toContainText("trained");
  await expect(page.getByRole("heading", { name: "Fit" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Runs on the same data" })).toContainText("Reviews only");
  await expectAccessible(page);
  await page.getByRole("link", { name: "Start it from random weights" }).click();
  await expect(page.getByLabel("Start from")).toHaveValue("random");

  await chooseProject(page);
  await page.getByLabel("Name").fill("Rates");
  await page.getByLabel("Steps at most").fill("4");
  await page.getByLabel("Validate every").fill("2");
  await page.getByLabel("Search for the best settings").check();
  await page.getByLabel("Strategy").selectOption("grid");
  await page.getByLabel("Values").first().fill("1e-5, fast");
  await page.getByRole("button", { name: "Start the sweep" }).click();
  await expect(page.getByText("fast is no number")).toBeVisible();
  await page.getByLabel("Values").first().fill("1e-5, 1e-3");
  await page.getByRole("button", { name: "Another setting" }).click();
  await page.getByLabel("Setting", { exact: true }).nth(1).selectOption({ label: "Rank" });
  await page.getByLabel("Values").nth(1).fill("4, 8");
  await expect(page.getByText("trials", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Start the sweep" }).click();
  await page.waitForURL(isRun);
  await expect(page.getByTestId("run-reason")).toHaveText(/^Best: learningRate/, { timeout: 180_000 });
  const trials = page.getByRole("region", { name: "Trials" });
  await expect(trials.getByRole("row")).toHaveCount(5);
  await expect(page.getByRole("img", { name: /^4 trials as lines through Learning rate, Rank, Validation loss/ })).toBeVisible();
  await expectAccessible(page);
  const rate = await trials.getByRole("row").nth(1).getByRole("cell").nth(1).textContent();
  await page.getByRole("link", { name: "Start a run with them" }).click();
  await unfold(page, "Optimiser");
  expect(Number(await page.getByLabel("Learning rate").inputValue())).toBe(Number(rate?.replace("−", "-")));
  await expect(page.getByLabel("Search for the best settings")).not.toBeChecked();
});
