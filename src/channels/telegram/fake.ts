// Telegram in the simulated world (https://core.telegram.org/bots/api#sendmessage).
import { readHtml } from "../../emulation/channels/telegram-html.ts";
import { Secret } from "../../lib/secret.ts";
import { badGateway, type ChannelFake, type ServiceAnswer, type ServiceRequest } from "../fake.ts";
import { usualApiUrl, type TelegramSettings } from "./settings.ts";

export const telegramFake: ChannelFake<TelegramSettings> = {
  settings: { token: new Secret("1:simulated"), chatId: 1, apiUrl: usualApiUrl },
  hostOf: ({ apiUrl }) => new URL(apiUrl).host,
  receive(_, request, number) {
    const { text, parse_mode } = sentIn(request);
    const read = parse_mode === "HTML" ? readHtml(text) : undefined;
    return {
      text,
      plain: read?.text ?? text,
      fault: read?.kind === "broken" ? read.reason : undefined,
      answer: { status: 200, body: JSON.stringify({ ok: true, result: { message_id: number } }) },
    };
  },
  refuse(trouble, request) {
    switch (trouble) {
      case "rate-limited":
        return failure(429, "Too Many Requests: retry after 20", { retry_after: 20 });
      case "server-error":
        return failure(500, "Internal Server Error");
      case "html":
        return badGateway;
      case "cannot-parse":
        // Text without markup is not parsed.
        return sentIn(request).parse_mode === undefined
          ? undefined
          : failure(400, "Bad Request: can't parse entities: emulated");
      default:
        return trouble satisfies never;
    }
  },
};

function sentIn({ body }: ServiceRequest): { readonly text: string; readonly parse_mode?: string } {
  return JSON.parse(body) as { text: string; parse_mode?: string };
}

function failure(status: number, description: string, parameters?: object): ServiceAnswer {
  return { status, body: JSON.stringify({ ok: false, error_code: status, description, parameters }) };
}
