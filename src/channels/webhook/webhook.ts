// Messages as JSON to a URL.
import { isPlainHttp } from "../../lib/plain-http.ts";
import type { ChannelKind } from "../kind.ts";
import { Webhook } from "./channel.ts";
import { inspectWebhook } from "./doctor.ts";
import { webhookFake } from "./fake.ts";
import { webhookQuestions } from "./init.ts";
import { webhookKeys, webhookSecret, webhookVariable, type WebhookSettings } from "./settings.ts";

export const webhook: ChannelKind<typeof webhookKeys, WebhookSettings> = {
  kind: "webhook",
  title: "Webhook",
  description: "Send messages as JSON to a URL.",
  expects: "a section with a url",
  keys: webhookKeys,
  secrets: { secret: { schema: webhookSecret, need: "optional", variable: webhookVariable } },
  environment: [],
  complete: ({ url, headers = {} }, { secret }) => ({ url, headers, secret }),
  warn({ url }, report) {
    if (isPlainHttp(url))
      report("url", "messages travel unencrypted over http: use https unless it is on your own network");
  },
  open: (settings, ports) => new Webhook(settings, ports),
  inspect: inspectWebhook,
  init: webhookQuestions,
  fake: webhookFake,
};
