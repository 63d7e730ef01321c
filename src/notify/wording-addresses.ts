// Words for the addresses of endpoints: too many of them, or the same at several.
import { line, text } from "./message.ts";
import { andList, circumstances, nameOf } from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import type { StoryOf, Wording } from "./story.ts";

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
