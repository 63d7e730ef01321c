// Channels of a configuration, as tests look at them.
import type { TelegramSettings } from "../../src/channels/telegram/settings.ts";
import type { Config } from "../../src/config/config.ts";

/** The first Telegram channel of a configuration. */
export function telegramIn({
  notify,
}: Pick<Config, "notify">): (TelegramSettings & { readonly initialSilenceMs: number | undefined }) | undefined {
  const channel = notify.find(({ kind }) => kind === "telegram");
  if (channel === undefined) return undefined;
  const { settings, initialSilenceMs } = channel;
  return { ...(settings as TelegramSettings), initialSilenceMs };
}
