// Words for what people asked for: endpoints pinned or drained, and drills.
import { overridden } from "../core/words.ts";
import { drillOutcome, drillSentences } from "./drill-words.ts";
import { line, text } from "./message.ts";
import { circumstances, nameOf, time } from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import type { StoryOf, Wording } from "./story.ts";

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

/** What a drill showed. */
export function drilled(story: StoryOf<"drill-reported">, now: TellingTime): Wording {
  return {
    importance: "normal",
    headline: text`${nameOf(story)}: drill of ${story.report.endpoint}: ${drillOutcome(story.report)}`,
    details: [...drillSentences(story.report).map((sentence) => line`${sentence}`), ...circumstances(story, now)],
  };
}
