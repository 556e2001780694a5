/** Reading in the browser: code, LaTeX, images, directions, differences, find, answers of a book's length. */
import { expect, type Page, test } from "@playwright/test";
import { createAnnotationProject, delivered, type WorldPrompt } from "./annotation-world";
import { expectAccessible, signInAs } from "./support";

const PAIR = [{ mode: "pairwise", share: 1, completions: 2 }] as const;
const ready = (page: Page) => expect(page.getByRole("button", { name: "Submit" })).toBeVisible();

test("code, LaTeX, tables, images of allowed hosts alone, and nothing that runs", async ({ page }) => {
  const asked: string[] = [];
  await page.context().route(/example\.(org|net)/, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ contentType: "image/svg+xml", body: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' });
  });
  const { room } = await createAnnotationProject(page, {
    name: "Reading",
    modes: [...PAIR],
    imageHosts: ["*.example.org"],
    prompts: [
      {
        prompt: "Show it.",
        completions: [
          'Code:\n\n```js\nconst a = "b"; // c\n```\n\n$$\n\\frac{1}{2}\n$$\n\nIt costs $5 or $10.\n\n<script>window.hacked = true</script>\n\n<img src=x onerror="window.hacked = true">\n\n[link](javascript:window.hacked=true)',
          "![seen](https://img.example.org/a.svg) ![not seen](https://tracker.example.net/b.svg)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nالنص العربي من اليمين.",
        ],
      },
    ],
  });
  await page.goto(room);
  await ready(page);
  await expect(page.locator(".hljs-keyword")).toHaveText("const");
  await expect(page.locator(".katex-display")).toBeVisible();
  await expect(page.getByText("It costs $5 or $10.")).toBeVisible();
  await expect(page.getByRole("img", { name: "seen", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "[Image: not seen, tracker.example.net]" })).toBeVisible();
  await expect.poll(() => asked).toEqual(["https://img.example.org/a.svg"]);
  await expect(page.getByRole("table")).toBeVisible();
  expect(await page.getByText("النص العربي من اليمين.").evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  await expect(page.locator("a[href^='javascript']")).toHaveCount(0);
  await page.keyboard.press("r");
  await expect(page.getByText("```js")).toBeVisible();
  await expectAccessible(page);
});

test("differences from any answer, and finding words across them", async ({ page }) => {
  const { room } = await createAnnotationProject(page, {
    name: "Compare",
    modes: [{ mode: "best_of_n", share: 1, completions: 3 }],
    prompts: [{ prompt: "Say where.", completions: ["The cat sat on the mat.", "The dog sat on the mat.", "The cat slept on the mat."] }],
  });
  await page.goto(room);
  await ready(page);
  const marks = async () => (await page.locator("section[data-answer] mark").allTextContents()).toSorted();
  const letterWith = async (words: string) =>
    (await page.locator("section[data-answer]").filter({ hasText: words }).getByRole("heading").textContent()) ?? "";
  await page.keyboard.press("d");
  await page.getByRole("button", { name: `Differences from answer ${await letterWith("The cat sat")}` }).click();
  await expect.poll(marks).toEqual(["dog", "slept"]);
  await page.getByRole("button", { name: `Differences from answer ${await letterWith("The dog sat")}` }).click();
  await expect.poll(marks).toEqual(["cat", "cat", "slept"]);
  await page.getByRole("button", { name: "Differences", exact: true }).press("d");
  await page.keyboard.press("r");
  await page.keyboard.press("r");
  await page.keyboard.press("/");
  await page.getByRole("searchbox", { name: "Find in this item" }).fill("THE MAT");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("2 of 3")).toBeVisible();
  expect(await page.evaluate(() => CSS.highlights.get("found")?.size)).toBe(3);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("searchbox")).toHaveCount(0);
  await page.keyboard.press("2");
  await expect(page.getByRole("radio", { name: "B is best" })).toBeChecked();
});

/** About 20,000 words with headings, lists and code, the needle at their end. */
function longAnswer(seed: number): string {
  const section = (i: number) =>
    `## Part ${i}\n\n${`Sentence ${i % 3 === 0 ? seed : 0} of part ${i} says again what was said, in other words and at length. `.repeat(12)}\n\n- first point\n- second point\n\n\`\`\`py\nx = ${i}\n\`\`\`\n\n`;
  return `${Array.from({ length: 105 }, (_, i) => section(i)).join("")}The needle is here.`;
}

test("answers of twenty thousand words can be judged at once, searched and compared", async ({ page }) => {
  const prompts: WorldPrompt[] = [0, 1].map((i) => ({
    prompt: `Write a book (${i}).`,
    completions: [longAnswer(1 + i), longAnswer(11 + i)],
  }));
  const words = longAnswer(1).split(/\s+/).length;
  expect(words).toBeGreaterThan(20_000);
  const { room } = await createAnnotationProject(page, { name: "Long", modes: [...PAIR], prompts });
  await page.goto(room);
  await ready(page);
  await page.keyboard.press("6");
  await expect(page.getByRole("radio", { name: "B is better", exact: true })).toBeChecked();
  await page.keyboard.press("/");
  await page.getByRole("searchbox", { name: "Find in this item" }).fill("the needle");
  await expect(page.getByText("1 of 2")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByText("The needle is here.").first()).toBeInViewport();
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  await expect(page.locator("mark").first()).toBeAttached();
  // The other answers' worker has said what it found; the room still hears every key.
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await expect(page.getByText("A is better. Next item.")).toBeAttached();
  await expect(page.getByRole("region", { name: "Prompt" })).toContainText("Write a book");
});

test("a draft outlives its tab, and so does a vote that was made without a connection", async ({ page, browser, baseURL }) => {
  const { room } = await createAnnotationProject(page, {
    name: "Closed tab",
    modes: [{ mode: "demonstration", share: 1, completions: 0 }],
    prompts: Array.from({ length: 3 }, (_, i) => ({ prompt: `Say ${i}.`, completions: [] })),
  });
  const context = await browser.newContext({ baseURL });
  const first = await context.newPage();
  await signInAs(first, "annotator", room);
  await ready(first);
  await first.waitForLoadState("networkidle");
  await context.setOffline(true);
  await first.keyboard.press("e");
  await first.keyboard.type("A vote.");
  await first.keyboard.press("Control+Enter");
  await expect(first.getByText("Written. Next item.")).toBeAttached();
  await first.keyboard.press("e");
  await first.keyboard.type("A draft.");
  const prompt = (await first.getByRole("region", { name: "Prompt" }).textContent()) ?? "";
  await first.close();
  await context.setOffline(false);
  const second = await context.newPage();
  const submitted = second.waitForResponse((response) => response.url().includes("annotate.submit") && response.ok());
  // Any page of the room sends what is left.
  await second.goto("/annotate");
  await submitted;
  await second.goto(room);
  await ready(second);
  await expect(second.getByRole("region", { name: "Prompt" })).toHaveText(prompt);
  await expect(second.getByRole("textbox", { name: "Your answer" })).toHaveValue("A draft.");
  await second.goto(`${room}/history`);
  await expect(second.getByText("Written", { exact: true })).toHaveCount(1);
  await context.close();
});

test("every key that is typed is kept while items come and go", async ({ page }) => {
  const { room } = await createAnnotationProject(page, {
    name: "Keys",
    modes: [...PAIR],
    prompts: Array.from({ length: 14 }, (_, i) => ({ prompt: `Which (${i})?`, completions: ["One.", "Two."] })),
  });
  await page.goto(room);
  await ready(page);
  await page.waitForLoadState("networkidle");
  const margins = ["1", "5", "3", "7", "2", "6"];
  // One key after another as the browser hands them on, faster than anything is drawn, and no faster than items are held.
  await page.evaluate(
    async (keys) => {
      for (const key of keys) {
        window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        await new Promise((resolve) => setTimeout(resolve));
      }
    },
    margins.slice(0, 3).flatMap((key) => [key, "Enter"]),
  );
  await expect(page.getByText("A is slightly better. Next item.")).toBeAttached();
  for (const key of margins.slice(3)) {
    await ready(page);
    await page.keyboard.press(key);
    await page.keyboard.press("Enter");
  }
  await delivered(page);
  await page.goto(`${room}/history`);
  await expect(page.getByRole("listitem").filter({ hasText: /better/ })).toHaveCount(6);
  const told = await page.getByRole("listitem").locator("span.font-medium").allTextContents();
  expect(told.toReversed()).toEqual([
    "A is much better",
    "B is slightly better",
    "A is slightly better",
    "B is much better",
    "A is better",
    "B is better",
  ]);
});
