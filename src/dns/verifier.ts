// Follows the state: after each write it asks the zone's authoritative servers until they show what was written, and
// reports how that ended. Asks only; nothing depends on the answers but what people are told.
import { mixesOf, mixNamed } from "../core/records/mix.ts";
import { findIngress } from "../core/find.ts";
import type { Event, IngressState, NameState, PublishedRecord, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import { NamesInForce } from "../core/overview/names-in-force.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { compare, expectationOf, mixExpectationOf, type Word } from "./comparison.ts";
import type { NameServer } from "./name-servers.ts";
import { answerTimeoutMs, type ZoneServers } from "./zone-servers.ts";

export interface VerifierPorts {
  readonly clock: Clock;
  /** Takes `visibility-checked`. */
  readonly dispatch: (event: Event) => void;
  readonly onBug: (error: unknown) => void;
}

/**
 * Servers that show something else so long after the write are an alarm; a server that has not answered by then is "not
 * verified".
 */
export const patienceMs = 60_000;
/** After the alarm they are asked on, so that its end can be told, but not for ever. */
export const longestMs = 60 * 60_000;

/** A return that waits for its mix does not wait for servers that say nothing. */
const silencePatienceMs = 5_000;

const firstPauseMs = 250;
const mostPauseMs = 2_000;
const pauseGrowth = 1.5;
const alarmPauseMs = 30_000;

/** From the start of one round to the start of the next, usually at most. */
const roundMs = mostPauseMs + answerTimeoutMs;
const mostNamed = 3;

/** The look at one write. */
interface Check {
  /** The name of a mix; missing for the ingress' own. */
  readonly mix: string | undefined;
  readonly writtenAtMs: number;
  /** What stood there before. */
  readonly before: readonly PublishedRecord[];
  /** The newest state. */
  ingress: IngressState;
  readonly abort: AbortController;
  /** The newest word of each server, by its address. */
  readonly words: Map<string, Word>;
}

/** What one round came to. `detail` is for people. */
interface RoundOutcome {
  readonly status: "visible" | "wrong" | "silent";
  readonly detail: string;
}

/** A `Follower` of the daemon's state. */
export class Verifier implements AsyncDisposable {
  readonly #ports: VerifierPorts;
  readonly #servers: ZoneServers;
  readonly #checks = new Map<string, Check>();
  /** What stood at each name at the last turn: when a write is confirmed, what it replaced. */
  readonly #published = new Map<string, readonly PublishedRecord[]>();
  readonly #running = new Set<Promise<void>>();
  readonly #names = new NamesInForce();
  #generation = 0;
  #isClosed = false;

  constructor(ports: VerifierPorts, servers: ZoneServers) {
    this.#ports = ports;
    this.#servers = servers;
  }

  follow(state: State, changes: readonly IngressChange[]): void {
    if (this.#isClosed) return;
    for (const { after: ingress } of changes) {
      const mixes = mixesOf(ingress).map((mix) => this.#followName(ingress, mix, mix.record));
      this.#forget(this.#names.replace(ingress.settings.id, [this.#followName(ingress, ingress), ...mixes]));
    }
    if (this.#generation !== state.generation) {
      this.#forget(this.#names.keepOnly((id) => findIngress(state, id) !== undefined));
    }
    this.#generation = state.generation;
  }

  #forget(keys: readonly string[]): void {
    for (const key of keys) {
      const check = this.#checks.get(key);
      if (check !== undefined) this.#drop(key, check);
      this.#published.delete(key);
    }
  }

  /** Ends every look at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [key, check] of this.#checks) this.#drop(key, check);
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Takes in what is known of one name, and gives the key of its check. */
  #followName(ingress: IngressState, { visibility, published }: NameState, mix?: string): string {
    const { id } = ingress.settings;
    const key = mix === undefined ? id : `${id} ${mix}`;
    const known = this.#checks.get(key);
    if (known !== undefined && known.writtenAtMs === visibility?.writtenAtMs) known.ingress = ingress;
    else {
      if (known !== undefined) this.#drop(key, known);
      if (visibility?.status === "checking") this.#begin(key, ingress, visibility.writtenAtMs, mix);
    }
    if (published !== undefined) this.#published.set(key, published.records);
    return key;
  }

  #begin(key: string, ingress: IngressState, writtenAtMs: number, mix?: string): void {
    const before = this.#published.get(key) ?? [];
    const check: Check = {
      writtenAtMs,
      before,
      ingress,
      abort: new AbortController(),
      words: new Map(),
      mix,
    };
    // Stays here after its end, so that the same write is not looked at twice.
    this.#checks.set(key, check);
    const running = this.#look(check).catch(this.#ports.onBug);
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  #drop(key: string, { abort }: Check): void {
    this.#checks.delete(key);
    abort.abort();
  }

  /** Round after round, until it is visible, no server could say, or it has lasted too long. */
  async #look(check: Check): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = check.abort;
    const patienceEndsMs = check.writtenAtMs + patienceMs;
    const silenceEndsMs = check.mix === undefined ? Infinity : check.writtenAtMs + silencePatienceMs;
    let isSilent = false;
    let isAlarmed = false;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(mostPauseMs, pauseMs * pauseGrowth)) {
      const askedMs = clock.nowMs();
      const finding = await this.#roundSafely(check);
      if (signal.aborted) return;
      const nowMs = clock.nowMs();
      if (finding.status === "visible") return this.#report(check, finding);
      if (!isSilent && finding.status === "silent" && nowMs >= silenceEndsMs) {
        this.#report(check, finding);
        isSilent = true;
      }
      // A server that was silent and speaks up after all is believed.
      if (isSilent && finding.status === "wrong") {
        this.#report(check, finding);
        isSilent = false;
      }
      // A round may take long when this process is busy, and its answers may be as old as its questions.
      const isFresh = askedMs >= patienceEndsMs - roundMs;
      if (!isAlarmed && isFresh && nowMs >= patienceEndsMs) {
        this.#report(check, finding);
        if (finding.status === "silent") return;
        isAlarmed = true;
      }
      if (nowMs >= check.writtenAtMs + longestMs) return;
      const leftMs = Math.max(0, patienceEndsMs - nowMs);
      await sleep(clock, isAlarmed ? alarmPauseMs : Math.min(pauseMs, leftMs), signal);
      if (signal.aborted) return;
    }
  }

  #report({ ingress, writtenAtMs, mix }: Check, { status, detail }: RoundOutcome): void {
    this.#ports.dispatch({
      kind: "visibility-checked",
      ingress: ingress.settings.id,
      mix,
      writtenAtMs,
      status,
      detail,
    });
  }

  /** An internal error says nothing of the servers. */
  async #roundSafely(check: Check): Promise<RoundOutcome> {
    try {
      return await this.#round(check);
    } catch (error) {
      this.#ports.onBug(error);
      return { status: "silent", detail: "internal error; please report it" };
    }
  }

  /** Asks every server that has not agreed yet. */
  async #round(check: Check): Promise<RoundOutcome> {
    const { ingress, abort, before, words } = check;
    if (check.mix === undefined && ingress.published?.records.some(({ proxied }) => proxied) === true) {
      return { status: "silent", detail: "the name is now proxied, which hides what it points to" };
    }
    const found = await this.#servers.of(ingress.settings, abort.signal);
    if (found.kind === "none") return { status: "silent", detail: found.detail };
    const mix = check.mix === undefined ? undefined : mixNamed(ingress, check.mix);
    const expectation = mix === undefined ? expectationOf(ingress, before) : mixExpectationOf(mix);
    const name = check.mix ?? ingress.settings.record;
    const ask = ({ address }: NameServer) => this.#servers.ask(address, name, abort.signal);
    const heard = await Promise.all(
      found.servers.map(async (server) => {
        const known = words.get(server.address);
        const word = known?.kind === "agrees" ? known : compare(await ask(server), expectation);
        // Silence takes nothing back of what was said before.
        if (word.kind !== "silent" || known === undefined) words.set(server.address, word);
        return { server, word };
      }),
    );
    if (abort.signal.aborted) return { status: "silent", detail: "cancelled" };
    this.#learn(ingress, heard);
    return conclude(heard, words);
  }

  /** When none answered, the servers may be others by now, or those of a zone further up. */
  #learn({ settings }: IngressState, heard: readonly Heard[]): void {
    if (heard.some(({ word }) => word.kind !== "silent")) return;
    const isReferred = heard.some(({ word }) => word.kind === "silent" && word.isReferral);
    this.#servers.doubt(settings, isReferred);
  }
}

interface Heard {
  readonly server: NameServer;
  readonly word: Word;
}

/** Visible when all agree who have answered at all, in this round or an earlier one. */
function conclude(heard: readonly Heard[], words: ReadonlyMap<string, Word>): RoundOutcome {
  const saying = (kind: Word["kind"]): readonly Heard[] => heard.filter(({ word }) => word.kind === kind);
  const [agreeing, differing, silent] = [saying("agrees"), saying("differs"), saying("silent")];
  const hasDoubt = heard.some(({ server }) => /^(?:differs|unclear)$/.test(words.get(server.address)?.kind ?? ""));
  if (agreeing.length > 0 && !hasDoubt) {
    const except = silent.length === 0 ? "" : `, ${silent.length} did not answer`;
    return { status: "visible", detail: `${count(agreeing.length, "server agrees", "servers agree")}${except}` };
  }
  if (differing.length > 0) return { status: "wrong", detail: listed(differing) };
  return { status: "silent", detail: listed(heard.filter(({ word }) => word.kind !== "agrees")) };
}

function listed(heard: readonly Heard[]): string {
  const lines = heard.map(
    ({ server, word }) => `${server.label} ${"says" in word ? `says ${word.says}` : detailOf(word)}`,
  );
  const left = lines.length - mostNamed;
  return [...lines.slice(0, mostNamed), ...(left > 0 ? [`${left} more like this`] : [])].join("; ");
}

function detailOf(word: Word): string {
  return word.kind === "silent" ? word.detail : "";
}

function count(many: number, one: string, more: string): string {
  return `${many} ${many === 1 ? one : more}`;
}
