/** Voting in the browser: by keys, by touch on a phone, ranking with a tie, undo, a reload, a lost connection. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

const ROOM = "/annotate/support-summaries";

const leftOf = async (page: Page): Promise<number> =>
  Number(
    /(\d+) left/.exec(
      (await page
        .getByText(/\d+ left/)
        .first()
        .textContent()) ?? "",
    )?.[1],
  );
const ranks = (page: Page) => page.getByRole("list", { name: "Answers, best first" });

/** Judges pairs until the item at hand is of the wanted kind. */
async function openItem(page: Page, kind: "pairwise" | "ranking"): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await expect(page.getByRole("button", { name: /^Submit/ })).toBeVisible();
    const isRanking = (await ranks(page).count()) > 0;
    if (isRanking === (kind === "ranking")) return;
    if (isRanking) await page.keyboard.press("Alt+ArrowDown");
    else await page.keyboard.press("3");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(150);
  }
  throw new Error(`no item of the kind ${kind}`);
}

test("a pair is judged by keys, and taken back", async ({ page }) => {
  await signInAs(page, "annotator", ROOM);
  await openItem(page, "pairwise");
  const prompt = await page.getByRole("region", { name: "Prompt" }).textContent();
  await page.keyboard.press("2");
  await expect(page.getByRole("radio", { name: "A is better", exact: true })).toBeChecked();
  await page.keyboard.press("Enter");
  await expect(page.getByText("A is better. Next item.")).toBeAttached();
  await page.keyboard.press("z");
  // The same item is back with its vote.
  await expect(page.getByRole("radio", { name: "A is better", exact: true })).toBeChecked();
  expect(await page.getByRole("region", { name: "Prompt" }).textContent()).toBe(prompt);
  await page.keyboard.press("Enter");
  await expect(page.getByText("A is better. Next item.")).toBeAttached();
});

test("nothing chosen is said, and not submitted", async ({ page }) => {
  await signInAs(page, "annotator", ROOM);
  await openItem(page, "pairwise");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "Choose which answer is better first." })).toBeVisible();
});

test("a ranking is made with buttons and keys, with a tie", async ({ page }) => {
  await signInAs(page, "annotator", ROOM);
  await openItem(page, "ranking");
  const items = ranks(page).getByRole("listitem");
  await page.getByRole("button", { name: "Move answer B up" }).click();
  await expect(items.first()).toContainText("1.B");
  await page.getByRole("button", { name: "Tie answer A with the one above" }).click();
  await expect(items.nth(1)).toContainText("tied with the one above");
  await page.getByRole("button", { name: /^Submit/ }).click();
  // Answers that are tied are named in the order of their letters.
  await expect(page.getByText(/^A = B > .*Next item\.$/)).toBeAttached();
});

test("a reload keeps what was chosen", async ({ page }) => {
  await signInAs(page, "annotator", ROOM);
  await openItem(page, "pairwise");
  const prompt = (await page.getByRole("region", { name: "Prompt" }).textContent()) ?? "";
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  // The newest choice has not reached the server when the page goes.
  const saved = page.waitForResponse((response) => response.url().includes("annotate.saveDraft"));
  await page.getByRole("radio", { name: "A is much better" }).check({ force: true });
  await saved;
  await page.getByRole("radio", { name: "B is much better" }).check({ force: true });
  await page.reload();
  await expect(page.getByRole("radio", { name: "B is much better" })).toBeChecked();
  await expect(page.getByRole("button", { name: "Clear", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("region", { name: "Prompt" })).toHaveText(prompt);
  await page.goto(`${ROOM}/history`);
  await expect(page.getByRole("heading", { name: "My judgements" })).toBeVisible();
});

test("a vote made without a connection is delivered once, later", async ({ page, context }) => {
  await signInAs(page, "annotator", ROOM);
  await openItem(page, "pairwise");
  await page.waitForLoadState("networkidle");
  const before = await leftOf(page);
  await context.setOffline(true);
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/kept here, sent when the server can be reached/)).toBeVisible();
  const delivered = page.waitForResponse((response) => response.url().includes("annotate.submit") && response.ok());
  await context.setOffline(false);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await delivered;
  await page.reload();
  await expect(page.getByText(/\d+ left/).first()).toBeVisible();
  expect(await leftOf(page)).toBe(before - 1);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`is accessible on a desktop and at 360 px, ${colorScheme}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ baseURL, colorScheme, viewport: { width: 360, height: 740 }, hasTouch: true });
    const page = await context.newPage();
    await signInAs(page, "annotator", ROOM);
    await openItem(page, "pairwise");
    await page.waitForTimeout(300);
    await expectAccessible(page);
    await page.getByText("B++").tap();
    await page.getByRole("button", { name: /^Submit/ }).tap();
    await expect(page.getByText("B is much better. Next item.")).toBeAttached();
    await page.setViewportSize({ width: 1280, height: 800 });
    await openItem(page, "ranking");
    await page.waitForTimeout(300);
    await expectAccessible(page);
    await page.goto(`${ROOM}/history`);
    await expect(page.getByText("Median time")).toBeVisible();
    await expectAccessible(page);
    await context.close();
  });
}
