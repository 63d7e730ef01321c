// What a story is about, for programs that get messages: no words, only names.
import type { ToldFact } from "../core/message.ts";
import { servingNow, type Story } from "./story.ts";

/** `wallMs`: when it is told. */
export function toldFact(story: Story, wallMs: number): ToldFact {
  return {
    kind: story.kind,
    time: new Date(wallMs).toISOString(),
    ...("ingress" in story && { ingress: story.ingress.settings.record, active: servingNow(story.ingress) }),
    ...endpointOf(story),
  };
}

function endpointOf(story: Story): Pick<ToldFact, "endpoint" | "status"> {
  switch (story.kind) {
    case "endpoint":
      return { endpoint: story.endpoint.settings.name, status: story.status };
    case "addresses-shared":
    case "addresses-left-out":
      return { endpoint: story.endpoint };
    case "override-began":
    case "override-ended":
      return { endpoint: story.override.endpoint };
    case "drill-reported":
      return { endpoint: story.report.endpoint };
    default:
      return {};
  }
}
