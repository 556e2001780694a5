/** What the end-to-end tests share: signing in as one of the demo people, and axe. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "../../domain/demo-accounts";
import type { Role } from "../../domain/user";

/** The demo account with `role`. */
export function demoAccount(role: Role): { email: string; name: string; password: string } {
  const account = DEMO_ACCOUNTS.find((candidate) => candidate.role === role);
  if (account === undefined) throw new Error(`no demo account with the role ${role}`);
  return { email: account.email, name: account.name, password: DEMO_PASSWORD };
}

/** Signs in through the page, as a person does, and ends on the page that was asked for. */
export async function signInAs(page: Page, role: Role, next = "/"): Promise<void> {
  const { email, password } = demoAccount(role);
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** No violation by axe, in the colours the page is shown in now; and nothing wider than the screen. */
export async function expectAccessible(page: Page): Promise<void> {
  // What fades in is judged when it is there. Spinners never end, and are not waited for.
  await page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.target.join(" ")).join(" | ")}`);
  expect(found).toEqual([]);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(sideways, "the page scrolls sideways").toBeLessThanOrEqual(0);
}
