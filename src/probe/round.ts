// One round over an endpoint: look its target up, then probe all its addresses side by side.
import type {
  Address,
  CheckSettings,
  EndpointSettings,
  IngressSettings,
  Observation,
  Resolution,
} from "../core/model.ts";
import type { Resolve } from "../core/look-up.ts";
import { stallMs } from "../core/evidence/rhythm.ts";
import { isPermitted, withinLimit } from "../core/evidence/usable.ts";
import type { Clock } from "../lib/clock.ts";
import { Slots } from "../lib/slots.ts";
import { messageOf } from "../lib/text.ts";
import type { Probe } from "../core/probing.ts";

export interface RoundPorts {
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly probe: Probe;
  /** The time as far as something vouches for it, milliseconds since 1970. */
  readonly vouchedWallMs?: () => number | undefined;
  /** Called with what a port threw. That is an internal error: it is reported, and the result has no effect. */
  readonly onBug?: (error: unknown) => void;
}

/** The other side of a round: told what was seen, asked which addresses there are. */
export interface RoundListener {
  /** The addresses to probe, as known at this moment; asked before and again after `resolved`. */
  addresses(): readonly Address[];
  resolved(resolution: Resolution): void;
  /**
   * Whether one more probe of this address may begin; `probed`, or the end of the round, follows if so. All may by
   * default.
   */
  mayProbe?(address: Address): boolean;
  /** The probe of this address that began at `startedMs` has had no answer for a good while. */
  stalled?(address: Address, startedMs: number): void;
  /** `observation.startedMs` names the probe, as it did when it stalled. */
  probed(address: Address, observation: Observation): void;
  /**
   * Nothing is left in the round but silence: every probe has ended, or has stalled. Told once, unless the signal
   * fires.
   */
  settled?(): void;
}

/** How much may run at once, over all rounds that share it. */
export class ProbeLimits {
  readonly probes = new Slots(256);
  /** Each look-up takes up to four sockets: two families, two resolvers. */
  readonly lookUps = new Slots(64);
}

/** Where this daemon's own prober looks from. */
const vantage = "local";

/** The deadline of a look-up for an endpoint without a check. */
const lookUpTimeoutMs = 5_000;

/** What a round is about, and what it may use. */
export interface RoundParts {
  readonly settings: EndpointSettings;
  readonly ports: RoundPorts;
  readonly limits: ProbeLimits;
  readonly listener: RoundListener;
  /** Ends the round at once; nothing more is said to the listener then. */
  readonly signal: AbortSignal;
}

export class Round {
  readonly #parts: RoundParts;

  constructor(parts: RoundParts) {
    this.#parts = parts;
  }

  /** Resolves when the last probe has ended. Never rejects. */
  async perform(): Promise<void> {
    const { target, check } = this.#parts.settings;
    const timeoutMs = check?.timeoutMs ?? lookUpTimeoutMs;
    let resolveMs: number | undefined;
    if (target.kind === "host") {
      // A silent resolver must not eat the time of probes that could be made without it.
      const shareMs = check !== undefined && this.#parts.listener.addresses().length > 0 ? timeoutMs / 2 : timeoutMs;
      const lookUp = await this.#lookUp(target.host, shareMs);
      if (lookUp === undefined || this.#parts.signal.aborted) return;
      resolveMs = lookUp.tookMs;
      this.#parts.listener.resolved(lookUp.resolution);
      if (lookUp.resolution.kind === "none") return;
    }
    if (check === undefined || this.#parts.signal.aborted) return;
    const leftMs = timeoutMs - (resolveMs ?? 0);
    // With so little time left a failure would be the resolver's. Next time its answer is there already.
    if (leftMs >= timeoutMs / 4) await this.#probeAll(check, leftMs, resolveMs);
  }

  /** `resolveMs`: how long the look-up took, if there was one. */
  async #probeAll(check: CheckSettings, timeoutMs: number, resolveMs: number | undefined): Promise<void> {
    const listener = this.#parts.listener;
    const addresses = listener.addresses().filter((address) => listener.mayProbe?.(address) !== false);
    const pending = new Set(addresses);
    const settle = (address: Address): void => {
      if (pending.delete(address) && pending.size === 0) listener.settled?.();
    };
    await Promise.all(
      addresses.map(async (address) => {
        const onStall = (startedMs: number): void => {
          listener.stalled?.(address, startedMs);
          settle(address);
        };
        const observation = await this.#parts.limits.probes.run(this.#parts.signal, () =>
          this.#probe(check, address, timeoutMs, onStall),
        );
        if (observation === undefined || this.#parts.signal.aborted) return;
        const phases = resolveMs === undefined ? observation.phases : { resolve: resolveMs, ...observation.phases };
        listener.probed(address, { ...observation, phases });
        settle(address);
      }),
    );
  }

  async #lookUp(host: string, timeoutMs: number): Promise<{ resolution: Resolution; tookMs: number } | undefined> {
    const { clock } = this.#parts.ports;
    return this.#parts.limits.lookUps.run(this.#parts.signal, async () => {
      const startedMs = clock.nowMs();
      const resolution = await this.#resolve(host, timeoutMs);
      return { resolution, tookMs: clock.nowMs() - startedMs };
    });
  }

  async #resolve(host: string, timeoutMs: number): Promise<Resolution> {
    try {
      return await this.#parts.ports.resolve(host, this.#parts.settings.resolvers, {
        timeoutMs,
        signal: this.#parts.signal,
      });
    } catch (error) {
      this.#parts.ports.onBug?.(error);
      return { kind: "inconclusive", reason: "local", detail: `internal error: ${messageOf(error)}` };
    }
  }

  async #probe(
    check: CheckSettings,
    address: Address,
    timeoutMs: number,
    onStall: (startedMs: number) => void,
  ): Promise<Observation> {
    const { clock } = this.#parts.ports;
    const startedMs = clock.nowMs();
    const cancel = clock.setTimer(stallMs(check), () => {
      if (!this.#parts.signal.aborted) onStall(startedMs);
    });
    try {
      const vouchedWallMs = this.#parts.ports.vouchedWallMs?.();
      const seen = await this.#parts.ports.probe(check, address, {
        timeoutMs,
        signal: this.#parts.signal,
        ...(vouchedWallMs !== undefined && { vouchedWallMs }),
      });
      return { ...seen, startedMs, vantage };
    } catch (error) {
      this.#parts.ports.onBug?.(error);
      const detail = `internal error: ${messageOf(error)}`;
      const endedMs = clock.nowMs();
      return { kind: "inconclusive", reason: "local", startedMs, endedMs, vantage, phases: {}, detail };
    } finally {
      cancel();
    }
  }
}

/** What one round saw of an endpoint. */
export interface Look {
  /** Missing for targets that are addresses. */
  readonly resolution?: Resolution;
  readonly observations: readonly { readonly address: Address; readonly observation: Observation }[];
}

/**
 * One round over an endpoint of which nothing is known yet, for people who want to see it now. Only what may be used is
 * probed; the resolution has all. Never rejects.
 */
export async function probeOnce(
  settings: EndpointSettings,
  reach: Pick<IngressSettings, "allowPrivate">,
  ports: RoundPorts,
  signal: AbortSignal = new AbortController().signal,
): Promise<Look> {
  const { target } = settings;
  let resolution: Resolution | undefined;
  const observations: { address: Address; observation: Observation }[] = [];
  const listener: RoundListener = {
    addresses: () => {
      const known = resolution?.kind === "addresses" ? resolution.addresses : [];
      const all = target.kind === "addresses" ? target.addresses : known;
      return withinLimit(all.filter(({ scope }) => isPermitted(scope, reach.allowPrivate)));
    },
    resolved: (found) => {
      resolution = found;
    },
    probed: (address, observation) => {
      observations.push({ address, observation: asTold(observation, ports) });
    },
  };
  await new Round({ settings, ports, limits: new ProbeLimits(), listener, signal }).perform();
  return { ...(resolution && { resolution }), observations };
}

/** A certificate that is not valid at a time that something vouches for is a failure; else it may be our clock's. */
function asTold(observation: Observation, { vouchedWallMs }: RoundPorts): Observation {
  if (observation.kind !== "inconclusive" || observation.reason !== "clock") return observation;
  const { validity: _, ...seen } = observation;
  if (vouchedWallMs?.() !== undefined) return { ...seen, kind: "failed", reason: "tls" };
  return { ...observation, detail: `${observation.detail}, by this machine's clock` };
}
