// The API over a small world with a store in memory, served by a real HTTP server, or over a control socket.
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { ThreadArchive } from "../../src/runtime/node/archive.ts";
import { earlierJournal } from "../../src/assembly/live-history.ts";
import { wordFact } from "../../src/assembly/fact-words.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { Secret } from "../../src/lib/secret.ts";
import { Recorder } from "../../src/store/recorder.ts";
import { openMemoryStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { Api } from "../../src/web/api/api.ts";
import type { Turn } from "../../src/core/turn.ts";
import { withDifference } from "../../src/lib/difference.ts";
import type { Route } from "../../src/web/api/route.ts";
import { startWebServer, type WebServer } from "../../src/web/server.ts";
import { IngressWorld, endpointSettings, ingressSettings } from "./ingress-world.ts";

export const record = "ingress.example.com";
/** Wall clock when the world's monotonic clock shows 0. */
export const wallAtZero = Date.UTC(2026, 0, 1);

/** Where a route of the table is asked, about what there is in the small world. */
export function pathOf({ path }: Pick<Route, "path">): string {
  const named: Readonly<Record<string, string>> = { ingress: record, endpoint: "cable" };
  return `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => named[name] ?? "1")}`;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where it comes from. */
  readonly localAddress?: string;
}

export class ApiSite implements AsyncDisposable {
  readonly world: IngressWorld;
  readonly store: Store;
  readonly recorder: Recorder;
  readonly api: Api;
  readonly archive: ThreadArchive;
  readonly bugs: unknown[] = [];
  /** What people would be told of an archive that cannot be read. */
  readonly troubles: string[] = [];
  token: string | undefined = "letmein-letmein";
  allowedHosts: readonly string[] = [];
  trustedProxies: readonly string[] = [];
  server!: WebServer;
  readonly #hear: (turn: Turn) => void;

  /** `clock`: the world's, with timers of the machine, unless given. `store`: one in memory, unless given. */
  constructor(options: { clock?: Clock; store?: Store } = {}) {
    const clock: Clock = options.clock ?? {
      nowMs: () => this.world.nowMs,
      wallMs: () => wallAtZero + this.world.nowMs,
      setTimer: (delayMs, callback) => systemClock.setTimer(delayMs, callback),
    };
    this.store = options.store ?? openMemoryStore({ clock, onWarning: (message) => void this.bugs.push(message) });
    const onBug = (error: unknown): void => void this.bugs.push(error);
    this.#hear = (turn) => {
      this.recorder.keep(turn);
      this.recorder.hear(turn);
      this.api.hear(turn);
    };
    this.world = new IngressWorld((turn) => this.#hear(turn));
    this.recorder = new Recorder({ store: this.store, clock, onBug, onEntry: (entry) => this.api.hearEntry(entry) });
    const { store, recorder } = this;
    this.archive = new ThreadArchive({
      clock: systemClock,
      store,
      unwritten: () => recorder.waiting,
      newestId: () => recorder.newestId,
      onTrouble: (message) => void this.troubles.push(message),
      onBug,
      // Tests look again at once.
      shareMs: 0,
    });
    this.api = new Api({
      clock,
      version: "1.2.3",
      state: () => this.world.state,
      dispatch: (event) => {
        this.world.dispatch(event);
        return true;
      },
      isKept: () => this.recorder.areDecisionsSaved,
      statePath: () => "/state/ccs.db",
      isKeepingUp: () => this.recorder.isKeepingUp,
      earlier: earlierJournal(store, recorder),
      archive: this.archive,
      word: wordFact,
      queuedNotifications: () => new Map([["telegram", 2]]),
      token: () => (this.token === undefined ? undefined : new Secret(this.token)),
      onBug,
    });
  }

  static async start(options: { clock?: Clock; store?: Store; host?: string } = {}): Promise<ApiSite> {
    const site = new ApiSite(options);
    const ports = {
      clock: systemClock,
      state: () => site.world.state,
      isAlive: () => true,
      api: site.api.routes("http"),
      metrics: { render: () => Promise.resolve({ contentType: "text/plain", body: "" }) },
      onBug: (error: unknown) => void site.bugs.push(error),
    };
    const allowedHosts = (): readonly string[] => site.allowedHosts;
    const trustedProxies = (): readonly string[] => site.trustedProxies;
    const { host = "127.0.0.1" } = options;
    const rest = { version: "1.2.3", dashboard: new Map(), allowedHosts, trustedProxies };
    site.server = await startWebServer(ports, { host, port: 0, ...rest });
    return site;
  }

  /** Cable, better, and mobile, both up; the record points to cable. `id`: of the ingress, its record unless given. */
  settle(id = record): void {
    const endpoints = [
      endpointSettings("cable", { stickyMs: 600_000 }),
      endpointSettings("mobile", { priority: 20, ttl: 300 }),
    ];
    this.world.settle({ ...ingressSettings(record, endpoints), id });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask(path, { headers });
  }

  async json<Document>(path: string): Promise<Document> {
    const { status, text } = await this.get(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text) as Document;
  }

  /** A changing call with all that it needs, but for what `headers` say otherwise. */
  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const usual = { authorization: `Bearer ${this.token ?? ""}`, "content-type": "application/json" };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return this.ask(path, { method: "POST", headers: { ...usual, ...headers }, body: text });
  }

  ask(path: string, { method = "GET", headers = {}, body, localAddress }: Question = {}): Promise<Answer> {
    const { host, port } = this.server;
    const options = {
      host,
      port,
      path,
      method,
      headers,
      agent: false,
      ...(localAddress !== undefined && { localAddress }),
    };
    return answerOf(httpRequest(options), body);
  }

  /** Reads the live stream until it is disposed of. */
  async stream(headers: Readonly<Record<string, string>> = {}): Promise<StreamReader> {
    const { host, port } = this.server;
    const request = httpRequest({ host, port, path: "/api/v1/stream", headers, agent: false });
    return StreamReader.of(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api[Symbol.dispose]();
    await this.server.close();
    await this.archive[Symbol.asyncDispose]();
    this.recorder[Symbol.dispose]();
    this.store[Symbol.dispose]();
  }
}

/** The whole answer to a request. */
export function answerOf(request: ClientRequest, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** One server-sent event. */
export interface Sent {
  readonly event: string;
  readonly id?: number;
  readonly data: unknown;
}

/** A client of the live stream. */
export class StreamReader implements Disposable {
  readonly response: IncomingMessage;
  readonly sent: Sent[] = [];
  comments = 0;
  /** How many of the statuses came as changes of the one before. */
  changes = 0;
  /** Of all events. */
  bytes = 0;
  isOver = false;
  #rest = "";

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => this.#read(chunk));
    response.on("close", () => (this.isOver = true));
    response.on("error", () => undefined);
  }

  static async of(request: ClientRequest): Promise<StreamReader> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve);
      request.on("error", reject);
      request.end();
    });
    return new StreamReader(response);
  }

  /** What was sent of one kind. */
  of(event: string): readonly Sent[] {
    return this.sent.filter((each) => each.event === event);
  }

  [Symbol.dispose](): void {
    this.response.destroy();
  }

  #read(chunk: string): void {
    const blocks = (this.#rest + chunk).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      if (block.startsWith(":")) this.comments += 1;
      const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      const [event, data, id] = [fields.get("event"), fields.get("data"), fields.get("id")];
      if (event === undefined || data === undefined) continue;
      this.bytes += block.length + 2;
      // Changes make a whole status again, as they do for people.
      const isChange = event === "changes";
      const whole: unknown = isChange
        ? withDifference(this.of("status").at(-1)?.data, JSON.parse(data))
        : JSON.parse(data);
      if (isChange) this.changes += 1;
      this.sent.push({ event: isChange ? "status" : event, data: whole, ...(id !== undefined && { id: Number(id) }) });
    }
  }
}
