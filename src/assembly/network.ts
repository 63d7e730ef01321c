// The machine's own clock, chance and network, for a daemon that runs in earnest.
import { CloudflareProvider } from "../cloud/cloudflare.ts";
import type { RequestMeasure } from "../cloud/requests.ts";
import { createExchange } from "../dns/exchange.ts";
import { createResolver } from "../dns/resolver.ts";
import { systemClock } from "../lib/clock.ts";
import { reachOverTcp } from "../probe/anchors.ts";
import { createProbe } from "../checks/registry.ts";
import type { Ports } from "./assembly.ts";

/** `onRequest` is told about every request to Cloudflare when it has ended. */
export function networkPorts(onRequest?: (measure: RequestMeasure) => void): Ports {
  const clock = systemClock;
  const exchange = createExchange(clock);
  return {
    clock,
    random: Math.random,
    resolve: createResolver({ clock, exchange }),
    exchange,
    probe: createProbe({ clock }),
    reach: reachOverTcp,
    createProvider: ({ token, apiUrl }, onTime) =>
      new CloudflareProvider({ token, apiUrl, clock, onTime, ...(onRequest && { onRequest }) }),
  };
}
