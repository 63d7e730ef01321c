// Words for what concerns ccs itself: its configuration, its state folder, the clock of its machine, its end.
import { describeRecords, andList } from "./phrases.ts";
import { clockError } from "../core/units.ts";
import { line, text } from "./message.ts";
import type { StoryOf, Wording } from "./story.ts";

export function configApplied({ added, released, isAfterRejection }: StoryOf<"config-applied">): Wording {
  return {
    importance: "normal",
    headline: isAfterRejection ? "The configuration is valid again and in force" : "A new configuration is in force",
    details: [
      ...(added.length === 0 ? [] : [line`Now monitored: ${andList(added)}.`]),
      ...released.flatMap(({ record, records, primary }) =>
        primary === undefined
          ? [
              line`No longer monitored: ${record}. Its record stays as it is:`,
              records === undefined ? line`(it was never read)` : describeRecords(records),
            ]
          : [
              line`No longer monitored: ${record}. It points to its mix, so it is first changed to ${primary}. Then it stays as it is.`,
            ],
      ),
    ],
  };
}

export function configRejected(problems: readonly string[]): Wording {
  return {
    importance: "high",
    headline: "The new configuration was rejected: the previous one stays in force",
    details: [
      ...problems.map((problem) => line`• ${problem}`),
      line`Correct the file; it is read again when it changes.`,
    ],
  };
}

/** It costs what it was about a pause; anyone who reads this can only report it. */
export function internalError(what: string): Wording {
  return {
    importance: "normal",
    headline: text`An internal error in ccs, which keeps running`,
    details: [
      line`${{ foreign: what }}. ccs tries again.`,
      line`Please report it, with the log. At most one message a day is sent about internal errors.`,
    ],
  };
}

/** The last message of a daemon that has to end. */
export function corrupted(why: string): Wording {
  return {
    importance: "high",
    headline: text`ccs ends because of an internal error`,
    details: [
      line`${{ foreign: why }}. Please report it, with the log.`,
      line`The records stay as they are. Nothing is monitored until ccs runs again. Start it if its service manager does not.`,
    ],
  };
}

/** Another program removed or replaced what the state is kept in. */
export function stateMoved(what: string): Wording {
  return {
    importance: "high",
    headline: text`The state folder of ccs needs attention`,
    details: [line`${{ foreign: what }}`],
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
