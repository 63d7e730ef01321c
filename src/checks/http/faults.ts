// What went wrong in an HTTP probe, in words for people.
import { messageOf } from "../../lib/text.ts";
import { failed, verdictOfConnection, type ProbeResult, type ProbeStage } from "../verdict.ts";

/** What an error of the connection or of TLS means. */
export function verdictOfError(error: NodeJS.ErrnoException, stage: ProbeStage): ProbeResult {
  return verdictOfConnection(error, stage) ?? failed("not-http", `not a valid HTTP answer: ${messageOf(error)}`);
}

/** The other side closed the connection before its answer was whole. */
export function closedEarly(stage: ProbeStage): ProbeResult {
  return failed("reset", `connection closed while ${stage}`);
}
