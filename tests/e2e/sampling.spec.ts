/** An outside model from end to end: registered and tried, sampled beside another one, set against it by items and by a judge. */
import { expect, type Page, test } from "@playwright/test";
import { chatAnswer, type FakeOpenAI, lastMessage, refusal, startFakeOpenAI } from "../helpers/fake-openai";
import { expectAccessible, signInAs } from "./support";

let fake: FakeOpenAI;
test.beforeAll(async () => {
  fake = await startFakeOpenAI();
});
test.afterAll(() => fake.close());

const SHOTS = process.env.HONE_E2E_SHOTS;
/** A picture of the page as it is, at desk and phone width, light and dark; only where a folder for them is named. */
async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1280, 360]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: `${SHOTS}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function register(page: Page, name: string, model: string): Promise<void> {
  await page.getByRole("button", { name: "Register an endpoint" }).first().click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Model", { exact: true }).fill(model);
  await page.getByLabel("Base URL").fill(fake.baseUrl);
  await page.getByLabel("API key").fill("sk-for-the-browser-test");
  await page.getByLabel("Requests a minute").fill("");
  await page.getByLabel("Price of output").fill("10");
  if (name === "Good") await shoot(page, "endpoint-dialog");
  await page.getByRole("button", { name: "Register", exact: true }).click();
  await expect(page.getByRole("heading", { name: `Try ${name}` })).toBeVisible();
}

test("an outside model is registered, tried, sampled, compared and asked to judge", async ({ page }) => {
  await signInAs(page, "admin", "/projects");
  await page
    .getByRole("link", { name: /support/i })
    .first()
    .click();
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Settings" }).click();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Endpoints" }).click();
  await expect(page.getByText("No endpoint yet")).toBeVisible();
  await shoot(page, "endpoints-empty");

  fake.reply = () => refusal(401, "Incorrect API key provided");
  await register(page, "Good", "good-1");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("The endpoint refuses the key (401 Incorrect API key provided)")).toBeVisible();
  fake.reply = () => chatAnswer({ text: "Hello there." });
  await page.getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("Hello there.")).toBeVisible();
  await shoot(page, "endpoint-try");
  await page.getByRole("button", { name: "Close" }).first().click();
  await register(page, "Poor", "poor-1");
  await page.getByRole("button", { name: "Close" }).first().click();
  await expect(page.getByRole("region", { name: "Endpoints" })).toContainText("… test");
  await expectAccessible(page);
  await shoot(page, "endpoints");

  // One prompt of the poor model fails, and is asked again below.
  let asked = 0;
  fake.reply = (request) => {
    const text = lastMessage(request);
    if (text.includes("<answer_1>"))
      return chatAnswer({
        text: /<answer_1>\nGood/.test(text) ? "The first is clearer. [[1]]" : "The second is clearer. [[2]]",
        usage: [300, 12],
      });
    const name = request.body.model === "good-1" ? "Good" : "Poor";
    if (name === "Poor" && asked++ === 0) return refusal(400, "The prompt is too long for this model");
    return chatAnswer({ text: `${name} answer to ${text.slice(0, 40)}`, usage: [80, 20] });
  };
  const project = page.url().split("/endpoints")[0] ?? "";
  await page.getByRole("navigation", { name: "Project" }).getByRole("link", { name: "Data", exact: true }).click();
  await page.getByRole("button", { name: "Sample completions" }).click();
  await page.getByLabel("Good good-1, endpoint").check();
  await page.getByLabel("Poor poor-1, endpoint").check();
  await page.getByLabel("Prompts of").selectOption("test");
  await page.getByLabel("Prompts at most").fill("6");
  await shoot(page, "sample-dialog");
  await page.getByRole("button", { name: "Start sampling" }).click();
  await page.getByRole("link", { name: "Sampling from Poor" }).click();
  await expect(page.getByTestId("run-reason")).toContainText("5 of 6 answered, 1 failed", { timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Requests without an answer" })).toContainText("The prompt is too long for this model");
  await expectAccessible(page);
  await shoot(page, "run-failed-requests");
  await page.getByRole("button", { name: "Ask again for the 1 failed" }).click();
  await expect(page.getByTestId("run-reason")).toContainText("6 of 6 answered", { timeout: 60_000 });
  await page.getByRole("tab", { name: "Events" }).click();
  await expect(page.getByText(/items that set the 2 sources against each other/).first()).toBeVisible();

  await page.goto(`/runs/new?kind=judge&project=${project.split("/").at(-1)}`);
  await page.getByLabel("Judge", { exact: true }).last().selectOption({ label: "Good (good-1)" });
  await page.getByLabel("First model").selectOption({ label: "Good (6 completions)" });
  await page.getByLabel("Second model").selectOption({ label: "Poor (6 completions)" });
  await shoot(page, "judge-form");
  await page.getByRole("button", { name: "Start the run" }).click();
  await expect(page.getByTestId("run-reason")).toContainText("12 of 12 answered", { timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Win rates" })).toContainText("100.0 %");
  await expect(page.getByText("No person has voted on these pairs")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "judge");
});
