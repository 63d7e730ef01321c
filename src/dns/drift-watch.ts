// Follows the state: looks every half minute whether an authoritative server still shows what was last read or written
// at an ingress, so that an edit by hand is found without a call to Cloudflare. What two servers agree on is worth a
// read.
import { findIngress } from "../core/find.ts";
import type { Event, IngressState, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import type { Clock, Random } from "../lib/clock.ts";
import { compare, expectationOf, type Word } from "./comparison.ts";
import type { NameServer } from "./name-servers.ts";
import type { ZoneServers } from "./zone-servers.ts";

export interface DriftPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Takes `drift-suspected`. */
  readonly dispatch: (event: Event) => void;
  readonly onBug: (error: unknown) => void;
}

/** From the start of one look to the start of the next, at most. Chance shortens it by up to a tenth. */
const usualPeriodMs = 30_000;
const jitter = 0.1;
/** A server that was silent is passed over for this long, unless all were. */
const benchMs = 60 * 60_000;

/** What two servers have shown, until a read has told whether it is so. */
interface Suspicion {
  readonly says: string;
  readonly servers: readonly string[];
  readonly known: string;
  readonly atMs: number;
}

interface Watched {
  ingress: IngressState;
  readonly abort: AbortController;
  /** How many looks there were: whose turn it is. */
  turn: number;
  /** Until when servers that were silent are passed over. */
  readonly benchedUntilMs: Map<string, number>;
  /** What servers show though a read has refuted it. It is ignored until they show something else. */
  readonly refuted: Map<string, string>;
  suspicion: Suspicion | undefined;
  /** When a read was last brought forward. */
  broughtMs: number;
  cancelTimer: () => void;
}

/** A `Follower` of the daemon's state. */
export class DriftWatch implements AsyncDisposable {
  readonly #ports: DriftPorts;
  readonly #servers: ZoneServers;
  readonly #periodMs: number;
  readonly #watched = new Map<string, Watched>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(ports: DriftPorts, servers: ZoneServers, periodMs = usualPeriodMs) {
    this.#ports = ports;
    this.#servers = servers;
    this.#periodMs = periodMs;
  }

  follow(state: State, changes: readonly IngressChange[]): void {
    if (this.#isClosed) return;
    for (const { after: ingress } of changes) {
      const watched = this.#watched.get(ingress.settings.id);
      if (watched === undefined) this.#begin(ingress);
      else takeIn(watched, ingress);
    }
    if (this.#watched.size === state.ingresses.length) return;
    for (const [id, watched] of this.#watched) {
      if (findIngress(state, id) === undefined) this.#drop(id, watched);
    }
  }

  /** Ends every look at once. Resolves when none is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [id, watched] of this.#watched) this.#drop(id, watched);
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin(ingress: IngressState): void {
    const watched: Watched = {
      ingress,
      abort: new AbortController(),
      turn: Math.floor(this.#ports.random() * 1_000),
      benchedUntilMs: new Map(),
      refuted: new Map(),
      suspicion: undefined,
      broughtMs: -Infinity,
      cancelTimer: () => {},
    };
    this.#watched.set(ingress.settings.id, watched);
    this.#wait(watched, this.#periodMs * this.#ports.random());
  }

  #drop(id: string, { abort, cancelTimer }: Watched): void {
    this.#watched.delete(id);
    cancelTimer();
    abort.abort();
  }

  #wait(watched: Watched, waitMs: number): void {
    watched.cancelTimer = this.#ports.clock.setTimer(waitMs, () => {
      const looking = this.#lookAndWait(watched);
      this.#running.add(looking);
      void looking.finally(() => this.#running.delete(looking));
    });
  }

  /** Never rejects. */
  async #lookAndWait(watched: Watched): Promise<void> {
    const { clock, random, onBug } = this.#ports;
    const startedMs = clock.nowMs();
    try {
      if (isLookedAt(watched.ingress)) await this.#look(watched);
    } catch (error) {
      // It costs this look.
      onBug(error);
    }
    if (watched.abort.signal.aborted) return;
    const periodMs = this.#periodMs * (1 - jitter * random());
    this.#wait(watched, Math.max(0, startedMs + periodMs - clock.nowMs()));
  }

  async #look(watched: Watched): Promise<void> {
    const { clock, dispatch } = this.#ports;
    const { published, settings } = watched.ingress;
    const found = await this.#servers.of(settings, watched.abort.signal);
    if (found.kind === "none") return;
    watched.turn += 1;
    const first = await this.#hear(watched, this.#inTurn(watched, found.servers));
    if (first === undefined || !("says" in first.word)) return;
    const { says } = first.word;
    if (watched.refuted.get(first.server.address) === says) return;
    if (clock.nowMs() < watched.broughtMs + settings.reconcileIntervalMs) return;
    const others = this.#inTurn(watched, found.servers).filter(
      ({ address }) => address !== first.server.address && watched.refuted.get(address) !== says,
    );
    // Where there is one server only, no other could confirm it.
    const second = await this.#hear(watched, found.servers.length === 1 ? found.servers : others);
    const isConfirmed = second !== undefined && "says" in second.word && second.word.says === says;
    // What is known of the records may have changed since they were asked.
    if (!isConfirmed || watched.ingress.published !== published || !isLookedAt(watched.ingress)) return;
    const atMs = clock.nowMs();
    watched.broughtMs = atMs;
    const servers = [first.server.address, second.server.address];
    watched.suspicion = { says, servers, known: contentsOf(watched.ingress), atMs };
    dispatch({ kind: "drift-suspected", ingress: settings.id, says });
  }

  /** The servers from the one whose turn it is, without those that are passed over. */
  #inTurn({ turn, benchedUntilMs, ingress }: Watched, servers: readonly NameServer[]): readonly NameServer[] {
    const nowMs = this.#ports.clock.nowMs();
    const start = turn % servers.length;
    const order = [...servers.slice(start), ...servers.slice(0, start)];
    const willing = order.filter(({ address }) => (benchedUntilMs.get(address) ?? -Infinity) <= nowMs);
    if (willing.length > 0) return willing;
    benchedUntilMs.clear();
    this.#servers.doubt(ingress.settings, false);
    return order;
  }

  /**
   * What the first of these servers says that can be asked at all; `undefined` when it is silent, or is not waited for.
   */
  async #hear(
    watched: Watched,
    servers: readonly NameServer[],
  ): Promise<{ readonly server: NameServer; readonly word: Word } | undefined> {
    const { ingress, abort, benchedUntilMs, refuted } = watched;
    for (const server of servers) {
      const answers = await this.#servers.ask(server.address, ingress.settings.record, abort.signal);
      if (abort.signal.aborted) return undefined;
      const word = compare(answers, expectationOf(ingress, []));
      if (word.kind === "silent") {
        benchedUntilMs.set(server.address, this.#ports.clock.nowMs() + benchMs);
        // Nothing was sent where there is no way to it.
        if (answers.A.kind === "local" && answers.AAAA.kind === "local") continue;
        if (word.isReferral) this.#servers.doubt(ingress.settings, true);
        return undefined;
      }
      if (!("says" in word) || refuted.get(server.address) !== word.says) refuted.delete(server.address);
      return { server, word };
    }
    return undefined;
  }
}

/**
 * Whether servers can tell anything of this name: not while a write makes its way to them, nor behind the proxy, and
 * not in a standoff, in which each look at the records counts.
 */
function isLookedAt({ published, visibility, standoff, drift }: IngressState): boolean {
  if (published === undefined || published.records.some(({ proxied }) => proxied)) return false;
  return visibility?.status !== "checking" && standoff === undefined && drift === undefined;
}

function takeIn(watched: Watched, ingress: IngressState): void {
  watched.ingress = ingress;
  const { suspicion } = watched;
  const { published } = ingress;
  if (suspicion === undefined || published === undefined || published.atMs < suspicion.atMs) return;
  if (ingress.drift !== undefined) return;
  watched.suspicion = undefined;
  if (published.by === "write" || contentsOf(ingress) !== suspicion.known) return;
  for (const server of suspicion.servers) watched.refuted.set(server, suspicion.says);
}

function contentsOf({ published }: IngressState): string {
  return (published?.records ?? [])
    .map(({ type, content }) => `${type} ${content}`)
    .toSorted()
    .join(", ");
}
