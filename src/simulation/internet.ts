// The simulated internet between everybody: sites with addresses that can fail in many ways, and the names that lead to
// them. Knows what is true; what the monitor or a client gets to see of it depends on who looks and through what.
import type { Family, Validity } from "../core/model.ts";
import type { Random } from "../lib/clock.ts";
import type { SeenBy, Treatment } from "./faults.ts";
import { happens } from "./random.ts";
import type { SimulatedTime } from "./time.ts";

export interface SiteOptions {
  /** Host name, under which DNS knows its addresses. */
  readonly host: string;
  readonly ipv4: number;
  readonly ipv6: number;
  /** TTL of its address records. */
  readonly ttlSeconds: number;
  /** Its addresses never change, and are in the configuration. */
  readonly isFixed: boolean;
  /** Where it is at first, after its next move, and so on, in place of addresses that are made up. */
  readonly numberings?: readonly (readonly string[])[];
}

/** What a site does to a client, from whom, and at which of its addresses. */
export type SiteFault = Treatment & {
  readonly family?: Family | undefined;
  readonly address?: number;
  readonly seenBy: SeenBy;
};

/** One way into the service. */
export class Site {
  readonly index: number;
  readonly options: SiteOptions;
  /** Where it really is. */
  addresses: readonly string[] = [];
  /** What DNS says; `undefined` while the name does not exist. */
  published: readonly string[] | undefined = [];
  readonly faults = new Set<SiteFault>();
  /** Of its certificate, while that is at fault. */
  validity: Validity | undefined;
  #numberings = 0;

  constructor(index: number, options: SiteOptions) {
    this.index = index;
    this.options = options;
    this.addresses = this.#number();
    this.published = this.addresses;
  }

  /** Moves it to other addresses, of which DNS does not know yet. */
  renumber(): void {
    this.addresses = this.#number();
  }

  #number(): readonly string[] {
    const { ipv4, ipv6, numberings } = this.options;
    if (numberings !== undefined) return numberings[this.#numberings++ % numberings.length] ?? [];
    const base = this.#numberings * 16;
    this.#numberings = (this.#numberings + 1) % 15;
    return [
      ...Array.from({ length: ipv4 }, (_, index) => `203.0.${this.index}.${base + index + 1}`),
      ...Array.from({ length: ipv6 }, (_, index) => `2a00:db8:${this.index + 1}::${(base + index + 1).toString(16)}`),
    ];
  }
}

/** How one attempt to fetch the health page ends, if it is not cancelled before. */
export interface Visit {
  readonly kind: "ok" | "refused" | "timeout" | "status" | "marker";
  /** How long it takes; Infinity for never. */
  readonly afterMs: number;
  readonly status?: number;
  /** Nothing answered at all: the next packet may fare better. */
  readonly isLost?: boolean;
  /** From when to when its certificate is valid; missing where that is as everywhere. */
  readonly validity?: Validity;
}

/** Of a certificate. */
const lifetimeMs = 90 * 24 * 60 * 60_000;

export class Internet {
  readonly sites: readonly Site[];
  /** Goes up whenever a site begins or ceases to do something, or moves. */
  changes = 0;
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime, sites: readonly SiteOptions[]) {
    this.#time = time;
    this.sites = sites.map((options, index) => new Site(index, options));
  }

  siteNamed(host: string): Site | undefined {
    return this.sites.find(({ options }) => options.host === host);
  }

  /** Lets a fault work for a while. */
  afflict(site: Site, fault: SiteFault, forMs: number): void {
    site.faults.add(fault);
    this.changes += 1;
    const wallMs = this.#time.wallMs();
    if (fault.how === "expired") site.validity = { fromWallMs: wallMs - lifetimeMs, untilWallMs: wallMs };
    if (fault.how === "premature") site.validity = { fromWallMs: wallMs + forMs, untilWallMs: wallMs + lifetimeMs };
    this.#time.setTimer(forMs, () => {
      site.faults.delete(fault);
      this.changes += 1;
    });
  }

  /** Moves a site to other addresses, of which DNS does not know yet. */
  renumber(site: Site): void {
    site.renumber();
    this.changes += 1;
  }

  /** What happens to a client that connects to this address now. */
  visit(address: string, who: "monitor" | "clients", random: Random): Visit {
    const roundTripMs = 10 + 30 * random();
    const site = this.sites.find(({ addresses }) => addresses.includes(address));
    // Nobody lives there (any more).
    if (site === undefined) return { kind: "timeout", afterMs: Infinity, isLost: true };
    for (const fault of site.faults) {
      if (!isStruck(site, fault, address, who)) continue;
      switch (fault.how) {
        case "refuse":
          return { kind: "refused", afterMs: roundTripMs };
        case "hang":
          return { kind: "timeout", afterMs: Infinity, isLost: true };
        case "drip":
          return { kind: "timeout", afterMs: Infinity };
        case "status":
          return { kind: "status", status: fault.status, afterMs: 3 * roundTripMs };
        case "unmarked":
          return { kind: "marker", afterMs: 3 * roundTripMs };
        case "loss":
          if (happens(random, fault.probability)) return { kind: "timeout", afterMs: Infinity };
          break;
        case "slow":
          return { kind: "ok", afterMs: fault.delayMs * (0.8 + 0.4 * random()) };
        case "expired":
        case "premature":
          return { kind: "ok", afterMs: 3 * roundTripMs, ...(site.validity && { validity: site.validity }) };
        default:
          return fault satisfies never;
      }
    }
    return { kind: "ok", afterMs: 3 * roundTripMs };
  }

  /** Whether a client gets through to this address within reason, at this moment. */
  isServing(address: string): boolean {
    const site = this.sites.find(({ addresses }) => addresses.includes(address));
    if (site === undefined) return false;
    for (const fault of site.faults) {
      if (!isStruck(site, fault, address, "clients")) continue;
      // Browsers try again, and wait longer than a check does.
      if (fault.how !== "loss" && !(fault.how === "slow" && fault.delayMs < 15_000)) return false;
      if (fault.how === "loss" && fault.probability > 0.9) return false;
    }
    return true;
  }
}

function isStruck(site: Site, fault: SiteFault, address: string, who: "monitor" | "clients"): boolean {
  if (fault.seenBy !== "all" && fault.seenBy !== who) return false;
  if (fault.family !== undefined && fault.family !== familyOf(address)) return false;
  return fault.address === undefined || site.addresses[fault.address] === address;
}

export function familyOf(address: string): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}
