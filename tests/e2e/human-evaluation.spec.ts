/** Two models are rated side by side and blind by keyboard; the results stand on their page and on the board. */
import { expect, test } from "@playwright/test";
import { createAnnotationProject, delivered } from "./annotation-world";
import { expectAccessible } from "./support";

test("a human evaluation is made, rated by keyboard without knowing whose the answers are, and read", async ({ page }) => {
  const { room, projectId } = await createAnnotationProject(page, {
    name: "Side by side",
    modes: [{ mode: "pairwise", share: 1, completions: 2 }],
    prompts: [1, 2].map((i) => ({
      prompt: `Explain rain, ${i}`,
      completions: [`Water falls, ${i}`, `Clouds cool and drops grow until they fall, ${i}`],
    })),
  });
  await page.goto(`/projects/${projectId}/human`);
  await page.getByRole("link", { name: "New evaluation" }).click();
  await page.getByLabel("Name of the evaluation").fill("Rain");
  await page.getByLabel("Where from").selectOption("train");
  await page.getByLabel("Evaluators of each prompt").fill("1");
  await page.getByRole("button", { name: "Ask people" }).click();
  await expect(page.getByText("Choose at least two models", { exact: true })).toBeVisible();
  for (const name of ["model-0", "model-1"]) await page.getByRole("checkbox", { name }).check();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Ask people" }).click();
  await expect(page.getByRole("heading", { name: /^Rain/ })).toBeVisible();
  await expect(page.getByText("0 of 2 votes are in")).toBeVisible();

  await page.goto(room);
  for (let i = 0; i < 2; i++) {
    await expect(page.getByRole("group", { name: "Helpful, answer A" })).toBeVisible();
    await expect(page.getByText("model-")).toHaveCount(0);
    // Digits walk from scale to scale: helpful and honest of A, then of B.
    const longFirst = (await page.getByRole("region", { name: "Answer A" }).textContent())?.includes("Clouds") === true;
    for (const key of longFirst ? "5544" : "4455") await page.keyboard.press(key);
    await page.keyboard.press("Enter");
  }
  await delivered(page);

  await page.goto(`/projects/${projectId}/human`);
  await page.getByRole("link", { name: "Rain" }).click();
  await expect(page.getByText("all ratings are in")).toBeVisible();
  const means = page.getByRole("region", { name: "Means" });
  await expect(means.getByRole("row", { name: /^model-1/ })).toContainText("5.00");
  await expect(means.getByRole("row", { name: /^model-0/ })).toContainText("4.00");
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await expectAccessible(page);
  }
  await means
    .getByRole("row", { name: /^model-1/ })
    .getByRole("link")
    .nth(0)
    .click();
  await expect(page.getByRole("heading", { name: /^2 votes/ })).toBeVisible();
  await expectAccessible(page);
  const json = await (
    await page.request.get(`/api/human-evaluations/${page.url().match(/human\/([0-9a-f-]{36})/)?.[1]}?format=json`)
  ).json();
  expect(json).toMatchObject({ name: "Rain", votes: [{}, {}], results: { votes: 2 } });
  await page.goto(`/leaderboard?project=${room.split("/").at(-1)}`);
  await expect(page.getByRole("region", { name: "Human evaluation" }).getByRole("row", { name: /^model-1/ })).toContainText("5.00");
});
