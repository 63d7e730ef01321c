// One sentence for each fact: what the log, the journal and the live stream say of it. (Messages tell whole stories,
// and have words of their own.)
import type { Fact, FactOf, Override, Visibility } from "../core/model.ts";
import { membersOf } from "../core/members.ts";
import { clockError, formatDuration } from "../core/units.ts";
import { drillOutcome, drillSentences } from "../notify/drill-words.ts";
import type { FactWords } from "../web/api/events.ts";
import { plainly } from "../lib/plainly.ts";
import { familyNames, overridden, recordsText } from "../core/words.ts";

/** The sentence, and how much it matters. */
export function wordFact(fact: Fact): FactWords {
  switch (fact.kind) {
    case "config-applied":
      return { level: "info", text: "configuration applied" };
    case "config-rejected":
      return {
        level: "error",
        text: `configuration rejected, the previous one stays in force: ${fact.problems.join("; ")}`,
      };
    case "ingress-added":
      return { level: "info", text: "monitored from now on" };
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
      return { level: "info", text: `${fact.from} is now called ${fact.to}` };
    case "addresses-shared": {
      const text = `${fact.endpoint} has the same addresses as ${fact.others.join(" and ")}: failover between them gains nothing`;
      return { level: "warn", text };
    }
    case "addresses-left-out":
      return { level: "warn", text: `${fact.endpoint} has more addresses than ccs uses: ${fact.detail}` };
    case "selection-changed": {
      const who = membersOf(fact.to).join(" and ");
      return { level: "info", text: `selected ${who}: ${fact.why}` };
    }
    case "ingress-outage-began":
      return { level: "error", text: `all endpoints are down, the record stays as it is: ${fact.why}` };
    case "ingress-outage-ended":
      return { level: "info", text: `the outage is over: ${fact.by} is up` };
    case "records-changed": {
      const records = recordsText(fact.to);
      if (fact.by === "write") return { level: "info", text: `written${ofNewType(fact)}: ${records}` };
      const found = records;
      if (fact.from === undefined) return { level: "info", text: `found: ${found}` };
      return { level: "warn", text: `the records were changed outside ccs: ${records}` };
    }
    case "mix-changed":
      return wordMix(fact);
    case "mix-blocked":
      return {
        level: "warn",
        text: `no mix is possible for now, so a failback goes to a single endpoint: ${fact.why}`,
      };
    case "mix-freed":
      return { level: "info", text: `${fact.record} can be used for a mix again` };
    case "override-began":
      return { level: "info", text: overrideBegan(fact.override) };
    case "override-ended":
      return { level: "info", text: `the ${fact.override.kind} of ${fact.override.endpoint} has ended` };
    case "drill-reported": {
      const text = `drill of ${fact.report.endpoint}: ${drillOutcome(fact.report)}. ${drillSentences(fact.report).join(" ")}`;
      return { level: "info", text };
    }
    case "standoff-began": {
      const rest = "automatic repair is paused for an hour; find out what else writes this name";
      return { level: "error", text: `another program keeps overwriting the records: ${rest}` };
    }
    case "standoff-ended":
      return { level: "info", text: "automatic repair of the records resumes" };
    case "visibility-known":
      return wordVisibility(fact.visibility);
    case "blindness-began":
      return {
        level: "warn",
        text: `this machine appears to be offline (${familyNames[fact.family]}); failover is suspended`,
      };
    case "blindness-ended":
      return { level: "info", text: `this machine is online again (${familyNames[fact.family]})` };
    case "clock-wrong":
      return { level: "error", text: `this machine's clock is ${clockError(fact.aheadMs)}` };
    case "clock-right":
      return { level: "info", text: "this machine's clock is correct again" };
    case "cloud-trouble-began":
      return { level: "warn", text: `Cloudflare: ${plainly(fact.problem.message)}` };
    case "cloud-trouble-ended":
      return { level: "info", text: `Cloudflare works again after ${formatDuration(fact.lastedMs)}` };
    default:
      return fact satisfies never;
  }
}

function overrideBegan({ kind, endpoint }: Override): string {
  return kind === "drill"
    ? `a drill of ${endpoint} was started manually`
    : `${endpoint} was ${overridden[kind]} manually`;
}

/** A CNAME beside addresses, or the other way round, reads like a mistake unless it is said to be none. */
function ofNewType({ from = [], to }: FactOf<"records-changed">): string {
  const [before, after] = [from, to].map((records) => records.map(({ type }) => type === "CNAME"));
  if (before?.[0] === undefined || after?.[0] === undefined || before[0] === after[0]) return "";
  return after[0] ? ", a CNAME instead of addresses" : ", addresses instead of a CNAME";
}

function wordReleased({ primary }: FactOf<"ingress-released">): string {
  if (primary === undefined) return "no longer configured: its records stay as they are";
  return `no longer configured: its record is changed from its mix to ${primary}, and then left as it is`;
}

function wordMix({ record, from, to, by }: FactOf<"mix-changed">): FactWords {
  const records = recordsText(to);
  if (by === "write")
    return { level: "info", text: to.length === 0 ? `removed: ${record}` : `written: ${record} ${records}` };
  if (from === undefined) return { level: "info", text: `found: ${record} ${records}` };
  return { level: "warn", text: `${record} was changed outside ccs: ${records}` };
}

function wordVisibility({ status, writtenAtMs, atMs = writtenAtMs, detail }: Visibility): FactWords {
  switch (status) {
    case "checking":
      return { level: "debug", text: "checking the authoritative servers" };
    case "visible": {
      const took = formatDuration(Math.round(atMs - writtenAtMs));
      return { level: "info", text: `visible at the authoritative servers after ${took}` };
    }
    case "silent":
      return { level: "warn", text: `not verified: ${detail}` };
    case "wrong":
      return { level: "error", text: `the authoritative servers show something else: ${detail}` };
    default:
      return status satisfies never;
  }
}
