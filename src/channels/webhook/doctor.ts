// The doctor's look at a webhook: does its receiver answer, and does it take a message. Sends one only when that is
// asked for.
import { ok, wrong, type Finding } from "../../lib/finding.ts";
import { isTaken } from "../http-call.ts";
import type { ChannelPorts } from "../kind.ts";
import { testMessage } from "../test-message.ts";
import { callReceiver, hostOf, postMessage } from "./channel.ts";
import type { WebhookSettings } from "./settings.ts";

const deadlineMs = 5_000;

export async function inspectWebhook(
  settings: WebhookSettings,
  ports: ChannelPorts,
  { isTestSent }: { readonly isTestSent: boolean },
): Promise<readonly Finding[]> {
  const host = hostOf(settings);
  const answer = isTestSent
    ? await postMessage(settings, ports, testMessage(ports.clock.wallMs()), { deadlineMs })
    : await callReceiver(settings, ports, { method: "HEAD", headers: {} }, { deadlineMs });
  const signature = ok(
    "signature",
    settings.secret === undefined
      ? "requests are not signed: there is no secret"
      : "requests are signed with the secret",
  );
  if (answer.kind === "unreachable") {
    const remedy = "messages are kept on disk until it can be reached; check url, and that this machine can reach it";
    return [wrong("receiver", `${host} could not be reached: ${answer.detail}`, remedy), signature];
  }
  const { status } = answer;
  // Few receivers know HEAD: any answer shows that there is one.
  if (!isTestSent) return [ok("receiver", `${host} answers; --send-test shows whether it takes messages`), signature];
  return isTaken(status)
    ? [ok("receiver", `${host} took a test message (${status})`), signature]
    : [wrong("receiver", `${host} answered ${status} to a test message`, "check url, headers and secret"), signature];
}
