// Invariant 28: people read at random moments what the dashboard, the API and the command line show. Reading changes nothing,
// and what is shown agrees with what was decided and with what stood in the zone.
import { foresee } from "../../support/checks.ts";
import { statusLines } from "../../../src/cli/status-lines.ts";
import { explain } from "../../../src/core/advice/explain.ts";
import type { Turn } from "../../../src/daemon.ts";
import type { StoredRecord } from "../../../src/emulation/cloudflare/record.ts";
import type { Commit } from "../../../src/emulation/cloudflare/store.ts";
import type { Random } from "../../../src/lib/clock.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import { between, streamOf } from "../../../src/simulation/random.ts";
import { nowOf } from "../../../src/web/api/dates.ts";
import { historyQuestion } from "../../../src/web/api/history.ts";
import { RunHistory } from "../../../src/web/api/run-history.ts";
import { statusSchema, type IngressStatus, type Status } from "../../../src/web/api/schema/status.ts";
import { statusOf, type DaemonFacts } from "../../../src/web/api/status.ts";
import { secrets } from "../scenario.ts";
import { contentsOf, isOurs, minuteMs, textOf, type Ledger, type Part } from "./ledger.ts";

/** From what Cloudflare looked at to its answer: calls are given up before. */
const longestCallMs = 30_000;

interface Standing {
  readonly contents: string;
  /** The same without what somebody else has done since the daemon last read: all that it can know. */
  readonly believed: string;
  isOurs: boolean;
  /** World time until which it stood; Infinity for what stands now. */
  untilMs: number;
}

export class Readers implements Part {
  readonly #ledger: Ledger;
  readonly #random: Random;
  #run: RunHistory | undefined;
  /** What stood at the ingress name, newest last. */
  #standings: Standing[] = [];
  /** What was last read or written at the ingress name, by the id of the record. */
  readonly #believed = new Map<string, Pick<StoredRecord, "type" | "content">>();
  /** The newest verdicts that were heard of in this run, and the words of people in force. */
  #verdicts = new Map<string, string>();
  #overrides = new Map<string, string>();
  #primary: string | undefined;
  /** Messages that were ever put on the disk. */
  #stored = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#random = streamOf(ledger.scenario.seed, "readers");
  }

  begins(): void {
    const { records } = this.#ledger.scenario.world;
    const contents = contentsOf(records.filter(isOurs));
    this.#standings = [{ contents, believed: contents, isOurs: false, untilMs: Infinity }];
    this.#comeBack();
  }

  started(run: DaemonRun): void {
    this.#run = new RunHistory(run.clock);
    this.#verdicts.clear();
    this.#overrides.clear();
    this.#primary = undefined;
  }

  stored(): void {
    this.#stored += 1;
  }

  committed({ zone, before, by }: Commit): void {
    const [was, is] = [before?.records.filter(isOurs) ?? [], zone.records.filter(isOurs)];
    if (by === "api") this.#believe(was, is);
    const contents = contentsOf(is);
    const believed = contentsOf([...this.#believed.values()]);
    const last = this.#standings.at(-1);
    if (last?.contents === contents && last.believed === believed) {
      // Nothing but a TTL, say, was written anew.
      last.isOurs ||= by === "api";
      return;
    }
    if (last !== undefined) last.untilMs = this.#ledger.nowMs;
    this.#standings.push({ contents, believed, isOurs: by === "api", untilMs: Infinity });
    this.#standings = this.#standings.slice(-100);
  }

  /** What a write changed is known from then on. */
  #believe(was: readonly StoredRecord[], is: readonly StoredRecord[]): void {
    const before = new Map(was.map((record) => [record.id, textOf([record])]));
    for (const { id } of was) if (is.every((record) => record.id !== id)) this.#believed.delete(id);
    for (const record of is) if (before.get(record.id) !== textOf([record])) this.#believed.set(record.id, record);
  }

  turned(turn: Turn): void {
    this.#run?.hear(turn);
    const { event } = turn;
    if (event.kind === "records-read" && event.mix === undefined) {
      this.#believed.clear();
      for (const record of event.records) this.#believed.set(record.id, record);
    }
    // A configuration may bring endpoints of which nothing is heard until they change.
    if (event.kind === "config-loaded") {
      this.#verdicts.clear();
      // Who is configured no more does not serve; nobody else may.
      const { endpoints = [] } = turn.after.ingresses[0] ?? {};
      if (!endpoints.some(({ settings }) => settings.name === this.#primary)) this.#primary = undefined;
    }
    for (const fact of turn.facts) {
      if (fact.kind === "selection-changed") this.#primary = fact.to.primary;
      if (fact.kind === "endpoint-health-changed") this.#verdicts.set(fact.endpoint, fact.to);
      if (fact.kind === "override-began") this.#overrides.set(fact.override.endpoint, fact.override.kind);
      if (fact.kind === "override-ended") this.#overrides.delete(fact.override.endpoint);
    }
  }

  #comeBack(): void {
    this.#ledger.world.time.setLook(between(this.#random, minuteMs, 20 * minuteMs), () => {
      this.#comeBack();
      const { run, world } = this.#ledger;
      // Nobody is answered by a process that stands still, or that has only just begun.
      if (run === undefined || run.clock.resumesAtMs > world.time.nowMs() || run.state.generation === 0) return;
      this.#read(run);
    });
  }

  #read(run: DaemonRun): void {
    const before = run.state;
    const text = JSON.stringify(before);
    const traces = this.#tracesOf(run);
    try {
      this.#compare(this.#look(run));
    } catch (error) {
      this.#complain(`what there is cannot be shown: ${String(error)}`);
    }
    if (run.state !== before || JSON.stringify(run.state) !== text) this.#complain("reading changed the state");
    if (this.#tracesOf(run) !== traces) this.#complain("reading had an effect outside");
    this.#ledger.seen.readings += 1;
  }

  /** Everything that can be read without asking anybody. */
  #look(run: DaemonRun): Status {
    const { clock, state } = run;
    const history = this.#run ?? new RunHistory(clock);
    const now = nowOf(clock);
    const facts: DaemonFacts = {
      version: "simulated",
      queuedNotifications: () => new Map([["telegram", run.load.messages]]),
      statePath: () => undefined,
      isKeepingUp: () => true,
      hasToken: () => false,
    };
    const status = statusSchema.parse(statusOf(state, history, facts, now));
    const lines = statusLines(status, 100, { addresses: true });
    const shown = lines
      .map((line) => line.map((span) => (typeof span === "string" ? span : span.text)).join(""))
      .join("\n");
    for (const ingress of state.ingresses) {
      historyQuestion({ ingress, range: "24h" }, history, now);
      const { endpoints } = explain(ingress.settings, foresee);
      const names = (list: readonly { readonly name: string }[]): string =>
        list
          .map(({ name }) => name)
          .toSorted()
          .join();
      if (names(endpoints) !== names(ingress.endpoints.map(({ settings }) => settings))) {
        this.#complain(`explained are ${names(endpoints)}`);
      }
    }
    if (this.#primary !== undefined && !shown.includes(this.#primary)) {
      this.#complain(`the status shows nothing of ${this.#primary}, which serves:\n${shown}`);
    }
    if (Object.values(secrets).some((secret) => `${JSON.stringify(status)}${shown}`.includes(secret))) {
      this.#ledger.violate("21", "the status shows a secret");
    }
    return status;
  }

  #compare({ ingresses: [ingress] }: Status): void {
    if (ingress === undefined) return this.#complain("the status shows no ingress");
    const { endpoints, overrides, selection, published } = ingress;
    if (selection?.primary !== this.#primary) {
      this.#complain(`${selection?.primary} is shown as active, decided was ${this.#primary}`);
    }
    const actives = endpoints.filter(({ role }) => role === "primary").map(({ name }) => name);
    if (actives.join() !== (this.#primary ?? ""))
      this.#complain(`active are ${actives.join()}, and not ${this.#primary}`);
    const configured = this.#ledger.world.config.ingresses[0]?.endpoints
      .map(({ name }) => name)
      .toSorted()
      .join();
    const listed = endpoints.map(({ name }) => name).toSorted();
    if (listed.join() !== configured)
      this.#complain(`${listed.join()} are shown, configured are ${configured ?? "none"}`);
    for (const { name, verdict } of endpoints) {
      const heard = this.#verdicts.get(name) ?? verdict;
      if (heard !== verdict) this.#complain(`${name} is shown as ${verdict}, and is ${heard}`);
    }
    const words = overrides
      .map(({ endpoint, kind }) => `${kind} ${endpoint}`)
      .toSorted()
      .join();
    const said = [...this.#overrides]
      .map(([endpoint, kind]) => `${kind} ${endpoint}`)
      .toSorted()
      .join();
    if (words !== said) this.#complain(`shown is "${words}", in force "${said}"`);
    if (published !== undefined) this.#comparePublished(published);
  }

  /** What is said to have been confirmed at a time stood in the zone then, and was written by whom it is said. */
  #comparePublished({ records, confirmed, by }: NonNullable<IngressStatus["published"]>): void {
    const { run, nowMs } = this.#ledger;
    if (run === undefined) return;
    const agoMs = run.clock.wallMs() - Date.parse(confirmed);
    const confirmedMs = nowMs - agoMs;
    // Time that was slept away, and a clock that was set, are missing in it; odd answers say what is not so.
    const isOddApi = this.#ledger.lastFaultMs((fault) => fault.kind === "api" && fault.how.startsWith("odd"));
    const oddMs = Math.max(isOddApi, this.#ledger.lastTroubleMs("asleep", "stopped", "busy"));
    if (oddMs > confirmedMs - longestCallMs) return;
    const contents = contentsOf(records);
    const stood = this.#standings.filter(({ untilMs }) => untilMs >= confirmedMs - longestCallMs);
    const meant = stood.filter((standing) => standing.contents === contents || standing.believed === contents);
    if (meant.length === 0)
      this.#complain(`"${contents}" is shown as confirmed ${Math.round(agoMs)} ms ago, and never stood there`);
    else if (by === "us" && !meant.some((standing) => standing.isOurs)) this.#complain(`"${contents}" is not by us`);
  }

  #tracesOf(run: DaemonRun): string {
    const { world, receiver } = this.#ledger;
    return JSON.stringify([run.load, run.clock.pending, world.api.counts, receiver.messages.length, this.#stored]);
  }

  #complain(what: string): void {
    this.#ledger.violate("28", what);
  }
}
