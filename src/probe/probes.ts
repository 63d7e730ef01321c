// Every kind of check and what performs it.
import type { Address, CheckSettings, Observation } from "../core/model.ts";
import type { Clock } from "../lib/clock.ts";
import { probeHttp } from "./http.ts";

export interface ProbeOptions {
  /** One deadline over the whole probe. */
  readonly timeoutMs: number;
  /** Ends the probe at once; its observation means nothing then. */
  readonly signal: AbortSignal;
  /** The time as far as something vouches for it, milliseconds since 1970; certificates are judged by it. */
  readonly vouchedWallMs?: number;
}

/** Performs a check once, against one address. Never rejects, whatever the other side does. */
export type Probe = (check: CheckSettings, address: Address, options: ProbeOptions) => Promise<Observation>;

export interface ProbePorts {
  readonly clock: Clock;
}

/** The probe for each kind of check, by the scheme of its URL. A further kind of check takes its place here. */
export function createProbe(ports: ProbePorts): Probe {
  const overHttp: Probe = (check, address, options) => probeHttp(check, address, { ...ports, ...options });
  const probes: Readonly<Record<string, Probe>> = { "http:": overHttp, "https:": overHttp };
  return (check, address, options) => {
    const { protocol } = new URL(check.url);
    const probe = probes[protocol];
    if (probe === undefined) throw new Error(`no probe for ${protocol} URLs`);
    return probe(check, address, options);
  };
}
