// Sends messages as JSON to a URL. No error shows more of the URL than its host.
import type { Message } from "../../core/message.ts";
import type { Channel, Delivery } from "../channel.ts";
import { callOverHttp, deliveryOf, type CallAnswer, type HttpCall, type HttpCallOptions } from "../http-call.ts";
import type { ChannelPorts } from "../kind.ts";
import { bodyOf } from "./render.ts";
import type { WebhookSettings } from "./settings.ts";
import { webhookHeaders } from "./signature.ts";

export class Webhook implements Channel {
  readonly #settings: WebhookSettings;
  readonly #ports: ChannelPorts;

  constructor(settings: WebhookSettings, ports: ChannelPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  async send(message: Message, signal: AbortSignal): Promise<Delivery> {
    const answer = await postMessage(this.#settings, this.#ports, message, { signal });
    return deliveryOf(answer, { who: hostOf(this.#settings), keys: "url, headers and secret" });
  }
}

/** The host and port of the receiver, which may be shown. */
export function hostOf({ url }: WebhookSettings): string {
  return new URL(url).host;
}

/** One attempt at a message. Never rejects. */
export async function postMessage(
  settings: WebhookSettings,
  ports: ChannelPorts,
  message: Message,
  options: HttpCallOptions,
): Promise<CallAnswer> {
  const body = JSON.stringify(bodyOf(message));
  const headers = {
    "content-type": "application/json",
    ...webhookHeaders(message.id, ports.clock.wallMs(), body, settings.secret),
  };
  return callReceiver(settings, ports, { method: "POST", headers, body }, options);
}

/** One request to the receiver. Never rejects. */
export async function callReceiver(
  settings: WebhookSettings,
  ports: ChannelPorts,
  { method, headers, body }: Pick<HttpCall, "method" | "headers" | "body">,
  options: HttpCallOptions,
): Promise<CallAnswer> {
  const { url, headers: own } = settings;
  const shown = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, value.reveal()]));
  const call = { url, method, headers: { ...shown, ...headers }, body, secrets: secretsOf(settings) };
  return callOverHttp(ports, call, options);
}

function secretsOf({ url, headers, secret }: WebhookSettings): readonly string[] {
  const { pathname, search } = new URL(url);
  const values = Object.values(headers).map((value) => value.reveal());
  return [`${pathname}${search}`, pathname, search, secret?.reveal() ?? "", ...values];
}
