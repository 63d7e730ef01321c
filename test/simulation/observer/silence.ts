// Invariant 27: no needless silence. Somebody who reads nothing but the chat knows how things stand: once the world has been
// the same for as long as it takes to notice and to tell, what the chat said last agrees with it. Judged by the world alone
// (what sites do, what stands in the zone, what fails), by the configuration, and by the messages that arrived.
import type { FaultKind } from "../../../src/simulation/faults.ts";
import type { Site } from "../../../src/simulation/internet.ts";
import { hourMs, minuteMs, type Ledger, type Part } from "./ledger.ts";

const everyMs = 15_000;
/** A change waits 20 s for Cloudflare and 5 s for the servers, trouble that may pass a minute. */
const tellingMs = 100_000;
/** How often something may come and go within an hour before it is told less often. */
const mostTellings = 2;
const tellingsWindowMs = 75 * minuteMs;
/** After a start the first news waits for verdicts, and what is configured anew has to be asked. */
const beginningMs = 5 * minuteMs;

/** How long after it is over each of these may still keep somebody from knowing or telling. */
const aftermathMs: readonly (readonly [readonly FaultKind[], number])[] = [
  // Retries wait up to five minutes, and what waits comes first.
  [["bot", "link"], 12 * minuteMs],
  [["crash", "restart", "state-lost", "reload", "word"], 5 * minuteMs],
  [["stopped", "asleep", "busy", "anchors", "wall-jump"], 5 * minuteMs],
  // Names are remembered.
  [["resolver", "unregistered", "misnamed", "renumbered"], 20 * minuteMs],
];

/** What makes every call of the kind fail that it strikes. */
const failures: ReadonlySet<string> = new Set([
  "unavailable",
  "unsuccessful",
  "forbidden",
  "html-200",
  "truncated-json",
]);

const deadly: ReadonlySet<string> = new Set(["refuse", "hang", "drip", "status", "unmarked"]);

/** Since when something about the world has been so; `undefined` while it is not. */
type Since = number | undefined;

/** What a reader of the chat believes. */
interface Belief {
  /** Nobody can serve. */
  isOutage?: boolean;
  /** Cloudflare cannot be read or written. */
  isTrouble?: boolean;
  /** The endpoints that are served, by name; missing while nothing was said of it. */
  served?: string;
}

export class Silence implements Part {
  readonly #ledger: Ledger;
  readonly #belief: Belief = {};
  #heard = 0;
  /** When the chat told that an outage, or trouble with Cloudflare, began. */
  #tellingsMs: number[] = [];
  /** What sites do counts from here: a number that goes up with each change. */
  #changes = -1;
  #allDeadSinceMs: Since;
  #someAliveSinceMs: Since;
  #record = "";
  #recordSinceMs = 0;
  /** When the records last changed. */
  #committedMs = -Infinity;
  #standoffMs = -Infinity;
  /** When a process last began, or another configuration was in force. */
  #begunMs = -Infinity;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  begins(): void {
    this.#record = this.#ledger.namesIn(this.#ledger.records);
    this.#look();
  }

  started(): void {
    this.#begunMs = this.#ledger.nowMs;
  }

  committed(): void {
    const record = this.#ledger.namesIn(this.#ledger.records);
    this.#committedMs = this.#ledger.nowMs;
    if (record !== this.#record) this.#recordSinceMs = this.#ledger.nowMs;
    this.#record = record;
  }

  #look(): void {
    const { world, state, nowMs, run } = this.#ledger;
    world.time.setLook(everyMs, () => this.#look());
    this.#listen();
    this.#noteSites();
    if (state?.standoff !== undefined) this.#standoffMs = nowMs;
    if (run === undefined || nowMs < this.#ledger.scenario.startMs || this.#isHindered()) return;
    this.#judgeOutage();
    this.#judgeTrouble();
    this.#judgeServed();
  }

  /** Takes in what has arrived in the chat. */
  #listen(): void {
    const { messages } = this.#ledger.receiver;
    for (const { text, atMs } of messages.slice(this.#heard)) {
      const isNew = this.#believe(text);
      if (isNew) this.#tellingsMs.push(atMs);
    }
    this.#heard = messages.length;
  }

  /** True when it told that something bad began. */
  #believe(text: string): boolean {
    const was = { ...this.#belief };
    // Nearly every message says how each endpoint is.
    const marks = [...text.matchAll(/^([✓✗!?]) /gm)].map(([, mark]) => mark);
    const isNobodyUp = marks.length > 0 && marks.every((mark) => mark === "✗");
    // Why somebody was chosen is no news of who serves.
    const news = text.replaceAll(/^Why: .*$/gm, "");
    const outage = lastOf(news, /: all endpoints are down|has no endpoint that is up/g);
    const served = lastOf(
      news,
      /is available again|points? to|stays with|has been repaired|all endpoints were down for/g,
    );
    if (outage > served) this.#belief.isOutage = true;
    if (served > outage && !isNobodyUp) this.#belief.isOutage = false;
    const trouble = lastOf(text, /cannot be (?:read|written)|is not done yet|^Cloudflare: |has not confirmed yet/gm);
    const well = lastOf(
      text,
      /Started:|Nothing was written|can be read and written again|now points to|stays with|has been repaired|were updated|was converted|lasted/g,
    );
    if (trouble !== well) this.#belief.isTrouble = trouble > well;
    const contents = /^Published now: (.*)$/gm;
    const shown = [...text.matchAll(contents)].at(-1)?.[1];
    // What was held back is told by headlines.
    const named = [...text.matchAll(/^\d{2}:.* points to (.*?)(?: \(was .*)?$/gm)].at(-1)?.[1];
    if (named !== undefined) this.#belief.served = this.#namesFrom(named);
    if (shown !== undefined) {
      const words = shown.replaceAll(/<\/?code>/g, "").split(/[ ,]+/);
      this.#belief.served = this.#ledger.namesIn(words.map((content) => ({ content })));
    }
    const { isOutage, isTrouble } = this.#belief;
    return (isOutage === true && was.isOutage !== true) || (isTrouble === true && was.isTrouble !== true);
  }

  /** The endpoints of such a list, in the order of the configuration. */
  #namesFrom(list: string): string {
    const listed = new Set(list.split(/, | and /));
    return this.#ledger.ingress.endpoints
      .map(({ name }) => name)
      .filter((name) => listed.has(name))
      .join();
  }

  #noteSites(): void {
    const { world, ingress, nowMs } = this.#ledger;
    const { changes } = world.internet;
    const isSame = changes === this.#changes;
    this.#changes = changes;
    const sites = ingress.endpoints.map(({ name, check }) =>
      check === undefined ? undefined : this.#ledger.siteNamed(name),
    );
    const isAllDead = sites.every((site) => site !== undefined && isDead(site));
    const isSomeAlive = sites.some((site) => site !== undefined && site.faults.size === 0);
    this.#allDeadSinceMs = since(isAllDead, isSame ? this.#allDeadSinceMs : undefined, nowMs);
    this.#someAliveSinceMs = since(isSomeAlive, isSame ? this.#someAliveSinceMs : undefined, nowMs);
  }

  #judgeOutage(): void {
    const { isOutage } = this.#belief;
    if (this.#isQuiet) return;
    if (this.#isLong(this.#allDeadSinceMs) && isOutage !== true)
      this.#complain("that nobody serves", this.#allDeadSinceMs);
    if (this.#isLong(this.#someAliveSinceMs) && isOutage === true) {
      this.#complain("that somebody serves again", this.#someAliveSinceMs);
    }
  }

  /** Whoever cannot read cannot know; whoever has something to write and cannot says so. */
  #judgeTrouble(): void {
    const { nowMs, ingress } = this.#ledger;
    if (this.#isQuiet) return;
    // The end of one fault of the API may end another.
    const recent = this.#ledger.scenario.faults
      .filter((fault) => fault.kind === "api")
      .filter(({ atMs, forMs }) => atMs <= nowMs && atMs + forMs > nowMs - hourMs);
    const [fault, other] = recent;
    const noticeMs = ingress.reconcileIntervalMs + minuteMs + tellingMs;
    const isUnreadable = fault !== undefined && failures.has(fault.how) && fault.strikes !== "writes";
    if (isUnreadable && other === undefined && fault.atMs + fault.forMs > nowMs) {
      // A write that is confirmed tells what stands there: until the next reading is due, there is no trouble.
      const sinceMs = Math.max(fault.atMs, this.#committedMs);
      const isLate = sinceMs < nowMs - noticeMs;
      if (isLate && this.#belief.isTrouble !== true) this.#complain("that Cloudflare cannot be read", sinceMs);
    }
    // Pauses between attempts grow, and Cloudflare may have said how long to wait.
    const healedMs = this.#ledger.lastTroubleMs("api", "edges", "edit", "rival");
    if (nowMs - Math.max(healedMs, this.#standoffMs) > 10 * minuteMs + noticeMs && this.#belief.isTrouble === true) {
      if (this.#isLong(this.#someAliveSinceMs)) this.#complain("that all is well with Cloudflare", healedMs);
    }
  }

  /** What stands in the zone is what the chat said last. */
  #judgeServed(): void {
    const { nowMs, ingress } = this.#ledger;
    const { served, isOutage } = this.#belief;
    // Nothing is put right while nobody serves, or while two quarrel.
    if (isOutage === true || this.#standoffMs > nowMs - 10 * minuteMs) return;
    if (this.#ledger.lastTroubleMs("api", "edges") > nowMs - 10 * minuteMs) return;
    const isMeddledWith = this.#ledger.lastTroubleMs("edit", "rival") > this.#recordSinceMs - minuteMs;
    const boundMs = tellingMs + (isMeddledWith ? ingress.reconcileIntervalMs + minuteMs : 0);
    if (nowMs - this.#recordSinceMs <= boundMs || served === this.#record) return;
    this.#complain(
      `that ${this.#record || "nobody"} is served (last told: ${served ?? "nothing"})`,
      this.#recordSinceMs,
    );
  }

  /** Whether anything stands between what is so and the chat, or has just done so. */
  #isHindered(): boolean {
    const { nowMs, world, scenario } = this.#ledger;
    if (world.config !== scenario.world.config) this.#begunMs = nowMs;
    if (nowMs < this.#begunMs + beginningMs) return true;
    return aftermathMs.some(([kinds, forMs]) => this.#ledger.lastTroubleMs(...kinds) + forMs > nowMs);
  }

  /** What comes and goes often is told less often. */
  get #isQuiet(): boolean {
    this.#tellingsMs = this.#tellingsMs.filter((atMs) => atMs > this.#ledger.nowMs - tellingsWindowMs);
    return this.#tellingsMs.length > mostTellings;
  }

  /** Long enough to be noticed and told. */
  #isLong(sinceMs: Since): boolean {
    if (sinceMs === undefined) return false;
    const noticeMs = this.#ledger.ingress.endpoints.map(({ check }) => {
      if (check === undefined) return 0;
      const { intervalMs, fastIntervalMs, timeoutMs, rise, fall } = check;
      return intervalMs + 2 * timeoutMs + (rise + 2 * fall) * fastIntervalMs;
    });
    return this.#ledger.nowMs - sinceMs > Math.max(...noticeMs) + tellingMs;
  }

  #complain(what: string, sinceMs = 0): void {
    this.#ledger.violate(
      "27",
      `the chat does not say ${what}, for ${Math.round((this.#ledger.nowMs - sinceMs) / 1_000)} s`,
    );
  }
}

/** Whether nobody who comes from the monitor is served at any address. Of several faults the first decides. */
function isDead({ faults }: Site): boolean {
  for (const { how, family, address, seenBy } of faults) {
    if (seenBy === "clients") continue;
    if (how === "slow") return false;
    if (deadly.has(how) && family === undefined && address === undefined) return true;
  }
  return false;
}

function since(isSo: boolean, known: Since, nowMs: number): Since {
  return isSo ? (known ?? nowMs) : undefined;
}

/** Where the last match begins; -1 for none. */
function lastOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].at(-1)?.index ?? -1;
}
