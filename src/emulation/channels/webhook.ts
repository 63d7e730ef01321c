// An emulated receiver of webhooks: keeps what it is sent, checks signatures as Standard Webhooks says, and fails on
// demand.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { FaultQueue } from "../fault-queue.ts";
import type { ListenOptions } from "../listen.ts";
import { readRequest } from "../read-request.ts";
import { HttpEmulator } from "./http-emulator.ts";

export interface WebhookReceiverOptions extends ListenOptions {
  /** The bytes that requests have to be signed with; without them signatures are not checked. */
  readonly key?: Uint8Array;
}

/** What goes wrong with one request. */
export type WebhookFault =
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection stays open and nothing comes. */
  | { readonly kind: "hang" }
  /** The connection is closed, after the request was taken where `isTaken`. */
  | { readonly kind: "drop"; readonly isTaken?: boolean }
  /** An answer without an end. */
  | { readonly kind: "endless" };

export interface WebhookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const mostKept = 10_000;

export async function startWebhookReceiver(options: WebhookReceiverOptions = {}): Promise<WebhookReceiver> {
  const receiver = new WebhookReceiver(options);
  await receiver.listen(options);
  return receiver;
}

export class WebhookReceiver extends HttpEmulator {
  readonly faults = new FaultQueue<WebhookFault, WebhookRequest>();
  /** Every request, oldest first, also those that failed. */
  readonly requests: WebhookRequest[] = [];
  /** The bodies of those that were taken. */
  readonly taken: Readonly<Record<string, unknown>>[] = [];
  readonly #key: Uint8Array | undefined;

  constructor({ key }: WebhookReceiverOptions) {
    super();
    this.#key = key;
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request);
    if (read === undefined) return void response.writeHead(400).end();
    const { method = "", headers } = request;
    const taken: WebhookRequest = { method, path: request.url ?? "", headers, body: read.body };
    this.requests.push(taken);
    if (this.requests.length > mostKept) this.requests.shift();
    const fault = this.faults.take(taken);
    switch (fault?.kind) {
      case "hang":
        return;
      case "drop":
        if (fault.isTaken === true) this.#take(taken);
        return void request.socket.destroy();
      case "status":
        return void response.writeHead(fault.status, fault.headers).end("no");
      case "endless": {
        this.#take(taken);
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        return more();
      }
      case undefined:
        return void response.writeHead(this.#take(taken)).end();
      default:
        return fault satisfies never;
    }
  }

  /** The status of the answer. */
  #take(request: WebhookRequest): number {
    if (request.method !== "POST") return 405;
    if (this.#key !== undefined && !isSigned(request, this.#key)) return 401;
    this.taken.push(JSON.parse(request.body) as Record<string, unknown>);
    return 204;
  }
}

/** Any of the signatures in the header may be the right one: they are separated by spaces. */
function isSigned({ headers, body }: WebhookRequest, key: Uint8Array): boolean {
  const one = (name: string): string => String(headers[name] ?? "");
  const content = `${one("webhook-id")}.${one("webhook-timestamp")}.${body}`;
  const expected = createHmac("sha256", key).update(content).digest();
  return one("webhook-signature")
    .split(" ")
    .some((each) => {
      const [version, signature = ""] = each.split(",");
      const given = Buffer.from(signature, "base64");
      return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
    });
}
