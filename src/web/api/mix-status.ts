// The mix of one ingress as people outside see it: its name, its records, and what it is good for at the moment.
import { mixStage, type MixStage } from "../../core/advice/mix-outlook.ts";
import type { IngressState } from "../../core/model.ts";
import { membersOf } from "../../core/members.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, type Now } from "./dates.ts";
import type { MixStatus } from "./schema/status-mix.ts";

/** `undefined` where no mix is asked for: no endpoint is sticky, or the record holds addresses. */
export function mixStatus(ingress: IngressState, now: Now): MixStatus | undefined {
  const stage = mixStage(ingress);
  if (stage === undefined) return undefined;
  const { mix } = ingress;
  const sinceMs = "sinceMs" in stage ? stage.sinceMs : undefined;
  const untilMs = "untilMs" in stage ? stage.untilMs : undefined;
  return {
    state: stage.kind,
    record: mix?.record,
    text: plain(mixText(stage, ingress), 500),
    since: sinceMs === undefined ? undefined : dateOf(sinceMs, now),
    until: untilMs === undefined ? undefined : dateOf(untilMs, now),
    records: (mix?.published?.records ?? []).map(({ type, content, ttlSeconds, proxied }) => ({
      type,
      content: plain(content, 300),
      ttlSeconds,
      proxied,
    })),
  };
}

/** What that means, in plain words: a part of a sentence, without times. */
function mixText(stage: MixStage, ingress: IngressState): string {
  const problem = ingress.mix?.cloudProblem;
  const trouble = problem === undefined ? "" : `; it could not be ${done[problem.during]}: ${problem.message}`;
  switch (stage.kind) {
    case "none":
      return `no mix: ${stage.why}; a failback goes to a single endpoint`;
    case "blocked":
      return `no mix is possible for now: ${stage.why}; ${remedies[stage.reason]}`;
    case "unread":
      return `not read yet${trouble}`;
    case "pointed-to":
      return `the ingress points to it: ${membersOf(ingress.selection).join(" and ")}`;
    case "waiting":
      return `the failback waits until every name server shows it${trouble}`;
    case "prepared":
      return `${trouble === "" ? "prepared" : "to be written"} for the next failback${trouble}`;
    case "kept":
      return "not in use; its records are kept for the next failback";
    case "idle":
      return "not in use; its records are written shortly before a failback";
    default:
      return stage satisfies never;
  }
}

const done = { read: "read", write: "written" } as const;

const remedies = {
  foreign: "remove that record, or set mix_record to an unused name",
  outside: "set mix_record to an unused name in the zone of the record",
  paused: "find out which program writes it, and stop it",
  refused: "the next one is tried after the next change of the active endpoint",
} as const;
