import { test } from "@playwright/test";
import { signInAs } from "./support";
for (const scheme of ["light", "dark"] as const) for (const width of [1280, 360]) test(`shots ${scheme} ${width}`, async ({ page }) => {
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height: 900 });
  await signInAs(page, "researcher", "/runs");
  await page.getByRole("link", { name: /Benchmark on/ }).first().click();
  await page.getByRole("tab", { name: "Results" }).click();
  await page.waitForTimeout(1000);
  await page.screenshot({ path: `/tmp/tasks-work/shots/results-${scheme}-${width}.png`, fullPage: width === 1280 });
  await page.goto("/runs/new?kind=benchmark"); await page.waitForTimeout(1500);
  await page.screenshot({ path: `/tmp/tasks-work/shots/form-${scheme}-${width}.png`, fullPage: true });
  await page.goto("/leaderboard"); await page.waitForTimeout(1500);
  await page.getByRole("heading", { name: "Benchmarks" }).scrollIntoViewIfNeeded();
  await page.screenshot({ path: `/tmp/tasks-work/shots/board-${scheme}-${width}.png`, fullPage: true });
});
