// A route is one line of the table, whatever its parameters are and wherever they stand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import * as z from "zod";
import type { Env } from "./middleware.ts";
import { openApiDocument } from "./openapi.ts";
import type { ApiParts } from "./ports.ts";
import { reading, routerPath } from "./route.ts";

const route = reading({
  path: "/ingresses/{ingress}/endpoints/{endpoint}",
  summary: "One endpoint",
  query: z.object({
    ingress: z.string().describe("The ingress."),
    endpoint: z.string().describe("The endpoint."),
    limit: z.coerce.number().optional().describe("At most so many."),
  }),
  answer: z.object({}),
  handle: ({ query, context }) => context.json(query),
});

test("a parameter of the path is taken from there, whatever follows the question mark", async () => {
  const app = new Hono<Env>();
  app.get(routerPath(route.path), (context) => route.handle({} as ApiParts, context));
  const answer = await app.request("/ingresses/home.example.com/endpoints/the%20cable?limit=3&ingress=other");
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { ingress: "home.example.com", endpoint: "the cable", limit: 3 });
});

test("the OpenAPI document says where each parameter stands", () => {
  const { paths } = openApiDocument([route], "1.2.3") as { paths: Record<string, { get: Described }> };
  const { get } = paths["/api/v1/ingresses/{ingress}/endpoints/{endpoint}"] ?? assert.fail();
  assert.equal(get.operationId, "ingresses-ingress-endpoints-endpoint");
  assert.deepEqual(
    get.parameters.map(({ name, in: place, required }) => [name, place, required]),
    [
      ["ingress", "path", true],
      ["endpoint", "path", true],
      ["limit", "query", false],
    ],
  );
});

interface Described {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
}
