// Every kind of check and what performs it.
import type { Probe } from "../core/probing.ts";
import type { Clock } from "../lib/clock.ts";
import { probeHttp } from "./http/probe.ts";

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
