// The document of `GET /api/v1/status`, made of the state at one moment.
import type { Family, State } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import { missingForReady } from "../readiness.ts";
import { dateOf, isoOf, type Now } from "./dates.ts";
import type { RunHistory } from "./run-history.ts";
import type { DaemonStatus, Status } from "./schema/status.ts";
import { ingressStatus } from "./status-ingress.ts";
import { families } from "../../core/words.ts";

/** What else there is to say of the daemon. */
export interface DaemonFacts {
  readonly version: string;
  /** How many messages wait, by channel. */
  readonly queuedNotifications: () => ReadonlyMap<string, number>;
  /** The file of the state; `undefined` while it is in memory only. */
  readonly statePath: () => string | undefined;
  /** Whether nothing waits because that file cannot be written. */
  readonly isKeepingUp: () => boolean;
  /** Whether changing calls over HTTP have a token to be checked against. */
  readonly hasToken: () => boolean;
}

/** All of it, made anew. */
export function statusOf(state: State, run: RunHistory, facts: DaemonFacts, now: Now): Status {
  return {
    at: isoOf(now.wallMs),
    daemon: daemonStatus(state, run, facts, now),
    ingresses: state.ingresses.map((ingress) =>
      ingressStatus(ingress, run.originOf(ingress.settings.id), state.connection, now),
    ),
  };
}

export function daemonStatus(state: State, run: RunHistory, facts: DaemonFacts, now: Now): DaemonStatus {
  const missing = missingForReady(state);
  const path = facts.statePath();
  return {
    version: facts.version,
    started: isoOf(run.startedWallMs),
    uptimeMs: Math.round(now.nowMs - run.startedMs),
    isReady: missing.length === 0,
    missing: [...missing],
    blind: families.flatMap((family) => blindness(state, family, now)),
    clock: clockOf(state, now),
    configuration: configuration(state, run, now),
    notifications: [...facts.queuedNotifications()].map(([channel, queued]) => ({ channel, queued })),
    state: { isKept: path !== undefined && facts.isKeepingUp(), path },
    changesOverHttp: facts.hasToken() ? "with-token" : "refused",
  };
}

function blindness({ connection }: State, family: Family, now: Now): DaemonStatus["blind"] {
  const { blindSinceMs } = connection[family];
  return blindSinceMs === undefined ? [] : [{ family, since: dateOf(blindSinceMs, now) }];
}

function clockOf({ time: { wrong } }: State, now: Now): DaemonStatus["clock"] {
  return wrong && { aheadMs: Math.round(wrong.aheadMs), since: dateOf(wrong.sinceMs, now) };
}

function configuration(
  { generation, rejectedConfig }: State,
  { loadedWallMs }: RunHistory,
  now: Now,
): DaemonStatus["configuration"] {
  return {
    generation,
    loaded: loadedWallMs === undefined ? undefined : isoOf(loadedWallMs),
    rejected: rejectedConfig && {
      at: dateOf(rejectedConfig.atMs, now),
      problems: rejectedConfig.problems.map((problem) => plain(problem, 500)),
    },
  };
}
