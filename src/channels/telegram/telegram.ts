// Messages by a bot of Telegram's.
import { isPlainHttp } from "../../lib/plain-http.ts";
import { baseUrl } from "../../config/format/fields.ts";
import { Secret } from "../../lib/secret.ts";
import type { ChannelKind } from "../kind.ts";
import { Telegram } from "./channel.ts";
import { inspectTelegram } from "./doctor.ts";
import { telegramFake } from "./fake.ts";
import { telegramQuestions } from "./init.ts";
import { telegramKeys, telegramToken, telegramVariable, type TelegramSettings } from "./settings.ts";

export const telegram: ChannelKind<typeof telegramKeys, TelegramSettings> = {
  kind: "telegram",
  title: "Telegram",
  description: "Send messages with a Telegram bot.",
  expects: "a section with token and chat_id",
  keys: telegramKeys,
  secrets: { token: { schema: telegramToken, need: "required", variable: telegramVariable } },
  environment: [
    {
      name: "CCS_TELEGRAM_API_URL",
      key: "api_url",
      schema: baseUrl,
      meaning: "Replaces `api_url` of every Telegram channel.",
    },
  ],
  hasSection: true,
  complete: ({ chat_id, api_url }, { token = new Secret("") }) => ({ token, chatId: chat_id, apiUrl: api_url }),
  warn({ apiUrl }, report) {
    if (!isPlainHttp(apiUrl)) return;
    report("api_url", "the token travels unencrypted over http: use https unless the API is on your own network");
  },
  open: (settings, ports) => new Telegram(settings, ports),
  inspect: inspectTelegram,
  init: telegramQuestions,
  fake: telegramFake,
};
