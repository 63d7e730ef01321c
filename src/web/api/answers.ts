// How the routes that read answer: with a document, with what the archive says, or with the live stream.
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import type { z } from "zod";
import type { EndpointState, IngressState } from "../../core/model.ts";
import { securityHeaders } from "../headers.ts";
import type { EventsQuestion, HistoryQuestion, ArchiveQuestion } from "./archive.ts";
import { nowOf } from "./dates.ts";
import { clientOf, problem, type Env } from "./middleware.ts";
import { historyQuestion } from "./history.ts";
import { requestedEndpoint, requestedIngress } from "./names.ts";
import type { ApiParts } from "./ports.ts";
import type { RouteCall } from "./route.ts";
import type { eventsQuery, historyQuery, statusQuery, streamQuery } from "./schema/queries.ts";
import { mostClients } from "./stream.ts";

const jsonType = { "content-type": "application/json" } as const;

/** A document, already as JSON. */
export function answerWith(context: Context<Env>, json: string): Response {
  return context.body(json, 200, jsonType);
}

/** The status of all ingresses, or of one. Throws a Refusal for a name that does not exist. */
export async function statusAnswer({ parts, query, context }: RouteCall<typeof statusQuery>): Promise<Response> {
  if (query.ingress === undefined) return answerWith(context, await parts.statusText.get());
  const { ingress } = find(parts, query);
  return answerWith(context, JSON.stringify(parts.status([ingress.settings.id])));
}

/** The question for a page of the journal. Throws a Refusal for a name that does not exist. */
export function eventsAsked(parts: ApiParts, query: z.output<typeof eventsQuery>): EventsQuestion {
  const { before, limit = 50 } = query;
  const isAboutAll = query.ingress === undefined && query.endpoint === undefined;
  const { ingress, endpoint } = isAboutAll ? {} : find(parts, query);
  const records = parts.ports
    .state()
    .ingresses.flatMap(({ settings: { id, record } }) => (id === record ? [] : [[id, record] as const]));
  return { kind: "events", limit, before, ingress: ingress?.settings.id, endpoint: endpoint?.settings.name, records };
}

/** The question for what happened to an ingress. Throws a Refusal for a name that does not exist. */
export function historyAsked(parts: ApiParts, query: z.output<typeof historyQuery>): HistoryQuestion {
  const { range = "24h" } = query;
  return historyQuestion({ ...find(parts, query), range }, parts.run, nowOf(parts.ports.clock));
}

interface NamedParts {
  readonly ingress: IngressState;
  readonly endpoint: EndpointState | undefined;
}

function find(
  { ports }: ApiParts,
  names: { readonly ingress?: string | undefined; readonly endpoint?: string | undefined },
): NamedParts {
  const ingress = requestedIngress(ports.state(), names.ingress);
  return { ingress, endpoint: names.endpoint === undefined ? undefined : requestedEndpoint(ingress, names.endpoint) };
}

export async function askArchive(
  { ports }: ApiParts,
  question: ArchiveQuestion,
  context: Context<Env>,
): Promise<Response> {
  const answer = await ports.archive.ask(question, clientOf(context));
  if (answer.kind === "document") {
    return context.body(answer.json, 200, { ...jsonType, "content-length": String(answer.json.byteLength) });
  }
  const error = `the history cannot be read right now: ${answer.why}`;
  const hint = "Try again in a moment. Nothing else is affected.";
  return problem(context, 503, { error, hint }, { "retry-after": "2" });
}

/** A client that comes back says so in a header; a page, which cannot, says it in the URL. */
export function lastEventIdOf({ req }: Context<Env>): unknown {
  return { lastEventId: req.header("last-event-id") ?? req.query("lastEventId") };
}

export function openStream({ parts, query, context }: RouteCall<typeof streamQuery>): Response {
  const { stream } = parts;
  const client = clientOf(context);
  const isHead = context.req.method === "HEAD";
  if (!isHead && !stream.makeRoomFor(client)) {
    const error = `${mostClients} clients are already reading the stream`;
    const hint = "Try again later, or poll /api/v1/status.";
    return problem(context, 503, { error, hint }, { "retry-after": "10" });
  }
  const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
  if (isHead) return context.body(null, 200, headers);
  const { outgoing } = context.env;
  outgoing.writeHead(200, { ...securityHeaders, ...headers });
  stream.open(outgoing, client, query.lastEventId);
  return RESPONSE_ALREADY_SENT;
}
