// The control socket: the API for the command line on the same machine. Who can reach it needs no token, so only the
// daemon's own user can.
import { once } from "node:events";
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import type { State } from "../core/model.ts";
import { messageOf } from "../lib/text.ts";
import type { Env } from "./api/middleware.ts";
import { controlSocketPath } from "./control-path.ts";
import { ControlSocketError } from "./errors.ts";
import type { HealthAnswer } from "./health-answer.ts";
import { stuck } from "./liveness.ts";
import { missingForReady } from "./readiness.ts";

/** The system's limit, less the zero at the end; macOS takes even less. */
const longestPath = 103;

export interface ControlSocket extends AsyncDisposable {
  readonly path: string;
  /** Whether it is still there: another program may remove or replace it. */
  isInPlace(): boolean;
}

export interface ControlPorts {
  readonly state: () => State;
  /** Whether the loop turns. */
  readonly isAlive: () => boolean;
  /** The routes of the API, to be mounted under `/api/v1`. */
  readonly api: Hono<Env>;
  readonly onBug: (error: unknown) => void;
}

/** Listens. Rejects with a ControlSocketError. */
export async function startControlSocket(stateDir: string, ports: ControlPorts): Promise<ControlSocket> {
  const { api, onBug } = ports;
  const path = controlSocketPath(stateDir);
  const length = Buffer.byteLength(path);
  if (length > longestPath) {
    const why = `${path} has ${length} bytes, and the path of a socket may have ${longestPath}`;
    throw new ControlSocketError(`no control socket: ${why}; set a shorter state_dir`);
  }
  if (kindOf(path) === "something else") {
    throw new ControlSocketError(`no control socket: ${path} is not a socket; move it away`);
  }
  if (await isTaken(path)) {
    throw new ControlSocketError(
      `no control socket: another process listens on ${path}; end it, or set another state_dir`,
    );
  }
  const app = new Hono<Env>().route("/api/v1", api);
  app.get("/healthz", (context) => {
    const answer = healthAnswer(ports);
    return context.json(answer, answer.status === "alive" ? 200 : 503);
  });
  app.notFound((context) => context.json({ error: "there is nothing here", hint: "See /api/v1/openapi.json." }, 404));
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  try {
    await listenInPrivate(server, stateDir, path);
  } catch (error) {
    server.close();
    throw new ControlSocketError(`no control socket at ${path}: ${messageOf(error)}`, { cause: error });
  }
  server.on("error", onBug);
  const identity = identityOf(path);
  const isInPlace = (): boolean => identityOf(path) === identity;
  return { path, isInPlace, [Symbol.asyncDispose]: () => end(server, path, isInPlace) };
}

/** At most this many of the things that are missing are named. */
const mostNamed = 2;

/** What `ccs health` is told. */
function healthAnswer({ state, isAlive }: ControlPorts): HealthAnswer {
  if (!isAlive()) return { status: "stuck", detail: stuck };
  const missing = missingForReady(state());
  if (missing.length === 0) return { status: "alive" };
  const others = missing.length - mostNamed;
  const named = missing.slice(0, mostNamed).join("; ");
  return { status: "alive", detail: others > 0 ? `${named}; and ${others} more` : named };
}

/**
 * The socket is made in a folder that only we can enter, and is moved to its place, over one that a dead daemon left,
 * when its rights are set: at no moment can anybody else connect.
 */
async function listenInPrivate(server: Server, stateDir: string, path: string): Promise<void> {
  // No longer than the path that it is moved to.
  const folder = mkdtempSync(join(stateDir, ".c-"));
  try {
    const draft = join(folder, "s");
    server.listen(draft);
    await once(server, "listening");
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a program answers there. */
async function isTaken(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(server: Server, path: string, isInPlace: () => boolean): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  // Another daemon's is left alone.
  if (isInPlace()) rmSync(path, { force: true });
}

function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** What is there. A place that cannot even be looked at holds nothing; using it will say why. */
function kindOf(path: string): "nothing" | "socket" | "something else" {
  try {
    return lstatSync(path).isSocket() ? "socket" : "something else";
  } catch {
    return "nothing";
  }
}
