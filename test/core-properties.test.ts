// What must hold after every step, whatever happens: the invariants that the core alone can keep.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "./support/property-runs.ts";
import { nextDeadline } from "../src/core/deadline.ts";
import { factsBetween } from "../src/core/facts.ts";
import { isFresh } from "../src/core/evidence/endpoint.ts";
import { isOut, isServing } from "../src/core/evidence/health.ts";
import type {
  EndpointSettings,
  EndpointState,
  Event,
  EventOf,
  IngressSettings,
  IngressState,
  Observation,
  Plan,
  PublishedRecord,
  State,
} from "../src/core/model.ts";
import { mixesOf, mixPlan } from "../src/core/records/mix.ts";
import { isProofWanted } from "../src/core/evidence/proof.ts";
import { isEmptyPlan, planBetween } from "../src/core/records/plan.ts";
import { askedForm, desiredRecords, isSameDemand, publishesCname, recordComment } from "../src/core/records/records.ts";
import { isOutage } from "../src/core/selection/outage.ts";
import { stallMs } from "../src/core/evidence/rhythm.ts";
import { endpointNamed, isDrained, pinOf, ranked } from "../src/core/members.ts";
import { hourMs } from "../src/core/units.ts";
import { changesBetween } from "../src/core/overview/ingresses.ts";
import { ingressDeadlineMs } from "../src/core/overview/ingress-deadline.ts";
import { overviewOf } from "../src/core/overview/overview.ts";
import { settle } from "../src/core/settle.ts";
import { initialState, step } from "../src/core/step.ts";
import { datedFrom, restoredFrom } from "../src/store/saved.ts";
import { foundStories } from "./support/found-stories.ts";
import { checkMembers } from "./support/members.ts";
import { answerOf, mixRecord, movesOf, observationOf, record, settingsOf } from "./support/core-world.ts";
import type { Move } from "./support/core-world.ts";

function isOurs({ extras }: PublishedRecord): boolean {
  return extras?.comment === recordComment;
}

/** Runs of each property; a longer hunt sets it in the environment. */
const wallAtZero = Date.UTC(2026, 5, 1);

const numRuns = propertyRuns(500);

test("the invariants hold in every generated story", () => {
  const seen = {
    failovers: 0,
    blindness: 0,
    returns: 0,
    mixes: 0,
    outages: 0,
    refills: 0,
    sameDemands: 0,
    drains: 0,
    drills: 0,
    pointedMixes: 0,
    removedMixes: 0,
    turns: 0,
    sharers: 0,
    overlaps: 0,
    overtaken: 0,
    entered: 0,
    left: 0,
    mixed: 0,
  };
  fc.assert(
    fc.property(settingsOf, movesOf, (settings, moves) => {
      const story = new Story(settings);
      for (const move of moves) story.play(move);
      seen.failovers += story.failovers;
      seen.blindness += story.blindness;
      seen.returns += story.returns;
      seen.mixes += story.mixes;
      seen.outages += story.outages;
      seen.refills += story.refills;
      seen.sameDemands += story.sameDemands;
      seen.drains += story.drains;
      seen.drills += story.drills;
      seen.pointedMixes += story.pointedMixes;
      seen.removedMixes += story.removedMixes;
      seen.turns += story.turns;
      seen.sharers += story.sharers;
      seen.overlaps += story.overlaps;
      seen.overtaken += story.overtaken;
      seen.entered += story.entered;
      seen.left += story.left;
      seen.mixed += story.mixed;
    }),
    { numRuns, examples: foundStories },
  );
  // A property that never saw a failover would prove nothing.
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, `no ${what} in all stories`);
});

test("a rejected configuration leaves the same trace of decisions as none", () => {
  fc.assert(
    fc.property(settingsOf, movesOf, (settings, moves) => {
      const plain = new Story(settings);
      const disturbed = new Story(settings);
      for (const move of moves.filter(({ kind }) => kind !== "config")) {
        // An answer grows too old to be returned on without any event: what that changes is not the rejection's doing.
        plain.dispatch({ kind: "time-passed" });
        plain.play(move);
        disturbed.dispatch({ kind: "config-rejected", problems: ["config.yml:1:1 not this time"] });
        disturbed.play(move);
      }
      assert.deepEqual(disturbed.state.ingresses, plain.state.ingresses);
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test("a reload of the same settings changes nothing but the generation", () => {
  fc.assert(
    fc.property(settingsOf, movesOf, (settings, moves) => {
      const story = new Story(settings);
      for (const move of moves.filter(isUndisturbed)) story.play(move);
      // An answer grows too old to be returned on without any event: what that changes is not the reload's doing.
      story.dispatch({ kind: "time-passed" });
      const before = story.state;
      const after = step(before, { kind: "config-loaded", ingresses: [settings] }, story.nowMs);
      assert.deepEqual(after.ingresses, before.ingresses);
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test("other names for the same endpoints change nothing but the names", () => {
  fc.assert(
    fc.property(settingsOf, movesOf, fc.boolean(), (settings, moves, isSwap) => {
      const story = new Story(settings);
      for (const move of moves.filter(isUndisturbed)) story.play(move);
      // An answer grows too old to be returned on without any event: what that changes is not the reload's doing.
      story.dispatch({ kind: "time-passed" });
      const before = story.state;
      const old = settings.endpoints.map(({ name }) => name);
      const names = isSwap ? [...old.slice(1), ...old.slice(0, 1)] : old.map((name) => `${name}-renamed`);
      const endpoints = settings.endpoints.map((endpoint, index) => ({ ...endpoint, name: names[index] ?? "" }));
      const after = step(before, { kind: "config-loaded", ingresses: [{ ...settings, endpoints }] }, story.nowMs);
      const kinds = new Set(factsBetween(before, after, story.nowMs).map(({ kind }) => kind));
      assert.deepEqual([...kinds].toSorted(), ["config-applied", "endpoint-renamed"]);
      const [was, is] = [before.ingresses[0], after.ingresses[0]];
      assert.ok(was !== undefined && is !== undefined);
      assert.deepEqual(desiredRecords(is), desiredRecords(was));
      // A report that was under way says whom it is about by name and revision: it must not be taken for another one's.
      const keys = (ingress: IngressState): string[] =>
        ingress.endpoints.map(({ settings: { name }, revision }) => `${name} ${revision}`);
      assert.deepEqual(
        keys(is).filter((key) => keys(was).includes(key)),
        [],
      );
      // And back again: nothing was lost on the way.
      const again = step(after, { kind: "config-loaded", ingresses: [settings] }, story.nowMs);
      const plain = (ingress: IngressState | undefined): unknown => {
        const known = ingress ?? was;
        return { ...known, renames: [], endpoints: known.endpoints.map(({ revision: __, ...endpoint }) => endpoint) };
      };
      assert.deepEqual(plain(again.ingresses[0]), plain(was));
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

/** Neither a reload, nor something that a reload gives another chance. */
function isUndisturbed({ kind, ...move }: Move): boolean {
  return kind !== "config" && kind !== "cloud" && (kind !== "record" || ("what" in move && move.what === "read"));
}

/** One story on the core, with a Cloudflare that carries out every plan at once, and the invariants checked on the way. */
class Story {
  state: State = initialState;
  nowMs = 1_000;
  failovers = 0;
  blindness = 0;
  returns = 0;
  mixes = 0;
  outages = 0;
  refills = 0;
  sameDemands = 0;
  drains = 0;
  /** Drills that were reported. */
  drills = 0;
  /** Steps in which somebody was waited for at the end of an outage of everybody. */
  turns = 0;
  /** Steps in which an endpoint that leads to the same place as others was up and better than the primary. */
  sharers = 0;
  overlaps = 0;
  /** Results that began before an ok that was known already. */
  overtaken = 0;
  /** Those who began to serve beside the active endpoint, those who ended, and the steps that wanted records of several. */
  entered = 0;
  left = 0;
  mixed = 0;
  /** Since when somebody serves again, after all were down; missing while all are, and once the primary serves. */
  #dawnMs: number | undefined;
  #isDark = false;
  /** Until when each endpoint may finish coming back from the outage of all, in which another one serves by now. */
  readonly #turns = new Map<string, number>();
  /** Since when at least one endpoint serves without a break. */
  #upSinceMs: number | undefined;
  pointedMixes = 0;
  removedMixes = 0;
  /** What stands at the name of the mix. */
  #mixRecords: readonly PublishedRecord[] = [];
  #servers: "shown" | "denied" | "silent" = "shown";
  #mixCloud: "works" | "fails" = "works";
  /** The type at the ingress name, until a configuration asks for another. */
  #type: "CNAME" | "addresses" | undefined;
  readonly #whole: IngressSettings;
  readonly #lastOutMs = new Map<string, number>();
  readonly #oksInRow = new Map<string, number>();
  /** When the ok of each address began that began last. */
  readonly #okStartedMs = new Map<string, number>();
  /** Addresses with a failure that counted since their newest ok. */
  readonly #failed = new Set<string>();
  /** The newest proof of connection in each family: by an endpoint's ok, or by the anchors. */
  readonly #proofs = new Map<string, { by: string; atMs: number }[]>();
  #areAnchorsReachable = true;
  #isBegun = true;
  #cloud: "works" | "fails" | "refuses" = "works";
  #records: readonly PublishedRecord[] = [];
  #lastId = 0;

  constructor(settings: IngressSettings) {
    this.#whole = settings;
    this.dispatch({ kind: "config-loaded", ingresses: [settings] });
    this.dispatch({ kind: "records-read", ingress: record, records: [] });
  }

  play(move: Move): void {
    switch (move.kind) {
      case "wait":
        return this.#waitUntil(this.nowMs + move.ms);
      case "probe": {
        for (let count = 0; count < move.times; count += 1) {
          const endpoint = this.#endpoint(move.endpoint);
          const address = endpoint.addresses[move.address % Math.max(1, endpoint.addresses.length)]?.text;
          if (address === undefined) return;
          this.#waitUntil(this.nowMs + 500);
          const observation = observationOf(move.what, this.nowMs);
          this.#count(endpoint, address, observation);
          this.dispatch({ kind: "probed", ...ref(endpoint), address, observation });
        }
        return;
      }
      case "overlap":
        return this.#overlap(move);
      case "resolve": {
        const endpoint = this.#endpoint(move.endpoint);
        if (endpoint.settings.target.kind !== "host") return;
        const number = this.#whole.endpoints.findIndex(({ name }) => name === endpoint.settings.name);
        return this.dispatch({ kind: "resolved", ...ref(endpoint), resolution: answerOf(move.what, number) });
      }
      case "record":
        if (move.what === "emptied") this.#records = [];
        if (move.what === "foreign")
          this.#records = [this.#newRecord({ type: "A", content: "203.0.113.9", ttlSeconds: 300, proxied: false })];
        return this.dispatch({ kind: "records-read", ingress: record, records: this.#records });
      case "mix":
        return this.#playMix(move.what);
      case "cloud":
        this.#cloud = move.what;
        return this.#apply();
      case "anchors":
        this.#areAnchorsReachable = move.what === "answer";
        return this.#tryAnchors();
      case "config":
        if (move.what === "rejected")
          return this.dispatch({ kind: "config-rejected", problems: ["config.yml:1:1 no"] });
        return this.dispatch({
          kind: "config-loaded",
          ingresses: [
            move.what === "without-first" ? { ...this.#whole, endpoints: this.#whole.endpoints.slice(1) } : this.#whole,
          ],
        });
      case "restart":
        return this.#restart(move.downMs);
      case "word": {
        const { settings } = this.#endpoint(move.endpoint);
        if (move.what === "resume") return this.dispatch({ kind: "resumed", ingress: record, endpoint: settings.name });
        const override = { kind: move.what, endpoint: settings.name, untilMs: this.nowMs + move.forMs };
        return this.dispatch({ kind: "override-set", ingress: record, override });
      }
      default:
        move satisfies never;
    }
  }

  #playMix(what: (Move & { kind: "mix" })["what"]): void {
    const strange = { type: "A", content: "203.0.113.66", ttlSeconds: 300, proxied: false } as const;
    const ours = { comment: recordComment };
    switch (what) {
      case "shown":
      case "denied":
      case "silent":
        this.#servers = what;
        return this.#verifyMix();
      case "fails":
      case "works":
        this.#mixCloud = what;
        return this.#apply();
      case "emptied":
        this.#mixRecords = this.#mixRecords.filter((each) => !isOurs(each));
        break;
      case "edited":
        this.#mixRecords = [
          ...this.#mixRecords.filter((each) => !isOurs(each)),
          { ...this.#newRecord(strange), extras: ours },
        ];
        break;
      case "foreign":
        this.#mixRecords = [...this.#mixRecords, this.#newRecord(strange)];
        break;
      case "cleared":
        this.#mixRecords = this.#mixRecords.filter(isOurs);
        break;
      case "read":
        break;
      default:
        what satisfies never;
    }
    this.#readMix();
  }

  #readMix(): void {
    if (mixesOf(this.#ingress()).length === 0) return;
    this.dispatch({ kind: "records-read", ingress: record, mix: mixRecord, records: this.#mixRecords });
  }

  /** What the servers say of a mix that is being looked at, at once. */
  #verifyMix(): void {
    for (const { record: mix, visibility } of mixesOf(this.#ingress())) {
      if (visibility === undefined || (visibility.status !== "checking" && this.#servers === "shown")) continue;
      const status = this.#servers === "shown" ? "visible" : this.#servers === "denied" ? "wrong" : "silent";
      if (status === visibility.status) continue;
      const { writtenAtMs } = visibility;
      this.dispatch({ kind: "visibility-checked", ingress: record, mix, writtenAtMs, status, detail: "" });
    }
  }

  /** Carries out what is to be written at the name of the mix. Nothing foreign is ever part of it. */
  #applyMix(): void {
    const ingress = this.#ingress();
    const [mix] = mixesOf(ingress);
    if (mix === undefined) return;
    if (mix.published === undefined) return this.#readMix();
    const plan = mixPlan(ingress, mix);
    if (plan === undefined || this.#mixCloud === "fails") return;
    const touched = [...plan.deletes, ...plan.patches].map(({ id }) => id);
    assert.ok(
      this.#mixRecords.filter(({ id }) => touched.includes(id)).every(isOurs),
      "a foreign record at the name of the mix was touched",
    );
    assert.ok(
      [...plan.patches, ...plan.posts].every(({ type }) => type !== "CNAME"),
      "the mix became a CNAME",
    );
    assert.ok(
      mix.foreign === undefined || plan.posts.length + plan.patches.length === 0,
      "a mix beside foreign records",
    );
    const deleted = new Set(plan.deletes.map(({ id }) => id));
    const extras = { comment: recordComment };
    this.#mixRecords = [
      ...this.#mixRecords
        .filter(({ id }) => !deleted.has(id))
        .map((old) => {
          const patch = plan.patches.find(({ id }) => id === old.id);
          return patch === undefined ? old : { ...patch, extras };
        }),
      ...plan.posts.map((post) => ({ ...this.#newRecord(post), extras })),
    ];
    const ours = this.#mixRecords.filter(isOurs);
    if (ours.length === 0) {
      this.removedMixes += 1;
      const isPointedTo = this.#records.some(({ content }) => content === mixRecord);
      assert.ok(!isPointedTo, "a mix that is pointed to was removed");
    }
    this.dispatch({ kind: "records-written", ingress: record, mix: mixRecord, records: ours });
    if (this.#servers === "shown") this.#verifyMix();
  }

  /** No write changes the type of what stands there, but for the one that the configuration asks for. */
  #checkType(ingress: IngressState, plan: Plan): void {
    const primary = endpointNamed(ingress, ingress.selection?.primary);
    // What is put back into an empty name while no endpoint is up is what was found there.
    const isRefill =
      ingress.published?.records.length === 0 && (primary === undefined || !isServing(primary.health.verdict));
    if (isRefill) return;
    const type = publishesCname(ingress) ? "CNAME" : "addresses";
    const [first] = [...plan.patches, ...plan.posts];
    assert.equal(
      first === undefined || (first.type === "CNAME") === (type === "CNAME"),
      true,
      "another type is written",
    );
    if (askedForm(ingress.settings) === undefined) {
      this.#type ??= type;
      assert.equal(type, this.#type, "the form changed though nothing asked for it");
    } else this.#type = type;
    // A mix that is pointed to already is patched in place.
    const isThere = ingress.published?.records.some(({ content }) => content === mixRecord) === true;
    if (first?.type !== "CNAME" || first.content !== mixRecord || isThere) return;
    this.pointedMixes += 1;
    const known = ingress.mix?.published?.records ?? [];
    const members = [ingress.selection?.primary, ...(ingress.selection?.sticky ?? []).map(({ endpoint }) => endpoint)];
    assert.ok(members.length > 1, "a mix of one");
    const addresses = members.flatMap((name) => endpointNamed(ingress, name)?.addresses.map(({ text }) => text) ?? []);
    const [now, then] = [known, addresses] as const;
    assert.ok(now.length > 0 && now.every(({ content }) => then.includes(content)), "pointed to a mix of others");
  }

  /** Probes that overlap: what has no answer after a second has stalled, and each ends in its own time. */
  #overlap(move: Move & { kind: "overlap" }): void {
    const endpoint = this.#endpoint(move.endpoint);
    const { check } = endpoint.settings;
    const address = endpoint.addresses[move.address % Math.max(1, endpoint.addresses.length)]?.text;
    if (address === undefined || check === undefined) return;
    const beganMs = this.nowMs;
    const events = move.probes.slice(0, check.fall).flatMap(({ what, tookMs }, index) => {
      const startedMs = beganMs + index * move.gapMs;
      const endedMs = startedMs + Math.min(tookMs, check.timeoutMs);
      const observation = { ...observationOf(what, endedMs), startedMs };
      const stalledMs = startedMs + stallMs(check);
      return [
        ...(endedMs > stalledMs
          ? [{ atMs: stalledMs, event: { kind: "probe-stalled", ...ref(endpoint), address, startedMs } as const }]
          : []),
        { atMs: endedMs, event: { kind: "probed", ...ref(endpoint), address, observation } as const },
      ];
    });
    for (const { atMs, event } of events.toSorted((a, b) => a.atMs - b.atMs)) {
      this.#waitUntil(atMs);
      if (event.kind === "probed") this.#count(this.#endpoint(move.endpoint), address, event.observation);
      this.dispatch(event);
    }
    this.overlaps += 1;
  }

  /** A crash, and a new life with what the one before left on the disk. */
  #restart(downMs: number): void {
    const saved = this.state.ingresses.map((ingress) => datedFrom(ingress, this.nowMs, wallAtZero + this.nowMs));
    const { settings } = this.#ingress();
    this.nowMs += downMs;
    this.state = initialState;
    // Who was down without being left is believed anew.
    this.#forgetAllBut([]);
    // An outage is remembered, not who was up again in it.
    this.#dawnMs = undefined;
    this.#upSinceMs = undefined;
    const ingresses = restoredFrom({ ingresses: saved }, this.nowMs, wallAtZero + this.nowMs);
    this.#isBegun = false;
    this.dispatch({ kind: "restored", ingresses });
    this.dispatch({ kind: "config-loaded", ingresses: [settings] });
    this.#isBegun = true;
    this.dispatch({ kind: "records-read", ingress: record, records: this.#records });
  }

  dispatch(event: Event): void {
    const before = this.state;
    if (event.kind === "config-loaded") this.#forgetAllBut(event.ingresses[0]?.endpoints ?? []);
    const after = step(before, event, this.nowMs);
    this.state = after;
    freezePlain(after);
    const deadline = nextDeadline(after);
    assert.ok(deadline === undefined || deadline > this.nowMs, "a deadline was left in the past");
    for (const { after: changed } of changesBetween(before, after)) {
      const again = settle(changed, this.nowMs);
      assert.deepEqual(again, changed, "a second look at the same moment goes on with what the first one began");
      const later = atDeadline(changed, this.nowMs);
      assert.deepEqual(later, changed, "time alone changes something before the deadline");
    }
    assert.deepEqual(after.overview, overviewOf(after.ingresses), "the overview shows something else than there is");
    for (const { kind } of factsBetween(before, after, this.nowMs)) if (kind === "drill-reported") this.drills += 1;
    if (!this.#isBegun) return;
    this.#checkHealth(event, before, after);
    this.#checkProof(event, before, after);
    this.#checkSelection(before.ingresses[0], this.#ingress());
    this.#checkTurns(before.ingresses[0], this.#ingress());
    this.#checkDesired(this.#ingress());
    const members = checkMembers(before.ingresses[0], this.#ingress(), this.nowMs);
    this.entered += members.entered;
    this.left += members.left;
    this.mixed += members.mixed;
    this.#checkDemand(before.ingresses[0], this.#ingress());
    this.#tryAnchors();
    this.#apply();
  }

  /**
   * An endpoint that leaves the configuration takes with it what was seen of it: one of its name that comes later is
   * another, which starts unknown, and was not down for all that anybody knows.
   */
  #forgetAllBut(kept: readonly EndpointSettings[]): void {
    const isKept = (key: string): boolean => kept.some(({ name }) => key.split(" ")[0] === name);
    for (const memory of [this.#lastOutMs, this.#failed, this.#oksInRow, this.#okStartedMs]) {
      for (const key of memory.keys()) if (!isKept(key)) memory.delete(key);
    }
  }

  #waitUntil(atMs: number): void {
    for (let next = nextDeadline(this.state); next !== undefined && next <= atMs; next = nextDeadline(this.state)) {
      this.nowMs = next;
      this.dispatch({ kind: "time-passed" });
    }
    this.nowMs = atMs;
  }

  /** What asks for the same surely does. */
  #checkDemand(before: IngressState | undefined, after: IngressState): void {
    if (before === undefined || before === after || !isSameDemand(before, after)) return;
    this.sameDemands += 1;
    assert.deepEqual(desiredRecords(after), desiredRecords(before), "the same demand for other records");
  }

  /** Inconclusive results change no verdict. */
  #checkHealth(event: Event, before: State, after: State): void {
    for (const { settings, health, addresses } of this.#ingress().endpoints) {
      for (const { text, health: each } of addresses) {
        if (each.failuresInRow > 0 || each.verdict === "down") this.#failed.add(`${settings.name} ${text}`);
      }
      if (isOut(health.verdict)) this.#lastOutMs.set(settings.name, this.nowMs);
    }
    if (event.kind !== "probed") return;
    this.#checkOrder(event, before, after);
    if (event.observation.kind !== "inconclusive") return;
    assert.deepEqual(healthsOf(after), healthsOf(before), "an inconclusive result changed a verdict");
  }

  /** An answer is as old as its question: what began before an ok that is known already moves no counter of its address. */
  #checkOrder({ endpoint, address, observation }: EventOf<"probed">, before: State, after: State): void {
    const key = `${endpoint} ${address}`;
    const { startedMs } = observation;
    const newestMs = this.#okStartedMs.get(key) ?? -Infinity;
    if (startedMs < newestMs) {
      this.overtaken += 1;
      const [old, now] = [before, after].map(({ ingresses }) =>
        ingresses[0]?.endpoints
          .find(({ settings }) => settings.name === endpoint)
          ?.addresses.find(({ text }) => text === address),
      );
      assert.deepEqual(now?.health, old?.health, "a result that was overtaken moved a counter");
    }
    if (observation.kind === "ok") this.#okStartedMs.set(key, Math.max(newestMs, startedMs));
  }

  /** Nobody goes down without proof, newer than the failure, that the monitor's own connection works. */
  #checkProof(event: Event, before: State, after: State): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      if (before.connection[family].blindSinceMs !== after.connection[family].blindSinceMs) this.blindness += 1;
    }
    if (event.kind === "probed" && event.observation.kind === "ok") {
      this.#noteProof(event.address.includes(":") ? "ipv6" : "ipv4", event.endpoint);
    }
    if (event.kind === "anchors-tried" && event.answered * 2 > event.asked) this.#noteProof(event.family, "anchors");
    for (const endpoint of this.#ingress().endpoints) {
      const known = before.ingresses[0]?.endpoints.find(({ settings }) => settings.name === endpoint.settings.name);
      for (const address of endpoint.addresses) {
        const old = known?.addresses.find(({ text }) => text === address.text);
        if (address.health.verdict !== "down" || old === undefined || isOut(old.health.verdict)) continue;
        const failedMs = Math.max(
          old.unproven.at(-1)?.endedMs ?? -Infinity,
          event.kind === "probed" && event.address === address.text ? event.observation.endedMs : -Infinity,
          event.kind === "resolved" && event.endpoint === endpoint.settings.name ? this.nowMs : -Infinity,
        );
        const proofs = (this.#proofs.get(address.family) ?? []).filter(({ by }) => by !== endpoint.settings.name);
        assert.ok(
          proofs.some(({ atMs }) => atMs >= failedMs),
          `${endpoint.settings.name} ${address.text} went down without proof`,
        );
      }
    }
  }

  #noteProof(family: string, by: string): void {
    const others = (this.#proofs.get(family) ?? []).filter((proof) => proof.by !== by);
    this.#proofs.set(family, [...others, { by, atMs: this.nowMs }]);
  }

  #tryAnchors(): void {
    for (const family of ["ipv4", "ipv6"] as const) {
      if (!this.#areAnchorsReachable || !isProofWanted(this.state, family)) continue;
      this.dispatch({ kind: "anchors-tried", family, asked: 3, answered: 2, endedMs: this.nowMs });
    }
  }

  #checkSelection(before: IngressState | undefined, after: IngressState): void {
    if (isOutage(after) && before !== undefined && !isOutage(before)) this.outages += 1;
    const from = before?.selection;
    const to = after.selection;
    if (to === undefined) return;
    this.#checkDepartures(before, after);
    if (isShared(after, ranked(after.endpoints)[0]) && to.primary !== ranked(after.endpoints)[0]?.settings.name) {
      this.sharers += 1;
    }
    if (from?.primary === to.primary) return;
    const primary = endpointNamed(after, to.primary);
    assert.ok(primary !== undefined);
    if (to.reason === "pin") return assert.equal(pinOf(after)?.endpoint, to.primary, "a pin of somebody else");
    if (to.reason !== "adopted") this.#checkStart(primary, to.reason);
    if (from === undefined) return;
    const left = endpointNamed(after, from.primary);
    // Removed: the best candidate takes over, or without one it is as at a start. Whoever is adopted then and is down is
    // left in the same step, but only for somebody drained: anybody else would have been a candidate.
    if (left === undefined) {
      return assert.ok(
        ["configuration", "adopted", "elected"].includes(to.reason) ||
          (to.reason === "failover" && isDrained(after, primary)),
      );
    }
    if (from.reason === "pin") return assert.equal(to.reason, "resume");
    if (isOut(left.health.verdict)) {
      this.failovers += 1;
      const [old, next] = [currentOf(left), currentOf(primary)];
      const isSame = old.length > 0 && old.join() === next.join();
      assert.ok(!isSame, "a failover to the very same addresses");
      return assert.equal(to.reason, "failover");
    }
    if (to.reason === "drain") {
      this.drains += 1;
      return assert.ok(isDrained(after, left) && !isDrained(after, primary), "a drain of somebody else");
    }
    this.returns += 1;
    assert.equal(to.reason, "return");
    const order = ranked(after.endpoints);
    assert.ok(order.indexOf(primary) < order.indexOf(left), "a return to a worse rank");
    assert.ok(!primary.health.isDegraded, "a return to a degraded endpoint");
    assert.ok(!isShared(after, primary), "a return to an endpoint without an address of its own");
    const lastOutMs = this.#lastOutMs.get(to.primary);
    assert.ok(
      lastOutMs === undefined || primary.revision > 0 || this.nowMs - lastOutMs >= after.settings.holdUpMs,
      "a return before hold_up was over",
    );
  }

  /**
   * After an outage of everybody, nobody is left, nor passed over, who may still be coming back: at most a timeout and
   * `rise` probes from the moment the first one serves, and never for longer than 15 s.
   */
  #checkTurns(before: IngressState | undefined, after: IngressState): void {
    if (before === undefined) return;
    const areOut = after.endpoints.every(({ health }) => isOut(health.verdict));
    const primary = endpointNamed(after, before.selection?.primary);
    if (areOut) {
      this.#isDark = true;
      this.#dawnMs = undefined;
    } else if (after.endpoints.some(({ health }) => isServing(health.verdict)) && this.#isDark) {
      if (this.#dawnMs === undefined) this.#giveTurns(after);
      this.#dawnMs ??= this.nowMs;
    }
    const dawnMs = this.#dawnMs;
    this.#passTurns(after);
    const isAnyUp = after.endpoints.some(({ health }) => isServing(health.verdict));
    this.#upSinceMs = isAnyUp ? (this.#upSinceMs ?? this.nowMs) : undefined;
    const to = endpointNamed(after, after.selection?.primary);
    const isFailover = to !== undefined && to !== primary && after.selection?.reason === "failover";
    if (dawnMs !== undefined && primary !== undefined && isFailover) {
      const order = ranked(after.endpoints);
      for (const other of new Set([primary, ...order.slice(0, order.indexOf(to))])) {
        if (isDrained(after, other) || isShared(after, other)) continue;
        const isWithoutAddress = other.addresses.every(({ vanishesAtMs }) => vanishesAtMs !== undefined);
        assert.ok(
          isWithoutAddress || !this.#turns.has(other.settings.name),
          `${other.settings.name} was about to come back from an outage of everybody`,
        );
      }
    }
    if (primary !== undefined && primary === to && isOut(primary.health.verdict) && dawnMs !== undefined) {
      const isFree = (endpoint: EndpointState): boolean =>
        endpoint.health.verdict === "up" &&
        isFresh(endpoint, this.nowMs) &&
        !isDrained(after, endpoint) &&
        currentOf(endpoint).join() !== currentOf(primary).join();
      if (after.endpoints.some(isFree) && pinOf(after) === undefined) {
        this.turns += 1;
        assert.ok(
          this.nowMs < (this.#upSinceMs ?? Infinity) + 15_000,
          "an endpoint that is up was kept waiting for too long",
        );
      }
    }
    if (to !== undefined && isServing(to.health.verdict)) {
      this.#isDark = false;
      this.#dawnMs = undefined;
    }
  }

  /** The first endpoint serves again: from now on, and once, each other one has time to finish coming back. */
  #giveTurns({ endpoints }: IngressState): void {
    this.#turns.clear();
    for (const { settings } of endpoints) {
      const { name, check } = settings;
      if (check === undefined) continue;
      const turnMs = Math.min(15_000, check.timeoutMs + check.rise * check.fastIntervalMs);
      this.#turns.set(name, this.nowMs + turnMs);
    }
  }

  /** A turn ends with its time, with the first failure that began in it, however it goes on, and once the endpoint serves. */
  #passTurns(after: IngressState): void {
    const sinceMs = this.#dawnMs ?? Infinity;
    for (const [name, untilMs] of this.#turns) {
      const endpoint = endpointNamed(after, name);
      const isOver =
        endpoint === undefined ||
        untilMs <= this.nowMs ||
        isServing(endpoint.health.verdict) ||
        (endpoint.resolution?.kind === "none" && endpoint.resolution.atMs >= sinceMs) ||
        endpoint.addresses.some(({ lastObservation: last }) => last?.kind === "failed" && last.startedMs >= sinceMs);
      if (isOver) this.#turns.delete(name);
    }
  }

  /** Who is left as down is held back the longer, the more often that was: only who was primary, is down, and is left counts. */
  #checkDepartures(before: IngressState | undefined, after: IngressState): void {
    const known = new Set(before?.departures);
    for (const departure of after.departures) {
      if (known.has(departure)) continue;
      const isRecent = after.departures.every(({ atMs }) => atMs > this.nowMs - 3_600_000);
      assert.ok(isRecent, "departures older than an hour are kept");
      const primary = endpointNamed(after, before?.selection?.primary);
      const left = endpointNamed(after, departure.endpoint);
      assert.ok(left !== undefined && isOut(left.health.verdict), "who is not down counts as left");
      // Nobody was primary, or somebody who is no longer configured: then it is who was adopted in this very step.
      assert.ok(primary === undefined || left === primary, "who was not primary counts as left");
      assert.notEqual(departure.endpoint, after.selection?.primary, "who goes on serving counts as left");
    }
  }

  /** Whoever starts to serve has answered `rise` times in a row, not long ago. */
  #checkStart({ settings, health, addresses, revision }: EndpointState, reason: string): void {
    assert.equal(health.verdict, "up");
    if (settings.check === undefined || revision > 0) return;
    const { rise, intervalMs, timeoutMs } = settings.check;
    const proven = addresses.filter(({ text }) => (this.#oksInRow.get(`${settings.name} ${text}`) ?? 0) >= rise);
    const isRenumbered = addresses.some(({ health: { sinceMs } }) => sinceMs > health.sinceMs);
    assert.ok(proven.length > 0 || isRenumbered, `${settings.name} started to serve without ${rise} oks in a row`);
    if (reason === "elected") return;
    const newest = Math.max(...addresses.map(({ lastOkStartedMs }) => lastOkStartedMs ?? -Infinity));
    assert.ok(this.nowMs - newest <= 2 * intervalMs + timeoutMs, `${settings.name} started to serve on an old ok`);
  }

  #checkDesired(ingress: IngressState): void {
    const desired = desiredRecords(ingress);
    const published = ingress.published?.records ?? [];
    const primary = endpointNamed(ingress, ingress.selection?.primary);
    if (desired === undefined) return;
    const isPinned = ingress.selection?.reason === "pin";
    const isUnfit = primary === undefined || isOut(primary.health.verdict) || primary.health.verdict === "unknown";
    if (primary === undefined || (isUnfit && !isPinned)) {
      this.refills += 1;
      // A CNAME to a mix without records serves nobody either.
      if (ingress.mix?.published?.records.length === 0 && published[0]?.content === mixRecord) return;
      return assert.equal(published.length, 0, "a write is wanted though nobody is up and the name is not empty");
    }
    assert.ok(desired.records.length > 0, "an empty record set");
    const hasCname = desired.records.some(({ type }) => type === "CNAME");
    assert.ok(!hasCname || desired.records.length === 1, "a CNAME beside others");
    assert.equal(new Set(desired.records.map(({ content }) => content)).size, desired.records.length, "duplicates");
    assert.ok(desired.ttlSeconds === 1 || (desired.ttlSeconds >= 60 && desired.ttlSeconds <= 86_400));
    const ttl = primary.settings.ttl === "auto" ? 300 : primary.settings.ttl;
    assert.ok((desired.ttlSeconds === 1 ? 300 : desired.ttlSeconds) <= ttl, "a TTL above the primary's");
    if (desired.records.length > 1) this.mixes += 1;
  }

  /** Carries out the plan as Cloudflare would, and looks at the result of the batch. */
  #apply(): void {
    const ingress = this.#ingress();
    const desired = desiredRecords(ingress);
    if (desired === undefined || ingress.published === undefined) return this.#applyMix();
    const plan = planBetween(ingress.published.records, desired, ingress.unseen?.ids);
    if (isEmptyPlan(plan)) return this.#applyMix();
    this.#checkType(ingress, plan);
    if (this.#cloud !== "works") {
      const kind = this.#cloud === "fails" ? "transient" : "invalid";
      if (ingress.cloudProblem?.kind === kind) return;
      return this.dispatch({
        kind: "cloud-failed",
        ingress: record,
        problem: { kind, message: "no", during: "write" },
      });
    }
    const deleted = new Set(plan.deletes.map(({ id }) => id));
    const kept = ingress.published.records.filter(({ id }) => !deleted.has(id));
    const patched = kept.map((old) => plan.patches.find(({ id }) => id === old.id) ?? old);
    for (const patch of plan.patches) {
      const old = kept.find(({ id }) => id === patch.id);
      assert.equal(old?.type, patch.type, "a patch that changes the type");
    }
    this.#records = [...patched, ...plan.posts.map((post) => this.#newRecord(post))];
    assert.ok(this.#records.length > 0, "a batch that empties the name");
    this.dispatch({ kind: "records-written", ingress: record, records: this.#records });
    const next = desiredRecords(this.#ingress());
    assert.ok(next === undefined || isEmptyPlan(planBetween(this.#records, next)), "a write that was not enough");
  }

  #count({ settings, addresses }: EndpointState, address: string, { kind, startedMs }: Observation): void {
    const key = `${settings.name} ${address}`;
    const known = addresses.find(({ text }) => text === address);
    if (kind !== "ok" || startedMs < (known?.countedStartedMs ?? -Infinity)) return;
    this.#oksInRow.set(key, this.#failed.delete(key) ? 1 : (this.#oksInRow.get(key) ?? 0) + 1);
  }

  #ingress(): IngressState {
    const [ingress] = this.state.ingresses;
    assert.ok(ingress !== undefined);
    return ingress;
  }

  #endpoint(number: number): EndpointState {
    const { endpoints } = this.#ingress();
    const endpoint = endpoints[number % endpoints.length];
    assert.ok(endpoint !== undefined);
    return endpoint;
  }

  #newRecord(content: Omit<PublishedRecord, "id">): PublishedRecord {
    this.#lastId += 1;
    return { ...content, id: String(this.#lastId) };
  }
}

/**
 * Freezes a state, so that a step that changes its input throws; fails for what JSON would not give back as it is. A part
 * that is not there may be `undefined`: JSON leaves it out.
 */
function freezePlain(value: unknown): void {
  if (typeof value !== "object" || value === null) {
    const isPlain = value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
    return assert.ok(isPlain && !Object.is(value, -0), `${String(value)} in the state is not plain JSON`);
  }
  // What a step shares with the state before it was looked at then.
  if (Object.isFrozen(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  assert.ok(
    prototype === Object.prototype || prototype === Array.prototype,
    "an object in the state is not plain JSON",
  );
  Object.freeze(value);
  for (const [key, inner] of Object.entries(value)) {
    // It is made of the ingresses, and can be made of them again.
    if (key !== "overview" && (inner !== undefined || Array.isArray(value))) freezePlain(inner);
  }
}

/**
 * What a look at the ingress right before its deadline would make of it, or without one after hours. That an ok grows old
 * only takes a choice away, which is seen in time at the next look: then nothing is asked of this one.
 */
function atDeadline(ingress: IngressState, nowMs: number): IngressState {
  const atMs = (ingressDeadlineMs(ingress) ?? nowMs + 10 * hourMs) - 1;
  const growsOld = ingress.endpoints.some((endpoint) => isFresh(endpoint, nowMs) !== isFresh(endpoint, atMs));
  return growsOld ? ingress : settle(ingress, atMs);
}

/** The addresses that the name of an endpoint stands for now, sorted. */
function currentOf({ addresses }: EndpointState): readonly string[] {
  const current = addresses.filter(({ vanishesAtMs }) => vanishesAtMs === undefined);
  return current.map(({ text }) => text).toSorted();
}

function isShared({ endpoints }: IngressState, endpoint: EndpointState | undefined): boolean {
  if (endpoint === undefined || currentOf(endpoint).length === 0) return false;
  const theirs = endpoints.filter((other) => other !== endpoint).flatMap(currentOf);
  return currentOf(endpoint).every((text) => theirs.includes(text));
}

function healthsOf({ ingresses }: State): unknown {
  return ingresses[0]?.endpoints.map(({ addresses }) => addresses.map(({ health }) => health));
}

function ref({ settings, revision }: EndpointState): { ingress: string; endpoint: string; revision: number } {
  return { ingress: record, endpoint: settings.name, revision };
}
