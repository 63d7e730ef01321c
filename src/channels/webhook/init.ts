// What `ccs init` asks about a webhook: its URL and how requests are signed, until its receiver answers.
import { randomBytes } from "node:crypto";
import { literal } from "../../config/format/scalar.ts";
import type { KnownSecret, WrittenSecret } from "../../config/format/written-secret.ts";
import { Secret } from "../../lib/secret.ts";
import type { Asker } from "../../lib/asker.ts";
import type { AskingWorld, ChannelQuestions, ComposedChannel } from "../kind.ts";
import { triedOut } from "../tried-out.ts";
import { inspectWebhook } from "./doctor.ts";
import { standardPrefix, webhookSecret, webhookUrl, webhookVariable } from "./settings.ts";

export const webhookQuestions: ChannelQuestions = {
  label: "To a webhook",
  hint: "JSON to a URL of yours, signed if you like",
  ask: askWebhook,
  example: composedWebhook("https://hooks.example.com/ccs", { kind: "variable", name: webhookVariable }),
};

/** The entry in a new file. */
function composedWebhook(url: string, secret: WrittenSecret | undefined): ComposedChannel {
  const signed = {
    key: "secret",
    comment: "The receiver checks each request with the same secret.",
  };
  return {
    kind: "webhook",
    keys: [
      { key: "url", comment: "Each message is sent there as JSON: docs/webhook.md.", yaml: literal(url) },
      ...(secret === undefined ? [] : [{ ...signed, secret }]),
    ],
  };
}

async function askWebhook(asker: Asker, { env, ports }: AskingWorld): Promise<ComposedChannel | undefined> {
  let earlier: { readonly url: string; readonly secret: KnownSecret | undefined } | undefined;
  for (;;) {
    const url = webhookUrl.parse(
      await asker.askText("The URL that messages are sent to", {
        kind: webhookUrl,
        placeholder: "https://hooks.example.com/ccs",
        initial: earlier?.url,
      }),
    );
    const secret: KnownSecret | undefined = await askSecret(asker, env[webhookVariable]?.trim() ?? "", earlier);
    earlier = { url, secret };
    const settings = { url, headers: {}, secret: secret && new Secret(secret.value) };
    const next = await triedOut(
      asker,
      { message: "Asking the receiver", without: "Continue without the webhook" },
      () => inspectWebhook(settings, ports, { isTestSent: false }),
    );
    if (next === "keep") return composedWebhook(url, secret?.written);
    if (next === "none") return undefined;
  }
}

/** `earlier`: what was answered before, when it is asked again. */
async function askSecret(
  asker: Asker,
  found: string,
  earlier?: { readonly secret: KnownSecret | undefined },
): Promise<KnownSecret | undefined> {
  if (webhookSecret.safeParse(found).success) {
    asker.say(`${webhookVariable} is set in the environment: it is used, and the file will refer to it.`);
    return { value: found, written: { kind: "variable", name: webhookVariable } };
  }
  const choice = await asker.askChoice("Should requests be signed, so that the receiver can check them?", [
    ...(earlier === undefined ? [] : ([{ value: "before", label: "As before" }] as const)),
    { value: "new", label: "Yes, with a new secret", hint: "which the receiver needs too" },
    { value: "known", label: "Yes, with the receiver's secret" },
    { value: "none", label: "No" },
  ]);
  if (choice === "none") return undefined;
  if (choice === "before") return earlier?.secret;
  const value =
    choice === "new"
      ? `${standardPrefix}${randomBytes(24).toString("base64")}`
      : await asker.askSecret("The secret: whsec_… or other text", webhookSecret);
  return { value, written: { kind: "literal", value } };
}
