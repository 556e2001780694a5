/** Every mode in the browser: by keys, by touch on a phone, and by axe in light and dark. */
import { type Browser, expect, type Page, test } from "@playwright/test";
import type { ItemMode } from "../../domain/judgement";
import type { Message } from "../../domain/prompt";
import { createAnnotationProject, type WorldPrompt } from "./annotation-world";
import { expectAccessible, signInAs } from "./support";

const RICH = [
  "# Sorting\n\nUse `sorted`, which is *stable*:\n\n```python\ndef by_age(people):\n    return sorted(people, key=lambda p: p.age)  # O(n log n)\n```\n\n### Why\n\nIts cost is $O(n \\log n)$, from \\[T(n) = 2T(n/2) + n.\\]",
  "| method | stable |\n|---|---|\n| `sorted` | yes |\n| `heapq` | no |\n\n- [x] fast\n- [ ] short\n\nIt costs $5 or $10.",
  "الترتيب المستقر يحفظ ترتيب العناصر المتساوية.\n\nIn English: it keeps equal ones in order.",
  "> quoted\n\nSort in place with `list.sort()`.\n\n![a chart](https://img.example.org/chart.png)",
];
const PROMPTS: WorldPrompt[] = Array.from({ length: 8 }, (_, i) => ({
  prompt: [
    { role: "system", content: "You are terse." },
    { role: "user", content: `How do I sort ${i} people?` },
    { role: "assistant", content: "By what?" },
    { role: "user", content: "By age, please." },
  ],
  completions: RICH.map((text) => `${text}\n\n(${i})`),
}));
const turns = (end: string): Message[] => [
  { role: "assistant", content: "By which key?" },
  { role: "user", content: "By age." },
  { role: "assistant", content: end },
];
const CONVERSATIONS: WorldPrompt[] = PROMPTS.map(({ prompt }, i) => ({
  prompt,
  completions: [turns(`Use **sorted** (${i}).`), turns(`Use heapq (${i}).`)],
}));

type Case = {
  name: string;
  mode: ItemMode;
  completions: number;
  prompts: WorldPrompt[];
  byKeys: (page: Page) => Promise<void>;
  byTouch: (page: Page) => Promise<void>;
  said: RegExp;
};

const submitByTouch = (page: Page) => page.getByRole("button", { name: "Submit" }).tap();

const CASES: Case[] = [
  {
    name: "pairs",
    mode: "pairwise",
    completions: 2,
    prompts: PROMPTS,
    said: /^(A|B) is .*better\. Next item\.$/,
    byKeys: (page) => page.keyboard.press("2"),
    byTouch: (page) => page.getByText("B++").filter({ visible: true }).tap(),
  },
  {
    name: "conversations",
    mode: "pairwise",
    completions: 2,
    prompts: CONVERSATIONS,
    said: /^(A|B) is .*better\. Next item\.$/,
    byKeys: (page) => page.keyboard.press("ArrowRight"),
    byTouch: (page) => page.getByText("A++").filter({ visible: true }).tap(),
  },
  {
    name: "ranking",
    mode: "ranking",
    completions: 4,
    prompts: PROMPTS,
    said: /^B > A > C = D\. Next item\.$/,
    byKeys: async (page) => {
      for (const key of ["Alt+ArrowDown", "ArrowDown", "ArrowDown", "t"]) await page.keyboard.press(key);
    },
    byTouch: async (page) => {
      await page.getByRole("button", { name: "Move answer B up" }).tap();
      await expect(page.getByRole("list", { name: "Answers, best first" }).getByRole("listitem").first()).toContainText("1.B");
      await page.getByRole("button", { name: "Tie answer D with the one above" }).tap();
    },
  },
  {
    name: "best of several",
    mode: "best_of_n",
    completions: 4,
    prompts: PROMPTS,
    said: /^C is best\. Next item\.$/,
    byKeys: (page) => page.keyboard.press("3"),
    byTouch: (page) => page.getByRole("radio", { name: "C is best" }).locator("..").tap(),
  },
  {
    name: "ratings",
    mode: "rating",
    completions: 2,
    prompts: PROMPTS,
    said: /^Rated A 88 %, B 25 %\. Next item\.$/,
    byKeys: async (page) => {
      for (const key of ["5", "4", "1", "3"]) await page.keyboard.press(key);
    },
    byTouch: async (page) => {
      const scores: [string, string][] = [
        ["Helpful, answer A", "5, Just what was asked"],
        ["Honest, answer A", "4"],
        ["Helpful, answer B", "1, Useless"],
        ["Honest, answer B", "3"],
      ];
      for (const [group, score] of scores)
        await page.getByRole("group", { name: group }).getByRole("radio", { name: score, exact: true }).locator("..").tap();
    },
  },
  {
    name: "edits",
    mode: "edit",
    completions: 1,
    prompts: PROMPTS,
    said: /^Edited\. Next item\.$/,
    byKeys: async (page) => {
      await page.keyboard.press("e");
      await page.keyboard.press("Control+End");
      await page.keyboard.type(" Put right.");
      await page.keyboard.press("Escape");
    },
    byTouch: (page) => page.getByRole("textbox", { name: "Edited answer" }).fill("Put right."),
  },
  {
    name: "demonstrations",
    mode: "demonstration",
    completions: 0,
    prompts: PROMPTS,
    said: /^Written\. Next item\.$/,
    byKeys: async (page) => {
      await page.keyboard.press("e");
      await page.keyboard.type("Use sorted.");
      await page.keyboard.press("Escape");
    },
    byTouch: (page) => page.getByRole("textbox", { name: "Your answer" }).fill("Use sorted."),
  },
];

/** What the room says of the last judgement, to everybody. */
const said = (page: Page, words: RegExp) => expect(page.locator("p[aria-live=polite]").filter({ hasText: words })).toBeAttached();

/** What comes in fades, and half-faded words have too little contrast. */
const still = (page: Page) => page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"));

async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: "Submit" })).toBeVisible();
  await still(page);
}

async function openRoom(
  browser: Browser,
  baseURL: string | undefined,
  room: string,
  options: { colorScheme: "light" | "dark"; phone: boolean },
): Promise<Page> {
  const context = await browser.newContext({
    baseURL,
    colorScheme: options.colorScheme,
    hasTouch: options.phone,
    viewport: options.phone ? { width: 360, height: 740 } : { width: 1280, height: 800 },
  });
  const page = await context.newPage();
  await signInAs(page, "annotator", room);
  await settled(page);
  return page;
}

for (const { name, mode, completions, prompts, byKeys, byTouch, said: words } of CASES) {
  test(`${name}: by keys, by touch, and for everybody`, async ({ browser, baseURL, page }) => {
    const { room } = await createAnnotationProject(page, {
      name: `Modes: ${name}`,
      modes: [{ mode, share: 1, completions }],
      prompts,
      guideline: "# How\n\n## To judge\n\nFaithful first.",
    });
    const desk = await openRoom(browser, baseURL, room, { colorScheme: "light", phone: false });
    await byKeys(desk);
    await expectAccessible(desk);
    await desk.keyboard.press("Enter");
    await said(desk, words);
    await desk.keyboard.press("z");
    await said(desk, /taken back/);
    await desk.keyboard.press("Enter");
    await said(desk, words);
    await desk.keyboard.press("?");
    await expect(desk.getByRole("dialog", { name: "Keys" })).toBeVisible();
    await still(desk);
    // The dialogs and the history are one for all modes.
    if (name === CASES[0]?.name) await expectAccessible(desk);
    await desk.keyboard.press("Escape");
    await desk.keyboard.press("s");
    await desk.keyboard.press("2");
    await said(desk, /^Skipped: unclear prompt/);
    await desk.context().close();

    const phone = await openRoom(browser, baseURL, room, { colorScheme: "dark", phone: true });
    await byTouch(phone);
    await expectAccessible(phone);
    await submitByTouch(phone);
    await said(phone, words);
    await phone.getByRole("button", { name: "Flag" }).tap();
    await phone.getByRole("textbox", { name: "What is wrong with it?" }).fill("odd");
    await phone.getByRole("dialog").getByRole("button", { name: "Flag" }).tap();
    await said(phone, /^Flagged: odd/);
    await phone.goto(`${room}/history`);
    await expect(phone.getByText("Flagged: odd")).toBeVisible();
    if (name === CASES[0]?.name) await expectAccessible(phone);
    await phone.context().close();
  });
}

test("a mode's settings are seen before they are saved", async ({ browser, baseURL, page }) => {
  const { projectId } = await createAnnotationProject(page, {
    name: "Preview",
    modes: [{ mode: "pairwise", share: 1, completions: 2 }],
    prompts: PROMPTS.slice(0, 2),
  });
  await page.goto(`/projects/${projectId}/settings`);
  const preview = page.locator("section").filter({ hasText: "What annotators will see" }).last();
  await expect(preview.getByText("By age, please.")).toBeVisible();
  await page.getByRole("textbox", { name: "Share of Ratings on scales" }).fill("3");
  await page.getByRole("textbox", { name: "Share of Edit an answer" }).fill("1");
  await expect(page.getByText("60 %")).toBeVisible();
  await preview.getByRole("button", { name: "Ratings on scales" }).click();
  await page.getByRole("form", { name: "Annotation" }).getByRole("textbox", { name: "Name" }).first().fill("Courtesy");
  await expect(preview.getByRole("group", { name: "Courtesy, answer A" })).toBeVisible();
  await preview.getByRole("group", { name: "Courtesy, answer A" }).getByRole("radio", { name: "2", exact: true }).check({ force: true });
  await preview.getByRole("button", { name: "Submit" }).click();
  await expect(preview.getByRole("alert").filter({ hasText: "Give A a score for Honest first." })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("textbox", { name: "Hosts" }).fill("https://wrong");
  await page.getByRole("button", { name: "Save annotation" }).click();
  await expect(page.getByText(/https:\/\/wrong: Expected a host/)).toBeVisible();
  await page.getByRole("textbox", { name: "Hosts" }).fill("*.example.org");
  await page.getByRole("button", { name: "Save annotation" }).click();
  await expect(page.getByText("What annotators see is saved", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("form", { name: "Annotation" }).getByRole("textbox", { name: "Name" }).first()).toHaveValue("Courtesy");
  const context = await browser.newContext({
    baseURL,
    colorScheme: "dark",
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    storageState: await page.context().storageState(),
  });
  const phone = await context.newPage();
  await phone.goto(`/projects/${projectId}/settings`);
  await expect(
    phone.getByRole("group", { name: "Courtesy, answer A" }).or(phone.getByText("By age, please.").filter({ visible: true })),
  ).toBeVisible();
  await expectAccessible(phone);
  await context.close();
});

test("prompts become items by the settings, after they were counted", async ({ page }) => {
  const { projectId } = await createAnnotationProject(page, {
    name: "Items",
    modes: [{ mode: "pairwise", share: 1, completions: 2 }],
    prompts: PROMPTS.slice(0, 1),
  });
  const rows = [
    { prompt: "A new one", completion: "One." },
    { prompt: "A new one", completion: "Two." },
    { prompt: "A new one", completion: "I am ChatGPT, made by OpenAI." },
    { prompt: "A lonely one", completion: "One." },
  ];
  const response = await page.request.post(`/api/import?${new URLSearchParams({ projectId, kind: "completions", source: "more.jsonl" })}`, {
    data: rows.map((row) => JSON.stringify(row)).join("\n"),
    headers: { "content-type": "application/x-ndjson" },
  });
  expect(response.ok()).toBe(true);
  await page.goto(`/projects/${projectId}/data`);
  await page.getByRole("button", { name: "Make items" }).click();
  const dialog = page.getByRole("dialog", { name: "Make items" });
  await expect(dialog.getByText("Pairs with margin: 1")).toBeVisible();
  await expect(dialog.getByText("1 completion left out: a completion names its model")).toBeVisible();
  await expect(dialog.getByText("1 prompt with too few completions for the chosen modes")).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Make 1 item" }).click();
  await expect(page.getByText("1 item for the annotators", { exact: true })).toBeVisible();
});
