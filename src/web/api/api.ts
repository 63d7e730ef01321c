// The API under `/api/v1`: what is shown of the daemon, as it is and as it changes, and what people may change.
import { Hono } from "hono";
import { findManaged } from "../../core/find.ts";
import type { JournalEntry } from "../../core/history.ts";
import type { Turn } from "../../core/turn.ts";
import { Costly } from "../costly.ts";
import { hasLeft, notTooOften, onlyJson, onlySmall, onlyWithToken, problem, type Env } from "./middleware.ts";
import { ChangeGuard } from "./guard.ts";
import { Refusal } from "./names.ts";
import { RunHistory } from "./run-history.ts";
import { openApiDocument } from "./openapi.ts";
import type { ApiParts, ApiPorts } from "./ports.ts";
import { earlierRecords } from "./records-origin.ts";
import { routerPath } from "./route.ts";
import { routes } from "./routes.ts";
import type { DaemonFacts } from "./status.ts";
import { StatusMaker } from "./status-maker.ts";
import { Stream } from "./stream.ts";

/** `socket`: the control socket, which only the daemon's own user can reach. */
export type Door = "http" | "socket";

export class Api implements Disposable {
  readonly #parts: ApiParts;
  readonly #guard: ChangeGuard;

  constructor(ports: ApiPorts) {
    const { clock, earlier, word, onBug, state, token, version } = ports;
    this.#guard = new ChangeGuard(clock, token);
    const run = new RunHistory(clock, earlierRecords(earlier));
    const facts: DaemonFacts = { ...ports, hasToken: () => this.#guard.hasToken };
    const recordOf = (id: string): string => findManaged(state(), id)?.settings.record ?? id;
    const maker = new StatusMaker({ clock, run, facts });
    const status = (ids?: readonly string[]) => maker.make(state(), ids);
    let openApi: string | undefined;
    this.#parts = {
      ports,
      run,
      stream: new Stream({ clock, earlier, words: { word, recordOf }, onBug, status: () => status() }),
      status,
      statusText: new Costly(clock, () => JSON.stringify(status())),
      openApiText: () => (openApi ??= JSON.stringify(openApiDocument(routes, version))),
    };
  }

  /** One turn of the loop. */
  hear(turn: Turn): void {
    this.#parts.run.hear(turn);
    // A client that changed something finds it changed. Other news may be a moment late: there can be very much of it.
    if (turn.event.kind === "override-set" || turn.event.kind === "resumed") this.#parts.statusText.forget();
    this.#parts.stream.stateChanged(turn.facts.length > 0);
  }

  /** A fact has got its place in the journal. */
  hearEntry(entry: JournalEntry): void {
    this.#parts.stream.tell(entry);
  }

  /** How many read the live stream now. */
  get readers(): number {
    return this.#parts.stream.clients;
  }

  /** How often anything was put into words for the stream: once for all readers. */
  get wordings(): number {
    return this.#parts.stream.wordings;
  }

  /** What readers of the stream were sent and have not read. */
  get unreadBytes(): number {
    return this.#parts.stream.unreadBytes;
  }

  /** The routes, to be mounted under `/api/v1`. */
  routes(door: Door): Hono<Env> {
    const app = new Hono<Env>();
    const { onBug } = this.#parts.ports;
    app.onError((error, context) => {
      if (error instanceof Refusal) return context.json(error.problem, error.status);
      if (hasLeft(context)) return problem(context, 400, { error: "the request ended before it was complete" });
      onBug(error);
      return problem(context, 500, { error: "internal error; see the log" });
    });
    for (const { method, handle, ...route } of routes) {
      const path = routerPath(route.path);
      if (method === "post") {
        if (door === "http") app.post(path, onlyWithToken(this.#guard));
        app.post(path, onlyJson, onlySmall, notTooOften(this.#guard));
      }
      app.on(method.toUpperCase(), path, (context) => handle(this.#parts, context));
      const allow = method === "get" ? "GET, HEAD" : "POST";
      // The connection is closed, so that no body is read in vain.
      app.all(path, (context) => problem(context, 405, { error: `only ${allow}` }, { allow, connection: "close" }));
    }
    return app;
  }

  [Symbol.dispose](): void {
    this.#parts.stream[Symbol.dispose]();
  }
}
