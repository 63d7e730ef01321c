// The keys of a Telegram channel.
import { z } from "zod";
import { baseUrl, filePath, kind, textOrNumber } from "../../config/format/fields.ts";
import { optional, required, withDefault } from "../../config/format/key.ts";
import { bad, ok, type Parsed } from "../../config/format/names.ts";
import { Secret } from "../../lib/secret.ts";

export interface TelegramSettings {
  readonly token: Secret;
  readonly chatId: number | string;
  /** Base URL without trailing slash. */
  readonly apiUrl: string;
}

/** The environment variable with the token in files that ccs writes. */
export const telegramVariable = "TELEGRAM_TOKEN";

export const usualApiUrl = "https://api.telegram.org";

/** Telegram's token is part of the path of the URL. */
export const telegramToken = kind(
  z.string(),
  { expects: "a bot token such as 123456:ABC-DEF", isHushed: true },
  (text) => {
    const value = text.trim();
    if (value === "") return bad();
    return /^[\w.:~-]+$/.test(value) ? ok(new Secret(value)) : bad("it contains a space or an unusual character");
  },
);

export const chatId = kind(
  textOrNumber,
  { expects: `a chat id: a whole number, or "@channelname" in quotes`, isHushed: true },
  (value): Parsed<number | string> => {
    if (typeof value === "string" && /^@[A-Za-z]\w{3,}$/.test(value)) return ok(value);
    const id = typeof value === "string" && !/^-?\d+$/.test(value) ? Number.NaN : Number(value);
    return Number.isSafeInteger(id) && id !== 0 ? ok(id) : bad();
  },
);

export const telegramKeys = {
  token: optional(telegramToken, {
    description: "Token of the bot, from @BotFather.",
    defaultInWords: "this or `token_file` is required",
    example: `\${${telegramVariable}}`,
  }),
  token_file: optional(filePath, {
    description: "File with the token, instead of `token`.",
    defaultInWords: "none",
    example: "/run/secrets/telegram_token",
  }),
  chat_id: required(chatId, {
    description:
      'Where to send messages: the number of a chat, or the name of a public channel, such as `"@channelname"`.',
    example: 123456,
  }),
  api_url: withDefault(baseUrl, usualApiUrl, {
    description: "Base URL of the API, if it is not the usual one.",
    example: "http://127.0.0.1:8081",
  }),
};
