// Writes the log: one line per event that a person may want to read later, with what it concerns as fields.
import type { Fact } from "../core/model.ts";
import type { Listener, Turn } from "../daemon.ts";
import type { Log } from "../lib/log.ts";
import { wordFact } from "./fact-words.ts";
import { recordText } from "../core/words.ts";

/** A listener that logs every fact, and at debug level every observation. */
export class Logbook implements Listener {
  readonly #log: Log;
  readonly #isOneRound: boolean;

  /** `isOneRound`: of a command that looks once, and tells itself in the end what Cloudflare did not do. */
  constructor(log: Log, { isOneRound = false }: { readonly isOneRound?: boolean } = {}) {
    this.#log = log;
    this.#isOneRound = isOneRound;
  }

  hear({ event, facts }: Turn): void {
    if (event.kind === "probed") {
      const { ingress, endpoint, address, observation } = event;
      const { kind: result, phases, detail } = observation;
      this.#log.debug({ ingress, endpoint, address, result, phases }, `probe: ${detail}`);
    }
    if (event.kind === "resolved") {
      const { ingress, endpoint, resolution } = event;
      const found = resolution.kind === "addresses" ? resolution.addresses.map(({ text }) => text) : resolution.detail;
      this.#log.debug({ ingress, endpoint, result: resolution.kind, found }, "looked up");
    }
    for (const fact of facts) this.#logFact(fact);
  }

  #logFact(fact: Fact): void {
    if (fact.kind === "config-rejected") {
      for (const problem of fact.problems)
        this.#log.error({ problem }, "configuration rejected, the previous one stays in force");
      return;
    }
    const { level: usual, text } = wordFact(fact);
    const level = this.#isOneRound && fact.kind === "cloud-trouble-began" ? "info" : usual;
    this.#log[level](fieldsOf(fact), text);
  }
}

/** What a fact concerns, to be searched by. */
function fieldsOf(fact: Exclude<Fact, { kind: "config-rejected" }>): Readonly<Record<string, unknown>> {
  switch (fact.kind) {
    case "config-applied":
      return { generation: fact.generation };
    case "address-health-changed": {
      const { ingress, endpoint, address, from, to } = fact;
      return { ingress, endpoint, address, from, to };
    }
    case "endpoint-health-changed": {
      const { ingress, endpoint, from, to, isDegraded } = fact;
      return { ingress, endpoint, from, to, isDegraded };
    }
    case "endpoint-renamed":
      return { ingress: fact.ingress, endpoint: fact.to };
    case "addresses-shared":
      return { ingress: fact.ingress, endpoint: fact.endpoint };
    case "addresses-left-out":
      return { ingress: fact.ingress, endpoint: fact.endpoint };
    case "selection-changed": {
      const { ingress, from, to } = fact;
      const sticky = to.sticky.map(({ endpoint }) => endpoint);
      return { ingress, from: from?.primary, to: to.primary, sticky };
    }
    case "records-changed":
      return { ingress: fact.ingress, records: fact.to.map(recordText) };
    case "mix-changed":
      return { ingress: fact.ingress, record: fact.record, records: fact.to.map(recordText) };
    case "mix-blocked":
    case "mix-freed":
      return { ingress: fact.ingress, record: fact.record };
    case "override-began":
    case "override-ended":
      return { ingress: fact.ingress, endpoint: fact.override.endpoint };
    case "drill-reported":
      return { ingress: fact.ingress, endpoint: fact.report.endpoint };
    case "visibility-known": {
      const { status, writtenAtMs, atMs = writtenAtMs } = fact.visibility;
      return { ingress: fact.ingress, ...(status === "visible" && { tookMs: Math.round(atMs - writtenAtMs) }) };
    }
    case "blindness-began":
    case "blindness-ended":
      return { family: fact.family };
    case "clock-wrong":
      return { aheadSeconds: Math.round(fact.aheadMs / 1_000) };
    case "clock-right":
      return {};
    case "cloud-trouble-began":
      return { ingress: fact.ingress, kind: fact.problem.kind };
    case "ingress-added":
    case "ingress-released":
    case "ingress-outage-began":
    case "ingress-outage-ended":
    case "standoff-began":
    case "standoff-ended":
    case "cloud-trouble-ended":
      return { ingress: fact.ingress };
    default:
      return fact satisfies never;
  }
}
