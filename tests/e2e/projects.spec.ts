/** A project's pages: its prompts, a frozen version with its rows and downloads, its settings. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

/** Opens the demo project and gives its address. */
async function openProject(page: Page): Promise<string> {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("link", { name: "Support summaries" }).click();
  await page.waitForURL(/\/projects\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname;
}

async function expectAccessibleEverywhere(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
    }
  }
}

test("prompts are found by their words and lead to their completions", async ({ page }) => {
  const project = await openProject(page);
  await page.goto(`${project}/data`);
  const table = page.getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(51);
  await expect(page.getByRole("status").filter({ hasText: /^420 prompts$/ })).toBeVisible();
  await page.getByLabel("Split").selectOption("test");
  await expect(page.getByRole("status").filter({ hasText: /^60 prompts$/ })).toBeVisible();
  await expectAccessibleEverywhere(page);
  await table.getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: "Completions" })).toBeVisible();
  await expect(page.getByText("Script, plain").first()).toBeVisible();
  await expectAccessibleEverywhere(page);
});

test("a frozen version shows its rows, downloads them, and leads to a run on it", async ({ page }) => {
  const project = await openProject(page);
  await page.goto(`${project}/datasets`);
  await page.getByLabel("Kind").selectOption("sft");
  await expect(page.getByText("420 rows: 300 train, 60 validation, 60 test")).toBeVisible();
  await page.getByRole("button", { name: "Freeze" }).click();
  await page
    .getByRole("link", { name: /^sft v\d+$/ })
    .first()
    .click();
  await expect(page.getByText("Row 1", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "More rows" }).click();
  await expect(page.getByText("Row 50", { exact: true })).toBeVisible();
  await expectAccessibleEverywhere(page);
  const download = async () => {
    const href = await page.getByRole("link", { name: "TRL, messages" }).getAttribute("href");
    return (await (await page.request.get(href ?? "")).text()).trimEnd().split("\n");
  };
  expect(await download()).toHaveLength(420);
  await page.getByLabel("Split to download").selectOption("train");
  const lines = await download();
  expect(lines).toHaveLength(300);
  expect(JSON.parse(lines[0] ?? "").messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant"]);
  await page.getByRole("link", { name: "Fine-tune on it" }).click();
  await expect(page.getByRole("radio", { name: /^SFT/ })).toBeChecked();
  await expect(page.getByLabel("Dataset version").locator("option:checked")).toHaveText(/^sft v\d+: 300 train/);
});

test("settings are changed, and a wrong one is named at its field", async ({ page }) => {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Settings of a test");
  await page.getByRole("button", { name: "Make project" }).click();
  await page.waitForURL(/\/projects\/[0-9a-f-]{36}$/);
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByLabel("Judgements for each item").fill("21");
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText("At most 20")).toBeVisible();
  await expect(page.getByLabel("Judgements for each item")).toHaveAttribute("aria-invalid", "true");
  await expectAccessibleEverywhere(page);
  await page.getByLabel("Judgements for each item").fill("3");
  await page.getByRole("textbox", { name: "Reasons" }).fill("Right\n\n  Short  \n");
  await page.getByLabel(/^Published/).check();
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText("Settings saved", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Judgements for each item")).toHaveValue("3");
  await expect(page.getByRole("textbox", { name: "Reasons" })).toHaveValue("Right\nShort");
  await expect(page.getByTitle("Its leaderboard can be read without an account")).toBeVisible();
});
