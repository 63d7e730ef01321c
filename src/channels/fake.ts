// What takes the place of a channel's service in the simulated world. Each kind of channel brings one.

export interface ChannelFake<Settings extends object = object> {
  /** Settings for worlds that have none of their own. */
  readonly settings: Settings;
  /** The host that the channel sends to. */
  hostOf(settings: Settings): string;
  /** Takes what was sent, the `number`-th message, as the service would. */
  receive(settings: Settings, request: ServiceRequest, number: number): Reception;
  /** What the service answers in place of that while something is wrong; `undefined`: it does not know this trouble. */
  refuse(trouble: ServiceTrouble, request: ServiceRequest): ServiceAnswer | undefined;
}

export interface ServiceRequest {
  readonly headers: Headers;
  readonly body: string;
}

export type ServiceTrouble = "rate-limited" | "server-error" | "html" | "cannot-parse";

export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

export interface Reception {
  /** The message as it was sent. */
  readonly text: string;
  /** As a person reads it. */
  readonly plain: string;
  /** Why the service could not read it, if that is so. */
  readonly fault: string | undefined;
  readonly answer: ServiceAnswer;
}

/** An error page of something between the daemon and the service. */
export const badGateway: ServiceAnswer = { status: 502, body: "<html><h1>Bad Gateway</h1></html>" };
