/** The admin's room: accounts from adding to disabling, and what each page looks like to axe. */
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

test("an account from its first password to its last", async ({ page, browser }, info) => {
  const email = `new-${info.workerIndex}-${info.retry}-${Date.now()}@demo.example`;
  await signInAs(page, "admin", "/admin/users");
  await page.getByRole("button", { name: "Add user" }).click();
  const dialog = page.getByRole("dialog");

  await test.step("bad input is named at its field", async () => {
    await dialog.getByLabel("Name").fill("New Person");
    await dialog.getByLabel("E-mail").fill("not an address");
    await dialog.getByRole("button", { name: "Add user" }).click();
    await expect(dialog.getByText("Enter an e-mail address")).toBeVisible();
    await expect(dialog.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
  });

  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByRole("button", { name: "Add user" }).click();
  const password = (await dialog.locator("code").textContent()) ?? "";
  expect(password).toMatch(/^[\w-]{16}$/);
  await dialog.getByRole("button", { name: "Done" }).click();

  const person = await browser.newContext();
  const theirs = await person.newPage();
  await test.step("the new person signs in with it", async () => {
    await theirs.goto("/sign-in?next=/leaderboard");
    await theirs.getByLabel("E-mail").fill(email);
    await theirs.getByLabel("Password").fill(password);
    await theirs.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(theirs.getByRole("button", { name: "Account of New Person" })).toBeVisible();
  });

  await page.getByLabel("Search by name").fill(email);
  await expect(page).toHaveURL(new RegExp(`q=${encodeURIComponent(email)}`));
  const row = page.getByRole("row").filter({ hasText: email });

  await test.step("a new role counts from their next click", async () => {
    await row.getByLabel("Role of New Person").selectOption("researcher");
    await expect(page.getByText("New Person is now researcher", { exact: true })).toBeVisible();
    await theirs.goto("/leaderboard");
    await expect(theirs.getByRole("link", { name: "Projects" })).toBeVisible();
  });

  await test.step("disabled, they are out with their next click", async () => {
    await row.getByRole("button", { name: "Actions for New Person" }).click();
    await page.getByRole("menuitem", { name: "Disable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await expect(row.getByText("disabled")).toBeVisible();
    await theirs.goto("/projects");
    await expect(theirs).toHaveURL(/\/sign-in/);
  });
  await person.close();
});

test("the last admin cannot take the own role away", async ({ page }) => {
  await signInAs(page, "admin", "/admin/users?q=admin%40demo.example");
  await page.getByLabel(/^Role of/).selectOption("researcher");
  await expect(page.getByText("This is the only admin", { exact: false }).first()).toBeVisible();
  await expect(page.getByLabel(/^Role of/)).toHaveValue("admin");
});

for (const path of ["/admin/users", "/admin/workers", "/admin/sign-in-methods", "/admin/log"]) {
  test(`${path} is accessible, light and dark, wide and narrow`, async ({ page }) => {
    await signInAs(page, "admin", path);
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [360, 1280]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expectAccessible(page);
      }
    }
  });
}

test("menus and dialogs work by keyboard alone", async ({ page }) => {
  await signInAs(page, "admin", "/admin/users");
  const add = page.getByRole("button", { name: "Add user" });
  await add.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog").getByLabel("Name")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(add).toBeFocused();
  const actions = page.getByRole("button", { name: "Actions for Demo admin" });
  await actions.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "New password" })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toContainText("New password for Demo admin");
  await page.keyboard.press("Escape");
  await expect(actions).toBeFocused();
  const account = page.getByRole("button", { name: /^Account of/ });
  await account.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  await expect(page.getByRole("menuitem", { name: "Sign out" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(account).toBeFocused();
});
