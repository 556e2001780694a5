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
  await page.getByRole("link", { name: /%, n = / }).first().click();
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
