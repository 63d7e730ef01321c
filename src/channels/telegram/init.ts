// What `ccs init` asks about Telegram: the bot's token and the chat, until the bot may write there.
import { literal } from "../../config/format/scalar.ts";
import { Secret } from "../../lib/secret.ts";
import type { Asker } from "../../lib/asker.ts";
import type { AskingWorld, ChannelQuestions, ComposedChannel } from "../kind.ts";
import { triedOut } from "../tried-out.ts";
import type { WrittenSecret } from "../../config/format/written-secret.ts";
import { inspectTelegram } from "./doctor.ts";
import { chatId as chatIdKind, telegramToken, telegramVariable, usualApiUrl } from "./settings.ts";

export const telegramQuestions: ChannelQuestions = {
  label: "On Telegram",
  hint: "it takes a bot: @BotFather makes one",
  ask: askBot,
  example: composedTelegram({ kind: "variable", name: telegramVariable }, "123456"),
};

/** The entry in a new file. */
export function composedTelegram(token: WrittenSecret, chatId: string): ComposedChannel {
  return {
    kind: "telegram",
    keys: [
      {
        key: "token",
        comment: "From @BotFather. Send the bot a message once, so that it may write to you.",
        secret: token,
      },
      { key: "chat_id", yaml: /^-?\d+$/.test(chatId) ? chatId : literal(chatId) },
    ],
  };
}

async function askBot(asker: Asker, { env, overrides, ports }: AskingWorld): Promise<ComposedChannel | undefined> {
  const { api_url: apiUrl = usualApiUrl } = overrides;
  const found = env[telegramVariable]?.trim() ?? "";
  const isFound = found !== "" && telegramToken.safeParse(found).success;
  if (isFound) asker.say(`${telegramVariable} is set in the environment: it is used, and the file will refer to it.`);
  let earlier: { readonly token: string; readonly chatId: string } | undefined;
  for (;;) {
    const token =
      isFound && earlier === undefined
        ? found
        : await asker.askSecret("The bot's token, from @BotFather", telegramToken, { earlier: earlier?.token });
    const chatId = await asker.askText(
      "The chat: its number, or @channelname (send the bot a message once; @userinfobot tells you your number)",
      {
        kind: chatIdKind,
        initial: earlier?.chatId,
      },
    );
    earlier = { token, chatId };
    const written =
      token === found
        ? ({ kind: "variable", name: telegramVariable } as const)
        : ({ kind: "literal", value: token } as const);
    const settings = { token: new Secret(token), chatId: chatIdKind.parse(chatId), apiUrl: String(apiUrl) };
    const next = await triedOut(asker, { message: "Asking Telegram", without: "Continue without Telegram" }, () =>
      inspectTelegram(settings, ports, { isTestSent: false }),
    );
    if (next === "keep") return composedTelegram(written, chatId);
    if (next === "none") return undefined;
  }
}
