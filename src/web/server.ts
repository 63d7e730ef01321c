// The HTTP server: health, readiness, metrics, and the API. All but the API only reads.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import type { State } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { hasLeft, tooMany, type Env, type Middleware } from "./api/middleware.ts";
import { mostClients } from "./api/stream.ts";
import { addressOf, clientOf, peerAddress, trusting, type IsTrusted } from "./clients.ts";
import { limitConnections } from "./connections.ts";
import { Costly } from "./costly.ts";
import { ListenError } from "./errors.ts";
import { addDashboard, servedFiles, type BuiltFiles } from "./dashboard-files.ts";
import { securityHeaders } from "./headers.ts";
import { isForeign, isOwnHost } from "./hosts.ts";
import { stuck } from "./liveness.ts";
import { missingPart, type MetricsPart } from "./metrics/part.ts";
import { missingForReady } from "./readiness.ts";
import { RequestLimits } from "./request-limits.ts";

export interface WebPorts {
  readonly clock: Clock;
  readonly state: () => State;
  /** Whether the loop turns. */
  readonly isAlive: () => boolean;
  /** The routes of the API. */
  readonly api: Hono<Env>;
  readonly metrics: {
    render(
      part?: MetricsPart,
    ): Promise<{ readonly contentType: string; readonly body: string | Uint8Array<ArrayBuffer> }>;
  };
  /** Is told about what a route threw: an internal error. */
  readonly onBug: (error: unknown) => void;
}

export interface WebOptions {
  /** A loopback name or address, or whatever else to listen on. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Further names that requests may call this server by. */
  readonly allowedHosts?: () => readonly string[];
  /** Addresses and ranges of reverse proxies that say who they speak for. */
  readonly trustedProxies?: () => readonly string[];
  readonly version: string;
  /** The built dashboard. */
  readonly dashboard: BuiltFiles;
  readonly extra?: WebExtra | undefined;
}

/** What a demo adds to the server: routes of its own, and another page at `/`. */
export interface WebExtra {
  /** Where the routes are, such as `/demo`. */
  readonly path: string;
  readonly routes: Hono<Env>;
  /** The name of the page among the files of the dashboard. */
  readonly page: string;
}

/** Enough for all the readers of the live stream, and as many others. */
const mostConnections = 2 * mostClients;
/**
 * What probes, the state and calls to others need, as far as that is known beforehand; connections get half of the
 * rest.
 */
const reservedDescriptors = 32;
const leastConnections = 8;

/** Anyone who reads or writes nothing for this long, in the middle of an answer, is hung up on. */
const silenceMs = 30_000;

/** So late comes the answer that says that a client asks too often. */
const lateMs = 1_000;

export interface WebServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Ends at once, with every connection that is still open. */
  close(): Promise<void>;
}

/** Listens. Rejects with `ListenError`. */
export async function startWebServer(ports: WebPorts, options: WebOptions): Promise<WebServer> {
  const isTrusted = trustingNow(options.trustedProxies);
  const { fetch } = createApp(ports, { ...options, isTrusted });
  const server = createAdaptorServer({
    fetch,
    // This process also is a client of others, whose fetch must stay Node's own.
    overrideGlobalObjects: false,
    serverOptions: {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 2_000,
    },
  }) as Server;
  server.setTimeout(silenceMs);
  limitConnections(server, { clock: ports.clock, most: connectionsWithin(descriptorLimit()), isTrusted });
  await listen(server, options);
  server.on("error", ports.onBug);
  const { address, port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { host: address, port, close, [Symbol.asyncDispose]: close };
}

interface AppOptions extends Omit<WebOptions, "port" | "trustedProxies"> {
  /**
   * Whose word on who asks is taken; without a server around the routes there are no connections that could be told
   * apart.
   */
  readonly isTrusted?: IsTrusted;
}

/** The routes, without a server around them. */
export function createApp(
  ports: WebPorts,
  { host, allowedHosts = () => [], isTrusted, version, dashboard, extra }: AppOptions,
): Hono<Env> {
  const app = new Hono<Env>();
  const metrics = new Costly(ports.clock, () => ports.metrics.render());
  app.use(withSecurityHeaders);
  // A load balancer asks under any name, and this answer tells nothing.
  app.get("/healthz", (context) => {
    if (ports.isAlive()) return context.json({ status: "alive" });
    return context.json({ status: "stuck", detail: stuck }, 503);
  });
  app.use(onlyOwnHosts(host, allowedHosts));
  if (isTrusted !== undefined) app.use(withClient(isTrusted), notTooOften(ports.clock));
  for (const path of ["/api/*", "/readyz", "/metrics", ...(extra === undefined ? [] : [`${extra.path}/*`])]) {
    app.use(path, onlyOwnPages(allowedHosts));
  }
  app.route("/api/v1", ports.api);
  if (extra !== undefined) app.route(extra.path, extra.routes);
  app.use(readOnly);
  app.get("/readyz", (context) => {
    const missing = missingForReady(ports.state());
    return missing.length === 0
      ? context.json({ status: "ready" })
      : context.json({ status: "not ready", missing }, 503);
  });
  app.get("/metrics", async (context) => {
    const ingress = context.req.query("ingress");
    const endpoint = context.req.query("endpoint");
    if (ingress === undefined && endpoint !== undefined)
      return context.json(
        { error: "an endpoint has to be named together with its ingress: ?ingress=…&endpoint=…" },
        400,
      );
    const part = ingress === undefined ? undefined : { ingress, endpoint };
    const missing = part === undefined ? undefined : missingPart(ports.state(), part);
    if (missing !== undefined) return context.json({ error: missing }, 404);
    const { contentType, body } = await (part === undefined ? metrics.get() : ports.metrics.render(part));
    return context.body(body, 200, { "content-type": contentType });
  });
  addDashboard(app, servedFiles(dashboard), { version, page: extra?.page ?? "index.html" });
  app.notFound((context) => context.json({ error: "there is nothing here", see: "/" }, 404));
  app.onError((error, context) => {
    if (hasLeft(context)) return context.json({ error: "the request ended before it was complete" }, 400);
    ports.onBug(error);
    return context.json({ error: "internal error; see the log" }, 500);
  });
  return app;
}

/** A route may say these for itself. */
const isSetByRoutes: ReadonlySet<string> = new Set(["content-security-policy", "cache-control"]);

const withSecurityHeaders: Middleware = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (!(isSetByRoutes.has(name) && context.res.headers.has(name))) context.header(name, value);
  }
};

/** Notes who the request counts for. */
function withClient(isTrusted: IsTrusted): Middleware {
  return async (context, next) => {
    const { headers, socket } = context.env.incoming;
    context.set("client", clientOf(addressOf(peerAddress(socket.remoteAddress), headers, isTrusted)));
    return next();
  };
}

/**
 * Anyone who asks too often gets a late answer, and not the one that was asked for. Only whether the daemon is ready
 * may be asked always.
 */
function notTooOften(clock: Clock): Middleware {
  const limits = new RequestLimits(clock);
  return async (context, next) => {
    if (context.req.path === "/readyz") return next();
    const admittance = limits.take(context.get("client") ?? "");
    if (admittance.kind === "served") {
      let bytes = 0;
      try {
        await next();
        bytes = Number(context.res.headers.get("content-length") ?? 0);
      } finally {
        admittance.end(bytes);
      }
      return;
    }
    try {
      if (admittance.isLate) await new Promise<void>((resolve) => clock.setTimer(lateMs, resolve));
      return tooMany(context, "too many requests", 1);
    } finally {
      admittance.end();
    }
  };
}

/** As the configuration says at the moment of asking. */
function trustingNow(proxies: () => readonly string[] = () => []): IsTrusted {
  let known: { readonly list: readonly string[]; readonly isTrusted: IsTrusted } | undefined;
  return (address) => {
    const list = proxies();
    if (known?.list !== list) known = { list, isTrusted: trusting(list) };
    return known.isTrusted(address);
  };
}

/** How many connections leave enough of the process's descriptors to those that decide and write. */
export function connectionsWithin(descriptors: number): number {
  const share = Math.floor((descriptors - reservedDescriptors) / 2);
  return Math.min(mostConnections, Math.max(leastConnections, share));
}

/** How many files and connections this process may have open; as many as it likes where the system does not say. */
function descriptorLimit(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}

function onlyOwnHosts(listenHost: string, hosts: () => readonly string[]): Middleware {
  return async (context, next) => {
    if (isOwnHost(context.req.header("host") ?? "", { listen: listenHost, hosts: hosts() })) return next();
    const error = "this server does not accept that host name";
    return context.json({ error, hint: "Use its address, or add the name to http.hosts." }, 421);
  };
}

/** Other sites' pages may not even ask for what tells something: some ways of asking let them learn of the answer. */
function onlyOwnPages(hosts: () => readonly string[]): Middleware {
  return async (context, next) => {
    const { req } = context;
    const origin = {
      site: req.header("sec-fetch-site"),
      origin: req.header("origin"),
      host: req.header("host") ?? "",
    };
    // A preflight asks for leave, which no route gives.
    if (req.method === "OPTIONS" || !isForeign(origin, hosts())) return next();
    const hint =
      "Use the daemon's own page. Behind a reverse proxy, pass the Host header on, or add its name to http.hosts.";
    return context.json({ error: "this request comes from a page of another site", hint }, 403, {
      connection: "close",
    });
  };
}

const readOnly: Middleware = async (context, next) => {
  const { method } = context.req;
  if (method !== "GET" && method !== "HEAD") {
    // The connection is closed, so that no body is read in vain.
    return context.json({ error: "only GET and HEAD" }, 405, { allow: "GET, HEAD", connection: "close" });
  }
  return next();
};

async function listen(server: Server, { host, port }: WebOptions): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const where = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const why = listenFailures[code] ?? `the system says ${code}`;
    throw new ListenError(`cannot listen on ${where}: ${why}`, { cause: error });
  }
}

const change = "change http.listen (or BIND_ADDRESS)";
const listenFailures: Readonly<Record<string, string>> = {
  EADDRINUSE: `another program uses this port; end it, or ${change}`,
  EACCES: `this user may not use this port; take one above 1023: ${change}`,
  EADDRNOTAVAIL: `this machine does not have this address; ${change}`,
  ENOTFOUND: `there is no such name; ${change}`,
  EAFNOSUPPORT: `this machine does not support this kind of address; ${change}`,
};
