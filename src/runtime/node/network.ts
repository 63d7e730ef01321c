// The machine's own network.
import type { Network } from "../../assembly/ports.ts";
import { createExchange } from "../../dns/exchange.ts";
import { createResolver } from "../../dns/resolver.ts";
import type { Clock } from "../../lib/clock.ts";
import { fetchOverHttp } from "./http-fetch.ts";
import { reachOverTcp } from "./reach.ts";
import { createProbe } from "../../assembly/checks.ts";

export function machineNetwork(clock: Clock) {
  const exchange = createExchange(clock);
  return {
    fetch: fetchOverHttp,
    resolve: createResolver({ clock, exchange }),
    exchange,
    probe: createProbe({ clock }),
    reach: reachOverTcp,
  } satisfies Network;
}
