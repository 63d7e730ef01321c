// Writes the log: one line per event that a person may want to read later, with what it concerns as fields.
import type { Fact, PublishedRecord, Visibility } from "../core/model.ts";
import type { Listener, Turn } from "../daemon.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";

/** A listener that logs every fact, and at debug level every observation. */
export class Logbook implements Listener {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
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
    switch (fact.kind) {
      case "config-applied":
        return this.#log.info({ generation: fact.generation }, "configuration applied");
      case "config-rejected":
        for (const problem of fact.problems) this.#log.error({ problem }, "configuration rejected, the old one stays");
        return;
      case "ingress-added":
        return this.#log.info({ ingress: fact.ingress }, "watching");
      case "ingress-released":
        return this.#log.warn({ ingress: fact.ingress }, "no longer configured: its records stay as they are");
      case "address-health-changed": {
        const { ingress, endpoint, address, from, to, reason } = fact;
        return this.#log.debug({ ingress, endpoint, address, from, to }, `address ${to}: ${reason}`);
      }
      case "endpoint-health-changed": {
        const { ingress, endpoint, from, to, isDegraded, reason } = fact;
        const level = to === "down" || isDegraded ? "warn" : "info";
        const now = isDegraded ? `${to}, degraded` : to;
        return this.#log[level]({ ingress, endpoint, from, to, isDegraded }, `${endpoint} is ${now}: ${reason}`);
      }
      case "selection-changed": {
        const { ingress, from, to, why } = fact;
        const sticky = to.sticky.map(({ endpoint }) => endpoint);
        const who = [to.primary, ...sticky].join(" + ");
        return this.#log.info({ ingress, from: from?.primary, to: to.primary, sticky }, `decided for ${who}: ${why}`);
      }
      case "ingress-outage-began":
        return this.#log.error({ ingress: fact.ingress }, `nobody is up, the record stays: ${fact.why}`);
      case "ingress-outage-ended":
        return this.#log.info({ ingress: fact.ingress }, `the outage is over, thanks to ${fact.by}`);
      case "records-changed": {
        const { ingress, from, to, by } = fact;
        const records = to.map(showRecord);
        if (by === "write") return this.#log.info({ ingress, records }, `written: ${records.join(", ")}`);
        const text = records.join(", ") || "no record";
        if (from === undefined) return this.#log.info({ ingress, records }, `found: ${text}`);
        return this.#log.warn({ ingress, records }, `somebody else changed the records: ${text}`);
      }
      case "override-began": {
        const { ingress, override } = fact;
        return this.#log.info(
          { ingress, endpoint: override.endpoint },
          `${override.endpoint}: ${override.kind}, by a person's word`,
        );
      }
      case "override-ended": {
        const { ingress, override } = fact;
        return this.#log.info(
          { ingress, endpoint: override.endpoint },
          `${override.endpoint}: the ${override.kind} is over`,
        );
      }
      case "standoff-began":
        return this.#log.error(
          { ingress: fact.ingress },
          "somebody keeps undoing our records: repair rests for an hour; find out who else writes this name",
        );
      case "standoff-ended":
        return this.#log.info({ ingress: fact.ingress }, "repair of the records goes on");
      case "visibility-known":
        return this.#logVisibility(fact.ingress, fact.visibility);
      case "blindness-began":
        return this.#log.warn({ family: fact.family }, "our own connection is in doubt: failures prove nothing now");
      case "blindness-ended":
        return this.#log.info({ family: fact.family }, "our own connection works again");
      case "cloud-trouble-began":
        return this.#log.warn(
          { ingress: fact.ingress, kind: fact.problem.kind },
          `Cloudflare: ${fact.problem.message}`,
        );
      case "cloud-trouble-ended": {
        const lasted = formatDuration(fact.lastedMs);
        return this.#log.info({ ingress: fact.ingress }, `Cloudflare: the trouble of ${lasted} is over`);
      }
      default:
        return fact satisfies never;
    }
  }

  #logVisibility(ingress: string, { status, writtenAtMs, atMs, detail }: Visibility): void {
    const tookMs = Math.round((atMs ?? writtenAtMs) - writtenAtMs);
    switch (status) {
      case "checking":
        return;
      case "visible":
        return this.#log.info(
          { ingress, tookMs },
          `visible at the authoritative servers after ${formatDuration(tookMs)}`,
        );
      case "silent":
        return this.#log.warn({ ingress }, `not verified: ${detail}`);
      case "wrong":
        return this.#log.error({ ingress }, `the authoritative servers say something else: ${detail}`);
    }
  }
}

/** `A 192.0.2.1 (60 s)`. */
export function showRecord({ type, content, ttlSeconds, proxied }: Omit<PublishedRecord, "id">): string {
  const ttl = ttlSeconds === 1 ? "automatic" : `${ttlSeconds} s`;
  return `${type} ${content} (${ttl}${proxied ? ", proxied" : ""})`;
}
