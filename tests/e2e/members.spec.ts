/** People of a project: invited by link, with the role that the link gives, in the log; and leaving the installation for good. */
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

const PASSWORD = "a password of their own";

async function checkEverywhere(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
    }
}

test("somebody is invited by link, makes an account on the way, and is what the link says until they are removed", async ({
  page,
  browser,
}, info) => {
  const email = `guest-${info.retry}-${Date.now()}@demo.example`;
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("For members");
  await page.getByRole("button", { name: "Make project" }).click();
  await page.waitForURL(/\/projects\/[0-9a-f-]{36}$/);
  const project = new URL(page.url()).pathname;
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("link", { name: "Members", exact: true }).click();
  await page.getByRole("button", { name: "Invite by link" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Role").selectOption("reviewer");
  await dialog.getByLabel("Uses").fill("0");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await expect(dialog.getByText("At least 1", { exact: true })).toBeVisible();
  await dialog.getByLabel("Uses").fill("2");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const link = (await dialog.locator("code").textContent()) ?? "";
  expect(link).toMatch(/\/invite\/[\w-]{43}$/);
  await dialog.getByRole("button", { name: "Done" }).click();

  const theirs = await (await browser.newContext()).newPage();
  await test.step("the link says where it leads, and keeps it through sign-up, which is closed without it", async () => {
    await theirs.goto("/sign-up");
    await expect(theirs.getByText("Sign-up is closed here")).toBeVisible();
    await theirs.goto(link);
    await expect(theirs.getByRole("heading", { name: "Join For members" })).toBeVisible();
    await checkEverywhere(theirs);
    await theirs.getByRole("link", { name: "Create an account and join" }).click();
    await theirs.getByLabel("Name").fill("Guest");
    await theirs.getByLabel("E-mail").fill(email);
    await theirs.getByLabel("Password").fill(PASSWORD);
    await theirs.getByRole("button", { name: "Create account" }).click();
    await expect(theirs.getByText("Your account is ready")).toBeVisible();
    await theirs.getByLabel("E-mail").fill(email);
    await theirs.getByLabel("Password").fill(PASSWORD);
    await theirs.getByRole("button", { name: "Sign in", exact: true }).click();
    await theirs.getByRole("button", { name: "Join as Guest" }).click();
    await expect(theirs).toHaveURL(new RegExp(`${project}$`));
    await expect(theirs.getByRole("navigation", { name: "Project" }).getByRole("link")).toHaveText(["Overview", "Quality"]);
  });

  await test.step("the log has it, and the link can be revoked", async () => {
    await page.reload();
    await expect(page.getByRole("row", { name: /Guest/ })).toBeVisible();
    await page.getByRole("button", { name: "Revoke" }).click();
    await expect(page.getByText("revoked", { exact: true })).toBeVisible();
    await checkEverywhere(page);
    await page.getByRole("link", { name: "Log", exact: true }).click();
    await expect(page.getByRole("row", { name: /Guest joined by invitation/ })).toBeVisible();
    await checkEverywhere(page);
    await page.getByLabel("Action").selectOption("revoked an invitation");
    await expect(page).toHaveURL(/action=invitation.revoked/);
    await expect(page.getByRole("row")).toHaveCount(2);
    const csv = await (await page.request.get(`/api/audit?projectId=${project.split("/").at(-1)}&action=member.joined`)).text();
    expect(csv.trimEnd().split("\r\n")).toHaveLength(2);
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(link);
    await expect(stranger.getByText("This invitation was taken back")).toBeVisible();
  });

  await test.step("removed, the project is none of theirs any more", async () => {
    await page.goto(`${project}/members`);
    await page.getByRole("button", { name: "Remove Guest" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    // What lies behind an open dialog has no roles.
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("row", { name: /Guest/ })).toHaveCount(0);
    await theirs.goto(project);
    await expect(theirs).toHaveURL(/\/annotate/);
  });

  await test.step("the guest deletes the own account, and nobody can sign in with it", async () => {
    await theirs.goto("/account");
    const own = await (await theirs.request.get("/api/account/data")).json();
    expect(own.profile.email).toBe(email);
    await checkEverywhere(theirs);
    await theirs.getByRole("button", { name: "Delete my account" }).click();
    await expectAccessible(theirs);
    await theirs.getByLabel("Password").fill("not this one");
    await theirs.getByRole("button", { name: "Delete for good" }).click();
    await expect(theirs.getByText("The current password is not right")).toBeVisible();
    await theirs.getByLabel("Password").fill(PASSWORD);
    await theirs.getByRole("button", { name: "Delete for good" }).click();
    await expect(theirs).toHaveURL(/\/sign-in/);
    await theirs.getByLabel("E-mail").fill(email);
    await theirs.getByLabel("Password").fill(PASSWORD);
    await theirs.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(theirs.getByText("do not belong together")).toBeVisible();
    await page.reload();
    await page.getByRole("link", { name: "Log", exact: true }).click();
    await expect(page.getByRole("row", { name: /Former annotator [0-9a-f]{4} joined by invitation/ })).toBeVisible();
  });
});
