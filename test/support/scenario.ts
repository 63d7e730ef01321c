// Plays a scenario file on the core alone: events above the line, the facts and plans that follow from them below it.
import { nextDeadline } from "../../src/core/deadline.ts";
import { factsBetween } from "../../src/core/facts.ts";
import type {
  Address,
  CheckSettings,
  Drill,
  EndpointSettings,
  Event,
  Fact,
  IngressSettings,
  IngressState,
  MixState,
  Observation,
  Plan,
  Override,
  Passage,
  PublishedRecord,
  RecordSet,
  RecordType,
  Resolution,
  State,
} from "../../src/core/model.ts";
import { desiredMix, mixesOf, mixPlan } from "../../src/core/mix.ts";
import { isProofWanted } from "../../src/core/proof.ts";
import { desiredRecords, isEmptyPlan, planBetween, recordComment } from "../../src/core/records.ts";
import { releasedWallMs } from "../../src/core/release.ts";
import { initialState, step } from "../../src/core/step.ts";
import { formatDuration, parseDurationMs } from "../../src/lib/duration.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { datedFrom, restoredFrom } from "../../src/store/saved.ts";

/** What the clocks of the world say when a scenario begins, milliseconds since 1970. */
const startWallMs = releasedWallMs + 86_400_000;

/** Between the events and what follows from them. */
export const divider = "----------";

/**
 * Plays the events of a scenario and gives the lines that follow from them. Each event line starts with its time; the
 * words are those of `commands` below. Throws on a line that it does not understand.
 */
export function playScenario(text: string): string[] {
  const stage = new Stage();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    try {
      stage.play(line);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${line}\n  ${String(error)}`, { cause: error });
    }
  }
  return stage.lines;
}

class Stage {
  readonly lines: string[] = [];
  #state: State = initialState;
  #nowMs = 0;
  #settings: IngressSettings[] = [];
  #isCloudReachable = true;
  #areAnchorsReachable = true;
  #lastId = 0;
  /** What stands at Cloudflare. */
  #records: readonly PublishedRecord[] = [];
  /** What stands at the names of mixes. */
  readonly #mixes = new Map<string, readonly PublishedRecord[]>();
  /** How long it takes until the servers show a mix; `undefined`: they show something else. */
  #mixVisibleMs: number | undefined = 1_000;
  #areMixServersSilent = false;
  readonly #unreadable = new Set<string>();
  #isMixCloudReachable = true;
  /** What probes under way will come to. */
  #coming: readonly { readonly atMs: number; readonly happen: () => void }[] = [];

  play(line: string): void {
    const [first = "", ...words] = line.trim().split(/\s+/);
    if (first === "ingress") return this.#addIngress(words);
    if (first === "endpoint") return this.#addEndpoint(words);
    this.#advanceTo(duration(first));
    this.#command(words);
  }

  #addIngress([record = "", ...options]: string[]): void {
    const { hold_up, publish, proxied, private: isPrivate, mix, mix_wait } = optionsOf(options);
    const mixRecord = mix ?? record.replace(".", "-mix.");
    this.#settings.push({
      record,
      publish: (publish ?? "auto") as IngressSettings["publish"],
      ...(proxied === undefined ? {} : { proxied: proxied === "true" }),
      holdUpMs: duration(hold_up ?? "60s"),
      reconcileIntervalMs: 300_000,
      allowPrivate: isPrivate === "true",
      ...(mixRecord !== "none" && { mix: { record: mixRecord, waitMs: duration(mix_wait ?? "60s") } }),
      endpoints: [],
    });
  }

  #addEndpoint([name = "", target = "", ...options]: string[]): void {
    const { priority, ttl, sticky, rise, fall, interval, check } = optionsOf(options);
    const addresses = target.split(",").map(parseIp);
    const checkSettings: CheckSettings = {
      url: "https://example.com/healthz",
      intervalMs: duration(interval ?? "15s"),
      fastIntervalMs: 2_000,
      timeoutMs: 5_000,
      rise: Number(rise ?? 3),
      fall: Number(fall ?? 3),
      status: [[200, 200]],
    };
    const endpoint: EndpointSettings = {
      name,
      target: addresses.every((address) => address !== undefined)
        ? { kind: "addresses", addresses }
        : { kind: "host", host: target },
      priority: Number(priority ?? 0),
      ttl: ttl === "auto" ? "auto" : duration(ttl ?? "60s") / 1_000,
      ...(sticky === undefined ? {} : { stickyMs: duration(sticky) }),
      resolvers: ["1.1.1.1:53"],
      ...(check === "none" ? {} : { check: checkSettings }),
    };
    const ingress = this.#settings.pop();
    if (ingress === undefined) throw new Error("an endpoint needs an ingress before it");
    this.#settings.push({ ...ingress, endpoints: [...ingress.endpoints, endpoint] });
  }

  #command([verb, ...words]: string[]): void {
    switch (verb) {
      case "start":
      case "reload":
        return this.#dispatch({ kind: "config-loaded", ingresses: this.#settings });
      case "forget":
        this.#settings = [];
        return;
      case "reject":
        return this.#dispatch({ kind: "config-rejected", problems: [words.join(" ")] });
      case "time":
        return this.#time(words);
      case "published":
        return this.#publish(words);
      case "mix":
        return this.#mix(words);
      case "resolve":
        return this.#resolve(words);
      case "observe":
        return this.#observe(words);
      case "stall":
        return this.#stall(words);
      case "hang":
        return this.#hang(words);
      case "cloud":
        return this.#cloud(words);
      case "anchors":
        return this.#anchors(words);
      case "pin":
      case "drain":
      case "drill":
        return this.#override(verb, words);
      case "resume":
        return this.#dispatch({ kind: "resumed", ingress: this.#ingress().settings.record });
      case "visible":
      case "wrong":
        return this.#visibility(verb);
      case "restart":
        return this.#restart();
      case "nothing":
        return this.#dispatch({ kind: "time-passed" });
      case "show":
        for (const ingress of this.#state.ingresses) this.#say(`desired: ${showDesired(ingress)}`);
        return;
      default:
        throw new Error(`no such event: ${String(verb)}`);
    }
  }

  /** `published same`, `published nothing`, or `published TYPE CONTENT [TTL] [, …]`. */
  #publish(words: string[]): void {
    const ingress = this.#ingress();
    if (words[0] === "same") {
      const records = this.#records;
      return this.#dispatch({ kind: "records-read", ingress: ingress.settings.record, records });
    }
    const records = this.#recordsOf(words);
    this.#records = records;
    this.#dispatch({ kind: "records-read", ingress: ingress.settings.record, records });
  }

  #recordsOf(words: string[]): readonly PublishedRecord[] {
    return words
      .join(" ")
      .split(",")
      .filter((text) => text.trim() !== "nothing" && text.trim() !== "")
      .map((text): PublishedRecord => {
        const [type = "", content = "", ...rest] = text.trim().split(" ");
        const ttlSeconds = Number(rest.find((word) => /^\d+$/.test(word)) ?? 60);
        const extras = rest.includes("ours") && { extras: { comment: recordComment } };
        return { id: this.#newId(), type: type as RecordType, content, ttlSeconds, proxied: false, ...extras };
      });
  }

  /**
   * `mix read [same | nothing | TYPE CONTENT [ours] [, …]]`: what is read at the name of the mix, or found there;
   * `mix visible D`, `mix denied`, `mix silent`: what the servers say of mixes from now on; `mix off|on|refuses`: its writes;
   * `mix outside`: its name turns out not to lie in the zone.
   */
  #mix([verb, ...words]: string[]): void {
    const ingress = this.#ingress();
    const { record } = ingress.mix ?? mixesOf(ingress)[0] ?? { record: "" };
    switch (verb) {
      case "read": {
        if (words[0] !== "same") this.#mixes.set(record, this.#recordsOf(words));
        const records = this.#mixes.get(record) ?? [];
        return this.#dispatch({ kind: "records-read", ingress: ingress.settings.record, mix: record, records });
      }
      case "visible":
        this.#mixVisibleMs = duration(words[0] ?? "1s");
        return;
      case "denied":
        this.#mixVisibleMs = undefined;
        return;
      case "silent":
        this.#areMixServersSilent = true;
        return;
      case "outside": {
        const message = `${record} is not in the zone example.org: correct the record or the zone`;
        const problem = { kind: "invalid", message, during: "read" } as const;
        this.#unreadable.add(record);
        return this.#dispatch({ kind: "cloud-failed", ingress: ingress.settings.record, mix: record, problem });
      }
      case "on":
        this.#isMixCloudReachable = true;
        return this.#apply();
      case "off":
        this.#isMixCloudReachable = false;
        return;
      case "refuses": {
        const problem = { kind: "invalid", message: "content is invalid", during: "write" } as const;
        return this.#dispatch({ kind: "cloud-failed", ingress: ingress.settings.record, mix: record, problem });
      }
      default:
        throw new Error(`no such word about the mix: ${String(verb)}`);
    }
  }

  /** `resolve NAME ADDRESS…`, `resolve NAME nxdomain`, `resolve NAME silent`. */
  #resolve([name = "", ...answers]: string[]): void {
    const [first] = answers;
    const resolution: Resolution =
      first === "nxdomain"
        ? { kind: "none", reason: "nxdomain", detail: "the name does not exist" }
        : first === "silent"
          ? { kind: "inconclusive", reason: "silent", detail: "no resolver answered" }
          : { kind: "addresses", addresses: answers.map(addressOf), ttlSeconds: 60 };
    this.#dispatch({ kind: "resolved", ...this.#ref(name), resolution });
  }

  /** `observe NAME[@ADDRESS] ok|no-route|local|late|expired|misjudged|FAILURE [xN] [every D]`: N probes of each address, the last D apart. */
  #observe([who = "", what = "", ...rest]: string[]): void {
    const [name = "", only] = who.split("@");
    const times = Number(rest.find((word) => /^x\d+$/.test(word))?.slice(1) ?? 1);
    const everyMs = rest.includes("every") ? duration(rest[rest.indexOf("every") + 1] ?? "") : 0;
    for (let count = 0; count < times; count += 1) {
      if (count > 0) this.#advanceTo(this.#nowMs + everyMs);
      const addresses = this.#endpoint(name).addresses.map(({ text }) => text);
      for (const text of only === undefined ? addresses : [only]) {
        this.#dispatch({ kind: "probed", ...this.#ref(name), address: text, observation: this.#saw(what) });
      }
    }
  }

  /** `stall NAME D`: a probe of each address that had no answer after a second, and times out after D. */
  #stall([name = "", time = ""]: string[]): void {
    const startedMs = this.#nowMs;
    const addresses = this.#endpoint(name).addresses.map(({ text }) => text);
    this.#advanceTo(startedMs + 1_000);
    for (const text of addresses) {
      this.#dispatch({ kind: "probe-stalled", ...this.#ref(name), address: text, startedMs });
    }
    this.#advanceTo(startedMs + duration(time));
    for (const text of addresses) {
      const observation: Observation = { ...this.#saw("timeout"), startedMs };
      this.#dispatch({ kind: "probed", ...this.#ref(name), address: text, observation });
    }
  }

  /** `hang NAME D [WHAT]`: the same while other things happen; it comes to WHAT in the end, a timeout unless told. */
  #hang([name = "", time = "", what = "timeout"]: string[]): void {
    const startedMs = this.#nowMs;
    const ref = this.#ref(name);
    for (const { text: address } of this.#endpoint(name).addresses) {
      this.#later(startedMs + 1_000, () => this.#dispatch({ kind: "probe-stalled", ...ref, address, startedMs }));
      this.#later(startedMs + duration(time), () => {
        this.#dispatch({ kind: "probed", ...ref, address, observation: { ...this.#saw(what), startedMs } });
      });
    }
  }

  #later(atMs: number, happen: () => void): void {
    this.#coming = [...this.#coming, { atMs, happen }].toSorted((a, b) => a.atMs - b.atMs);
  }

  /** `cloud off`, `cloud on`, `cloud refuses`. */
  #cloud([how]: string[]): void {
    const ingress = this.#ingress().settings.record;
    if (how === "refuses") {
      const problem = { kind: "invalid", message: "content is invalid", during: "write" } as const;
      return this.#dispatch({ kind: "cloud-failed", ingress, problem });
    }
    this.#isCloudReachable = how === "on";
    if (this.#isCloudReachable) return this.#apply();
    const problem = { kind: "transient", message: "no answer", during: "write" } as const;
    return this.#dispatch({ kind: "cloud-failed", ingress, problem });
  }

  /** `time told [+D|-D]`: an answer tells it, and our clock is off by D; `time contradicted [+D|-D]`; `time jumped`. */
  #time([how, off = "+0s"]: string[]): void {
    const wallMs = startWallMs + this.#nowMs;
    const machineWallMs = wallMs + (off.startsWith("-") ? -1 : 1) * duration(off.slice(1));
    if (how === "jumped") return this.#dispatch({ kind: "clock-jumped" });
    if (how === "contradicted") return this.#dispatch({ kind: "time-contradicted", machineWallMs });
    return this.#dispatch({ kind: "time-told", wallMs, askedMs: this.#nowMs, machineWallMs });
  }

  /** `pin NAME DURATION`, `drain NAME DURATION`, `drill NAME DURATION`. */
  #override(kind: Override["kind"], [endpoint = "", time = "1h"]: string[]): void {
    const override = { kind, endpoint, untilMs: this.#nowMs + duration(time) };
    this.#dispatch({ kind: "override-set", ingress: this.#ingress().settings.record, override });
  }

  #visibility(status: "visible" | "wrong"): void {
    const { settings, published } = this.#ingress();
    const writtenAtMs = published?.atMs ?? 0;
    this.#dispatch({ kind: "visibility-checked", ingress: settings.record, writtenAtMs, status, detail: "" });
  }

  /** A crash and a new start, with the memory that is kept on disk. */
  #restart(): void {
    const wallMs = startWallMs + this.#nowMs;
    const kept = [...this.#state.ingresses, ...this.#state.leaving].map((each) => datedFrom(each, this.#nowMs, wallMs));
    const ingresses = restoredFrom({ ingresses: kept }, this.#nowMs, wallMs);
    this.#state = initialState;
    this.#dispatch({ kind: "restored", ingresses });
    this.#dispatch({ kind: "config-loaded", ingresses: this.#settings });
  }

  /** `anchors off`, `anchors on`: whether the prober finds proof of its own connection when it looks for it. */
  #anchors([how]: string[]): void {
    this.#areAnchorsReachable = how === "on";
    this.#tryAnchors();
  }

  /** Does what the prober does while failures wait for proof, or while the monitor is blind. */
  #tryAnchors(): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      const isWanted = isProofWanted(this.#state, family);
      if (!isWanted || !this.#areAnchorsReachable) continue;
      this.#dispatch({ kind: "anchors-tried", family, asked: 3, answered: 3, endedMs: this.#nowMs });
    }
  }

  #saw(what: string): Observation {
    const base = { startedMs: this.#nowMs, endedMs: this.#nowMs, vantage: "local", phases: {}, detail: what };
    if (what === "ok") return { ...base, kind: "ok" };
    if (what === "no-route" || what === "local" || what === "late")
      return { ...base, kind: "inconclusive", reason: what };
    if (what === "expired" || what === "misjudged") {
      const untilWallMs = startWallMs + (what === "expired" ? -1 : 90) * 86_400_000;
      const validity = { fromWallMs: untilWallMs - 100 * 86_400_000, untilWallMs };
      return { ...base, kind: "inconclusive", reason: "clock", detail: "certificate expired", validity };
    }
    return { ...base, kind: "failed", reason: what as (Observation & { kind: "failed" })["reason"] };
  }

  #advanceTo(atMs: number): void {
    for (let [next] = this.#coming; next !== undefined && next.atMs <= atMs; [next] = this.#coming) {
      this.#coming = this.#coming.slice(1);
      this.#passTo(next.atMs);
      next.happen();
    }
    this.#passTo(atMs);
  }

  #passTo(atMs: number): void {
    for (let next = this.#nextMs(); next !== undefined && next <= atMs; next = this.#nextMs()) {
      if (next < this.#nowMs) throw new Error(`the core left a deadline in the past: ${next} < ${this.#nowMs}`);
      this.#nowMs = next;
      this.#dispatch({ kind: "time-passed" });
    }
    this.#nowMs = atMs;
  }

  /** The next deadline of the core, or the moment at which the servers show a mix. */
  #nextMs(): number | undefined {
    const nexts = this.#unverified().flatMap(({ mix }) =>
      this.#mixVisibleMs === undefined ? [] : [(mix.visibility?.writtenAtMs ?? 0) + this.#mixVisibleMs],
    );
    const deadline = nextDeadline(this.#state);
    const all = [...nexts, ...(deadline === undefined ? [] : [deadline])];
    return all.length === 0 ? undefined : Math.min(...all);
  }

  #unverified(): { record: string; mix: MixState }[] {
    return this.#state.ingresses.flatMap((ingress) =>
      mixesOf(ingress)
        .filter(({ visibility }) => visibility?.status === "checking")
        .map((mix) => ({ record: ingress.settings.record, mix })),
    );
  }

  /** Does what the verifier does for mixes: says that they are shown, after a while. */
  #verifyMixes(): void {
    for (const { record: ingress, mix } of this.#unverified()) {
      const { record, visibility } = mix;
      const writtenAtMs = visibility?.writtenAtMs ?? 0;
      const status = this.#areMixServersSilent ? "silent" : "visible";
      if (this.#mixVisibleMs === undefined || writtenAtMs + this.#mixVisibleMs > this.#nowMs) continue;
      this.#dispatch({ kind: "visibility-checked", ingress, mix: record, writtenAtMs, status, detail: "" });
    }
  }

  #dispatch(event: Event): void {
    const before = this.#state;
    this.#state = step(before, event, this.#nowMs);
    for (const fact of factsBetween(before, this.#state, this.#nowMs)) {
      const text = describeFact(fact);
      if (text !== undefined) this.#say(text);
    }
    this.#tryAnchors();
    if (this.#isCloudReachable) this.#apply();
    this.#verifyMixes();
  }

  /** Does what the reconciler does: carries out the plan, in full, and reports. */
  #apply(): void {
    for (const ingress of [...this.#state.ingresses, ...this.#state.leaving]) {
      const desired = desiredRecords(ingress);
      const published = ingress.published?.records;
      const plan = desired && published && planBetween(published, desired, ingress.unseen?.ids);
      if (plan === undefined || published === undefined || isEmptyPlan(plan)) {
        this.#applyMixes(ingress);
        continue;
      }
      const records = this.#carriedOut("plan", plan, published);
      this.#records = records;
      this.#dispatch({ kind: "records-written", ingress: ingress.settings.record, records });
    }
  }

  /** The same at the names of mixes. The first look at a name comes before anything is written there. */
  #applyMixes(ingress: IngressState): void {
    const { record } = ingress.settings;
    if (ingress.published === undefined) return;
    for (const mix of mixesOf(ingress)) {
      if (this.#unreadable.has(mix.record)) continue;
      const known = this.#mixes.get(mix.record) ?? [];
      if (mix.published === undefined) {
        this.#dispatch({ kind: "records-read", ingress: record, mix: mix.record, records: known });
        return;
      }
      const plan = mixPlan(ingress, mix);
      if (plan === undefined || !this.#isMixCloudReachable) continue;
      const records = this.#carriedOut(`plan at ${mix.record}`, plan, mix.published.records);
      const ours = records.map((each) => ({ ...each, extras: { comment: recordComment } }));
      this.#mixes.set(mix.record, ours);
      this.#dispatch({ kind: "records-written", ingress: record, mix: mix.record, records: ours });
      return;
    }
  }

  #carriedOut(label: string, plan: Plan, published: readonly PublishedRecord[]): readonly PublishedRecord[] {
    this.#say(
      `${label}: ${[
        ...plan.deletes.map(({ id }) => `delete ${showRecord(published.find((record) => record.id === id))}`),
        ...plan.patches.map(
          ({ id, ...to }) => `patch ${showRecord(published.find((record) => record.id === id))} → ${showRecord(to)}`,
        ),
        ...plan.posts.map((record) => `post ${showRecord(record)}`),
      ].join(", ")}`,
    );
    const deleted = new Set(plan.deletes.map(({ id }) => id));
    const patched = new Map(plan.patches.map((patch) => [patch.id, patch]));
    return [
      ...published.filter(({ id }) => !deleted.has(id)).map((record) => patched.get(record.id) ?? record),
      ...plan.posts.map((post) => ({ ...post, id: this.#newId() })),
    ];
  }

  #say(text: string): void {
    this.lines.push(`${formatDuration(this.#nowMs).replace("0ms", "0s").padEnd(8)} ${text}`);
  }

  #ingress(): IngressState {
    const [ingress] = [...this.#state.ingresses, ...this.#state.leaving];
    if (ingress === undefined) throw new Error("nothing was started yet");
    return ingress;
  }

  #endpoint(name: string): IngressState["endpoints"][number] {
    const endpoint = this.#ingress().endpoints.find(({ settings }) => settings.name === name);
    if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
    return endpoint;
  }

  #ref(name: string): { ingress: string; endpoint: string; revision: number } {
    const { revision } = this.#endpoint(name);
    return { ingress: this.#ingress().settings.record, endpoint: name, revision };
  }

  #newId(): string {
    this.#lastId += 1;
    return String(this.#lastId).padStart(32, "0");
  }
}

/** A fact as a line of a scenario; `undefined` for those that only repeat what another line says. */
function describeFact(fact: Fact): string | undefined {
  switch (fact.kind) {
    case "config-applied":
    case "ingress-added":
    case "address-health-changed":
      return undefined;
    case "config-rejected":
      return `configuration rejected: ${fact.problems.join("; ")}`;
    case "ingress-released":
      return `${fact.ingress}: released`;
    case "endpoint-health-changed":
      return `${fact.endpoint}: ${fact.from} → ${fact.to}${fact.isDegraded ? " (degraded)" : ""} (${fact.reason})`;
    case "endpoint-renamed":
      return `${fact.from}: is called ${fact.to} now`;
    case "addresses-shared":
      return `${fact.endpoint}: shares its addresses with ${fact.others.join(", ")}`;
    case "addresses-left-out":
      return `${fact.endpoint}: ${fact.detail}`;
    case "selection-changed": {
      const mix = fact.to.sticky.map(({ endpoint }) => ` + ${endpoint}`).join("");
      return `ingress: ${fact.from?.primary ?? "nobody"} → ${fact.to.primary}${mix} (${fact.why})`;
    }
    case "ingress-outage-began":
      return `outage: ${fact.why}`;
    case "ingress-outage-ended":
      return `outage over, thanks to ${fact.by}`;
    case "records-changed":
      return fact.by === "read" ? `found: ${fact.to.map(showRecord).join(", ") || "no record"}` : undefined;
    case "mix-changed":
      return fact.by === "read" && fact.to.length > 0
        ? `found at ${fact.record}: ${fact.to.map(showRecord).join(", ")}`
        : undefined;
    case "mix-blocked":
      return `no mix: ${fact.why}`;
    case "mix-freed":
      return `there may be a mix again`;
    case "override-began":
      return `${fact.override.endpoint}: ${fact.override.kind} begins`;
    case "override-ended":
      return `${fact.override.endpoint}: ${fact.override.kind} is over`;
    case "drill-reported":
      return showDrill(fact.report);
    case "standoff-began":
      return "standoff: repair rests";
    case "standoff-ended":
      return "standoff over: repair goes on";
    case "visibility-known":
      return `${fact.visibility.status} after ${formatDuration((fact.visibility.atMs ?? 0) - fact.visibility.writtenAtMs)}`;
    case "blindness-began":
      return `blind in ${fact.family}`;
    case "blindness-ended":
      return `no longer blind in ${fact.family}`;
    case "clock-wrong":
      return `our clock is ${formatDuration(Math.abs(fact.aheadMs))} ${fact.aheadMs > 0 ? "ahead" : "behind"}`;
    case "clock-right":
      return "our clock is right again";
    case "cloud-trouble-began":
      return `cloud trouble: ${fact.problem.message}`;
    case "cloud-trouble-ended":
      return `cloud trouble over after ${formatDuration(fact.lastedMs)}`;
    default:
      return fact satisfies never;
  }
}

/** `drill of cable: 2m; away to mobile: decided 0ms, written 50ms, visible 1s (TTL 60); back to …`. */
function showDrill({ endpoint, startedMs, endedMs = startedMs, isInterrupted, away, back }: Drill): string {
  const show = (label: string, passage: Passage | undefined, fromMs: number): string => {
    if (passage?.decidedMs === undefined) return `${label} nobody`;
    const at = (ms: number | undefined): string => (ms === undefined ? "never" : formatDuration(ms - fromMs));
    const { to = [], decidedMs, committedMs, visibleMs, visibility, ttlSeconds } = passage;
    const seen = visibleMs === undefined ? (visibility ?? "unseen") : `${visibility} ${at(visibleMs)}`;
    return `${label} ${to.join(" + ")}: decided ${at(decidedMs)}, written ${at(committedMs)}, ${seen} (TTL ${ttlSeconds})`;
  };
  const begun = isInterrupted ? "interrupted" : show("away to", away, startedMs);
  return `drill of ${endpoint}: ${formatDuration(endedMs - startedMs)}; ${begun}; ${show("back to", back, endedMs)}`;
}

function showDesired(ingress: IngressState): string {
  const desired = desiredRecords(ingress);
  const mix = ingress.mix && desiredMix(ingress, ingress.mix);
  const beside = mix === undefined || mix === "none" ? "" : `; ${ingress.mix?.record}: ${showSet(mix)}`;
  return `${desired === undefined ? "leave alone" : showSet(desired)}${beside}`;
}

function showSet(desired: RecordSet): string {
  return desired.records.map((record) => showRecord({ ...record, ttlSeconds: desired.ttlSeconds })).join(", ");
}

function showRecord(record: { type: string; content: string; ttlSeconds: number } | undefined): string {
  return record === undefined ? "nothing" : `${record.type} ${record.content} ${record.ttlSeconds}`;
}

function optionsOf(words: string[]): Partial<Record<string, string>> & Record<OptionName, string | undefined> {
  return Object.fromEntries(words.map((word) => word.split("="))) as Record<OptionName, string | undefined>;
}

type OptionName =
  | "hold_up"
  | "publish"
  | "proxied"
  | "private"
  | "mix"
  | "mix_wait"
  | "priority"
  | "ttl"
  | "sticky"
  | "rise"
  | "fall"
  | "interval"
  | "check";

function duration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) throw new Error(`no duration: ${text}`);
  return durationMs;
}

function addressOf(text: string): Address {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`no address: ${text}`);
  return ip;
}
