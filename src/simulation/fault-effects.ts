// What some faults amount to, and some of what the daemon does.
import type { Config } from "../config/config.ts";
import type { Commit } from "../emulation/cloudflare/store.ts";
import type { CrashMoment, Fault } from "./faults.ts";
import type { Site } from "./internet.ts";

/** The configuration as it lies on disk once somebody has changed it; `whole` is the one that the world began with. */
export function reloadedConfig(
  config: Config,
  whole: Config,
  what: (Fault & { kind: "reload" })["what"],
  site: number,
): Config {
  const changed = (change: (ingress: Config["ingresses"][number]) => Config["ingresses"][number]): Config => ({
    ...whole,
    ingresses: whole.ingresses.map(change),
  });
  if (what === "hold-up") return changed((ingress) => ({ ...ingress, holdUpMs: 30_000 }));
  if (what === "restores") return whole;
  if (what !== "removes") return config;
  return changed((ingress) => {
    const endpoints = ingress.endpoints.filter((_, index) => index !== site);
    return endpoints.length === 0 ? ingress : { ...ingress, endpoints };
  });
}

/** Of what is written, a kill may prevent it, and a power cut comes right after it. */
export function momentOf(how: "kill" | "power", when: CrashMoment): CrashMoment | "storing" {
  return when === "stored" && how === "kill" ? "storing" : when;
}

/** Whether the commit left addresses of several sites at one of our names, or at one that holds a mix. */
export function holdsMix({ zone }: Commit, { ingresses }: Config, sites: readonly Site[]): boolean {
  return ingresses.some(({ record, mix }) => {
    const here = zone.records.filter(({ name }) => name === record || name === mix?.record);
    const contents = here.map(({ content }) => content);
    return sites.filter(({ addresses }) => addresses.some((text) => contents.includes(text))).length > 1;
  });
}
