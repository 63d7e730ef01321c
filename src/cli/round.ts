// A single round for commands that look once: everybody is probed in the fast rhythm until all have a verdict.
import { nothingSaved } from "../core/saved-model.ts";
import type { Config } from "../config/config.ts";
import type { EndpointSettings, Event, State } from "../core/model.ts";
import type { Daemon } from "../daemon.ts";
import { sleep, type Clock } from "../lib/clock.ts";

/** A daemon that looks once. */
export interface OneRound {
  readonly daemon: Daemon;
  readonly clock: Clock;
}

/** The longest that a round waits for verdicts. */
export const roundTimeoutMs = 30_000;

/**
 * The configuration as it counts for one look: probed fast, without memory of earlier outages, so that nothing is held
 * and no endpoint is sticky.
 */
export function forOneRound(config: Config): Config {
  const ingresses = config.ingresses.map((ingress) => ({
    ...ingress,
    holdUpMs: 0,
    endpoints: ingress.endpoints.map(endpointForOneRound),
  }));
  return { ...config, ingresses };
}

function endpointForOneRound(endpoint: EndpointSettings): EndpointSettings {
  const { stickyMs: _, check, ...rest } = endpoint;
  return check === undefined ? rest : { ...rest, check: { ...check, intervalMs: check.fastIntervalMs } };
}

/** What a daemon would remember: names that may hold a mix, to which the record may point now. */
export function rememberedMixes(config: Config): Event {
  const ingresses = config.ingresses.map(({ id, record, mix }) => ({
    ...nothingSaved({ id, record }),
    mixRecords: mix && [mix.record],
  }));
  return { kind: "restored", ingresses };
}

/** Whether the records were read and every endpoint has a verdict. */
export function isRoundComplete({ ingresses }: State): boolean {
  return ingresses.every(
    ({ published, cloudProblem, formerMixes, endpoints }) =>
      (published !== undefined || cloudProblem !== undefined) &&
      formerMixes.every((mix) => mix.published !== undefined || (mix.cloudProblem ?? cloudProblem) !== undefined) &&
      endpoints.every(({ health: { verdict } }) => verdict !== "unknown" && verdict !== "recovering"),
  );
}

/** For this long a round hopes that the network comes. */
const hopeMs = 6_000;

/**
 * Waits until a round is complete, at most `roundTimeoutMs`; where nothing can be reached, neither Cloudflare nor an
 * endpoint, much less: more time would tell a person no more.
 */
export async function untilLooked(round: OneRound): Promise<void> {
  if (await until(round, hopeMs, isRoundComplete)) return;
  await until(round, roundTimeoutMs - hopeMs, (state) => isRoundComplete(state) || isNothingReached(state));
}

/** Whether neither Cloudflare nor any endpoint was reached, and Cloudflare has been tried. */
export function isNothingReached({ ingresses }: State): boolean {
  return ingresses.every(
    ({ published, cloudProblem, endpoints }) =>
      published === undefined &&
      cloudProblem?.kind === "transient" &&
      endpoints.every(({ health: { verdict } }) => verdict === "unknown"),
  );
}

/** Waits until `isTrue` holds after a turn of the loop, at most `timeoutMs`. Resolves to whether it does. */
export async function until(
  { daemon, clock }: OneRound,
  timeoutMs: number,
  isTrue: (state: State) => boolean,
): Promise<boolean> {
  if (isTrue(daemon.state)) return true;
  const reached = new AbortController();
  daemon.addListener({
    hear: ({ after }) => {
      if (isTrue(after)) reached.abort();
    },
  });
  await sleep(clock, timeoutMs, reached.signal);
  return isTrue(daemon.state);
}
