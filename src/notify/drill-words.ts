// What a drill showed, in sentences: for messages, the journal and the log. Claims only what was seen.
import type { Drill, Passage } from "../core/model.ts";
import { formatDuration } from "../lib/units.ts";
import { plain } from "../lib/text.ts";

/** The outcome in a few words, such as `mobile stood in for cable, which is back`. */
export function drillOutcome({ endpoint, away, back, isInterrupted }: Drill): string {
  const name = plain(endpoint, 60);
  if (isInterrupted) return back?.decidedMs === undefined ? `${name} is not back` : `${name} is back`;
  if (!away.from.includes(endpoint)) return `${name} did not serve, so nothing was to change`;
  if (away.decidedMs === undefined) return `nobody could stand in for ${name}`;
  const others = listOf(away.to);
  return back?.decidedMs === undefined
    ? `${others} stood in for ${name}, which is not back`
    : `${others} stood in for ${name}, which is back`;
}

/** Each way in a sentence, and what a real outage would have cost on top. */
export function drillSentences(report: Drill): readonly string[] {
  const { endpoint, startedMs, endedMs = startedMs, away, back, noticeMs, isInterrupted } = report;
  const sentences: string[] = [];
  if (isInterrupted) sentences.push("The daemon was restarted during the drill, so its beginning was not measured.");
  else {
    sentences.push(`It lasted ${formatDuration(endedMs - startedMs)}.`);
    if (away.decidedMs !== undefined) sentences.push(`Away: ${passageWords(away, startedMs)}`);
    else if (away.from.includes(endpoint))
      sentences.push(`${plain(endpoint, 60)} went on serving: nobody else was up.`);
  }
  if (away.decidedMs !== undefined && noticeMs !== undefined) {
    sentences.push(`A real outage is noticed first, which takes ${formatDuration(noticeMs)} at most.`);
  }
  if (back !== undefined) {
    sentences.push(
      back.decidedMs === undefined
        ? `Back: the ingress has not returned to ${plain(endpoint, 60)} by now.`
        : `Back: ${passageWords(back, endedMs)}`,
    );
  }
  return sentences;
}

function passageWords(
  { to, decidedMs, committedMs, visibleMs, visibility, ttlSeconds }: Passage,
  startMs: number,
): string {
  const parts = [`decided for ${listOf(to)} ${after(startMs, decidedMs ?? startMs)}`];
  if (committedMs === undefined) return `${parts.join("")}; not written by now.`;
  if (visibility === "same") return `${parts.join("")}; there was nothing to write.`;
  parts.push(`confirmed by Cloudflare ${after(startMs, committedMs)}`);
  if (visibility === "visible" && visibleMs !== undefined) parts.push(`visible ${after(startMs, visibleMs)}`);
  const toldWords = {
    wrong: "not visible by now",
    silent: "not verified",
    proxied: "not to be verified, as it is proxied",
  };
  if (visibility !== undefined && visibility !== "visible") parts.push(toldWords[visibility]);
  // What is proxied is looked up at Cloudflare itself, whatever clients remember.
  const clients =
    ttlSeconds === undefined || visibility === "proxied"
      ? ""
      : ` Clients may go on as before for ${formatDuration(ttlSeconds * 1_000)} more (the TTL).`;
  return `${parts.join(", ")}.${clients}`;
}

function after(startMs: number, atMs: number): string {
  return atMs - startMs < 1 ? "at once" : `after ${formatDuration(atMs - startMs)}`;
}

function listOf(names: readonly string[] = []): string {
  return names.length === 0 ? "nobody" : names.map((name) => plain(name, 60)).join(" and ");
}
