// Plays a scenario file on the core alone: events above the line, the facts and plans that follow from them below it.
import { httpTask } from "./checks.ts";
import { nextDeadline } from "../../src/core/deadline.ts";
import { factsBetween } from "../../src/core/facts.ts";
import type {
  Address,
  CheckSettings,
  EndpointSettings,
  Event,
  Family,
  IngressSettings,
  IngressState,
  MixState,
  Observation,
  Plan,
  Override,
  PublishedRecord,
  RecordType,
  Resolution,
  State,
} from "../../src/core/model.ts";
import { mixesOf, mixPlan } from "../../src/core/records/mix.ts";
import { isProofWanted } from "../../src/core/evidence/proof.ts";
import { isEmptyPlan, planBetween } from "../../src/core/records/plan.ts";
import { desiredRecords, recordComment } from "../../src/core/records/records.ts";
import { releasedWallMs } from "../../src/core/time/release.ts";
import { initialState, step } from "../../src/core/step.ts";
import { parseDurationMs } from "../../src/core/units.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { datedFrom, parseDated, restoredFrom } from "../../src/store/saved.ts";
import { describeFact, narrow, showDesired, showRecord } from "./scenario-words.ts";

/** What the clocks of the world say when a scenario begins, milliseconds since 1970. */
const startWallMs = releasedWallMs + 86_400_000;

const families = ["ipv4", "ipv6"] as const;

/** Between the events and what follows from them. */
export const divider = "----------";

/**
 * Plays the events of a scenario and gives the lines that follow from them. Each event line starts with its time; the
 * words are those of `#command`, with an example of each. Where there are several ingresses, `in=RECORD` says which one a line is about
 * (else that of the endpoint, or the first), and what follows begins with the first label of its name. Throws on a line
 * that it does not understand.
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
  /** Of the reference hosts of a family, the part that takes a connection. */
  readonly #anchors: Record<Family, number> = { ipv4: 1, ipv6: 1 };
  #isTrying = false;
  #lastId = 0;
  /** What a line says it is about. */
  #about: string | undefined;
  /** Whether there ever was more than one ingress, so that lines have to say which. */
  #areSeveral = false;
  /** What the machine's wall clock is off by. */
  #clockOffMs = 0;
  /** What stands at Cloudflare, at the name of each ingress. */
  readonly #records = new Map<string, readonly PublishedRecord[]>();
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
    const [first = "", ...rest] = line.trim().split(/\s+/);
    this.#about = rest.find((word) => word.startsWith("in="))?.slice(3);
    const words = rest.filter((word) => !word.startsWith("in="));
    if (first === "ingress") return this.#addIngress(words);
    if (first === "endpoint") return this.#addEndpoint(words);
    const atMs = duration(first);
    if (atMs < this.#nowMs) throw new Error(`it is ${narrow(this.#nowMs)} already`);
    this.#advanceTo(atMs);
    this.#command(words);
  }

  #addIngress([record = "", ...options]: string[]): void {
    const { hold_up, publish, proxied, private: isPrivate, mix, mix_wait, zone } = optionsOf(options);
    const mixRecord = mix ?? record.replace(".", "-mix.");
    this.#settings.push({
      id: record,
      record,
      ...(zone !== undefined && { zone }),
      publish: (publish ?? "auto") as IngressSettings["publish"],
      ...(proxied === undefined ? {} : { proxied: proxied === "true" }),
      holdUpMs: duration(hold_up ?? "60s"),
      reconcileIntervalMs: 300_000,
      allowPrivate: isPrivate === "true",
      ...(mixRecord !== "none" && { mix: { record: mixRecord, waitMs: duration(mix_wait ?? "60s") } }),
      endpoints: [],
    });
    this.#areSeveral ||= this.#settings.length > 1;
  }

  #addEndpoint([name = "", target = "", ...options]: string[]): void {
    const { priority, ttl, sticky, rise, fall, interval, check } = optionsOf(options);
    const addresses = target.split(",").map(parseIp);
    const checkSettings: CheckSettings = {
      what: httpTask(),
      intervalMs: duration(interval ?? "15s"),
      fastIntervalMs: 2_000,
      timeoutMs: 5_000,
      rise: Number(rise ?? 3),
      fall: Number(fall ?? 3),
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
      // Example: 0s start
      case "start":
      case "reload":
        return this.#dispatch({ kind: "config-loaded", ingresses: this.#settings });
      // Example: 25s forget
      case "forget":
        this.#settings = [];
        return;
      // Example: 5m reject config.yml:1:1 this is not a configuration
      case "reject":
        return this.#dispatch({ kind: "config-rejected", problems: [words.join(" ")] });
      // Example: 10s time told +5m
      case "time":
        return this.#time(words);
      // Example: 0s published CNAME cable.example.net 60
      case "published":
        return this.#publish(words);
      // Example: 120s mix read A 203.0.113.7 60 ours
      case "mix":
        return this.#mix(words);
      // Example: 0s resolve cable 192.0.2.1 2001:db8::1
      case "resolve":
        return this.#resolve(words);
      // Example: 12s observe cable@192.0.2.1 timeout x3 every 2s
      case "observe":
        return this.#observe(words);
      // Example: 12s stall cable 5s
      case "stall":
        return this.#stall(words);
      // Example: 20s hang cable 5s ok
      case "hang":
        return this.#hang(words);
      // Example: 30s cloud off
      case "cloud":
        return this.#cloud(words);
      // Example: 20s anchors half ipv4
      case "anchors":
        return this.#reach(words);
      // Example: 1m pin mobile 1h
      case "pin":
      case "drain":
      case "drill":
        return this.#override(verb, words);
      // Example: 2m resume
      case "resume":
        return this.#dispatch({ kind: "resumed", ingress: this.#ingress().settings.record });
      // Example: 20s visible 18s
      case "visible":
      case "wrong":
        return this.#visibility(verb, words);
      // Example: 1m restart 30s off=-5m
      case "restart":
        return this.#restart(words);
      // Example: 10m nothing
      case "nothing":
        return this.#dispatch({ kind: "time-passed" });
      // Example: 10m show
      case "show":
        for (const ingress of this.#state.ingresses) {
          this.#say(`desired: ${showDesired(ingress)}`, ingress.settings.record);
        }
        return;
      default:
        throw new Error(`no such event: ${String(verb)}`);
    }
  }

  /** `published same`, `published nothing`, or `published TYPE CONTENT [TTL] [, …]`. */
  #publish(words: string[]): void {
    const ingress = this.#ingress();
    const { record } = ingress.settings;
    if (words[0] !== "same") this.#records.set(record, this.#recordsOf(words));
    this.#dispatch({ kind: "records-read", ingress: record, records: this.#records.get(record) ?? [] });
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
    const machineWallMs = wallMs + signed(off);
    if (how === "jumped") return this.#dispatch({ kind: "clock-jumped" });
    if (how === "contradicted") return this.#dispatch({ kind: "time-contradicted", machineWallMs });
    return this.#dispatch({ kind: "time-told", wallMs, askedMs: this.#nowMs, machineWallMs });
  }

  /** `pin NAME DURATION`, `drain NAME DURATION`, `drill NAME DURATION`. */
  #override(kind: Override["kind"], [endpoint = "", time = "1h"]: string[]): void {
    const override = { kind, endpoint, untilMs: this.#nowMs + duration(time) };
    this.#dispatch({ kind: "override-set", ingress: this.#ingress(endpoint).settings.record, override });
  }

  /** `visible [AT]`, `wrong [AT]`: what the servers say of the newest write, or of that at AT. */
  #visibility(status: "visible" | "wrong", [at]: string[]): void {
    const { settings, published } = this.#ingress();
    const writtenAtMs = at === undefined ? (published?.atMs ?? 0) : duration(at);
    this.#dispatch({ kind: "visibility-checked", ingress: settings.record, writtenAtMs, status, detail: "" });
  }

  /**
   * `restart [D] [off=±D]`: a crash, and a new start D later, with what the store keeps on the disk; the wall clock is set
   * off by so much meanwhile.
   */
  #restart(words: string[]): void {
    const { off } = optionsOf(words);
    const downMs = words[0] === undefined || words[0].startsWith("off=") ? 0 : duration(words[0]);
    const written = [...this.#state.ingresses, ...this.#state.leaving].map((ingress) =>
      JSON.stringify(datedFrom(ingress, this.#nowMs, startWallMs + this.#clockOffMs + this.#nowMs)),
    );
    this.#coming = [];
    this.#nowMs += downMs;
    if (off !== undefined) this.#clockOffMs = signed(off);
    const read = written.map((json) => parseDated(JSON.parse(json)).ingress);
    const ingresses = restoredFrom(
      { ingresses: read.filter((ingress) => ingress !== undefined) },
      this.#nowMs,
      startWallMs + this.#clockOffMs + this.#nowMs,
    );
    this.#state = initialState;
    this.#dispatch({ kind: "restored", ingresses });
    this.#dispatch({ kind: "config-loaded", ingresses: this.#settings });
  }

  /** `anchors off|half|on [ipv4|ipv6]`: how many of the reference hosts the prober reaches when it looks for proof. */
  #reach([how, only]: string[]): void {
    const part = how === "on" ? 1 : how === "half" ? 0.5 : 0;
    for (const family of families) if (only === undefined || only === family) this.#anchors[family] = part;
    this.#tryAnchors();
  }

  /** Does what the prober does while failures wait for proof, or while the monitor is blind. */
  #tryAnchors(): void {
    if (this.#isTrying) return;
    this.#isTrying = true;
    for (const family of families) {
      if (this.#anchors[family] === 0 || !isProofWanted(this.#state, family)) continue;
      const answered = 4 * this.#anchors[family];
      this.#dispatch({ kind: "anchors-tried", family, asked: 4, answered, endedMs: this.#nowMs });
    }
    this.#isTrying = false;
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
    return { ...base, kind: "failed", reason: what };
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
      if (text !== undefined) this.#say(text, "ingress" in fact ? fact.ingress : undefined);
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
      const { record } = ingress.settings;
      const records = this.#carriedOut(record, "plan", plan, published);
      this.#records.set(record, records);
      this.#dispatch({ kind: "records-written", ingress: record, records });
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
      const records = this.#carriedOut(record, `plan at ${mix.record}`, plan, mix.published.records);
      const ours = records.map((each) => ({ ...each, extras: { comment: recordComment } }));
      this.#mixes.set(mix.record, ours);
      this.#dispatch({ kind: "records-written", ingress: record, mix: mix.record, records: ours });
      return;
    }
  }

  #carriedOut(
    record: string,
    label: string,
    plan: Plan,
    published: readonly PublishedRecord[],
  ): readonly PublishedRecord[] {
    this.#say(
      `${label}: ${[
        ...plan.deletes.map(({ id }) => `delete ${showRecord(published.find((each) => each.id === id))}`),
        ...plan.patches.map(
          ({ id, ...to }) => `patch ${showRecord(published.find((each) => each.id === id))} → ${showRecord(to)}`,
        ),
        ...plan.posts.map((post) => `post ${showRecord(post)}`),
      ].join(", ")}`,
      record,
    );
    const deleted = new Set(plan.deletes.map(({ id }) => id));
    const patched = new Map(plan.patches.map((patch) => [patch.id, patch]));
    return [
      ...published.filter(({ id }) => !deleted.has(id)).map((old) => patched.get(old.id) ?? old),
      ...plan.posts.map((post) => ({ ...post, id: this.#newId() })),
    ];
  }

  #say(text: string, ingress?: string): void {
    const label = this.#areSeveral && ingress !== undefined ? `${ingress.split(".")[0]}: ` : "";
    this.lines.push(`${narrow(this.#nowMs).replace("0ms", "0s").padEnd(8)} ${label}${text}`);
  }

  /** The one that the line is about: the one that it names, else the one with this endpoint, else the first. */
  #ingress(endpoint?: string): IngressState {
    const isMeant = ({ settings, endpoints }: IngressState): boolean =>
      this.#about === undefined
        ? endpoint === undefined || endpoints.some((each) => each.settings.name === endpoint)
        : settings.record === this.#about;
    const ingress = [...this.#state.ingresses, ...this.#state.leaving].find(isMeant);
    if (ingress === undefined) throw new Error("no such ingress is configured, or nothing was started yet");
    return ingress;
  }

  #endpoint(name: string): IngressState["endpoints"][number] {
    const endpoint = this.#ingress(name).endpoints.find(({ settings }) => settings.name === name);
    if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
    return endpoint;
  }

  #ref(name: string): { ingress: string; endpoint: string; revision: number } {
    const { revision } = this.#endpoint(name);
    return { ingress: this.#ingress(name).settings.record, endpoint: name, revision };
  }

  #newId(): string {
    this.#lastId += 1;
    return String(this.#lastId).padStart(32, "0");
  }
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
  | "check"
  | "zone"
  | "off";

function duration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined) throw new Error(`no duration: ${text}`);
  return durationMs;
}

/** `+1h`, `-5m`. */
function signed(text: string): number {
  return (text.startsWith("-") ? -1 : 1) * duration(text.slice(1));
}

function addressOf(text: string): Address {
  const ip = parseIp(text);
  if (ip === undefined) throw new Error(`no address: ${text}`);
  return ip;
}
