// What a drill showed, in sentences: for messages, the journal and the log. Claims only what was seen.
import type { Drill, Passage } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import { plain } from "../lib/text.ts";

/** The outcome in a few words, such as `mobile took over from cable, which is active again`. */
export function drillOutcome({ endpoint, away, back, isInterrupted }: Drill): string {
  const name = plain(endpoint, 60);
  if (isInterrupted) return back?.decidedMs === undefined ? `${name} is not active again` : `${name} is active again`;
  if (!away.from.includes(endpoint)) return `${name} was not active, so nothing had to change`;
  if (away.decidedMs === undefined) return `no other endpoint could take over from ${name}`;
  const others = listOf(away.to);
  return back?.decidedMs === undefined
    ? `${others} took over from ${name}, which is not active again`
    : `${others} took over from ${name}, which is active again`;
}

/** Each way in a sentence, and what a real outage would have cost on top. */
export function drillSentences(report: Drill): readonly string[] {
  const { endpoint, startedMs, endedMs = startedMs, away, back, noticeMs, isInterrupted } = report;
  const sentences: string[] = [];
  if (isInterrupted) sentences.push("The daemon was restarted during the drill, so its start was not measured.");
  else {
    sentences.push(`It lasted ${formatDuration(endedMs - startedMs)}.`);
    if (away.decidedMs !== undefined) sentences.push(`Failover: ${passageWords(away, startedMs)}`);
    else if (away.from.includes(endpoint))
      sentences.push(`${plain(endpoint, 60)} stayed active: no other endpoint was up.`);
  }
  if (away.decidedMs !== undefined && noticeMs !== undefined) {
    sentences.push(`In a real outage, detection comes first and takes up to ${formatDuration(noticeMs)}.`);
  }
  if (back !== undefined) {
    sentences.push(
      back.decidedMs === undefined
        ? `Failback: the ingress has not returned to ${plain(endpoint, 60)} yet.`
        : `Failback: ${passageWords(back, endedMs)}`,
    );
  }
  return sentences;
}

function passageWords(
  { to, decidedMs, committedMs, visibleMs, visibility, ttlSeconds }: Passage,
  startMs: number,
): string {
  const parts = [`${listOf(to)} selected ${after(startMs, decidedMs ?? startMs)}`];
  if (committedMs === undefined) return `${parts.join("")}; not written yet.`;
  if (visibility === "same") return `${parts.join("")}; there was nothing to write.`;
  parts.push(`confirmed by Cloudflare ${after(startMs, committedMs)}`);
  if (visibility === "visible" && visibleMs !== undefined) parts.push(`visible ${after(startMs, visibleMs)}`);
  const toldWords = {
    wrong: "not visible yet",
    silent: "not verified",
    proxied: "cannot be verified, because it is proxied",
  };
  if (visibility !== undefined && visibility !== "visible") parts.push(toldWords[visibility]);
  // What is proxied is looked up at Cloudflare itself, whatever clients remember.
  const clients =
    ttlSeconds === undefined || visibility === "proxied"
      ? ""
      : ` Clients may use the previous records for another ${formatDuration(ttlSeconds * 1_000)} (the TTL).`;
  return `${parts.join(", ")}.${clients}`;
}

function after(startMs: number, atMs: number): string {
  return atMs - startMs < 1 ? "at once" : `after ${formatDuration(atMs - startMs)}`;
}

function listOf(names: readonly string[] = []): string {
  return names.length === 0 ? "no endpoint" : names.map((name) => plain(name, 60)).join(" and ");
}
