/** What an evaluation shows: scores, HELM's seven metrics, a paired comparison, and reward against distance. */
import { expect, type Page, test } from "@playwright/test";
import { createDb, type DbConnection } from "../../db/client";
import { findRunningUrl } from "../../db/embedded";
import { addEvaluatedRuns } from "../helpers/evaluated-runs";
import { createRunWorld } from "../helpers/run-world";
import { DATA_FOLDER } from "./place";
import { expectAccessible, signInAs } from "./support";

let connection: DbConnection;
let ids: Awaited<ReturnType<typeof addEvaluatedRuns>>;
test.beforeAll(async () => {
  const url = findRunningUrl(DATA_FOLDER);
  if (url === null) throw new Error(`No database runs on ${DATA_FOLDER}`);
  connection = createDb(url, { max: 2 });
  ids = await addEvaluatedRuns(connection.db, await createRunWorld(connection.db));
});
test.afterAll(() => connection.close());

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

test("an evaluation is compared with another one on the same prompts, and the choice is in the address", async ({ page }) => {
  await signInAs(page, "researcher", `/runs/${ids.strong}?tab=results`);
  await expect(page.getByRole("region", { name: "Scores", exact: true })).toContainText(
    "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
  );
  await page.getByLabel("Baseline").selectOption({ label: "tiny policy, step 4 (Evaluation of step 4, 24 prompts)" });
  const row = page.getByRole("region", { name: "Paired differences" }).getByRole("row", { name: /ROUGE-L / });
  await expect(row).toContainText("< 0.001");
  await expect(page.getByText("at equal length on").first()).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`against=${ids.weak}`));
  await page.reload();
  await expect(row).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "compare");
  await page.setViewportSize({ width: 360, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
});

test("a checkpoint's page shows the seven metrics, and what each cannot say", async ({ page }) => {
  await signInAs(page, "researcher", `/checkpoints/${ids.policyId}`);
  const seven = page.getByRole("region", { name: "Seven metrics of HELM" });
  await expect(seven.getByRole("row")).toHaveCount(8);
  await expect(seven.getByRole("row", { name: /^Toxicity/ })).toContainText("A stand-in for a classifier");
  await expectAccessible(page);
  await shoot(page, "checkpoint");
});

test("a PPO run's results show its reward against its distance, with the gold scores", async ({ page }) => {
  await signInAs(page, "researcher", `/runs/${ids.ppo}?tab=results`);
  await expect(page.getByRole("heading", { name: "Reward against distance" })).toBeVisible();
  await expect(page.getByText("Gold score of evaluated checkpoints, with 95 % interval (right)")).toBeVisible();
  await expectAccessible(page);
  await shoot(page, "distance");
});
