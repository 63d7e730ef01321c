// Words for messages that waited in the queue: held back and told as one, delivered late, dropped.
import { formatTime } from "../channels/times.ts";
import type { Line, Message } from "../core/message.ts";
import { line, text } from "./message.ts";
import { mostListed } from "./phrases.ts";
import type { TellingTime } from "./phrases.ts";
import type { Wording } from "./story.ts";

/** One message for many that were held back: their headlines with times, then the newest in full. */
export function summarise(messages: readonly Message[], now: TellingTime): Wording {
  const newest = messages.at(-1);
  const listed = messages.map(({ atWallMs, headline }) => line`${timeOf(atWallMs, now)} ${headline}`);
  const left = listed.length - mostListed;
  return {
    importance: "high",
    headline: text`${messages.length} messages were held back after the start`,
    details: [
      ...(left > 0 ? [line`… (${left} earlier)`] : []),
      ...listed.slice(-mostListed),
      ...(newest === undefined ? [] : [line`The newest in full:`, ...newest.details]),
    ],
  };
}

function timeOf(atWallMs: number, { wallMs, ...zone }: TellingTime): string {
  return formatTime(atWallMs, { ...zone, todayWallMs: wallMs });
}

/** The line that a message carries when it is delivered long after it happened. */
export function lateLine({ atWallMs, ...message }: Pick<Message, "atWallMs" | "timeZone">): Line {
  return line`This message is late: it happened at ${formatTime(atWallMs, message)}.`;
}

/** The line that tells of messages that were lost because the queue was full. */
export function droppedLine(count: number): Line {
  const what = count === 1 ? "1 older message of low importance was" : `${count} older messages of low importance were`;
  return line`Before this, ${what} dropped: too many were waiting.`;
}
