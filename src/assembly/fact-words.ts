// One sentence for each fact: what the log, the journal and the live stream say of it. (Messages tell whole stories, and
// have words of their own.)
import type { Fact, Visibility } from "../core/model.ts";
import { membersOf } from "../core/selection.ts";
import { clockError, formatDuration } from "../lib/units.ts";
import { drillOutcome, drillSentences } from "../notify/drill-words.ts";
import type { FactWords } from "../web/api/events.ts";
import { recordsText } from "../core/words.ts";

/** The sentence, and how much it matters. */
export function wordFact(fact: Fact): FactWords {
  switch (fact.kind) {
    case "config-applied":
      return { level: "info", text: "configuration applied" };
    case "config-rejected":
      return { level: "error", text: `configuration rejected, the old one stays: ${fact.problems.join("; ")}` };
    case "ingress-added":
      return { level: "info", text: "watching" };
    case "ingress-released":
      return { level: "warn", text: wordReleased(fact) };
    case "address-health-changed":
      return { level: "debug", text: `${fact.endpoint}: address ${fact.address} is ${fact.to}: ${fact.reason}` };
    case "endpoint-health-changed": {
      const { endpoint, to, isDegraded, reason } = fact;
      const now = isDegraded ? `${to}, degraded` : to;
      return { level: to === "down" || isDegraded ? "warn" : "info", text: `${endpoint} is ${now}: ${reason}` };
    }
    case "endpoint-renamed":
      return { level: "info", text: `${fact.from} is called ${fact.to} now` };
    case "addresses-shared": {
      const text = `${fact.endpoint} shares its addresses with ${fact.others.join(" and ")}: nothing is gained by moving between them`;
      return { level: "warn", text };
    }
    case "addresses-left-out":
      return { level: "warn", text: `${fact.endpoint} has many addresses: ${fact.detail}` };
    case "selection-changed": {
      const who = membersOf(fact.to).join(" + ");
      return { level: "info", text: `decided for ${who}: ${fact.why}` };
    }
    case "ingress-outage-began":
      return { level: "error", text: `nobody is up, the record stays: ${fact.why}` };
    case "ingress-outage-ended":
      return { level: "info", text: `the outage is over, thanks to ${fact.by}` };
    case "records-changed": {
      const records = recordsText(fact.to);
      if (fact.by === "write") return { level: "info", text: `written${ofNewType(fact)}: ${records}` };
      const found = records;
      if (fact.from === undefined) return { level: "info", text: `found: ${found}` };
      return { level: "warn", text: `somebody else changed the records: ${found}` };
    }
    case "mix-changed":
      return wordMix(fact);
    case "mix-blocked":
      return { level: "warn", text: `no mix for now, so failback goes to one endpoint alone: ${fact.why}` };
    case "mix-freed":
      return { level: "info", text: `${fact.record} can hold a mix again` };
    case "override-began":
      return { level: "info", text: `${fact.override.endpoint}: ${fact.override.kind}, by a person's word` };
    case "override-ended":
      return { level: "info", text: `${fact.override.endpoint}: the ${fact.override.kind} is over` };
    case "drill-reported": {
      const text = `drill of ${fact.report.endpoint}: ${drillOutcome(fact.report)}. ${drillSentences(fact.report).join(" ")}`;
      return { level: "info", text };
    }
    case "standoff-began": {
      const rest = "repair rests for an hour; find out who else writes this name";
      return { level: "error", text: `somebody keeps undoing our records: ${rest}` };
    }
    case "standoff-ended":
      return { level: "info", text: "repair of the records goes on" };
    case "visibility-known":
      return wordVisibility(fact.visibility);
    case "blindness-began":
      return { level: "warn", text: "our own connection is in doubt: failures prove nothing now" };
    case "blindness-ended":
      return { level: "info", text: "our own connection works again" };
    case "clock-wrong":
      return { level: "error", text: `this machine's clock is ${clockError(fact.aheadMs)}` };
    case "clock-right":
      return { level: "info", text: "this machine's clock is right again" };
    case "cloud-trouble-began":
      return { level: "warn", text: `Cloudflare: ${fact.problem.message}` };
    case "cloud-trouble-ended":
      return { level: "info", text: `Cloudflare: the trouble of ${formatDuration(fact.lastedMs)} is over` };
    default:
      return fact satisfies never;
  }
}

/** A CNAME beside addresses, or the other way round, reads like a mistake unless it is said to be none. */
function ofNewType({ from = [], to }: Fact & { kind: "records-changed" }): string {
  const [before, after] = [from, to].map((records) => records.map(({ type }) => type === "CNAME"));
  if (before?.[0] === undefined || after?.[0] === undefined || before[0] === after[0]) return "";
  return after[0] ? ", a CNAME instead of addresses" : ", addresses instead of a CNAME";
}

function wordReleased({ primary }: Fact & { kind: "ingress-released" }): string {
  if (primary === undefined) return "no longer configured: its records stay as they are";
  return `no longer configured: its record is pointed to ${primary} instead of its mix, and then stays as it is`;
}

function wordMix({ record, from, to, by }: Fact & { kind: "mix-changed" }): FactWords {
  const records = recordsText(to);
  if (by === "write")
    return { level: "info", text: records === "" ? `removed: ${record}` : `written: ${record} ${records}` };
  if (from === undefined) return { level: "info", text: `found: ${record} ${records}` };
  return { level: "warn", text: `another program changed ${record}: ${records === "" ? "no record" : records}` };
}

function wordVisibility({ status, writtenAtMs, atMs = writtenAtMs, detail }: Visibility): FactWords {
  switch (status) {
    case "checking":
      return { level: "debug", text: "the authoritative servers are being asked" };
    case "visible": {
      const took = formatDuration(Math.round(atMs - writtenAtMs));
      return { level: "info", text: `visible at the authoritative servers after ${took}` };
    }
    case "silent":
      return { level: "warn", text: `not verified: ${detail}` };
    case "wrong":
      return { level: "error", text: `the authoritative servers say something else: ${detail}` };
    default:
      return status satisfies never;
  }
}
