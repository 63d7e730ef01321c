// The receiver of a webhook in the simulated world, which checks what docs/webhook.md promises to receivers.
import { createHmac } from "node:crypto";
import { Secret } from "../../lib/secret.ts";
import { badGateway, type ChannelFake, type ServiceRequest } from "../fake.ts";
import type { WebhookSettings } from "./settings.ts";

export const webhookFake: ChannelFake<WebhookSettings> = {
  settings: { url: "https://hooks.example.test/ccs", headers: {}, secret: new Secret("simulated") },
  hostOf: ({ url }) => new URL(url).host,
  receive({ secret }, request) {
    const { text = "" } = objectIn(request);
    return { text, plain: text, fault: faultOf(request, secret), answer: { status: 200, body: "" } };
  },
  refuse(trouble) {
    switch (trouble) {
      case "rate-limited":
        return { status: 429, headers: { "retry-after": "20" }, body: "" };
      case "server-error":
        return { status: 500, body: "" };
      case "html":
        return badGateway;
      case "cannot-parse":
        return undefined;
      default:
        return trouble satisfies never;
    }
  },
};

interface SentWebhook {
  readonly id?: string;
  readonly time?: string;
  readonly headline?: string;
  readonly text?: string;
}

function objectIn({ body }: ServiceRequest): SentWebhook {
  return JSON.parse(body) as SentWebhook;
}

/** What a careful receiver would refuse. */
function faultOf(request: ServiceRequest, secret: Secret | undefined): string | undefined {
  const { id, time = "", headline, text } = objectIn(request);
  const { headers, body } = request;
  const [sentId, timestamp] = [headers.get("webhook-id"), headers.get("webhook-timestamp")];
  if (id === undefined || headline === undefined || text === undefined) return "a key is missing";
  if (Number.isNaN(Date.parse(time))) return `no time: ${time}`;
  if (sentId !== id) return `the header names ${sentId}, the body ${id}`;
  if (secret === undefined) return undefined;
  const content = `${sentId}.${timestamp}.${body}`;
  const signature = `v1,${createHmac("sha256", secret.reveal()).update(content).digest("base64")}`;
  return headers.get("webhook-signature") === signature ? undefined : "the signature is not that of the secret";
}
