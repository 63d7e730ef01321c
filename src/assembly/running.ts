// The ordinary daemon over one configuration file: put together, started, and reloaded whenever the file changes. What
// `ccs run` runs, and the demo too.
import type { RequestMeasure } from "../cloud/requests.ts";
import type { LoadResult } from "../config/load.ts";
import { formatProblem } from "../config/format/problem.ts";
import { exposedFiles } from "../config/secrecy.ts";
import type { Environment } from "../config/format/variables.ts";
import { watchConfig } from "../config/watch.ts";
import type { Daemon } from "../daemon.ts";
import { systemClock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { ServiceManager } from "../service/manager.ts";
import { systemdNotify, wantedBy } from "../service/systemd-notify.ts";
import { isTurning } from "../web/liveness.ts";
import type { WebExtra } from "../web/server.ts";
import { ThreadArchive } from "./archive.ts";
import { Assembly } from "./assembly.ts";
import { InternalErrors } from "./internal-errors.ts";
import { Memory, openState } from "./memory.ts";
import { networkPorts } from "./network.ts";
import { StartError } from "./start-error.ts";
import { Surroundings } from "./surroundings.ts";

/** A daemon at work. Disposing of it lets a write under way end, and stops everything else at once. */
export interface RunningDaemon extends AsyncDisposable {
  readonly daemon: Daemon;
  /** Port of the web server. */
  readonly port: number | undefined;
  /** Loads the configuration now, whether or not the file changed. */
  reload(): void;
  /** Tells people that it ends because of an internal error. Disposing of it gives the message a moment. */
  tellOfEnd(why: string): void;
}

/** Starts the daemon. Throws a StartError when the configuration is wrong, or something that it needs cannot be had. */
export async function startDaemon(options: {
  readonly path: string;
  readonly env: Environment;
  readonly log: Log;
  /** Of the user that it runs as. */
  readonly userId?: number | undefined;
  /** By which a service manager may know this process. Without them none is told anything. */
  readonly processIds?: readonly number[];
  /** Counts internal errors, and says when the process has to end. */
  readonly errors?: InternalErrors;
  /** What the demo adds to the web server. */
  readonly extra?: WebExtra;
}): Promise<RunningDaemon> {
  const {
    path,
    env,
    log,
    userId,
    processIds,
    extra,
    errors = new InternalErrors({ log, clock: systemClock }),
  } = options;
  const onReload: { apply?: (result: LoadResult, news: "changed" | "unchanged") => void } = {};
  await using stack = new AsyncDisposableStack();
  const watcher = stack.use(
    watchConfig({
      path,
      env,
      clock: systemClock,
      onResult: (result, news) => onReload.apply?.(result, news),
      onBlindSpot: (message) => log.warn({ path }, message),
      onBug: errors.report,
    }),
  );
  const { first } = watcher;
  if (first.kind === "invalid") throw new StartError("config", first.problems.map(formatProblem).join("\n"));
  logWarnings(options, first);
  const { stateDir } = first.config;
  const onMove: { tell?: (text: string) => void; hold?: (isHeld: boolean) => void } = {};
  const watch = {
    userId,
    onNews: (text: string) => onMove.tell?.(text),
    onUsurped: (isUsurped: boolean) => onMove.hold?.(isUsurped),
  };
  const store = stack.use(openState(stateDir, { clock: systemClock, log, watch }));
  const onRequest = (measure: RequestMeasure): void => surroundings.countCloudRequest(measure);
  const assembly = new Assembly({ config: first.config, log, ports: networkPorts(onRequest), errors });
  const onWarning = (message: string): void => log.warn({ folder: stateDir }, message);
  const memory = stack.use(
    new Memory({ store, clock: systemClock, daemon: assembly.daemon, onBug: errors.report, onWarning }),
  );
  const archive = stack.use(
    new ThreadArchive({
      clock: systemClock,
      store,
      unwritten: () => memory.unwritten,
      newestId: () => memory.earlier.newestId(),
      onTrouble: (message) => log.warn(message),
      onBug: errors.report,
    }),
  );
  const surroundings = stack.use(
    new Surroundings({
      config: first.config,
      daemon: assembly.daemon,
      store,
      memory,
      archive,
      log,
      errors,
      cloudBudget: () => assembly.reconciler.budget.remaining,
      ...(extra && { extra }),
    }),
  );
  // Ends before its surroundings do, so that they can tell of its last write.
  stack.use(assembly);
  errors.tell = (what) => surroundings.tellOfError(what);
  onMove.tell = (text) => surroundings.tellOfState(text);
  onMove.hold = (isHeld) => (isHeld ? assembly.reconciler.holdWrites() : assembly.reconciler.releaseWrites());
  await surroundings.listen();
  onReload.apply = (result, news) => {
    if (news === "unchanged") log.info({ path }, `${path} was reloaded; nothing in it has changed`);
    if (result.kind === "invalid") {
      if (news === "unchanged")
        return log.error({ problems: result.problems.map(formatProblem) }, "it is still rejected");
      return assembly.daemon.dispatch({ kind: "config-rejected", problems: result.problems.map(formatProblem) });
    }
    logWarnings(options, result);
    if (result.config.stateDir !== stateDir) log.warn(`state_dir stays ${stateDir} until the next start`);
    surroundings.reconfigure(result.config);
    return assembly.reconfigure(result.config, news);
  };
  memory.restore();
  assembly.start();
  const manager = processIds && serviceManager({ env, processIds, daemon: assembly.daemon, log });
  if (manager !== undefined) {
    // Tells first of all that it ends.
    stack.use(manager);
    assembly.daemon.addListener(manager);
    manager.ready(assembly.daemon.state);
  }
  const parts = stack.move();
  return {
    daemon: assembly.daemon,
    get port() {
      return surroundings.port;
    },
    reload: () => (manager === undefined ? watcher.reload() : manager.reload(() => watcher.reload())),
    tellOfEnd: (why) => surroundings.tellOfEnd(why),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

interface Managed {
  readonly env: Environment;
  readonly processIds: readonly number[];
  readonly daemon: Daemon;
  readonly log: Log;
}

/** The service manager that started us and wants to be told, if there is one. */
function serviceManager({ env, processIds, daemon, log }: Managed): ServiceManager | undefined {
  const wanted = wantedBy(env, processIds);
  if (wanted === undefined) return undefined;
  return new ServiceManager({
    clock: systemClock,
    send: systemdNotify(wanted, env["PATH"]),
    watchdogMs: wanted.watchdogMs,
    isAlive: () => isTurning(daemon, systemClock.nowMs()),
    onTrouble: (message) => log.warn(message),
  });
}

interface Readers {
  readonly log: Log;
  readonly path: string;
  readonly userId?: number | undefined;
}

function logWarnings({ log, path, userId }: Readers, result: LoadResult): void {
  if (result.kind !== "ok") return;
  for (const warning of result.warnings) log.warn({ problem: formatProblem(warning) }, "configuration warning");
  for (const { path: file, detail, remedy } of exposedFiles(path, result, userId))
    log.warn({ path: file }, `${detail}: ${remedy}`);
}
