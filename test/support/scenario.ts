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
  Observation,
  Override,
  Passage,
  PublishedRecord,
  RecordType,
  Resolution,
  SavedIngress,
  State,
} from "../../src/core/model.ts";
import { isProofWanted } from "../../src/core/proof.ts";
import { desiredRecords, isEmptyPlan, planBetween } from "../../src/core/records.ts";
import { initialState, step } from "../../src/core/step.ts";
import { formatDuration, parseDurationMs } from "../../src/lib/duration.ts";
import { parseIp } from "../../src/lib/ip.ts";

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

  play(line: string): void {
    const [first = "", ...words] = line.trim().split(/\s+/);
    if (first === "ingress") return this.#addIngress(words);
    if (first === "endpoint") return this.#addEndpoint(words);
    this.#advanceTo(duration(first));
    this.#command(words);
  }

  #addIngress([record = "", ...options]: string[]): void {
    const { hold_up, publish, proxied, private: isPrivate } = optionsOf(options);
    this.#settings.push({
      record,
      publish: (publish ?? "auto") as IngressSettings["publish"],
      ...(proxied === undefined ? {} : { proxied: proxied === "true" }),
      holdUpMs: duration(hold_up ?? "60s"),
      reconcileIntervalMs: 300_000,
      allowPrivate: isPrivate === "true",
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
      case "published":
        return this.#publish(words);
      case "resolve":
        return this.#resolve(words);
      case "observe":
        return this.#observe(words);
      case "stall":
        return this.#stall(words);
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
    const records = words
      .join(" ")
      .split(",")
      .filter((text) => text.trim() !== "nothing")
      .map((text): PublishedRecord => {
        const [type = "", content = "", ttl = "60"] = text.trim().split(" ");
        return { id: this.#newId(), type: type as RecordType, content, ttlSeconds: Number(ttl), proxied: false };
      });
    this.#records = records;
    this.#dispatch({ kind: "records-read", ingress: ingress.settings.record, records });
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

  /** `observe NAME[@ADDRESS] ok|no-route|local|late|FAILURE [xN] [every D]`: N probes of each address, the last D apart. */
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
    for (const text of addresses) this.#dispatch({ kind: "probe-stalled", ...this.#ref(name), address: text });
    this.#advanceTo(startedMs + duration(time));
    for (const text of addresses) {
      const observation: Observation = { ...this.#saw("timeout"), startedMs };
      this.#dispatch({ kind: "probed", ...this.#ref(name), address: text, observation });
    }
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
    const ingresses = this.#state.ingresses.map(
      ({ settings, selection, departures, overrides, endpoints, lastGood, outage }): SavedIngress => ({
        record: settings.record,
        ...(selection !== undefined && { primary: selection.primary }),
        sticky: selection?.sticky ?? [],
        departures,
        overrides,
        ...(lastGood !== undefined && { lastGood }),
        ...(outage !== undefined && { isOutage: true }),
        addresses: endpoints.flatMap(
          ({ settings: { name, target }, addresses, addressesUsableUntilMs: usableUntilMs }) =>
            target.kind === "host" && usableUntilMs !== undefined
              ? [
                  {
                    endpoint: name,
                    target: target.host,
                    addresses: addresses.map(({ text }) => addressOf(text)),
                    usableUntilMs,
                  },
                ]
              : [],
        ),
      }),
    );
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
    return { ...base, kind: "failed", reason: what as (Observation & { kind: "failed" })["reason"] };
  }

  #advanceTo(atMs: number): void {
    for (let next = nextDeadline(this.#state); next !== undefined && next <= atMs; next = nextDeadline(this.#state)) {
      if (next < this.#nowMs) throw new Error(`the core left a deadline in the past: ${next} < ${this.#nowMs}`);
      this.#nowMs = next;
      this.#dispatch({ kind: "time-passed" });
    }
    this.#nowMs = atMs;
  }

  #dispatch(event: Event): void {
    const before = this.#state;
    this.#state = step(before, event, this.#nowMs);
    for (const fact of factsBetween(before, this.#state)) {
      const text = describeFact(fact);
      if (text !== undefined) this.#say(text);
    }
    this.#tryAnchors();
    if (this.#isCloudReachable) this.#apply();
  }

  /** Does what the reconciler does: carries out the plan, in full, and reports. */
  #apply(): void {
    for (const ingress of this.#state.ingresses) {
      const desired = desiredRecords(ingress);
      const published = ingress.published?.records;
      if (desired === undefined || published === undefined) continue;
      const plan = planBetween(published, desired, ingress.unseen?.ids);
      if (isEmptyPlan(plan)) continue;
      this.#say(
        `plan: ${[
          ...plan.deletes.map(({ id }) => `delete ${showRecord(published.find((record) => record.id === id))}`),
          ...plan.patches.map(
            ({ id, ...to }) => `patch ${showRecord(published.find((record) => record.id === id))} → ${showRecord(to)}`,
          ),
          ...plan.posts.map((record) => `post ${showRecord(record)}`),
        ].join(", ")}`,
      );
      const deleted = new Set(plan.deletes.map(({ id }) => id));
      const patched = new Map(plan.patches.map((patch) => [patch.id, patch]));
      const records = [
        ...published.filter(({ id }) => !deleted.has(id)).map((record) => patched.get(record.id) ?? record),
        ...plan.posts.map((post) => ({ ...post, id: this.#newId() })),
      ];
      this.#records = records;
      this.#dispatch({ kind: "records-written", ingress: ingress.settings.record, records });
    }
  }

  #say(text: string): void {
    this.lines.push(`${formatDuration(this.#nowMs).replace("0ms", "0s").padEnd(8)} ${text}`);
  }

  #ingress(): IngressState {
    const [ingress] = this.#state.ingresses;
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
    case "addresses-shared":
      return `${fact.endpoint}: shares its addresses with ${fact.others.join(", ")}`;
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
    case "cloud-trouble-began":
      return `cloud trouble: ${fact.problem.message}`;
    case "cloud-trouble-ended":
      return `cloud trouble over`;
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
  if (desired === undefined) return "leave alone";
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
