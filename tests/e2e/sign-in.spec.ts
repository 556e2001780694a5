/** Signing in and out, and which rooms open for whom. */
import { expect, test } from "@playwright/test";
import { demoAccount, expectAccessible, signInAs } from "./support";

test("a visitor is asked to sign in and then lands where they wanted to go", async ({ page }) => {
  await page.goto("/admin/workers");
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fadmin%2Fworkers$/);
  const { email, password } = demoAccount("admin");
  await page.getByLabel("E-mail").fill(email.toUpperCase());
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/admin\/workers$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Workers");
});

test("a wrong password is refused in words, and the address stays filled in", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill("nobody@demo.example");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByText("do not belong together")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue("nobody@demo.example");
  await expectAccessible(page);
});

test("a demo account is one click away and opens its room", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /Sign in as annotator/ }).click();
  await expect(page).toHaveURL(/\/annotate/);
});

test("rooms above one's role stay closed, on the page and at the procedure", async ({ page }) => {
  await signInAs(page, "annotator", "/leaderboard");
  const rooms = page.getByRole("navigation", { name: "Rooms" });
  await expect(rooms.getByRole("link")).toHaveText(["Annotate", "Leaderboard"]);
  await page.goto("/admin/users");
  await expect(page).toHaveURL(/\/annotate/);
  expect((await page.request.get("/api/trpc/user.list")).status()).toBe(403);
});

test("signing out ends the session", async ({ page }) => {
  await signInAs(page, "researcher", "/leaderboard");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: /^Account of/ })).toHaveCount(0);
  expect((await page.request.get("/api/trpc/user.changePassword")).status()).not.toBe(200);
  // The annotators' calls are answered in front of Next.js, and no less closed.
  const next = await page.request.post("/api/trpc/annotate.next", { data: { json: { projectId: crypto.randomUUID() } } });
  expect([next.status(), next.headers()["x-content-type-options"]]).toEqual([401, "nosniff"]);
  expect((await page.request.post("/api/trpc/annotate.next,annotate.release?batch=1", { data: {} })).status()).toBe(401);
  await page.goto("/projects");
  await expect(page).toHaveURL(/\/sign-in/);
});

test("only paths of this site are followed after sign-in", async ({ page }) => {
  await signInAs(page, "researcher", "//elsewhere.example/");
  expect(new URL(page.url()).hostname).toBe(new URL(test.info().project.use.baseURL ?? page.url()).hostname);
});

test("pages carry the security headers", async ({ page }) => {
  const response = await page.goto("/sign-in");
  const headers = response?.headers() ?? {};
  expect(headers["content-security-policy"]).toMatch(/script-src 'self' 'nonce-[\w+/=]+' 'strict-dynamic'/);
  expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1280]) {
    test(`the sign-in page is accessible: ${colorScheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.goto("/sign-in");
      await expectAccessible(page);
    });
  }
}
