/** The models page: a model from this device is checked and taken in, offered where runs start, and deleted again. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

const DEMO = path.resolve("models/hone-llama-demo");
const files = readdirSync(DEMO).map((name) => path.join(DEMO, name));

test("an uploaded model can be started from and deleted", async ({ page }) => {
  await signInAs(page, "admin", "/models");
  await expect(page.getByRole("link", { name: "hone-llama-demo" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Add a model" }).click();
  const dialog = page.getByRole("dialog");
  // Without its weights nothing is sent.
  await dialog.getByLabel("Files").setInputFiles(files.filter((file) => file.endsWith(".json")));
  await dialog.getByLabel("Name").fill("from-this-device");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(dialog.getByText("Choose config.json")).toBeVisible();
  await dialog.getByLabel("Files").setInputFiles(files);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("link", { name: "from-this-device" })).toBeVisible();

  await page.getByRole("button", { name: "Actions for from-this-device" }).click();
  await page.getByRole("menuitem", { name: "Start a run" }).click();
  await expect(page.getByLabel("Base checkpoint").locator("option:checked")).toHaveText(/from-this-device/);
  await expect(page.getByLabel("Name")).toHaveValue("SFT on from-this-device");

  await page.goto("/models?q=from-this-device");
  await page.getByRole("button", { name: "Actions for from-this-device" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("No model matches")).toBeVisible();
});
