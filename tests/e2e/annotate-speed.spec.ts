/** From key to the next item painted, in the browser. The figures are told; what is tested is that every vote arrives. */
import { expect, test } from "@playwright/test";
import { createAnnotationProject, delivered } from "./annotation-world";

// A trace takes the whole page down before and after each key, which is what would be measured.
test.use({ trace: "off" });

/** HONE_MEASURE=60 for figures; a few show that no vote is lost. */
const ITEMS = Number(process.env.HONE_MEASURE ?? 8);

test("a key, and the next item is there", async ({ page }) => {
  const text = (i: number, j: number) =>
    `# Answer ${i}\n\nSome **words** of answer ${j}, with \`code\` and a list:\n\n${Array.from({ length: 12 }, (_, k) => `- point ${k} of ${i}-${j}, which takes a line or so to say`).join("\n")}\n\n\`\`\`js\nconst x${j} = ${i};\n\`\`\``;
  const { room, projectId } = await createAnnotationProject(page, {
    name: "Speed",
    modes: [{ mode: "pairwise", share: 1, completions: 2 }],
    prompts: Array.from({ length: ITEMS + 10 }, (_, i) => ({ prompt: `Prompt ${i}`, completions: [text(i, 0), text(i, 1)] })),
  });
  await page.goto(room);
  await expect(page.getByRole("button", { name: "Submit" })).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    // Before the room's own listener; a frame that was asked for then is drawn with what the key did.
    window.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Enter") return;
        const before = document.querySelector("[aria-label=Prompt]")?.textContent;
        const pressed = event.timeStamp;
        const look = () => {
          if (document.querySelector("[aria-label=Prompt]")?.textContent === before) return requestAnimationFrame(look);
          // After the frame has been handed on: the first task behind it.
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => times.push(performance.now() - pressed);
          port2.postMessage(null);
        };
        requestAnimationFrame(look);
      },
      { capture: true },
    );
  });
  for (let i = 0; i < ITEMS; i++) {
    await page.keyboard.press(String(1 + (i % 7)));
    await page.keyboard.press("Enter");
    // A reader needs longer; the next item is fetched meanwhile.
    await page.waitForTimeout(250);
  }
  await delivered(page);
  const times = (await page.evaluate(() => (window as unknown as { times: number[] }).times)).sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]?.toFixed(1);
  console.log(`key to next item painted, ${times.length} items: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms`);
  expect(times).toHaveLength(ITEMS);
  const statistics = await page.request.get(
    `/api/trpc/annotate.statistics?input=${encodeURIComponent(JSON.stringify({ json: { projectId } }))}`,
  );
  expect(((await statistics.json()) as { result: { data: { json: { judged: number } } } }).result.data.json.judged).toBe(ITEMS);
});
