// Words for trouble with records: another program overwrites them, a write is not visible, a mix that cannot be.
import { formatDuration } from "../core/units.ts";
import { line, text } from "./message.ts";
import { andList, circumstances, nameOf, time, wanted } from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import type { StoryOf, Wording } from "./story.ts";

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
