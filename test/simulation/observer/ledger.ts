// What all parts of the observer share: the story so far, who is who, and the list of what went wrong.
import type { EndpointSettings, IngressSettings, IngressState } from "../../../src/core/model.ts";
import type { StoredRecord } from "../../../src/emulation/cloudflare/record.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import type { Fault, FaultKind } from "../../../src/simulation/faults.ts";
import type { Site } from "../../../src/simulation/internet.ts";
import type { Receiver } from "../../../src/simulation/receiver.ts";
import type { Watcher, SimulatedWorld } from "../../../src/simulation/world.ts";
import { ingressName, mixName, type Scenario } from "../scenario.ts";

export interface Violation {
  /** The number of the invariant, or a word where it has none. */
  readonly invariant: string;
  readonly atMs: number;
  readonly what: string;
}

/** A part of the observer: it hears what it wants to hear. */
export interface Part extends Watcher {
  /** The world stands, and nothing has happened yet. */
  begins?(): void;
  /** A long calm is about to end: everything must be as it should. */
  settles?(): void;
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
const ourComment = "managed by cloudflare-cname-switcher";
const ourTypes = new Set(["A", "AAAA", "CNAME"]);

/** Counts of what was seen, so that nothing passes because nothing happened. */
export interface Seen {
  failovers: number;
  returns: number;
  outages: number;
  blindness: number;
  writes: number;
  crashes: number;
  standoffs: number;
  /** Edits by hand that had to be found at the authoritative servers. */
  edits: number;
  mixes: number;
  messages: number;
  overrides: number;
  /** How often somebody read what is shown. */
  readings: number;
  /** Writes whose look at the authoritative servers ended in this way. */
  visible: number;
  invisible: number;
  unverified: number;
  /** Runs that went on with what an earlier one had left. */
  restored: number;
  /** Moves away from a primary that served everybody all the time, and moves to one that clients cannot reach. */
  needlessMoves: number;
  vainMoves: number;
}

export class Ledger {
  readonly scenario: Scenario;
  readonly violations: Violation[] = [];
  readonly seen: Seen = {
    failovers: 0,
    returns: 0,
    outages: 0,
    blindness: 0,
    writes: 0,
    crashes: 0,
    standoffs: 0,
    edits: 0,
    mixes: 0,
    messages: 0,
    overrides: 0,
    readings: 0,
    visible: 0,
    invisible: 0,
    unverified: 0,
    restored: 0,
    needlessMoves: 0,
    vainMoves: 0,
  };
  /** Called at every violation. */
  onViolation: () => void = () => {};
  #world: SimulatedWorld | undefined;
  /** Faults that have struck, with the world's time at which they end. */
  readonly #faults: { readonly fault: Fault; readonly endsMs: number }[] = [];

  constructor(scenario: Scenario) {
    this.scenario = scenario;
  }

  set world(world: SimulatedWorld) {
    this.#world = world;
  }

  /** What takes the messages of the one channel. */
  get receiver(): Receiver {
    const [receiver] = this.world.receivers;
    if (receiver === undefined) throw new Error("the observer listens to a channel");
    return receiver;
  }

  get world(): SimulatedWorld {
    if (this.#world === undefined) throw new Error("the observer watches a world");
    return this.#world;
  }

  get nowMs(): number {
    return this.#world?.time.nowMs() ?? 0;
  }

  /** The run that is alive. */
  get run(): DaemonRun | undefined {
    return this.#world?.run;
  }

  /** What the daemon believes and has decided about the ingress; `undefined` while it does not run. */
  get state(): IngressState | undefined {
    return this.run?.state.ingresses[0];
  }

  violate(invariant: string, what: string): void {
    this.violations.push({ invariant, atMs: this.nowMs, what });
    this.onViolation();
  }

  // What has befallen the world.

  noteFault(fault: Fault): void {
    const forMs = "forMs" in fault ? fault.forMs : "downForMs" in fault ? fault.downForMs : 0;
    const delayMs = "dnsDelayMs" in fault ? fault.dnsDelayMs : 0;
    this.#faults.push({ fault, endsMs: this.nowMs + forMs + delayMs });
  }

  /** When the last such fault ended, or will end; -Infinity when there was none. */
  lastTroubleMs(...kinds: readonly FaultKind[]): number {
    // Cloudflare and the chat are out of reach for a clock by which their certificates are not valid.
    const isClockMeant =
      this.isClockTrouble && kinds.some((kind) => kind === "api" || kind === "bot" || kind === "link");
    return this.lastFaultMs(({ kind }) => kinds.includes(kind) || (isClockMeant && kind === "wall-jump"));
  }

  /** Whether a wrong clock keeps the daemon from Cloudflare and the chat. */
  get isClockTrouble(): boolean {
    return this.scenario.world.certificateOfServices !== undefined;
  }

  /** When the last fault like this ended, or will end; -Infinity when there was none. */
  lastFaultMs(isMeant: (fault: Fault) => boolean): number {
    let lastMs = -Infinity;
    for (const { fault, endsMs } of this.#faults) if (isMeant(fault)) lastMs = Math.max(lastMs, endsMs);
    return lastMs;
  }

  // Who is who.

  get ingress(): IngressSettings {
    const [ingress] = this.scenario.world.config.ingresses;
    if (ingress === undefined) throw new Error("a scenario has an ingress");
    return ingress;
  }

  endpoint(name: string | undefined): EndpointSettings | undefined {
    return this.ingress.endpoints.find((endpoint) => endpoint.name === name);
  }

  /** The site behind an endpoint. */
  siteNamed(endpoint: string | undefined): Site | undefined {
    const index = this.ingress.endpoints.findIndex(({ name }) => name === endpoint);
    return this.#world?.internet.sites[index];
  }

  /** Whose address this is, or once was. */
  siteOf(address: string): Site | undefined {
    return this.#world?.internet.sites.find(
      ({ index }) => address.startsWith(`203.0.${index}.`) || address.startsWith(`2a00:db8:${index + 1}::`),
    );
  }

  /** Whether the address is this endpoint's, or once was. */
  isOf(address: string, endpoint: string): boolean {
    const site = this.siteNamed(endpoint);
    return site !== undefined && this.siteOf(address) === site;
  }

  /** Whether a record's content leads to this endpoint. */
  leadsTo(content: string, endpoint: string): boolean {
    return this.siteNamed(endpoint)?.options.host === content || this.isOf(content, endpoint);
  }

  /** The endpoints that these records lead to. */
  endpointsIn(records: readonly { readonly content: string }[]): readonly EndpointSettings[] {
    return this.ingress.endpoints.filter(({ name }) => records.some(({ content }) => this.leadsTo(content, name)));
  }

  namesIn(records: readonly { readonly content: string }[]): string {
    return this.endpointsIn(records)
      .map(({ name }) => name)
      .join();
  }

  /** What clients get of the ingress name now: what stands there, or at the name of its mix where it points to that. */
  get records(): readonly StoredRecord[] {
    const { api } = this.world;
    return followed([...api.recordsAt(ingressName), ...api.recordsAt(mixName)]);
  }
}

/** Whether a record is one of those that the daemon owns. */
export function isOurs({ name, type }: Pick<StoredRecord, "name" | "type">): boolean {
  return name === ingressName && ourTypes.has(type);
}

/** Whether a record is one of those at the name of the mix that the daemon may touch. */
export function isOfMix({ name, type, comment }: StoredRecord): boolean {
  return name === mixName && (type === "A" || type === "AAAA") && comment === ourComment;
}

/** Among the records of the zone, those that clients get who ask for the ingress: it may point to the name of its mix. */
export function followed(records: readonly StoredRecord[]): readonly StoredRecord[] {
  const own = records.filter(isOurs);
  if (!own.some(isPointer)) return own;
  return records.filter(({ name, type }) => name === mixName && (type === "A" || type === "AAAA"));
}

/** Whether a record at the ingress name points to the name of the mix. */
export function isPointer({ type, content }: Pick<StoredRecord, "type" | "content">): boolean {
  return type === "CNAME" && content === mixName;
}

/** `A 192.0.2.1, A 192.0.2.2`. */
export function contentsOf(records: readonly Pick<StoredRecord, "type" | "content">[]): string {
  // An edge that has heard of a record's successor before its end answers with the same once.
  const contents = new Set(records.map(({ type, content }) => `${type} ${content}`));
  return [...contents].toSorted().join(", ");
}

/** The same with TTL and proxied flag. */
export function textOf(records: readonly StoredRecord[]): string {
  return records
    .map(({ type, content, ttl, proxied }) => `${type} ${content} ${ttl}${proxied ? " proxied" : ""}`)
    .toSorted()
    .join(", ");
}
