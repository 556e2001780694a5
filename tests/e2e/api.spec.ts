/** The API as its users meet it: a token is made in the browser, used by a program, and revoked; and what its pages look like to axe. */
import { expect, test } from "@playwright/test";
import { expectAccessible, signInAs } from "./support";

test("a token from its making to its end", async ({ page, request }) => {
  await signInAs(page, "researcher", "/projects");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "API tokens" }).click();
  const name = `nightly export ${Date.now()}`;
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What will use it").fill(name);
  await dialog.getByRole("button", { name: "Make token" }).click();
  await expect(dialog.getByText("Choose at least one")).toBeVisible();
  await dialog.getByLabel(/^projects:read/).check();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Make token" }).click();
  const secret = dialog.locator("code").first();
  await expect(secret).toHaveText(/^hone_[\w-]{43}$/);
  const token = await secret.textContent();
  await dialog.getByRole("button", { name: "Done" }).click();

  const headers = { authorization: `Bearer ${token}` };
  const projects = await request.get("/api/v1/projects", { headers });
  expect(projects.status()).toBe(200);
  const { data } = (await projects.json()) as { data: { id: string; slug: string; demo: boolean }[] };
  const demo = data.find((project) => project.demo);
  expect(demo).toBeDefined();
  expect((await request.get(`/api/v1/projects/${demo?.slug}/judgements`, { headers })).status()).toBe(403);
  // The browser's own session is nothing to the API.
  expect((await page.request.get("/api/v1/me")).status()).toBe(401);

  await page.reload();
  const row = page.getByRole("row").filter({ hasText: name });
  await expect(row).toContainText("just now");
  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await expect(row.getByText("revoked")).toBeVisible();
  const refused = await request.get("/api/v1/projects", { headers });
  expect(refused.status()).toBe(401);
  expect(await refused.json()).toMatchObject({ title: "No token that works", detail: "This token was revoked." });

  for (const path of ["/developers", "/account/tokens", `/projects/${demo?.id}/webhooks`]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    for (const [colorScheme, width] of [
      ["light", 1280],
      ["dark", 360],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await expectAccessible(page);
    }
  }
});
