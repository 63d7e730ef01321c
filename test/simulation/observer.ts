// The observer: sees what the daemon sees and what the world knows, and judges by books of its own whether the invariants
// hold. It never asks the core what is right; of the core's state it reads only what was decided.
import type {
  Address,
  EndpointSettings,
  Family,
  IngressSettings,
  Observation,
  Resolution,
  State,
} from "../../src/core/model.ts";
import { failoverAtWorst } from "../../src/core/explain.ts";
import type { Turn } from "../../src/daemon.ts";
import type { DnsRecord } from "../../src/demo/cloudflare/record.ts";
import type { Commit } from "../../src/demo/cloudflare/store.ts";
import type { DaemonRun } from "../../src/simulation/daemon-run.ts";
import type { Fault } from "../../src/simulation/faults.ts";
import { familyOf, type Site } from "../../src/simulation/internet.ts";
import type { Anchor } from "../../src/probe/anchors.ts";
import { hashOf } from "../../src/simulation/random.ts";
import type { Watcher, World } from "../../src/simulation/world.ts";
import { ingressName, isOwn, secrets, type Scenario } from "./scenario.ts";

export interface Violation {
  /** The number of the invariant, or a word where it has none. */
  readonly invariant: string;
  readonly atMs: number;
  readonly what: string;
}

/** What the observer knows of one address in one run of the daemon. Times are the run's monotonic ones. */
interface AddressBook {
  /** Oks without a real failure in between. */
  oksInRow: number;
  failuresInRow: number;
  failuresSinceUp: number;
  lastOkMs: number;
  /** Failures in this row that were the monitor's own, though its connection worked again when they ended. */
  excusedInRow: number;
  /** End of the newest failure, whatever caused it. */
  lastFailureMs: number;
}

interface RunBook {
  readonly run: DaemonRun;
  readonly startedAtMs: number;
  readonly addresses: Map<string, AddressBook>;
  /** Newest ok by family and endpoint, and newest answer of each anchor. */
  readonly oks: Map<string, number>;
  readonly anchors: Map<string, number>;
  /** When endpoints last came up after having been down. */
  readonly cameUpMs: Map<string, number>;
  readonly departures: { endpoint: string; atMs: number }[];
  readonly verdicts: Map<string, string>;
  primary: string | undefined;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const ourTypes = new Set(["A", "AAAA", "CNAME"]);

export class Observer implements Watcher {
  readonly violations: Violation[] = [];
  /** Counts of what was seen, so that nothing passes because nothing happened. */
  readonly seen = {
    failovers: 0,
    returns: 0,
    outages: 0,
    blindness: 0,
    writes: 0,
    crashes: 0,
    standoffs: 0,
    mixes: 0,
    messages: 0,
  };
  readonly convergenceMs: number[] = [];
  wrongSwitches = 0;
  emptyMs = 0;
  /** Changes with everything that happens. */
  traceHash = 0x811c9dc5;
  onViolation: () => void = () => {};
  readonly #scenario: Scenario;
  #world: World | undefined;
  #book: RunBook | undefined;
  #emptySinceMs: number | undefined;
  #requestTimes: number[] = [];
  #requests = 0;
  #waitUntilMs = -Infinity;
  #lastStruckMs = -Infinity;
  #faultsEndMs = -Infinity;
  #standoffEndsMs = -Infinity;
  #nobodyUpSinceMs = Infinity;
  #stored: string[] = [];
  #toTell: { atMs: number; endpoint: string }[] = [];
  #toldMessages = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** Begins to watch; to be called once the world stands. */
  watch(world: World): void {
    this.#world = world;
    if (this.#ours().length === 0) this.#emptySinceMs = undefined;
    const { calmsAtMs, calmMs } = this.#scenario;
    for (const calmMsAt of calmsAtMs) {
      world.time.at(calmMsAt, () => world.heal());
      this.#awaitConvergence(calmMsAt);
      world.time.at(calmMsAt + calmMs - 1_000, () => this.#mustHaveSettled());
    }
  }

  get requests(): number {
    return this.#requests;
  }

  get #nowMs(): number {
    return this.#world?.time.nowMs() ?? 0;
  }

  get #ingress(): IngressSettings {
    const [ingress] = this.#scenario.world.config.ingresses;
    if (ingress === undefined) throw new Error("a scenario has an ingress");
    return ingress;
  }

  #violate(invariant: string, what: string): void {
    this.violations.push({ invariant, atMs: this.#nowMs, what });
    this.onViolation();
  }

  #trace(...parts: readonly unknown[]): void {
    this.traceHash = hashOf(`${this.#nowMs} ${parts.join(" ")}`, this.traceHash);
  }

  // -----------------------------------------------------------------------------------------------------------------
  // What the daemon sees
  // -----------------------------------------------------------------------------------------------------------------

  started(run: DaemonRun): void {
    this.#book = {
      run,
      startedAtMs: this.#nowMs,
      addresses: new Map(),
      oks: new Map(),
      anchors: new Map(),
      cameUpMs: new Map(),
      departures: [],
      verdicts: new Map(),
      primary: undefined,
    };
    this.#waitUntilMs = -Infinity;
    this.#trace("started", run.number);
  }

  ended(run: DaemonRun, isCrash: boolean): void {
    if (isCrash) this.seen.crashes += 1;
    this.#trace("ended", run.number, isCrash);
  }

  probed({ text, family }: Address, observation: Observation, isGenuine: boolean): void {
    this.#trace(text, observation.kind, isGenuine);
    const book = this.#bookOf(text);
    if (observation.kind === "ok") {
      book.oksInRow += 1;
      book.failuresInRow = 0;
      book.excusedInRow = 0;
      book.lastOkMs = observation.endedMs;
      // Long enough to be up whatever it was before.
      if (book.oksInRow >= 5) book.failuresSinceUp = 0;
      this.#book?.oks.set(`${family} ${this.#siteOf(text)?.index ?? text}`, observation.endedMs);
    } else if (observation.kind === "failed") {
      book.lastFailureMs = observation.endedMs;
      if (isGenuine) this.#countFailure(book);
      else if (book.failuresInRow === 0) book.excusedInRow = 1;
    }
  }

  resolved(host: string, resolution: Resolution, run: DaemonRun): void {
    this.#trace(host, resolution.kind);
    if (resolution.kind !== "none") return;
    const site = this.#world?.internet.siteNamed(host);
    const last = site === undefined ? undefined : `203.0.${site.index}.`;
    for (const [text, book] of this.#book?.addresses ?? []) {
      if (last === undefined || (!text.startsWith(last) && !text.startsWith(`2a00:db8:${(site?.index ?? 0) + 1}::`)))
        continue;
      book.lastFailureMs = run.clock.nowMs();
      this.#countFailure(book);
    }
  }

  anchorTried(anchor: Anchor, isReached: boolean, run: DaemonRun): void {
    this.#trace(anchor.address.text, isReached);
    if (isReached) this.#book?.anchors.set(anchor.address.text, run.clock.nowMs());
  }

  #countFailure(book: AddressBook): void {
    book.oksInRow = 0;
    book.failuresInRow += 1;
    book.failuresSinceUp += 1;
  }

  #bookOf(address: string): AddressBook {
    const books = this.#book?.addresses;
    const book = books?.get(address) ?? {
      oksInRow: 0,
      failuresInRow: 0,
      failuresSinceUp: 0,
      lastOkMs: -Infinity,
      excusedInRow: 0,
      lastFailureMs: -Infinity,
    };
    books?.set(address, book);
    return book;
  }

  // -----------------------------------------------------------------------------------------------------------------
  // What the daemon decides
  // -----------------------------------------------------------------------------------------------------------------

  turned({ event, facts, before, after, atMs }: Turn): void {
    const book = this.#book;
    if (book === undefined) return;
    for (const fact of facts) {
      this.#trace(JSON.stringify(fact));
      // A new address of an endpoint that is down shares its fate until it is probed.
      const isNew = fact.kind === "address-health-changed" && fact.reason.startsWith("new address");
      if (fact.kind === "address-health-changed" && fact.to === "down" && fact.from !== "recovering" && !isNew) {
        this.#checkFall(book, fact.endpoint, fact.address, atMs);
      }
      if (fact.kind === "endpoint-health-changed") {
        if (fact.to === "up" && fact.from === "recovering") book.cameUpMs.set(fact.endpoint, atMs);
        book.verdicts.set(fact.endpoint, fact.to);
      }
      if (fact.kind === "ingress-outage-began") {
        this.seen.outages += 1;
        this.#nobodyUpSinceMs = this.#nowMs;
      }
      if (fact.kind === "blindness-began") this.seen.blindness += 1;
      // A fight with somebody else's program is left alone for a while.
      if (fact.kind === "standoff-began") {
        this.seen.standoffs += 1;
        this.#standoffEndsMs = this.#nowMs + fact.untilMs - atMs;
      }
    }
    if (event.kind === "config-loaded") this.#checkReload(before, after);
    const selection = after.ingresses[0]?.selection;
    const from = book.primary;
    book.primary = selection?.primary;
    if (selection === undefined || from === undefined || selection.primary === from) return;
    if (event.kind === "config-loaded") return;
    this.#checkMove(book, from, selection.primary, selection.reason, atMs);
  }

  /** Invariant 14: what a reload does not change keeps its health. */
  #checkReload(before: State, after: State): void {
    for (const { settings, health } of after.ingresses.flatMap(({ endpoints }) => endpoints)) {
      const old = before.ingresses
        .flatMap(({ endpoints }) => endpoints)
        .find((known) => known.settings.name === settings.name);
      if (old !== undefined && old.health.verdict !== health.verdict && settings.target === old.settings.target) {
        this.#violate("14", `a reload made ${settings.name} ${health.verdict}, it was ${old.health.verdict}`);
      }
    }
  }

  /** Invariants 4, 6, 15, 23: nothing is given up but for real failures, with proof of connection newer than the last. */
  #checkFall(book: RunBook, endpoint: string, address: string, atMs: number): void {
    const check = this.#endpoint(endpoint)?.check;
    if (check === undefined) return;
    const { failuresInRow, failuresSinceUp, excusedInRow, lastFailureMs } = this.#bookOf(address);
    // A probe that spans the end of an own outage is taken for one failure; it must never be the only one.
    const excused = failuresInRow > 0 ? excusedInRow : 0;
    if (failuresInRow + excused < check.fall && failuresSinceUp < 2 * check.fall) {
      this.#violate(
        "4/6/15/23",
        `${endpoint} ${address} was given up after ${failuresInRow} real failures in a row, ${failuresSinceUp} since it was up`,
      );
    }
    const family = familyOf(address);
    const own = `${family} ${this.#siteOf(address)?.index ?? address}`;
    const oks = [...book.oks].filter(([key]) => key.startsWith(family) && key !== own).map(([, okMs]) => okMs);
    const anchors = [...book.anchors].filter(([text]) => familyOf(text) === family).map(([, okMs]) => okMs);
    // The second newest of three: then most of them have answered.
    const majorityMs = anchors.toSorted((a, b) => b - a)[1] ?? -Infinity;
    if (Math.max(majorityMs, ...oks) < lastFailureMs) {
      this.#violate(
        "4",
        `${endpoint} ${address} was given up at ${atMs} without proof of connection newer than ${lastFailureMs}`,
      );
    }
  }

  #checkMove(book: RunBook, from: string, to: string, reason: string, atMs: number): void {
    const { holdUpMs } = this.#ingress;
    const target = this.#endpoint(to);
    if (reason === "failover") this.seen.failovers += 1;
    if (reason === "return") this.seen.returns += 1;
    const isGivenUp = book.verdicts.get(from) === "down" || book.verdicts.get(from) === "recovering";
    if (isGivenUp) book.departures.push({ endpoint: from, atMs });
    if (target?.check !== undefined) {
      const books = [...book.addresses].filter(([text]) => this.#isOf(text, to)).map(([, known]) => known);
      const newestMs = Math.max(...books.map(({ lastOkMs }) => lastOkMs));
      const { intervalMs, timeoutMs, rise } = target.check;
      if (newestMs < atMs - 2 * intervalMs - timeoutMs)
        this.#violate("5", `${to} was chosen on an ok that is ${atMs - newestMs} ms old`);
      const isRenumbered = books.length > (this.#siteNamed(to)?.addresses.length ?? 0);
      if (!isRenumbered && !books.some(({ oksInRow }) => oksInRow >= rise)) {
        this.#violate("5", `${to} was chosen with fewer than ${rise} oks in a row`);
      }
    }
    if (reason !== "return") return;
    const cameUpMs = book.cameUpMs.get(to);
    if (cameUpMs === undefined) return;
    const times = book.departures.filter(
      (past) => past.endpoint === to && past.atMs > cameUpMs - hourMs && past.atMs < cameUpMs,
    );
    const holdMs = Math.min(
      hourMs,
      Math.min(holdUpMs, 30_000 === holdUpMs ? holdUpMs : Infinity) * 2 ** (Math.max(1, times.length) - 1),
    );
    const leastMs = this.#world?.config === this.#scenario.world.config ? holdMs : 0;
    if (atMs - cameUpMs < leastMs - 1)
      this.#violate("8", `returned to ${to} ${atMs - cameUpMs} ms after it came up, ${leastMs} ms are due`);
  }

  // -----------------------------------------------------------------------------------------------------------------
  // What stands in DNS
  // -----------------------------------------------------------------------------------------------------------------

  committed({ zone, before, by }: Commit): void {
    if (before === undefined) return;
    const isOurs = ({ name, type }: DnsRecord): boolean => name === ingressName && ourTypes.has(type);
    const [was, is] = [before.records.filter(isOurs), zone.records.filter(isOurs)];
    this.#trace("committed", by, ...is.map(({ type, content, ttl }) => `${type} ${content} ${ttl}`));
    this.#noteEmptiness(is.length === 0, by);
    if (by !== "api") return;
    this.seen.writes += 1;
    if (is.length === 0) this.#violate("1", "a write of ours left the name without a record");
    if (is.some(({ type }) => type === "CNAME") && is.length > 1) this.#violate("2", "a CNAME beside another record");
    if (new Set(is.map(({ ttl, proxied }) => `${ttl} ${proxied}`)).size > 1)
      this.#violate("2", "records differ in TTL or proxied flag");
    const outside = (records: readonly DnsRecord[]): string =>
      JSON.stringify(records.filter((record) => !isOurs(record)));
    if (outside(before.records) !== outside(zone.records)) this.#violate("3", "something outside was written");
    const text = (records: readonly DnsRecord[]): string =>
      records
        .map(({ type, content, ttl, proxied }) => `${type} ${content} ${ttl} ${proxied}`)
        .toSorted()
        .join(", ");
    if (text(was) === text(is)) this.#violate("11", `a write that changes nothing: ${text(is)}`);
    const members = this.#endpointsIn(is);
    const verdicts = this.#ingress.endpoints.map(({ name }) => this.#book?.verdicts.get(name));
    const isNobodyUp = verdicts.every((verdict) => verdict === "down" || verdict === "recovering");
    if (isNobodyUp && was.length > 0 && this.#nowMs > this.#nobodyUpSinceMs + 1_000) {
      this.#violate("7", `nobody is up, and ${text(is)} was written`);
    }
    if (members.length > 1) this.seen.mixes += 1;
    const strange = is.filter(({ content }) => !this.#isKnown(content));
    if (strange.length > 0 && !was.some(({ content }) => strange.some((record) => record.content === content))) {
      this.#violate("2", `strange content was written: ${strange.map(({ content }) => content).join(", ")}`);
    }
    this.#checkTtl(is, members);
    const primary = this.#book?.primary;
    const isChanged =
      this.#endpointsIn(was)
        .map(({ name }) => name)
        .join() !== members.map(({ name }) => name).join();
    if (isChanged && primary !== undefined && members.some(({ name }) => name === primary)) {
      this.#toTell.push({ atMs: this.#nowMs, endpoint: primary });
    }
  }

  #checkTtl(records: readonly DnsRecord[], members: readonly EndpointSettings[]): void {
    const [first] = records;
    if (first === undefined || members.length === 0) return;
    const ttls = members.map(({ ttl }) => (ttl === "auto" ? 300 : ttl));
    const lowest = Math.min(...ttls);
    const is = first.ttl === 1 ? 300 : first.ttl;
    if (is !== lowest) this.#violate("2", `TTL ${first.ttl}, the lowest of the members is ${lowest}`);
  }

  #noteEmptiness(isEmpty: boolean, by: string): void {
    if (isEmpty && by === "api") this.#emptySinceMs ??= this.#nowMs;
    if (isEmpty || this.#emptySinceMs === undefined) return;
    this.emptyMs += this.#nowMs - this.#emptySinceMs;
    this.#emptySinceMs = undefined;
  }

  #ours(): readonly DnsRecord[] {
    return this.#world?.api.recordsAt(ingressName).filter(({ type }) => ourTypes.has(type)) ?? [];
  }

  #endpointsIn(records: readonly DnsRecord[]): readonly EndpointSettings[] {
    return this.#ingress.endpoints.filter(({ name }) =>
      records.some(({ content }) => this.#siteNamed(name)?.options.host === content || this.#isOf(content, name)),
    );
  }

  #isKnown(content: string): boolean {
    return this.#ingress.endpoints.some(
      ({ name }) => this.#siteNamed(name)?.options.host === content || this.#isOf(content, name),
    );
  }

  #isOf(address: string, endpoint: string): boolean {
    const index = this.#siteNamed(endpoint)?.index ?? -1;
    return address.startsWith(`203.0.${index}.`) || address.startsWith(`2a00:db8:${index + 1}::`);
  }

  #siteOf(address: string): Site | undefined {
    return this.#world?.internet.sites.find(
      ({ index }) => address.startsWith(`203.0.${index}.`) || address.startsWith(`2a00:db8:${index + 1}::`),
    );
  }

  #siteNamed(endpoint: string): Site | undefined {
    const index = this.#ingress.endpoints.findIndex(({ name }) => name === endpoint);
    return this.#world?.internet.sites[index];
  }

  #endpoint(name: string): EndpointSettings | undefined {
    return this.#ingress.endpoints.find((endpoint) => endpoint.name === name);
  }

  // -----------------------------------------------------------------------------------------------------------------
  // What the daemon asks of Cloudflare, and what must be in the end
  // -----------------------------------------------------------------------------------------------------------------

  /** Invariant 12: at most 100 + 2 calls in five minutes. */
  requested(isWrite: boolean): void {
    const nowMs = this.#nowMs;
    this.#trace("request", isWrite);
    this.#requests += 1;
    this.#requestTimes.push(nowMs);
    while ((this.#requestTimes[0] ?? nowMs) < nowMs - 5 * minuteMs) this.#requestTimes.shift();
    if (this.#requestTimes.length === 103) this.#violate("12", "more than 102 calls within five minutes");
    if (nowMs < this.#waitUntilMs) this.#violate("12", "a call before Retry-After was over");
  }

  answered(status: number, retryAfterSeconds: number | undefined): void {
    this.#trace("answered", status);
    // Without a word on how long, it is five minutes.
    if (status === 429) this.#waitUntilMs = this.#nowMs + Math.min(300, retryAfterSeconds ?? 300) * 1_000 - 200;
  }

  // -----------------------------------------------------------------------------------------------------------------
  // What people are told
  // -----------------------------------------------------------------------------------------------------------------

  stored(id: string): void {
    this.#stored.push(id);
  }

  /** Invariant 16: nothing is forgotten before it was taken; many at once were replaced by one summary. */
  forgot(ids: readonly string[]): void {
    const [id] = ids;
    const taken = this.#takenIds();
    if (ids.length === 1 && id !== undefined && !taken.includes(id)) {
      this.#violate("16", `message ${id} was forgotten before it was taken`);
    }
    if (ids.length > 1) this.#stored = this.#stored.filter((known) => !ids.includes(known));
    const order = this.#stored.map((known) => taken.indexOf(known)).filter((index) => index >= 0);
    if (order.some((index, place) => place > 0 && index < (order[place - 1] ?? 0))) {
      this.#violate("16", "messages were taken in another order than they were stored");
    }
    this.#stored = this.#stored.slice(-20);
  }

  /** The ids of messages as they were first taken. */
  #takenIds(): readonly string[] {
    return (this.#world?.bot.messages ?? []).map(({ text }) => text.slice(text.lastIndexOf("· ") + 2));
  }

  struck(fault: Fault): void {
    this.#trace("struck", JSON.stringify(fault));
    this.#lastStruckMs = this.#nowMs;
    const forMs = "forMs" in fault ? fault.forMs : 0;
    const isFirst = this.#faultsEndMs + 5 * minuteMs < this.#nowMs;
    this.#faultsEndMs = Math.max(this.#faultsEndMs, this.#nowMs + forMs);
    if (isFirst && fault.kind === "site") this.#expectFailover(fault);
  }

  /** Invariant 9: a dead incumbent is left in time, if nothing else is wrong. */
  #expectFailover(fault: Fault & { kind: "site" }): void {
    const world = this.#world;
    const book = this.#book;
    const primary = this.#endpoint(book?.primary ?? "");
    if (world === undefined || book === undefined || primary?.check === undefined) return;
    const isDead =
      fault.how === "refuse" ||
      fault.how === "hang" ||
      fault.how === "drip" ||
      fault.how === "status" ||
      fault.how === "unmarked";
    const isWhole = fault.family === undefined && fault.address === undefined && fault.seenBy !== "clients";
    const site = this.#siteNamed(primary.name);
    if (!isDead || !isWhole || site?.index !== fault.site || this.#nowMs - book.startedAtMs < 2 * minuteMs) return;
    if (this.#endpointsIn(this.#ours()).some(({ name }) => name !== primary.name)) return;
    // What `ccs explain` promises, and the slowest call of this world.
    const boundMs = failoverAtWorst(primary.check).totalMs + 500;
    if (fault.forMs < boundMs) return;
    const sinceMs = this.#nowMs;
    world.time.setTimer(boundMs, () => {
      // Something else happened meanwhile.
      if (this.#lastStruckMs > sinceMs || this.#book !== book || !book.run.isAlive) return;
      const names = this.#endpointsIn(this.#ours()).map(({ name }) => name);
      const hasChallenger = this.#ingress.endpoints.some(({ name }) => name !== primary.name);
      if (hasChallenger && names.includes(primary.name)) {
        this.#violate("9", `${primary.name} has been dead for ${boundMs} ms and still stands in the record`);
      }
    });
  }

  /** Invariant 10, first half: soon after everything has healed, the record names somebody who serves. */
  #awaitConvergence(calmAtMs: number): void {
    const world = this.#world;
    if (world === undefined) return;
    const dueMs = Math.max(this.#ingress.reconcileIntervalMs, 5 * minuteMs) + minuteMs;
    let isConverged = false;
    const look = (): void => {
      const sinceMs = this.#nowMs - calmAtMs;
      const complaint = this.#whatIsWrong();
      if (complaint === undefined) {
        if (!isConverged) this.convergenceMs.push(sinceMs);
        isConverged = true;
        return;
      }
      if (sinceMs >= dueMs && this.#nowMs >= this.#standoffEndsMs + dueMs)
        this.#violate("10", `not right ${Math.round(sinceMs / 1_000)} s after everything healed: ${complaint}`);
      else world.time.setTimer(5_000, look);
    };
    world.time.at(calmAtMs, look);
  }

  /** What is wrong with the record while everybody is well; `undefined` when nothing is. */
  #whatIsWrong(): string | undefined {
    const records = this.#ours();
    if (records.length === 0) return "no record";
    const { run } = this.#world ?? {};
    if (run === undefined) return "the daemon is not running";
    const primary = this.#book?.primary;
    const site = this.#siteNamed(primary ?? "");
    if (primary === undefined || site === undefined) return "nobody is selected";
    const contents = records.map(({ content }) => content);
    if (contents.length === 1 && contents[0] === site.options.host) return undefined;
    const missing = site.addresses.filter((address) => !contents.includes(address));
    if (missing.length > 0) return `${missing.join(", ")} of ${primary} is missing in ${contents.join(", ")}`;
    const dead = contents.filter(
      (content) => this.#world?.internet.sites.every(({ addresses }) => !addresses.includes(content)) === true,
    );
    return dead.length > 0 ? `nobody lives at ${dead.join(", ")}` : undefined;
  }

  /** Invariant 10, second half: in the end the best serves alone, and everything worth telling has been told. */
  #mustHaveSettled(): void {
    const [best] = this.#ingress.endpoints
      .filter(({ check }) => check !== undefined)
      .toSorted((a, b) => a.priority - b.priority);
    const wrong = this.#whatIsWrong();
    if (wrong !== undefined) this.#violate("10", `at the end of a long calm: ${wrong}`);
    else if (
      best !== undefined &&
      this.#endpointsIn(this.#ours())
        .map(({ name }) => name)
        .join() !== best.name
    ) {
      this.#violate(
        "10",
        `at the end of a long calm the record names ${
          this.#endpointsIn(this.#ours())
            .map(({ name }) => name)
            .join() || "strangers"
        }, not ${best.name} alone`,
      );
    }
    for (const family of ["ipv4", "ipv6"] as const) {
      const isBlind = this.#world?.run?.state.connection[family].blindSinceMs !== undefined;
      if (isBlind) this.#violate("6", `still blind in ${family} at the end of a long calm`);
    }
    this.#checkMessages();
  }

  /** Invariants 16 and 21. */
  #checkMessages(): void {
    const messages = this.#world?.bot.messages ?? [];
    for (const { text } of messages.slice(this.#toldMessages)) {
      this.seen.messages += 1;
      if (Object.values(secrets).some((secret) => text.includes(secret)))
        this.#violate("21", "a message shows a secret");
    }
    this.#toldMessages = messages.length;
    for (const text of this.#world?.bot.unreadable ?? []) this.#violate("8", `markup that cannot be read: ${text}`);
    for (const { atMs, endpoint } of this.#toTell) {
      const isTold = messages.some((message) => message.atMs >= atMs && message.text.includes(endpoint));
      if (!isTold) this.#violate("16", `the change to ${endpoint} at ${Math.round(atMs / 1_000)} s was never told`);
    }
    this.#toTell = [];
  }

  /** Invariant 20: what goes on for ever at one moment is bounded by nothing. */
  standstill(what: string): void {
    this.#violate("20", what);
  }

  bug(text: string): void {
    this.#violate("bug", text);
  }

  /** Whether only the monitor's own side was ever troubled. */
  get isOwnOnly(): boolean {
    return this.#scenario.faults.every(isOwn);
  }
}

export type { Family };
