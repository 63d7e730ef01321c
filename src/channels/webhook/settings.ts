// The keys of a webhook channel.
import { z } from "zod";
import { filePath, kind, parseUrl } from "../../config/format/fields.ts";
import { optional, required } from "../../config/format/key.ts";
import { bad, ok, type Parsed } from "../../config/format/names.ts";
import { Secret } from "../../lib/secret.ts";

export interface WebhookSettings {
  /** May hold a secret of the receiver's: only its host is ever shown. */
  readonly url: string;
  /** Further headers of each request, by name. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Signs each request; without one they are not signed. */
  readonly secret: Secret | undefined;
}

/** The environment variable with the secret in files that ccs writes. */
export const webhookVariable = "WEBHOOK_SECRET";

export const webhookUrl = kind(z.string(), { expects: "an http:// or https:// URL", isHushed: true }, (text) => {
  const url = parseUrl(text);
  if (url.kind === "bad") return url;
  url.value.hash = "";
  return ok(url.value.href);
});

/** Before the secrets of Standard Webhooks; the key follows in base64. */
export const standardPrefix = "whsec_";

export const webhookSecret = kind(
  z.string(),
  { expects: "a secret such as whsec_… or any text without spaces", isHushed: true },
  (text): Parsed<Secret> => {
    const value = text.trim();
    if (value === "") return bad();
    if (!/^[\x21-\x7e]+$/.test(value)) return bad("it contains a space or an unusual character");
    const isBroken = value.startsWith(standardPrefix) && !isBase64(value.slice(standardPrefix.length));
    return isBroken ? bad("what follows whsec_ is not base64") : ok(new Secret(value));
  },
);

function isBase64(text: string): boolean {
  return text !== "" && Buffer.from(text, "base64").toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
}

/** Those that a request has of itself. */
const ownHeaders =
  /^(?:connection|content-.*|host|keep-alive|te|trailer|transfer-encoding|upgrade|expect|webhook-.*)$/i;

const headerName = kind(z.string(), { expects: "the name of a header such as Authorization" }, (name) => {
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) return bad();
  return ownHeaders.test(name) ? bad("ccs sets this one itself") : ok(name);
});

/** Header values often are secrets. RFC 9110, section 5.5: visible characters, with spaces between them. */
const headerValue = kind(z.string(), { expects: "the value of a header", isHushed: true }, (text): Parsed<Secret> => {
  const value = text.trim();
  if (value === "") return bad();
  return /^[\x20-\x7e]+$/.test(value) ? ok(new Secret(value)) : bad("it contains an unusual character");
});

export const webhookKeys = {
  url: required(webhookUrl, {
    description:
      "Where to send each message, by POST. The receiver's answer is not read, and redirects are not followed.",
    example: "https://hooks.example.com/ccs",
  }),
  headers: optional(z.record(headerName, headerValue).meta({ expects: "a section of headers" }), {
    description: "Further headers of each request, such as one with a token for the receiver.",
    defaultInWords: "none",
    example: { Authorization: "Bearer ${RECEIVER_TOKEN}" },
  }),
  secret: optional(webhookSecret, {
    description:
      "Signs each request (HMAC-SHA256, by Standard Webhooks), so that the receiver can tell it from others: " +
      "`whsec_` and a key in base64, or any other text.",
    defaultInWords: "none: requests are not signed",
    example: `\${${webhookVariable}}`,
  }),
  secret_file: optional(filePath, {
    description: "File with the secret, instead of `secret`.",
    defaultInWords: "none",
    example: "/run/secrets/webhook_secret",
  }),
};
