// The ordinary daemon: put together over the ports of a runtime, started, and reloaded whenever its configuration
// changes. What `ccs run` runs, and the demo too.
import type { Config } from "../config/config.ts";
import { formatProblem } from "../config/format/problem.ts";
import type { LoadResult } from "../config/load.ts";
import type { Daemon } from "../daemon.ts";
import { isTurning } from "../web/liveness.ts";
import type { WebExtra } from "../web/server.ts";
import type { InternalErrors } from "./internal-errors.ts";
import { Parts } from "./parts.ts";
import type { ConfigWatcher, HostPorts } from "./ports.ts";
import { Showing } from "./showing.ts";
import { StartError } from "./start-error.ts";

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

export interface RunningOptions {
  readonly ports: HostPorts;
  /** Counts internal errors, and says when the process has to end. */
  readonly errors: InternalErrors;
  /** What the demo adds to the web server. */
  readonly extra?: WebExtra | undefined;
}

/** Starts the daemon. Throws a StartError when the configuration is wrong, or something that it needs cannot be had. */
export async function runDaemon({ ports, errors, extra }: RunningOptions): Promise<RunningDaemon> {
  const { clock, log, configuration, doors } = ports;
  const { path } = configuration;
  await using stack = new AsyncDisposableStack();
  const watcher = stack.use(
    configuration.watch({ onBlindSpot: (message) => log.warn({ path }, message), onBug: errors.report }),
  );
  const config = firstConfig(ports, watcher);
  const parts = stack.use(new Parts({ config, ports, errors }));
  const { assembly, memory, notifier, store } = parts;
  const { daemon } = assembly;
  const archive = stack.use(
    ports.openArchive({
      store,
      unwritten: () => memory.unwritten,
      newestId: () => memory.earlier.newestId(),
      onTrouble: (message) => log.warn(message),
      onBug: errors.report,
    }),
  );
  const showing = stack.use(new Showing({ config, parts, archive, clock, log, doors, errors, extra }));
  // Ends before the rest does, so that its last write is told and shown.
  stack.use(assembly);
  await showing.listen();
  watcher.start(reloads({ ports, config, parts, showing }));
  parts.start();
  const manager = ports.manager(() => isTurning(daemon, clock.nowMs()));
  if (manager !== undefined) {
    // Tells first of all that it ends.
    stack.use(manager);
    daemon.addListener(manager);
    manager.ready(daemon.state);
  }
  const all = stack.move();
  return {
    daemon,
    get port() {
      return showing.port;
    },
    reload: () => (manager === undefined ? watcher.reload() : manager.reload(() => watcher.reload())),
    tellOfEnd: (why) => notifier.tell({ kind: "corrupted", why }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** What was loaded at the start. Throws a StartError when it is wrong. */
function firstConfig(ports: HostPorts, { first }: ConfigWatcher): Config {
  if (first.kind === "invalid") throw new StartError("config", first.problems.map(formatProblem).join("\n"));
  logWarnings(ports, first);
  return first.config;
}

interface Reloaded {
  readonly ports: HostPorts;
  /** That of the start. */
  readonly config: Config;
  readonly parts: Parts;
  readonly showing: Showing;
}

/** Applies what a later load of the configuration gave. */
function reloads({ ports, config, parts, showing }: Reloaded) {
  const { log, configuration } = ports;
  const { path } = configuration;
  const { stateDir } = config;
  return (result: LoadResult, news: "changed" | "unchanged"): void => {
    if (news === "unchanged") log.info({ path }, `${path} was reloaded; nothing in it has changed`);
    if (result.kind === "invalid") {
      const problems = result.problems.map(formatProblem);
      if (news === "unchanged") return log.error({ problems }, "it is still rejected");
      return parts.reject(problems);
    }
    logWarnings(ports, result);
    if (result.config.stateDir !== stateDir) log.warn(`state_dir stays ${stateDir} until the next start`);
    showing.reconfigure(result.config);
    return parts.reconfigure(result.config, news);
  };
}

function logWarnings({ log, configuration }: HostPorts, result: Extract<LoadResult, { kind: "ok" }>): void {
  for (const warning of result.warnings) log.warn({ problem: formatProblem(warning) }, "configuration warning");
  for (const { path: file, detail, remedy } of configuration.exposed(result))
    log.warn({ path: file }, `${detail}: ${remedy}`);
}
