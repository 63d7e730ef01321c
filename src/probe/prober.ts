// Follows the state: keeps one watch over each endpoint that the state holds, and none over what is gone.
import { findIngress } from "../core/find.ts";
import type { IngressState, State, TimeState } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import { attentionFor } from "../core/evidence/rhythm.ts";
import { ownNames } from "../core/records/own-names.ts";
import { vouchedWallMs } from "../core/time/time.ts";
import { ClockWatch } from "./clock-watch.ts";
import { ProbeLimits } from "./round.ts";
import { Watch, type WatchPorts } from "./watch.ts";

export type { Probe } from "../core/probing.ts";
export { probeOnce, type Look } from "./round.ts";
export type ProberPorts = WatchPorts;

export class Prober implements AsyncDisposable {
  readonly #ports: ProberPorts;
  readonly #limits = new ProbeLimits();
  /** The watches of each ingress, by its id and the names of its endpoints. */
  readonly #ingresses = new Map<string, Map<string, Watch>>();
  /** Watches that were told to stop and have not let go of everything yet. */
  readonly #stopping = new Set<Promise<void>>();
  #isClosed = false;
  #generation: number | undefined;
  #time: TimeState | undefined;
  #own: ReadonlySet<string> = new Set();

  constructor(ports: ProberPorts) {
    const clocks = new ClockWatch(ports);
    const vouched = (): number | undefined => this.#time && vouchedWallMs(this.#time, ports.clock.nowMs());
    this.#ports = { ...ports, vouchedWallMs: vouched, onRound: () => clocks.look() };
  }

  /** Starts, adjusts and stops watches so that they match `state`. Returns at once; reports come by `dispatch`. */
  follow(state: State, changes: readonly IngressChange[]): void {
    if (this.#isClosed) return;
    this.#time = state.time;
    // Only another configuration changes them.
    if (this.#generation !== state.generation) this.#own = ownNames(state);
    this.#generation = state.generation;
    for (const { after } of changes) this.#followIngress(after);
    if (this.#ingresses.size === state.ingresses.length) return;
    for (const [id, watches] of this.#ingresses) {
      if (findIngress(state, id) !== undefined) continue;
      for (const watch of watches.values()) this.#stop(watch);
      this.#ingresses.delete(id);
    }
  }

  /** Ends all watches at once. Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watches of this.#ingresses.values()) for (const watch of watches.values()) this.#stop(watch);
    this.#ingresses.clear();
    await Promise.all(this.#stopping);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #followIngress(ingress: IngressState): void {
    const { id } = ingress.settings;
    const followed = this.#ingresses.get(id);
    const watches = followed ?? new Map<string, Watch>();
    this.#ingresses.set(id, watches);
    const names = new Set<string>();
    const attention = attentionFor(ingress);
    for (const endpoint of ingress.endpoints) {
      const name = endpoint.settings.name;
      names.add(name);
      const watch = watches.get(name);
      if (watch?.revision === endpoint.revision) {
        watch.follow({ ingress, endpoint, attention });
        continue;
      }
      if (watch !== undefined) this.#stop(watch);
      watches.set(name, new Watch(this.#ports, this.#limits, () => this.#own, { ingress, endpoint, attention }));
    }
    for (const [name, watch] of watches) {
      if (names.has(name)) continue;
      this.#stop(watch);
      watches.delete(name);
    }
  }

  #stop(watch: Watch): void {
    const stopped = watch.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }
}
