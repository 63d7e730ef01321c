// The headers by which a receiver knows a request, by Standard Webhooks
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
import { createHmac } from "node:crypto";
import type { Secret } from "../../lib/secret.ts";
import { standardPrefix } from "./settings.ts";

/**
 * `id` is the same for each attempt at a message, `sentWallMs` is the time of this attempt, and `body` what is sent.
 * Without a secret there is no signature.
 */
export function webhookHeaders(
  id: string,
  sentWallMs: number,
  body: string,
  secret: Secret | undefined,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(sentWallMs / 1_000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return headers;
  const signature = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

/** What follows `whsec_` is base64; any other secret is its own bytes. */
function keyOf(secret: Secret): Buffer {
  const text = secret.reveal();
  return text.startsWith(standardPrefix)
    ? Buffer.from(text.slice(standardPrefix.length), "base64")
    : Buffer.from(text, "utf8");
}
