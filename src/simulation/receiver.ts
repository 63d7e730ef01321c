// What takes the messages of one channel in the simulated world: the fake of its kind, at the end of a way that can
// fail.
import type { ServiceRequest } from "../channels/fake.ts";
import type { ChannelConfig } from "../channels/kind.ts";
import { channelKind } from "../channels/registry.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { BotTrouble } from "./faults.ts";
import { fetchOver, type ServedAnswer, type WayThere } from "./services.ts";
import type { SimulatedTime } from "./time.ts";

/** One message as it reached the service. */
export interface TakenMessage {
  /** As it was sent. */
  readonly text: string;
  /** As a person reads it. */
  readonly plain: string;
  readonly atMs: number;
}

export class Receiver {
  readonly messages: TakenMessage[] = [];
  /** What the service could not read of messages. */
  readonly unreadable: string[] = [];
  trouble: BotTrouble | undefined;
  readonly #time: SimulatedTime;
  readonly #channel: ChannelConfig;

  constructor(time: SimulatedTime, channel: ChannelConfig) {
    this.#time = time;
    this.#channel = channel;
  }

  /** The host that requests to it name. */
  get host(): string {
    const { kind, settings } = this.#channel;
    return channelKind(kind).fake.hostOf(settings);
  }

  fetchOver(way: WayThere): Fetch {
    return fetchOver(
      way,
      (_, { headers, body }) => {
        const answer = this.#answer({ headers: new Headers(headers), body: typeof body === "string" ? body : "{}" });
        way.onMoment("message-taken");
        return Promise.resolve(answer);
      },
      () => ({ sent: "message-sent", answered: "message-taken" }),
    );
  }

  #answer(request: ServiceRequest): ServedAnswer {
    const { fake } = channelKind(this.#channel.kind);
    const reception = fake.receive(this.#channel.settings, request, this.messages.length + 1);
    const { text, plain, fault, answer } = reception;
    if (fault !== undefined) this.unreadable.push(`${fault}: ${text}`);
    const { trouble } = this;
    if (trouble === "silent") return undefined;
    if (trouble === "drop") return "dropped";
    const refusal = trouble === undefined || trouble === "drop-after" ? undefined : fake.refuse(trouble, request);
    if (refusal !== undefined) return refusal;
    this.messages.push({ text, plain, atMs: this.#time.nowMs() });
    return trouble === "drop-after" ? "dropped" : answer;
  }
}
