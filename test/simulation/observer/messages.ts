// Invariants 16 and 21: everything worth telling is told, in order, and without secrets.
import type { Turn } from "../../../src/daemon.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import type { Fault, FaultKind } from "../../../src/simulation/faults.ts";
import { secrets } from "../scenario.ts";
import type { Decisions } from "./decisions.ts";
import { followed, type Ledger, type Part } from "./ledger.ts";

interface Debt {
  readonly atMs: number;
  /** When the daemon knew of it: an answer of Cloudflare's may have been lost. */
  knownMs?: number;
  /** What it is about, for people. */
  readonly what: string;
  readonly isToldBy: (text: string) => boolean;
  /** It dies with the process when that ends so soon after it. */
  readonly frailMs: number;
}

/** Some stories wait so long to be told as one with what follows. */
const gatheringMs = 25_000;

/** While the channel works, a message is on its way as soon as it is on the disk, behind those before it. */
const wayMs = 1_000;

/** A change is told with what the servers show of it, for which people wait no longer than this. */
const promptMs = 30_000;
/** After trouble of the channel, what waits is sent by and by. */
const calmMs = 30 * 60_000;

/** So late that it must say so, however long the last attempt itself took. */
const lateMs = 50_000;

export class Messages implements Part {
  readonly #ledger: Ledger;
  readonly #decisions: Decisions;
  #stored: string[] = [];
  /** When each message got onto the disk. */
  readonly #storedMs = new Map<string, number>();
  /** Those that were stored while nothing was held back after the start. */
  readonly #prompt = new Set<string>();
  #debts: Debt[] = [];
  #checked = 0;
  #unreadable = 0;

  constructor(ledger: Ledger, decisions: Decisions) {
    this.#ledger = ledger;
    this.#decisions = decisions;
  }

  stored(id: string): void {
    this.#stored.push(id);
    const { nowMs, world } = this.#ledger;
    this.#storedMs.set(id, nowMs);
    const silenceMs = world.config.notify[0]?.initialSilenceMs ?? 0;
    if (nowMs > this.#decisions.startedAtMs + silenceMs) this.#prompt.add(id);
  }

  /** Nothing is forgotten before it was taken; many at once were replaced by one summary. */
  forgot(ids: readonly string[]): void {
    const [id] = ids;
    const taken = this.#takenIds();
    if (ids.length === 1 && id !== undefined && !taken.includes(id)) {
      this.#ledger.violate("16", `message ${id} was forgotten before it was taken`);
    }
    if (ids.length > 1) this.#stored = this.#stored.filter((known) => !ids.includes(known));
    const order = this.#stored.map((known) => taken.indexOf(known)).filter((index) => index >= 0);
    if (order.some((index, place) => place > 0 && index < (order[place - 1] ?? 0))) {
      this.#ledger.violate("16", "messages were taken in another order than they were stored");
    }
    this.#stored = this.#stored.slice(-20);
  }

  /** A lost file costs what only it knew. */
  lost(): void {
    this.#stored = [];
    this.#debts = [];
  }

  ended(_: DaemonRun, isCrash: boolean): void {
    // What was not on its way by then waits for the next life.
    this.#prompt.clear();
    const { nowMs } = this.#ledger;
    if (isCrash) this.#debts = this.#debts.filter(({ atMs, frailMs }) => atMs + frailMs < nowMs);
  }

  turned({ event, facts, atMs }: Turn): void {
    for (const fact of facts) {
      if (fact.kind === "records-changed") for (const debt of this.#debts) debt.knownMs ??= this.#ledger.nowMs;
      if (fact.kind === "standoff-began") this.#owe("the standoff", (text) => /keeps overwriting|held back/.test(text));
      if (fact.kind === "override-began") {
        const { kind, endpoint, untilMs } = fact.override;
        this.#ledger.seen.overrides += 1;
        const what = `the ${kind} of ${endpoint}`;
        // What of it an earlier life left may be over before the news of the start is put together, or told by then.
        const isOld = untilMs < atMs + gatheringMs || this.#debts.some((debt) => debt.what === what);
        if (event.kind === "config-loaded" && isOld) continue;
        // A summary of what was held back after the start has no room for reasons.
        const told = { pin: ["pinned", "pin of"], drain: ["drained", "drain of"], drill: ["drill"] }[kind];
        const words = [...told, "held back"];
        const isToldBy = (text: string): boolean => words.some((word) => text.includes(word));
        this.#owe(what, (text) => text.includes(endpoint) && isToldBy(text));
      }
      if (fact.kind === "override-ended") {
        const { kind, endpoint } = fact.override;
        // The news of the start tells only what is so by then.
        if (this.#ledger.nowMs < this.#decisions.startedAtMs + gatheringMs) {
          this.#debts = this.#debts.filter(({ what }) => what !== `the ${kind} of ${endpoint}`);
        }
        this.#owe(`the end of the ${kind} of ${endpoint}`, (text) => text.includes(endpoint));
      }
    }
  }

  committed({ zone, before, by }: Commit): void {
    if (before === undefined || by !== "api") return;
    const [was, is] = [before.records, zone.records].map((records) => this.#ledger.namesIn(followed(records)));
    const { primary } = this.#decisions;
    if (was === is || primary === undefined || is?.split(",").includes(primary) !== true) return;
    // After a crash the next run tells what it found, by the same name.
    this.#owe(`the change to ${primary}`, (text) => text.includes(primary), { frailMs: 0, isKnown: false });
  }

  settles(): void {
    const { receiver } = this.#ledger;
    for (const { text, atMs } of receiver.messages.slice(this.#checked)) {
      this.#ledger.seen.messages += 1;
      this.#checkPast(text, atMs);
      if (Object.values(secrets).some((secret) => text.includes(secret))) {
        this.#ledger.violate("21", "a message shows a secret");
      }
    }
    this.#checked = receiver.messages.length;
    for (const text of receiver.unreadable.slice(this.#unreadable)) {
      this.#ledger.violate("16", `a message that cannot be read: ${text}`);
    }
    this.#unreadable = receiver.unreadable.length;
    for (const { atMs, knownMs = atMs, what, isToldBy } of this.#debts) {
      const told = receiver.messages.find((message) => message.atMs >= atMs && isToldBy(message.text));
      if (told !== undefined && told.atMs - knownMs > promptMs && this.#wasFree(atMs)) {
        this.#ledger.violate("26", `${what} was told only after ${Math.round((told.atMs - knownMs) / 1_000)} s`);
      }
      if (told === undefined) this.#ledger.violate("16", `${what} at ${Math.round(atMs / 1_000)} s was never told`);
    }
    this.#debts = [];
  }

  /** What is sent was on the disk before, and says so when that was long ago. */
  #checkPast(text: string, takenMs: number): void {
    const id = idIn(text);
    const storedMs = this.#storedMs.get(id);
    if (storedMs === undefined) return this.#ledger.violate("16", `message ${id} was sent, but never on the disk`);
    if (this.#prompt.has(id) && takenMs - storedMs > wayMs && this.#wasFree(storedMs)) {
      this.#ledger.violate("26", `message ${id} was sent only ${takenMs - storedMs} ms after it was there to be sent`);
    }
    // Whether it is late is told by the wall clock.
    const isClockSound = this.#ledger.lastTroubleMs("wall-jump") === -Infinity;
    if (isClockSound && takenMs - storedMs > lateMs && !text.includes("This message is late")) {
      this.#ledger.violate("16", `message ${id} was taken ${takenMs - storedMs} ms late and does not say so`);
    }
  }

  /** Whether nothing stands or stood between the daemon and the chat around that time. */
  #wasFree(atMs: number): boolean {
    const kinds: readonly FaultKind[] = ["bot", "link", "stopped", "asleep", "busy", "crash", "restart", "state-lost"];
    const { isClockTrouble } = this.#ledger;
    const isHindered = ({ kind }: Fault): boolean => kinds.includes(kind) || (isClockTrouble && kind === "wall-jump");
    // What was tried in vain is tried again in a while.
    const isNear = (fault: Fault): boolean =>
      fault.atMs < atMs + calmMs && fault.atMs + ("forMs" in fault ? (fault.forMs ?? 0) : 0) > atMs - calmMs;
    return !this.#ledger.scenario.faults.some((fault) => isHindered(fault) && isNear(fault));
  }

  #owe(what: string, isToldBy: Debt["isToldBy"], { frailMs = gatheringMs, isKnown = true } = {}): void {
    const { nowMs: atMs } = this.#ledger;
    this.#debts.push({ atMs, ...(isKnown && { knownMs: atMs }), what, isToldBy, frailMs });
  }

  /** The ids of messages in the order in which they were taken. */
  #takenIds(): readonly string[] {
    return this.#ledger.receiver.messages.map(({ text }) => idIn(text));
  }
}

function idIn(text: string): string {
  return text.slice(text.lastIndexOf("· ") + 2);
}
