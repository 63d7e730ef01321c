// The demo's own routes in the daemon's web server: how the world is, and what a person does to it. They need no token,
// as there is nothing but toys behind them; pages of other sites are kept out as everywhere.
import { Hono, type Context } from "hono";
import { z } from "zod";
import { bodyOf, onlyJson, onlySmall, problem, type Env } from "../web/api/middleware.ts";
import { Refusal } from "../web/api/names.ts";
import type { Deed } from "../web/dashboard/demo/document.ts";
import type { WebExtra } from "../web/server.ts";
import type { Controls } from "./controls.ts";
import { ways } from "./ways.ts";

const deedSchema = z.discriminatedUnion("deed", [
  z.strictObject({
    deed: z.literal("endpoint"),
    endpoint: z.enum(["cable", "mobile"]),
    way: z.enum(["ok", "refuse", "503", "hang", "slow"]),
  }),
  z.strictObject({ deed: z.literal("connection"), isCut: z.boolean() }),
  z.strictObject({ deed: z.literal("cloudflare"), isDown: z.boolean() }),
  z.strictObject({ deed: z.literal("edit-record") }),
  z.strictObject({ deed: z.literal("story") }),
]);

/** The page with the buttons, and what they call. `controls`: missing while the demo starts. */
export function controlsExtra(controls: () => Controls | undefined): WebExtra {
  const routes = new Hono<Env>();
  routes.onError((error, context) => {
    if (error instanceof Refusal) return context.json(error.problem, error.status);
    throw error;
  });
  const documentOf = (context: Context<Env>): Response => {
    const document = controls()?.document();
    if (document !== undefined) return context.json(document);
    return problem(context, 503, { error: "the demo is about to start", hint: "Try again in a second." });
  };
  routes.get("/controls", documentOf);
  routes.post("/controls", onlyJson, onlySmall, async (context) => {
    await controls()?.act(readDeed(await bodyOf(context)));
    return documentOf(context);
  });
  return { path: "/demo", routes, page: "demo.html" };
}

/** The deeds that there are, or what the one that was named takes. */
function hintOn(body: unknown): string {
  const named = typeof body === "object" && body !== null && "deed" in body ? body.deed : undefined;
  const form = typeof named === "string" && Object.hasOwn(forms, named) ? forms[named as Deed["deed"]] : undefined;
  if (form === undefined) return `Send one of these actions: ${Object.keys(forms).join(", ")}.`;
  return `Send ${form} and nothing else.`;
}

/** How each deed is written. */
const forms: Readonly<Record<Deed["deed"], string>> = {
  endpoint: `{"deed": "endpoint", "endpoint": "cable" or "mobile", "way": one of ${Object.keys(ways).join(", ")}}`,
  connection: '{"deed": "connection", "isCut": true or false}',
  cloudflare: '{"deed": "cloudflare", "isDown": true or false}',
  "edit-record": '{"deed": "edit-record"}',
  story: '{"deed": "story"}',
};

function readDeed(body: unknown): Deed {
  const read = deedSchema.safeParse(body);
  if (read.success) return read.data;
  throw new Refusal(400, { error: "there is no such action", hint: hintOn(body) });
}
