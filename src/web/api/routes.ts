// All routes of the API, below `/api/v1`.
import * as z from "zod";
import type { Override } from "../../core/model.ts";
import {
  answerWith,
  askArchive,
  eventsAsked,
  historyAsked,
  lastEventIdOf,
  openStream,
  statusAnswer,
} from "./answers.ts";
import { resume, setOverride } from "./changes.ts";
import { changing, noQuery, reading, unknownName, type Problems, type Route } from "./route.ts";
import {
  drillRequestSchema,
  overrideAnswerSchema,
  overrideRequestSchema,
  resumeAnswerSchema,
  resumeRequestSchema,
} from "./schema/changes.ts";
import { eventsSchema } from "./schema/events.ts";
import { historySchema } from "./schema/history.ts";
import { eventsQuery, historyQuery, statusQuery, streamQuery } from "./schema/queries.ts";
import { statusSchema } from "./schema/status.ts";

const badParameter = "A parameter is not valid.";

/** Of routes that ask about what happened. */
const problemsOfAsking: Problems = {
  400: badParameter,
  404: unknownName,
  503: "The history cannot be read right now: the answer says why. Wait as long as Retry-After says.",
};

/** In the order in which the OpenAPI document has them. */
export const routes: readonly Route[] = [
  reading({
    path: "/status",
    summary: "The current state, why it is so, and what happens next",
    query: statusQuery,
    answer: statusSchema,
    problems: { 404: unknownName },
    handle: statusAnswer,
  }),
  reading({
    path: "/events",
    summary: "What happened, newest first",
    query: eventsQuery,
    answer: eventsSchema,
    problems: problemsOfAsking,
    handle: ({ parts, query, context }) => askArchive(parts, eventsAsked(parts, query), context),
  }),
  reading({
    path: "/history",
    summary: "Checks as series for charts, outages, and which endpoint was active when",
    query: historyQuery,
    answer: historySchema,
    problems: problemsOfAsking,
    handle: ({ parts, query, context }) => askArchive(parts, historyAsked(parts, query), context),
  }),
  reading({
    path: "/stream",
    summary: "Server-sent events as things happen",
    description:
      "`status` carries a Status, at once. `changes` carries what changed in it since, at most twice a second: a JSON Merge Patch " +
      "(RFC 7396), in which a list that keeps its length is a section with the places that changed, counted from 0. Numbers " +
      "alone come at most once a second, and less often where they are many. " +
      "`event` carries an Event, with its id: a client that reconnects with Last-Event-ID gets what it missed, or " +
      "`reset` (a Reset) if that is too much. Comments keep the connection alive. Clients that do not read are disconnected.",
    query: streamQuery,
    parameters: lastEventIdOf,
    answer: z.string(),
    type: "text/event-stream",
    problems: { 400: badParameter, 503: "Too many clients: wait as long as Retry-After says." },
    handle: openStream,
  }),
  overriding("pin", {
    summary: "Use only one endpoint for a while, up or down",
    request: overrideRequestSchema,
  }),
  overriding("drain", {
    summary: "Do not use an endpoint for a while, unless no other endpoint is up",
    request: overrideRequestSchema,
  }),
  overriding("drill", {
    summary: "Simulate an outage of an endpoint on the real record; it ends by itself, with a report",
    request: drillRequestSchema,
    problems: { 409: "No other endpoint can take over, so a drill would change nothing." },
  }),
  changing({
    path: "/resume",
    summary: "End pins, drains and drills, and resume automatic repair of the records",
    request: resumeRequestSchema,
    answer: resumeAnswerSchema,
    change: resume,
  }),
  reading({
    path: "/openapi.json",
    summary: "This document",
    query: noQuery,
    answer: z.record(z.string(), z.unknown()),
    handle: ({ parts, context }) => answerWith(context, parts.openApiText()),
  }),
];

interface Overriding {
  readonly summary: string;
  readonly request: typeof overrideRequestSchema | typeof drillRequestSchema;
  readonly problems?: Problems;
}

/** The call that sets an override of a kind. */
function overriding(kind: Override["kind"], route: Overriding): Route {
  return changing({
    ...route,
    path: `/${kind}`,
    answer: overrideAnswerSchema,
    change: (ports, request) => setOverride(ports, kind, request),
  });
}
