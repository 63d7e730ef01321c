// What went wrong in an HTTP probe, in words for people.
import { messageOf } from "../../lib/text.ts";
import { failed, verdictOfConnection, type ProbeResult, type ProbeStage } from "../verdict.ts";

/** What an error of the connection, of TLS or of the HTTP parser means. */
export function verdictOfError(error: NodeJS.ErrnoException, stage: ProbeStage): ProbeResult {
  const code = error.code ?? "";
  if (code.startsWith("HPE_")) return failed("not-http", httpFaults[code] ?? `not a valid HTTP answer (${code})`);
  return verdictOfConnection(error, stage) ?? failed("not-http", `not a valid HTTP answer: ${messageOf(error)}`);
}

const httpFaults: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "the answer's headers are larger than 16 KiB",
  HPE_INVALID_CONSTANT: "the answer is not HTTP",
  HPE_INVALID_VERSION: "the answer is not HTTP/1",
};
