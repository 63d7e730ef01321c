// One route of the API, declared once: how it is asked, what it answers, what can go wrong, and what it does. The
// routes of the server and the OpenAPI document are both made of it.
import type { Context } from "hono";
import * as z from "zod";
import { readRequest } from "./changes.ts";
import { bodyOf, type Env } from "./middleware.ts";
import type { ApiParts, ApiPorts } from "./ports.ts";

/** What goes wrong, by status code. */
export type Problems = Readonly<Record<number, string>>;

export interface Route {
  readonly method: "get" | "post";
  /** Below `/api/v1`. What stands in braces is a parameter: `/ingresses/{ingress}`. */
  readonly path: string;
  readonly summary: string;
  readonly description: string | undefined;
  /** The parameters of the URL, those in its path included. */
  readonly query: z.ZodObject;
  /** The body, where there is one. */
  readonly request: z.ZodType | undefined;
  readonly answer: z.ZodType;
  /** The media type of the answer. */
  readonly type: string;
  readonly problems: Problems;
  /** Throws a Refusal for what is not valid. */
  readonly handle: (parts: ApiParts, context: Context<Env>) => Response | Promise<Response>;
}

/** A request that reads, with what a route may use. */
export interface RouteCall<Query extends z.ZodObject> {
  readonly parts: ApiParts;
  readonly query: z.output<Query>;
  readonly context: Context<Env>;
}

interface ReadingRoute<Query extends z.ZodObject> {
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query: Query;
  /** Where the parameters are, if not all in the URL. */
  readonly parameters?: (context: Context<Env>) => unknown;
  readonly answer: z.ZodType;
  readonly type?: string;
  /** Besides those of every route. */
  readonly problems?: Problems;
  readonly handle: (call: RouteCall<Query>) => Response | Promise<Response>;
}

const json = "application/json";

/** For routes that take no parameters. */
export const noQuery = z.object({});

const misnamed = "The request used a host name that is not the server's.";
export const unknownName = "No such ingress or endpoint: the answer lists the existing ones.";

const problemsOfReading: Problems = {
  403: "The request came from a page of another site.",
  421: misnamed,
  429: "Too many requests: wait as long as Retry-After says.",
};

/** A route that only reads. */
export function reading<Query extends z.ZodObject>(route: ReadingRoute<Query>): Route {
  const { query, parameters = parametersOf, handle } = route;
  return {
    type: json,
    description: undefined,
    ...route,
    method: "get",
    request: undefined,
    problems: { ...problemsOfReading, ...route.problems },
    handle: (parts, context) => handle({ parts, query: readRequest(query, parameters(context)), context }),
  };
}

/** A parameter of the path is what stands there, whatever follows the question mark. */
function parametersOf({ req }: Context<Env>): unknown {
  return { ...req.query(), ...req.param() };
}

/** The names of the parameters in a path. */
export function namesInPath(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

/** A path as the server's router has it: `/ingresses/:ingress`. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

interface ChangingRoute<Request extends z.ZodType, Answer extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly request: Request;
  readonly answer: Answer;
  /** Besides those of every changing call. */
  readonly problems?: Problems;
  readonly change: (ports: ApiPorts, request: z.output<Request>) => z.output<Answer>;
}

const problemsOfChanging: Problems = {
  400: "The body is not JSON, or not valid.",
  401: "The token is missing or wrong.",
  403: "Changes over HTTP need `http.token`, or the request came from a page of another site.",
  404: unknownName,
  413: "The body is too large.",
  415: "The body is not application/json.",
  421: misnamed,
  429: "Too many requests, changes or wrong tokens: wait as long as Retry-After says.",
};

/** A route that changes something: it takes JSON, and over HTTP the token. */
export function changing<Request extends z.ZodType, Answer extends z.ZodType>(
  route: ChangingRoute<Request, Answer>,
): Route {
  const { request, change } = route;
  return {
    ...route,
    method: "post",
    description: undefined,
    query: noQuery,
    type: json,
    problems: { ...problemsOfChanging, ...route.problems },
    handle: async ({ ports }, context) =>
      context.json(change(ports, readRequest(request, await bodyOf(context))) as object),
  };
}
