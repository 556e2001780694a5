/** What the page of examples sends is taken as it stands there. */
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { importExamples, itemExamples } from "../../../app/developers/examples";
import { projects } from "../../../db/schema";
import { apiClient, makeToken } from "../../helpers/api-client";
import { addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";

const db = useDatabase();

it("the examples of curl", async () => {
  const projectId = await addProject(db());
  await db().update(projects).set({ slug: "support-summaries" }).where(eq(projects.id, projectId));
  const call = apiClient(db(), await makeToken(await addUser(db(), "researcher")));
  const [rows] = importExamples("https://hone.example");
  const body = /<<'ROWS'\n([\s\S]+)\nROWS/.exec(rows?.code ?? "")?.[1];
  const path = (code = "") => /\/api\/v1(\S+)/.exec(code)?.[1] ?? "";
  const imported = await call(path(rows?.code), { body: body ?? "", headers: { "content-type": "application/x-ndjson" } });
  expect(imported).toMatchObject({ status: 200, body: { created: { prompts: 1, completions: 2 }, unused_fields: {} } });
  const [item] = itemExamples("https://hone.example");
  const made = await call(path(item?.code), { json: JSON.parse(/-d '([\s\S]+)'/.exec(item?.code ?? "")?.[1] ?? "") });
  expect(made).toMatchObject({ status: 200, body: { created: 1 } });
  // The completions of the item are those of the import.
  expect((await call(`${path(item?.code).replace("/items", "/completions")}`)).body.data).toHaveLength(2);
});
