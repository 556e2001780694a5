/** The description of the API is valid OpenAPI 3.1, and says of each route what it needs and gives. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { API_SCOPES } from "../../../../domain/api-token";
import { describeApi } from "../../../../server/api/openapi";
import { ROUTES } from "../../../../server/api/routes";

type Operation = {
  operationId: string;
  security: { token: string[] }[];
  parameters: { name: string; in: string }[];
  responses: Record<string, unknown>;
  requestBody?: unknown;
};
const document = describeApi("https://hone.example") as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};
const operationOf = (route: (typeof ROUTES)[number]) => document.paths[route.path]?.[route.method.toLowerCase()];

describe("the OpenAPI document", () => {
  it("is valid", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });

  it("is refused by the validator where it is not", async () => {
    const broken = { ...structuredClone(document), info: { title: "without a version" } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))("describes %s", (_name, route) => {
    const operation = operationOf(route);
    expect(operation?.operationId).toBe(route.id);
    expect(operation?.security).toEqual([{ token: route.scope === null ? [] : [route.scope] }]);
    expect(operation?.requestBody !== undefined).toBe(route.method === "POST");
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(operation?.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)).toEqual(inPath);
    for (const status of ["200", "401", "422", "429"]) expect(operation?.responses).toHaveProperty(status);
    expect("403" in (operation?.responses ?? {})).toBe(route.scope !== null);
  });

  it("names every operation once and uses every scope", () => {
    expect(new Set(ROUTES.map(({ id }) => id)).size).toBe(ROUTES.length);
    expect(new Set(ROUTES.flatMap(({ scope }) => scope ?? []))).toEqual(new Set(API_SCOPES));
  });

  it("has no reference that leads nowhere", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(references.length).toBeGreaterThan(20);
    for (const path of references) {
      const target = path.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, path).toBeDefined();
      // One that stands for itself would be read for ever.
      expect(target, path).not.toHaveProperty("$ref");
    }
  });
});
