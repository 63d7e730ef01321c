// How the sites of the simulated world answer a check over HTTP.
import { objectionToDates, type CheckFake } from "../fake.ts";
import type { ProbeResult } from "../verdict.ts";
import { judgeAnswer, type HttpJudgement } from "./judge.ts";
import { isEncrypted } from "./outlook.ts";
import type { HttpTask } from "./settings.ts";

export const httpFake: CheckFake<HttpTask> = {
  objectionTo: ({ url }, certificate) => (isEncrypted(url) ? objectionToDates(certificate) : undefined),
  answer(task, condition) {
    // A service that works answers as its check expects it.
    if (condition.kind === "ok") return { kind: "ok", detail: "200" };
    const status = condition.kind === "status" ? condition.status : 200;
    const answer = { status, encoding: "identity", hasMarker: condition.kind !== "marker" };
    return verdictOf(judgeAnswer(task, answer), status);
  },
};

function verdictOf(judgement: HttpJudgement, status: number): ProbeResult {
  if (judgement === "status") return { kind: "failed", reason: "status", detail: `status ${status} <Service & Co>` };
  if (judgement === "marker") return { kind: "failed", reason: "marker", detail: "the text is missing" };
  return { kind: "ok", detail: String(status) };
}
