// The verifier over the core and records in memory, on virtual time, with name servers and resolvers that a test scripts.
import { MemoryProvider } from "./memory-provider.ts";
import type { Event, EventOf, IngressSettings, Resolution, Visibility } from "../../src/core/model.ts";
import type { Exchange, Reply } from "../../src/dns/exchange.ts";
import { DriftWatch } from "../../src/dns/drift-watch.ts";
import { Verifier } from "../../src/dns/verifier.ts";
import { ZoneServers } from "../../src/dns/zone-servers.ts";
import type { DnsRecord, Question } from "../../src/dns/wire.ts";
import { sleep } from "../../src/lib/clock.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { ReconcilerWorld, record, settings } from "../conformance/reconciler-world.ts";

/** Answers with these records, written as `CNAME cable.example.net`, at the name asked for. */
export function says(...texts: string[]): (question: Question) => Reply {
  return ({ name, type }) => {
    const answers = texts.flatMap((text): DnsRecord[] => {
      const [kind = "", data = ""] = text.split(" ");
      if (kind !== type && kind !== "CNAME") return [];
      return [{ name, type: kind as DnsRecord["type"], ttlSeconds: 60, data }];
    });
    return { ...empty, answers };
  };
}

export const empty = {
  kind: "answered",
  rcode: "NOERROR",
  isAuthoritative: true,
  answers: [],
  isReferral: false,
} as const;
export const silent = (): Reply => ({ kind: "silent", detail: "did not answer" });
export const referral = (): Reply => ({ ...empty, isAuthoritative: false, isReferral: true });

interface Asked extends Question {
  readonly server: string;
  readonly atMs: number;
  readonly isRecursive: boolean;
}

export class VerifierWorld implements AsyncDisposable {
  readonly provider = new MemoryProvider();
  readonly world = new ReconcilerWorld({ provider: this.provider });
  /** What each server says to whatever it is asked; others do not answer. */
  readonly servers = new Map<string, (question: Question) => Reply>();
  readonly delaysMs = new Map<string, number>();
  readonly hosts = new Map<string, readonly string[]>();
  readonly asked: Asked[] = [];
  readonly events: EventOf<"visibility-checked">[] = [];
  readonly zoneServers: ZoneServers;
  readonly verifier: Verifier;
  /** What was told of records that were changed behind our back. */
  readonly drifts: { readonly atMs: number; readonly says: string }[] = [];
  #drift: DriftWatch | undefined;
  mostAtOnce = 0;
  #atOnce = 0;
  /** Hears of internal errors, of which there should be none. */
  onBug: (error: unknown) => void = (error) => {
    throw error;
  };

  constructor(nameservers?: readonly string[]) {
    const { clock, daemon } = this.world;
    const dispatch = (event: Event): void => {
      if (event.kind === "visibility-checked") this.events.push(event);
      daemon.dispatch(event);
    };
    const onBug = (error: unknown): void => this.onBug(error);
    this.zoneServers = new ZoneServers({ clock, exchange: this.#exchange, resolve: this.#resolve }, nameservers);
    this.verifier = new Verifier({ clock, dispatch, onBug }, this.zoneServers);
    daemon.addFollower(this.verifier);
  }

  readonly #exchange: Exchange = async (server, question, { timeoutMs, signal, isRecursive }) => {
    const { clock } = this.world;
    this.asked.push({ ...question, server, isRecursive, atMs: clock.nowMs() });
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    const reply = (this.servers.get(server) ?? silent)(question);
    const delayMs = reply.kind === "silent" ? timeoutMs : (this.delaysMs.get(server) ?? 0);
    await sleep(clock, Math.min(delayMs, timeoutMs), signal);
    this.#atOnce -= 1;
    return delayMs >= timeoutMs ? silent() : reply;
  };

  readonly #resolve = (host: string): Promise<Resolution> => {
    const addresses = (this.hosts.get(host) ?? []).flatMap((text) => parseIp(text) ?? []);
    if (addresses.length === 0) return Promise.resolve({ kind: "none", reason: "nxdomain", detail: "" });
    return Promise.resolve({ kind: "addresses", addresses, ttlSeconds: 60 });
  };

  /** From now on, servers are asked now and then whether they still show what stood there last. */
  watchDrift(random: () => number = () => 0): void {
    const { clock, daemon } = this.world;
    const dispatch = (event: Event): void => {
      if (event.kind === "drift-suspected") this.drifts.push({ atMs: clock.nowMs(), says: event.says });
      daemon.dispatch(event);
    };
    const onBug = (error: unknown): void => this.onBug(error);
    this.#drift = new DriftWatch({ clock, random, dispatch, onBug }, this.zoneServers);
    daemon.addFollower(this.#drift);
  }

  /** Starts with cable published; nothing has to be written. */
  async start(changes: Partial<IngressSettings> = {}): Promise<void> {
    this.provider.add({ name: changes.record ?? record, type: "CNAME", content: "cable.example.net", ttlSeconds: 60 });
    await this.world.start(settings(changes));
    this.asked.length = 0;
  }

  /** Moves the ingress to mobile; the write is confirmed at once. */
  async switch(name: "cable" | "mobile" = "mobile", ingress = record): Promise<void> {
    this.world.want(name, ingress);
    await this.advance(0);
  }

  async advance(byMs: number): Promise<void> {
    await this.world.clock.advance(byMs);
  }

  get visibility(): Visibility | undefined {
    return this.world.daemon.state.ingresses[0]?.visibility;
  }

  get outcomes(): string[] {
    return this.events.map(({ status }) => status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drift?.close();
    await this.verifier.close();
    await this.world[Symbol.asyncDispose]();
  }
}
