// Words for what does not happen every day: a person's word, a quarrel over the records, a write that is not to be seen.
import { clockError, formatDuration } from "../core/units.ts";
import { drillOutcome, drillSentences } from "./drill-words.ts";
import { line, text } from "./message.ts";
import { andList, circumstances, nameOf, time, wanted } from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import type { StoryOf, Wording } from "./story.ts";
import { overridden } from "../core/words.ts";

/** A person pinned or drained an endpoint, or that is over, and nothing moves for now. */
export function override(story: StoryOf<"override-began" | "override-ended">, now: TellingTime): Wording {
  const { kind, endpoint, untilMs } = story.override;
  if (story.kind === "override-ended") {
    return {
      importance: "normal",
      headline: text`${nameOf(story)}: the ${kind} of ${endpoint} has ended`,
      details: [line`From now on, its health decides again.`, ...circumstances(story, now)],
    };
  }
  if (kind === "drill") {
    return {
      importance: "normal",
      headline: text`${nameOf(story)}: a drill simulates an outage of ${endpoint}`,
      details: [
        line`It is not used until ${time(untilMs, now)}, unless no other endpoint is up. A report follows.`,
        ...circumstances(story, now),
      ],
    };
  }
  const meaning =
    kind === "pin"
      ? line`Only this endpoint is used until ${time(untilMs, now)}, whether it is up or down.`
      : line`It is not used until ${time(untilMs, now)}, unless no other endpoint is up.`;
  return {
    importance: "normal",
    headline: text`${nameOf(story)}: ${endpoint} was ${overridden[kind]} manually`,
    details: [meaning, ...circumstances(story, now)],
  };
}

/** An endpoint with more addresses than are used. */
export function leftOut(story: StoryOf<"addresses-left-out">): Wording {
  return {
    importance: "normal",
    headline: text`${nameOf(story)}: ${story.endpoint} has more addresses than are used`,
    details: [
      line`${story.detail}; those already in use are kept first.`,
      line`The others are neither checked nor published. Publish fewer addresses under its name to choose which.`,
    ],
  };
}

/** The wall clock of this machine. */
export function ofClock(story: StoryOf<"clock-wrong" | "clock-right">): Wording {
  if (story.kind === "clock-right") {
    return { importance: "normal", headline: text`The clock of this machine is correct again`, details: [] };
  }
  return {
    importance: "high",
    headline: text`The clock of this machine is ${clockError(story.aheadMs)}`,
    details: [
      line`This is relative to Cloudflare's clock. Certificates are judged by that clock too, so no endpoint is taken for down because of it.`,
      line`New connections to Cloudflare may fail until the clock is set, and times in messages are wrong. Set it by NTP (timedatectl set-ntp true).`,
    ],
  };
}

/** What a drill showed. */
export function drilled(story: StoryOf<"drill-reported">, now: TellingTime): Wording {
  return {
    importance: "normal",
    headline: text`${nameOf(story)}: drill of ${story.report.endpoint}: ${drillOutcome(story.report)}`,
    details: [...drillSentences(story.report).map((sentence) => line`${sentence}`), ...circumstances(story, now)],
  };
}

/** Two writers, one name. */
export function inStandoff(story: StoryOf<"standoff-began" | "standoff-ended">, now: TellingTime): Wording {
  const { standoff, undoneAtMs } = story.ingress;
  if (story.kind === "standoff-ended" || standoff === undefined) {
    return {
      importance: "normal",
      headline: text`Automatic repair of ${nameOf(story)} resumes`,
      details: [line`It should point to ${wanted(story)}.`, ...circumstances(story, now)],
    };
  }
  const until = time(standoff.untilMs, now);
  return {
    importance: "high",
    headline: text`Another program keeps overwriting ${nameOf(story)}: automatic repair is paused`,
    details: [
      line`It should point to ${wanted(story)}. It was overwritten at ${andList(undoneAtMs.map((atMs) => time(atMs, now)))}.`,
      line`Find out what else writes this name (another daemon, a DDNS client, a script, a person) and stop it.`,
      line`Until ${until}, a new decision is written only once. Automatic repair resumes then, or when the configuration is reloaded.`,
      ...circumstances(story, now),
    ],
  };
}

/** What was written is not what the world sees, or is at last. */
export function verified(story: StoryOf<"invisible" | "visible-at-last">, now: TellingTime): Wording {
  const { writtenAtMs, atMs = writtenAtMs, detail } = story.visibility;
  const took = formatDuration(atMs - writtenAtMs);
  if (story.kind === "visible-at-last") {
    return {
      importance: "normal",
      headline: text`${nameOf(story)}: the authoritative servers show what was written`,
      details: [line`It took ${took} after the write (${{ foreign: detail }}).`, ...circumstances(story, now)],
    };
  }
  return {
    importance: "high",
    headline: text`${nameOf(story)}: the authoritative servers do not show what was written`,
    details: [
      line`Cloudflare confirmed it at ${time(writtenAtMs, now)}, but ${took} later: ${{ foreign: detail }}.`,
      line`Clients may still be sent to the previous target. ccs keeps checking for an hour. Check whether Cloudflare reports an incident, and whether the zone is delegated to these servers.`,
      ...circumstances(story, now),
    ],
  };
}

/** Endpoints at one place. */
export function shared(story: StoryOf<"addresses-shared">, now: TellingTime): Wording {
  return {
    importance: "high",
    headline: text`${nameOf(story)}: ${story.endpoint} has the same addresses as ${andList(story.others)}`,
    details: [
      line`They lead to the same place, so failover between them gains nothing.`,
      line`Check the DNS records of their targets: is one of them missing, or is its address wrong?`,
      ...circumstances(story, now),
    ],
  };
}

/** There can be no mix at the second name of an ingress for now, or there can again. */
export function ofMix(story: StoryOf<"mix-blocked" | "mix-freed">, now: TellingTime): Wording {
  const { ingress, record } = story;
  if (story.kind === "mix-freed") {
    return {
      importance: "low",
      headline: text`${nameOf(story)}: ${record} can be used for a mix again`,
      details: circumstances(story, now),
    };
  }
  const untilMs = ingress.mix?.pausedUntilMs;
  const remedy = {
    foreign: line`Remove that record, or set mix_record to an unused name.`,
    outside: line`Set mix_record to an unused name in the zone of the record.`,
    paused:
      untilMs === undefined
        ? line`Find out which program writes there, and stop it.`
        : line`Find out which program writes there, and stop it. The name is used again at ${time(untilMs, now)}.`,
    refused: line`The next mix is tried after the next change of the active endpoint.`,
  }[story.reason];
  return {
    importance: "normal",
    headline: text`${nameOf(story)}: no mix is possible for now`,
    details: [
      line`Why: ${{ foreign: story.why }}.`,
      remedy,
      line`Until then, a failback goes to a single endpoint, and sticky has no effect.`,
      ...circumstances(story, now),
    ],
  };
}
