/** The leaderboard: for visitors where it is published, with the way to the votes for researchers. */
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

test("a visitor reads the published leaderboard and its method", async ({ page }) => {
  await page.goto("/leaderboard");
  await expect(page.getByRole("heading", { name: "What was preferred" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Method" }).click();
  await expect(page.getByText("Bradley-Terry strengths")).toBeVisible();
  await expectAccessible(page);
});

test("a researcher follows a number to its votes", async ({ page }) => {
  await signInAs(page, "annotator", "/annotate/support-summaries");
  for (let i = 0; i < 6; i++) {
    await expect(page.getByRole("button", { name: /^Submit/ })).toBeVisible();
    await page.keyboard.press("2");
    await page.keyboard.press("Alt+ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(200);
  }
  await page.waitForLoadState("networkidle");
  await page.context().clearCookies();
  await signInAs(page, "researcher", "/leaderboard");
  await expect(page.getByRole("heading", { name: "What the first place hangs on" })).toBeVisible();
  await expect(page.getByText(/five-fold cross-validation|at least 60 votes/)).toBeVisible();
  await expectAccessible(page);
  await page
    .getByRole("table", { name: "Ranking by votes" })
    .or(page.getByRole("region", { name: "Ranking by votes" }))
    .getByRole("button")
    .first()
    .click();
  await expect(page.getByText(/came from outside/)).toBeVisible();
  await page.getByLabel("Style").selectOption("controlled");
  await expect(page).toHaveURL(/style=controlled/);
  await expect(page.getByText(/Style control wants at least|Style is held equal/)).toBeVisible();
  const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  expect(csv.suggestedFilename()).toBe("support-summaries-leaderboard.csv");
  await page.getByLabel("Difference").fill("100");
  await page.getByLabel("Difference").press("Enter");
  await expect(page.getByText(/a true difference of 100 points/)).toBeVisible();
  await page
    .getByRole("link", { name: /%, n = / })
    .first()
    .click();
  await expect(page.getByRole("listitem").filter({ hasText: "Demo annotator" }).first()).toBeVisible();
  await expectAccessible(page);
});

test("a researcher sets models against each other", async ({ page }) => {
  await signInAs(page, "researcher", "/leaderboard");
  await page.getByRole("button", { name: "Compare models" }).click();
  const dialog = page.getByRole("dialog", { name: "Compare models" });
  const models = dialog.getByRole("checkbox");
  await expect(models.first()).toBeVisible();
  await expectAccessible(page);
  for (const model of await models.all()) await model.uncheck();
  await models.nth(0).check();
  await dialog.getByRole("button", { name: "Make items" }).click();
  await expect(dialog.getByText("Choose at least two models")).toBeVisible();
  await models.nth(1).check();
  await dialog.getByLabel("Prompts of").selectOption("train");
  await dialog.getByLabel("Items at most").fill("5");
  await dialog.getByRole("button", { name: "Make items" }).click();
  await expect(page.getByText(/^\d items for the annotators$/)).toBeVisible();
  await expect(dialog).toBeHidden();
});
