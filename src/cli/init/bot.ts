// Asks whether to tell people on Telegram, and makes sure that the bot may write to the chat.
import type { Composition } from "../../config/compose.ts";
import { chatId as chatIdKind, telegramToken } from "../../config/fields.ts";
import { Secret } from "../../lib/secret.ts";
import { inspectTelegram } from "../doctor/telegram.ts";
import type { InitWorld } from "./account.ts";
import { askChoice, askSecret, askText, askYes, findOut, say } from "./prompts.ts";

export const telegramVariable = "TELEGRAM_TOKEN";

export async function askBot({ env, telegramApiUrl }: InitWorld): Promise<Composition["telegram"]> {
  if (!(await askYes("Send you messages on Telegram? It takes a bot: @BotFather makes one.", false))) return undefined;
  const found = env[telegramVariable]?.trim() ?? "";
  const isFound = found !== "" && telegramToken.safeParse(found).success;
  if (isFound) say(`${telegramVariable} is set in the environment: it is used, and the file will refer to it.`);
  let earlier: { readonly token: string; readonly chatId: string } | undefined;
  for (;;) {
    const token =
      isFound && earlier === undefined
        ? found
        : await askSecret("The bot's token, from @BotFather", telegramToken, earlier?.token);
    const chatId = await askText(
      "The chat: its number, or @channelname (send the bot a message once; @userinfobot tells you your number)",
      {
        kind: chatIdKind,
        ...(earlier && { initial: earlier.chatId }),
      },
    );
    earlier = { token, chatId };
    const written =
      token === found
        ? ({ kind: "variable", name: telegramVariable } as const)
        : ({ kind: "literal", value: token } as const);
    const settings = { token: new Secret(token), chatId: chatIdKind.parse(chatId), apiUrl: telegramApiUrl };
    const findings = await findOut(
      "Asking Telegram",
      () => inspectTelegram(settings, { isTestSent: false }),
      (all) => ({
        isGood: all.every(({ level }) => level === "ok"),
        text: all.map(({ subject, detail }) => `${subject}: ${detail}`).join("; "),
      }),
    );
    if (findings.every(({ level }) => level === "ok")) return { token: written, chatId };
    const choice = await askChoice("How should ccs init continue?", [
      { value: "again", label: "Ask me again" },
      { value: "keep", label: "Keep it", hint: "ccs doctor checks it again later" },
      { value: "none", label: "Continue without Telegram" },
    ]);
    if (choice === "keep") return { token: written, chatId };
    if (choice === "none") return undefined;
  }
}
