// Puts stories into words for people: what changed, why, the health of each endpoint, and what the record serves now.
// Pure. Claims only what is known: a decision is "decided", published records are "confirmed".
import type { IngressState } from "../core/model.ts";
import { isOutage } from "../core/selection/outage.ts";
import { wantedRecords, isAsWritten } from "../core/records/records.ts";
import { formatDuration } from "../core/units.ts";
import { line, text } from "./message.ts";
import type { Line } from "../core/message.ts";
import {
  andList,
  circumstances,
  confirmedLines,
  doing,
  familyList,
  endedLines,
  nameOf,
  outageLine,
  problemLine,
  quietLines,
  servedBy,
  switchedHeadline,
  time,
  troubleLine,
  updatedHeadline,
  visibilityLines,
  wanted,
  whyLines,
} from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import { servingNow } from "./story.ts";
import type { Story, StoryOf, Wording } from "./story.ts";
import { configApplied, configRejected, corrupted, internalError, ofClock, stateMoved } from "./wording-own.ts";
import { leftOut, shared } from "./wording-addresses.ts";
import { drilled, override } from "./wording-people.ts";
import { inStandoff, ofMix, verified } from "./wording-records.ts";

/** The message for a story that is told at `now`. */
export function word(story: Story, now: TellingTime): Wording {
  switch (story.kind) {
    case "started":
      return started(story, now);
    case "config-applied":
      return configApplied(story);
    case "config-rejected":
      return configRejected(story.problems);
    case "state-moved":
      return stateMoved(story.text);
    case "internal-error":
      return internalError(story.what);
    case "corrupted":
      return corrupted(story.why);
    case "blindness-began":
      return {
        importance: "normal",
        headline: text`The monitor appears to be offline (${familyList(story)})`,
        details: [
          line`Since ${time(story.sinceMs, now)} it cannot tell whether the endpoints or its own connection are down. Failover is suspended.`,
          ...quietLines(story, now),
        ],
      };
    case "blindness-ended":
      return {
        importance: "normal",
        headline: text`The monitor is online again (${familyList(story)})`,
        details: [
          ...(story.lastedMs === undefined
            ? []
            : [line`It appeared to be offline for ${formatDuration(story.lastedMs)}.`]),
          ...quietLines(story, now),
        ],
      };
    case "clock-wrong":
    case "clock-right":
      return ofClock(story);
    case "addresses-left-out":
      return leftOut(story);
    case "adopted":
      return {
        importance: "normal",
        headline: text`${nameOf(story)} points to ${servedBy(story)}`,
        details: [line`Why: ${{ foreign: story.why }}. Nothing was written.`, ...circumstances(story, now)],
      };
    case "switched":
      return {
        importance: "high",
        headline: switchedHeadline(story),
        details: [
          ...whyLines(story),
          ...endedLines(story),
          ...circumstances(story, now),
          ...confirmedLines(story, now),
        ],
      };
    case "halfway":
      return {
        importance: "high",
        headline: switchedHeadline(story),
        details: [
          line`That was decided earlier. It should now point to ${wanted(story)}, but that is not done yet.`,
          ...whyLines(story),
          ...circumstances(story, now),
        ],
      };
    case "undone":
      return undone(story, now);
    case "stays":
      return {
        importance: "normal",
        headline: text`${nameOf(story)} stays with ${servedBy(story)}`,
        details: [
          line`A switch to ${story.considered} was decided at ${time(story.sinceMs, now)} and cancelled before it was done.`,
          ...whyLines(story),
          ...ongoingTrouble(story),
          ...endedLines(story),
          ...circumstances(story, now),
        ],
      };
    case "repaired":
      return {
        importance: "high",
        headline: text`${nameOf(story)} was changed outside ccs and has been repaired`,
        details: [
          line`Found at ${time(story.sinceMs, now)}. No confirmed write by this daemon did that.`,
          ...endedLines(story),
          ...circumstances(story, now),
          ...visibilityLines(story),
        ],
      };
    case "updated":
      return {
        importance: "normal",
        headline: updatedHeadline(story),
        details: [
          line`It points to ${servedBy(story)}.`,
          ...(story.by === "read"
            ? [line`The records were found like this: no write by this daemon was confirmed.`]
            : []),
          ...circumstances(story, now),
          ...visibilityLines(story),
        ],
      };
    case "outage-began":
      return {
        importance: "high",
        headline: text`${nameOf(story)}: all endpoints are down`,
        details: [
          line`The record stays as it is until an endpoint is up again.`,
          ...quietLines(story, now),
          ...circumstances(story, now),
        ],
      };
    case "outage-ended":
      return {
        importance: "high",
        headline: text`${nameOf(story)} is available again`,
        details: [
          ...(story.lastedMs === undefined ? [] : [outageLine(story.lastedMs)]),
          ...quietLines(story, now),
          ...circumstances(story, now),
        ],
      };
    case "endpoint":
      return endpointChanged(story, now);
    case "addresses-shared":
      return shared(story, now);
    case "mix-blocked":
    case "mix-freed":
      return ofMix(story, now);
    case "trouble-began":
      return {
        importance: "high",
        headline: text`Cloudflare: the records of ${nameOf(story)} cannot be ${doing[story.problem.during]}`,
        details: [
          problemLine(story.problem),
          line`Since ${time(story.problem.sinceMs, now)}. ccs keeps trying; until it succeeds, the record stays as it is.`,
          ...circumstances(story, now),
        ],
      };
    case "trouble-ended":
      return {
        importance: "normal",
        headline: text`Cloudflare: the records of ${nameOf(story)} can be read and written again`,
        details: [troubleLine(story.lastedMs), ...circumstances(story, now)],
      };
    case "drill-reported":
      return drilled(story, now);
    case "override-began":
    case "override-ended":
      return override(story, now);
    case "standoff-began":
    case "standoff-ended":
      return inStandoff(story, now);
    case "invisible":
    case "visible-at-last":
      return verified(story, now);
    default:
      return story satisfies never;
  }
}

// ---------------------------------------------------------------------------------------------------------------
// Stories that need more than a line or two
// ---------------------------------------------------------------------------------------------------------------

function started({ ingresses, blindIn }: StoryOf<"started">, now: TellingTime): Wording {
  const [only] = ingresses;
  const what =
    ingresses.length === 1 && only !== undefined
      ? text`${only.ingress.settings.record} ${summaryOf(only.ingress)}`
      : text`monitoring ${ingresses.length} ingresses`;
  const details = ingresses.flatMap(({ ingress, recordsAtStart }) => [
    ...(ingresses.length === 1 ? [] : [line`${{ strong: ingress.settings.record }} ${summaryOf(ingress)}`]),
    ...(ingress.selection === undefined ? [] : [line`Why: ${{ foreign: ingress.selection.why }}.`]),
    ...(ingress.cloudProblem === undefined ? [] : [problemLine(ingress.cloudProblem)]),
    ...circumstances({ ingress, recordsBefore: recordsAtStart }, now),
  ]);
  const doubt = line`The monitor appears to be offline (${familyList({ families: blindIn })}); failover is suspended.`;
  return {
    importance: "normal",
    headline: text`Started: ${what}`,
    details: blindIn.length === 0 ? details : [doubt, ...details],
  };
}

function summaryOf(ingress: IngressState): string {
  if (isOutage(ingress)) {
    const isUp = ingress.endpoints.some(({ health }) => health.verdict === "up");
    return isUp ? "is waiting for the endpoint that it points to" : "has no endpoint that is up";
  }
  const serving = servingNow(ingress);
  if (ingress.selection === undefined) return "is waiting for its first endpoint";
  if (serving.includes(ingress.selection.primary)) return text`points to ${andList(serving)}`;
  // Addresses say whose they are once they were looked up; that they are ours is known before.
  const isSettled = wantedRecords(ingress) === undefined && isAsWritten(ingress);
  if (isSettled) return text`points to ${ingress.selection.primary}`;
  return text`should point to ${ingress.selection.primary}, which Cloudflare has not confirmed yet`;
}

function undone(story: StoryOf<"undone">, now: TellingTime): Wording {
  const { ingress, sinceMs, foreignRecords } = story;
  const what = foreignRecords === undefined ? "decided" : "found";
  return {
    importance: "high",
    headline: text`${nameOf(story)} should point to ${wanted(story)}, but that is not done yet`,
    details: [
      ...whyLines(story),
      ...(foreignRecords === undefined ? [] : [line`The records were changed outside ccs.`]),
      ...endedLines(story),
      ingress.cloudProblem === undefined
        ? line`Not confirmed by Cloudflare ${formatDuration(now.nowMs - sinceMs)} after it was ${what}.`
        : problemLine(ingress.cloudProblem),
      line`ccs keeps trying.`,
      ...circumstances(story, now),
    ],
  };
}

/** That a switch need not be done any more is no sign that it could be. */
function ongoingTrouble({ ingress: { cloudProblem } }: StoryOf<"stays">): readonly Line[] {
  return cloudProblem === undefined ? [] : [problemLine(cloudProblem), line`ccs keeps trying.`];
}

function endpointChanged(story: StoryOf<"endpoint">, now: TellingTime): Wording {
  const { ingress, endpoint, status, was, wasForMs } = story;
  const { name } = endpoint.settings;
  const isPrimary = ingress.selection?.primary === name;
  const what = {
    up: was === "unknown" ? text`${name} is up` : text`${name} is up again`,
    degraded: was === "down" ? text`${name} is up again, but degraded` : text`${name} is degraded`,
    down: text`${name} is down`,
  }[status];
  const heldUntilMs = endpoint.heldUntilMs ?? now.nowMs;
  return {
    importance: isPrimary ? "normal" : "low",
    headline: text`${ingress.settings.record}: ${what}`,
    details: [
      ...(wasForMs === undefined || was === "unknown" ? [] : [line`It was ${was} for ${formatDuration(wasForMs)}.`]),
      ...(status === "down" && isPrimary ? [line`It stays active: no other endpoint is known to be up.`] : []),
      ...(status === "up" && !isPrimary && heldUntilMs > now.nowMs
        ? [line`If it has the highest priority, traffic returns to it no earlier than ${time(heldUntilMs, now)}.`]
        : []),
      ...quietLines(story, now),
      ...circumstances(story, now),
    ],
  };
}
