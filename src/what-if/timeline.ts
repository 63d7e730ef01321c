// What happened in a scenario, in the order of time and in plain words.
import type { Fact } from "../core/model.ts";
import { membersOf } from "../core/members.ts";
import { formatDuration } from "../core/units.ts";
import { familyNames, recordsText } from "../core/words.ts";

/**
 * Where it happened: in the world, in the daemon's eyes, in its mind, at Cloudflare, in people's chat, at the clients.
 */
export type EntryKind = "outside" | "sees" | "decides" | "writes" | "tells" | "clients";

export interface Entry {
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly text: string;
  readonly tone: "plain" | "good" | "bad";
  /** Missing where it concerns all. */
  readonly ingress?: string;
}

/** An entry whose text is known only at the end. */
type Draft = Omit<Entry, "text"> & { readonly text: () => string };

export class Timeline {
  readonly #drafts: Draft[] = [];
  /** Whether entries have to say which ingress they are about. */
  readonly #isOfSeveral: boolean;

  constructor(isOfSeveral: boolean) {
    this.#isOfSeveral = isOfSeveral;
  }

  /** All of it, in the order of time. */
  get entries(): readonly Entry[] {
    return this.#drafts.map(({ text, ...draft }) => ({ ...draft, text: text() })).toSorted((a, b) => a.atMs - b.atMs);
  }

  add(kind: EntryKind, text: string, atMs: number, tone: Entry["tone"] = "plain", ingress?: string): void {
    this.addLater(kind, () => text, atMs, tone, ingress);
  }

  /** The same, with a text that may still change until all is over. */
  addLater(kind: EntryKind, text: () => string, atMs: number, tone: Entry["tone"], ingress?: string): void {
    const about = ingress !== undefined && this.#isOfSeveral ? { ingress } : {};
    this.#drafts.push({ atMs, kind, text, tone, ...about });
  }

  /** A fact, if it is worth a line. */
  hear(fact: Fact, atMs: number): void {
    switch (fact.kind) {
      case "endpoint-health-changed": {
        const { ingress, endpoint, to, from, isDegraded, reason } = fact;
        // On its way up again: only where that leads matters.
        if (to === "recovering" || (to === "down" && from === "recovering")) return;
        const tone = to === "up" && !isDegraded ? "good" : to === "down" ? "bad" : "plain";
        return this.add(
          "sees",
          `${endpoint} is ${isDegraded ? `${to}, degraded` : to}: ${reason}`,
          atMs,
          tone,
          ingress,
        );
      }
      case "selection-changed": {
        const { ingress, to, why, from } = fact;
        if (from === undefined && to.reason === "adopted") return;
        const who = membersOf(to).join(" + ");
        return this.add("decides", `${who}: ${why}`, atMs, "plain", ingress);
      }
      case "ingress-outage-began":
        return this.add("decides", "all endpoints are down: the record stays as it is", atMs, "bad", fact.ingress);
      case "ingress-outage-ended":
        return this.add("sees", `the outage is over: ${fact.by} is up`, atMs, "good", fact.ingress);
      case "records-changed": {
        const { ingress, to, by, from } = fact;
        const text = recordsText(to);
        if (by === "write") return this.add("writes", text, atMs, "plain", ingress);
        if (from === undefined) return this.add("sees", `the record is ${text}`, atMs, "plain", ingress);
        return this.add("sees", `the record was changed outside ccs: ${text}`, atMs, "bad", ingress);
      }
      case "mix-changed": {
        const { ingress, record, to, by, from } = fact;
        const text = to.length === 0 ? `no record at ${record}` : `${recordsText(to)} at ${record}`;
        if (by === "write") return this.add("writes", text, atMs, "plain", ingress);
        if (to.length === 0 && from === undefined) return;
        return this.add("sees", text, atMs, from === undefined ? "plain" : "bad", ingress);
      }
      case "standoff-began":
        return this.add(
          "decides",
          "another program keeps overwriting the records: automatic repair is paused for an hour",
          atMs,
          "bad",
          fact.ingress,
        );
      case "standoff-ended":
        return this.add("decides", "automatic repair of the records resumes", atMs, "plain", fact.ingress);
      case "visibility-known": {
        const { status, atMs: knownMs, writtenAtMs, detail } = fact.visibility;
        const text =
          status === "visible"
            ? `visible after ${formatDuration((knownMs ?? writtenAtMs) - writtenAtMs)}`
            : `not verified: ${detail}`;
        return this.add("sees", text, atMs, status === "visible" ? "plain" : "bad", fact.ingress);
      }
      case "blindness-began":
        return this.add(
          "sees",
          `this machine appears to be offline (${familyNames[fact.family]}): failover is suspended`,
          atMs,
          "bad",
        );
      case "blindness-ended":
        return this.add("sees", `this machine is online again (${familyNames[fact.family]})`, atMs, "good");
      case "cloud-trouble-began":
        return this.add("sees", `Cloudflare: ${fact.problem.message}`, atMs, "bad", fact.ingress);
      case "cloud-trouble-ended":
        return this.add(
          "sees",
          `Cloudflare works again after ${formatDuration(fact.lastedMs)}`,
          atMs,
          "good",
          fact.ingress,
        );
      default:
    }
  }
}
