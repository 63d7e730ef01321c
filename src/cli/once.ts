// `ccs run --once`, for cron: a full round of checks, one decision, the write that it calls for, and the end.
import { Assembly, decidingPorts } from "../assembly/assembly.ts";
import { machinePorts } from "../runtime/node/ports.ts";
import type { Config } from "../config/config.ts";
import { isInSync } from "../core/records/mix.ts";
import { desiredRecords } from "../core/records/records.ts";
import type { IngressState, State } from "../core/model.ts";
import type { Log } from "../lib/log.ts";
import { lockState } from "../store/lock.ts";
import { printLine, styled, withSpinner } from "../terminal/terminal.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import { forOneRound, isNothingReached, isRoundComplete, rememberedMixes, roundTimeoutMs, until } from "./round.ts";
import { recordsText } from "../core/words.ts";

/** The longest that a write may take, its retries included. */
const applyTimeoutMs = 45_000;

/** Exit code 0 when every ingress says what it should, else 1. */
export async function onceCommand(config: Config, options: { json: boolean; log: Log }): Promise<ExitCode> {
  using held = new DisposableStack();
  const { network, ...machine } = machinePorts();
  const { clock } = machine;
  held.use(lockOf(config, clock.wallMs(), options.log));
  // Nobody waits here for a write to become visible.
  const ports = decidingPorts({ ...machine, network: { ...network, exchange: undefined } });
  await using assembly = new Assembly({
    config: forOneRound(config),
    log: options.log,
    ports,
    writes: "off",
    isOneRound: true,
  });
  assembly.daemon.dispatch(rememberedMixes(config));
  assembly.start();
  const { daemon, reconciler } = assembly;
  // A moment of blindness passes; only what is still in doubt at the end of the round keeps us from writing.
  await withSpinner("Probing every endpoint and reading the records", () =>
    until({ daemon, clock }, roundTimeoutMs, (state) => isRoundComplete(state) && !isBlind(state)),
  );
  // Cron runs it again soon, and the network may have come by then.
  if (!isBlind(daemon.state) && !isNothingReached(daemon.state)) {
    reconciler.releaseWrites();
    await until({ daemon, clock }, applyTimeoutMs, isSettled);
  }
  const results = daemon.state.ingresses.map((ingress) => resultOf(ingress, isBlind(daemon.state)));
  if (options.json) printOutput("once", { ingresses: results });
  else
    for (const { ingress, isDone, text } of results) printLine(`${ingress}: ${styled(isDone ? "green" : "red", text)}`);
  return results.every(({ isDone }) => isDone) ? exitCodes.ok : exitCodes.notSo;
}

/**
 * No other process may decide meanwhile: a daemon over the same state folder writes the same records. Where the folder
 * takes no lock this round goes without one.
 */
function lockOf({ stateDir }: Config, wallMs: number, log: Log): Disposable {
  const lock = lockState(stateDir, wallMs);
  switch (lock.kind) {
    case "held":
      if (lock.warning !== undefined) log.warn(lock.warning);
      return lock;
    case "locked":
      throw new CommandError(exitCodes.unavailable, lock.message);
    case "unavailable":
      log.warn(
        `${stateDir} cannot be locked (${lock.message}): make sure that no other ccs writes the same records now`,
      );
      return { [Symbol.dispose]: () => undefined };
    default:
      return lock satisfies never;
  }
}

/** Whether the machine appears to be offline: then what it sees is no reason to write. */
function isBlind({ connection }: State): boolean {
  return Object.values(connection).some(({ blindSinceMs }) => blindSinceMs !== undefined);
}

/** Whether waiting longer changes nothing: everything is in sync, or nothing can be written. */
function isSettled({ ingresses }: State): boolean {
  return ingresses.every(
    (ingress) => isInSync(ingress) || (ingress.cloudProblem !== undefined && ingress.cloudProblem.kind !== "transient"),
  );
}

function resultOf(
  ingress: IngressState,
  isInDoubt: boolean,
): { ingress: string; isDone: boolean; primary: string | undefined; text: string } {
  const { settings, published, selection, cloudProblem } = ingress;
  const base = { ingress: settings.record, primary: selection?.primary };
  if (desiredRecords(ingress) === undefined) {
    const why =
      published === undefined
        ? (cloudProblem?.message ?? "Cloudflare did not answer")
        : isInDoubt
          ? "this machine appears to be offline"
          : "all endpoints are down";
    return { ...base, isDone: false, text: `left as it is: ${why}` };
  }
  if (!isInSync(ingress))
    return {
      ...base,
      isDone: false,
      text: `not written: ${cloudProblem?.message ?? "no answer"}`,
    };
  const records = recordsText(published?.records ?? []);
  return { ...base, isDone: true, text: `${records} (${selection?.primary ?? "the last good record"})` };
}
