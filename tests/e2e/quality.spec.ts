/** A table of votes comes in under its own names, is measured, reviewed and goes out again; the queue is set up. */
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

/** Two people and thirty questions; the second disagrees once. */
function votesAsCsv(): string {
  const lines = ["question,good,bad,who,remark"];
  for (let i = 0; i < 30; i++)
    for (const who of ["ann", "bob", "cay"]) {
      const swapped = who === "cay" && i === 7;
      const [chosen, rejected] = [`Right, ${i}`, `Wrong, ${i}`];
      lines.push(`"What is ${i}?","${swapped ? rejected : chosen}","${swapped ? chosen : rejected}",${who},x`);
    }
  lines.push('"Alike?","same","same",ann,x');
  return `${lines.join("\n")}\n`;
}

test("votes are imported with their columns mapped, measured, reviewed and exported", async ({ page }) => {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Votes of a table");
  await page.getByRole("button", { name: "Make project" }).click();
  await page.waitForURL(/\/projects\/[0-9a-f-]{36}$/);
  const project = new URL(page.url()).pathname;
  await page.goto(`${project}/quality`);
  await expect(page.getByText("Nobody has voted here yet")).toBeVisible();
  await page.goto(`${project}/import`);
  await page.getByLabel("What the rows are").selectOption("comparisons");
  await page
    .getByLabel("File", { exact: true })
    .setInputFiles({ name: "votes.csv", mimeType: "text/csv", buffer: Buffer.from(votesAsCsv()) });
  for (const [column, field] of [
    ["question", "prompt"],
    ["good", "chosen"],
    ["bad", "rejected"],
    ["who", "annotator"],
  ] as const) {
    await page.getByLabel(`Column ${column} is read as`).selectOption(field);
  }
  await expect(page.getByText("two of the completions have the same text")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Wrong rows").selectOption("refuse");
  await expect(page.getByRole("button", { name: /^Store the/ })).toBeDisabled();
  await page.getByLabel("Wrong rows").selectOption("keep");
  await page.getByRole("button", { name: "Store the 90 good rows" }).click();
  await expect(page.getByRole("heading", { name: "Stored" })).toBeVisible();
  await page.goto(`${project}/quality`);
  await expect(page.getByText("30 of 30 comparisons judged by several")).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
    }
  await page.getByRole("link", { name: /^Review/ }).click();
  // The odd one out comes first, then those that contradict it.
  await expect(page.getByText(/^\d+ votes? to review$/)).toBeVisible();
  await expect(page.getByText("Wrong, 7")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("b");
  await page.getByRole("dialog").getByRole("button", { name: "Send back" }).click();
  await expect(page.getByText("Say what is wrong, for the annotator")).toBeVisible();
  await page.getByLabel("What is wrong").fill("Read it again");
  await page.getByRole("dialog").getByRole("button", { name: "Send back" }).click();
  await expect(page.getByText("Nothing to review")).toBeVisible();
  const csv = await (await page.request.get(`/api${project}/export?layout=hone&file=csv`)).text();
  // The head and a line each; the vote that was sent back is not among them.
  expect(csv.trimEnd().split("\n")).toHaveLength(90);
  expect((await page.request.get(`/api${project}/export?layout=lmarena&file=parquet`)).headers()["content-type"]).toContain("parquet");
});

test("the queue is set up, and a wrong setting is named at its field", async ({ page }) => {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("link", { name: "Support summaries" }).click();
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByLabel("Gold items").fill("80");
  await page.getByRole("button", { name: "Save queue" }).click();
  await expect(page.getByText("At most a half")).toBeVisible();
  await page.getByLabel("Gold items").fill("5");
  await page.getByLabel("Judgements at most").fill("3");
  await page.getByRole("button", { name: "Save queue" }).click();
  await expect(page.getByText("Queue saved", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByLabel("Judgements at most")).toHaveValue("3");
  await page.getByLabel("Gold items").fill("0");
  await page.getByLabel("Judgements at most").fill("0");
  await page.getByRole("button", { name: "Save queue" }).click();
  await expect(page.getByText("Queue saved", { exact: true })).toBeVisible();
});
