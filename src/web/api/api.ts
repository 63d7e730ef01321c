// The API under `/api/v1`: what is shown of the daemon, as it is and as it changes, and what people may change.
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Context } from "hono";
import type { EndpointState, IngressState } from "../../core/model.ts";
import type { Turn } from "../../core/turn.ts";
import type { Secret } from "../../lib/secret.ts";
import { securityHeaders } from "../headers.ts";
import { Costly } from "../costly.ts";
import { readRequest, resume, setOverride, type ChangePorts } from "./changes.ts";
import { nowOf } from "./dates.ts";
import {
  bodyOf,
  clientOf,
  hasLeft,
  notTooOften,
  onlyJson,
  onlySmall,
  onlyWithToken,
  problem,
  type Env,
} from "./doors.ts";
import type { Archive, Question } from "./archive.ts";
import type { WordFact } from "./events.ts";
import { Guard } from "./guard.ts";
import { historyQuestion } from "./history.ts";
import type { EarlierJournal, JournalEntry } from "../../core/history.ts";
import { findEndpoint, findIngress, Refusal } from "./names.ts";
import { Notes } from "./notes.ts";
import { eventsQuery, historyQuery, openApiDocument, operations, streamQuery } from "./openapi.ts";
import { earlierRecords } from "./records-note.ts";
import { drillRequestSchema, overrideRequestSchema, resumeRequestSchema } from "./schema/changes.ts";
import type { Status } from "./schema/status.ts";
import { statusOf, type DaemonFacts } from "./status.ts";
import { mostClients, Stream } from "./stream.ts";

export interface ApiPorts extends ChangePorts, Omit<DaemonFacts, "hasToken"> {
  /** What happened before the start. */
  readonly earlier: EarlierJournal;
  /** Answers what readers ask about what happened. */
  readonly archive: Archive;
  readonly word: WordFact;
  /** What every changing call over HTTP must carry. */
  readonly token: () => Secret | undefined;
  /** Is told about internal errors. */
  readonly onBug: (error: unknown) => void;
}

/** `socket`: the control socket, which only the daemon's own user can reach. */
export type Door = "http" | "socket";

const jsonType = { "content-type": "application/json" } as const;

export class Api implements Disposable {
  readonly #ports: ApiPorts;
  readonly #notes: Notes;
  readonly #guard: Guard;
  readonly #stream: Stream;
  readonly #statusText: Costly<string>;

  constructor(ports: ApiPorts) {
    const { clock, earlier, word, onBug } = ports;
    this.#ports = ports;
    this.#notes = new Notes(clock, earlierRecords(earlier));
    this.#guard = new Guard(clock, ports.token);
    this.#statusText = new Costly(clock, () => JSON.stringify(this.#status()));
    this.#stream = new Stream({ clock, earlier, word, onBug, status: () => this.#status() });
  }

  /** One turn of the loop. */
  hear(turn: Turn): void {
    this.#notes.hear(turn);
    // Whoever changed something finds it changed. Other news may be a moment late: there can be very much of it.
    if (turn.event.kind === "override-set" || turn.event.kind === "resumed") this.#statusText.forget();
    this.#stream.stateChanged(turn.facts.length > 0);
  }

  /** A fact has got its place in the journal. */
  hearEntry(entry: JournalEntry): void {
    this.#stream.tell(entry);
  }

  /** How many read the live stream now. */
  get readers(): number {
    return this.#stream.clients;
  }

  /** How often anything was put into words for the stream: once for all readers. */
  get wordings(): number {
    return this.#stream.wordings;
  }

  /** What readers of the stream were sent and have not read. */
  get unreadBytes(): number {
    return this.#stream.unreadBytes;
  }

  /** The routes, to be mounted under `/api/v1`. */
  routes(door: Door): Hono<Env> {
    const app = new Hono<Env>();
    const { onBug, version } = this.#ports;
    let openApi: string | undefined;
    app.onError((error, context) => {
      if (error instanceof Refusal) return context.json(error.problem, error.status);
      if (hasLeft(context)) return problem(context, 400, { error: "the request ended before it was complete" });
      onBug(error);
      return problem(context, 500, { error: "internal error; see the log" });
    });
    app.get("/status", async (context) => this.#statusText.get().then((text) => context.body(text, 200, jsonType)));
    app.get("/events", (context) => this.#askArchive(context, this.#eventsQuestion(context.req.query())));
    app.get("/history", (context) => this.#askArchive(context, this.#historyQuestion(context.req.query())));
    app.get("/stream", (context) => this.#openStream(context));
    app.get("/openapi.json", (context) =>
      context.body((openApi ??= JSON.stringify(openApiDocument(version))), 200, jsonType),
    );
    for (const path of ["/pin", "/drain", "/drill", "/resume"]) {
      if (door === "http") app.post(path, onlyWithToken(this.#guard));
      app.post(path, onlyJson, onlySmall, notTooOften(this.#guard));
    }
    this.#addChanges(app);
    for (const [path, methods] of Object.entries(operations)) {
      const allow = "get" in methods ? "GET, HEAD" : "POST";
      // The connection is closed, so that no body is read that nobody wants.
      app.all(path, (context) => problem(context, 405, { error: `only ${allow}` }, { allow, connection: "close" }));
    }
    return app;
  }

  [Symbol.dispose](): void {
    this.#stream[Symbol.dispose]();
  }

  #addChanges(app: Hono<Env>): void {
    const ports = this.#ports;
    app.post("/pin", async (context) =>
      context.json(setOverride(ports, "pin", readRequest(overrideRequestSchema, await bodyOf(context)))),
    );
    app.post("/drain", async (context) =>
      context.json(setOverride(ports, "drain", readRequest(overrideRequestSchema, await bodyOf(context)))),
    );
    app.post("/drill", async (context) =>
      context.json(setOverride(ports, "drill", readRequest(drillRequestSchema, await bodyOf(context)))),
    );
    app.post("/resume", async (context) =>
      context.json(resume(ports, readRequest(resumeRequestSchema, await bodyOf(context)))),
    );
  }

  #status(): Status {
    const { state, clock } = this.#ports;
    const facts: DaemonFacts = { ...this.#ports, hasToken: () => this.#guard.hasToken };
    return statusOf(state(), this.#notes, facts, nowOf(clock));
  }

  #eventsQuestion(parameters: unknown): Question {
    const { before, limit = 50, ...about } = readRequest(eventsQuery, parameters);
    const page = { kind: "events", limit, ...(before !== undefined && { before }) } as const;
    if (about.ingress === undefined && about.endpoint === undefined) return page;
    const { ingress, endpoint } = this.#find(about);
    return { ...page, ingress: ingress.settings.record, ...(endpoint && { endpoint: endpoint.settings.name }) };
  }

  #historyQuestion(parameters: unknown): Question {
    const { range = "24h", ...about } = readRequest(historyQuery, parameters);
    return historyQuestion({ ...this.#find(about), range }, this.#notes, nowOf(this.#ports.clock));
  }

  /** Throws a Refusal for what there is not. */
  #find(about: { readonly ingress?: string; readonly endpoint?: string }): {
    readonly ingress: IngressState;
    readonly endpoint?: EndpointState;
  } {
    const ingress = findIngress(this.#ports.state(), about.ingress);
    return about.endpoint === undefined ? { ingress } : { ingress, endpoint: findEndpoint(ingress, about.endpoint) };
  }

  async #askArchive(context: Context<Env>, question: Question): Promise<Response> {
    const answer = await this.#ports.archive.ask(question, clientOf(context));
    if (answer.kind === "document") {
      return context.body(answer.json, 200, { ...jsonType, "content-length": String(answer.json.byteLength) });
    }
    const hint = "Try again in a moment. Nothing else is affected.";
    return problem(
      context,
      503,
      { error: `the history cannot be read right now: ${answer.why}`, hint },
      { "retry-after": "2" },
    );
  }

  #openStream(context: Context<Env>): Response {
    const lastEventId = context.req.header("last-event-id") ?? context.req.query("lastEventId");
    const query = readRequest(streamQuery, lastEventId === undefined ? {} : { lastEventId });
    const client = clientOf(context);
    if (context.req.method !== "HEAD" && !this.#stream.makeRoomFor(client)) {
      const error = `${mostClients} clients are already reading the stream`;
      const hint = "Try again later, or poll /api/v1/status.";
      return problem(context, 503, { error, hint }, { "retry-after": "10" });
    }
    const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" };
    if (context.req.method === "HEAD") return context.body(null, 200, headers);
    const { outgoing } = context.env;
    outgoing.writeHead(200, { ...securityHeaders, ...headers });
    this.#stream.open(outgoing, client, query.lastEventId);
    return RESPONSE_ALREADY_SENT;
  }
}
