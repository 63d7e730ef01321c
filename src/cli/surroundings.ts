// What tells and shows: messages, metrics and the web server, around a daemon that does not need them.
import type { RequestMeasure } from "../cloud/requests.ts";
import type { Config } from "../config/config.ts";
import type { Daemon } from "../daemon.ts";
import type { Log } from "../lib/log.ts";

export class Surroundings implements AsyncDisposable {
  readonly onRequest: (measure: RequestMeasure) => void = () => {};

  constructor(_options: { config: Config; log: Log }) {}

  async surround(_daemon: Daemon): Promise<void> {}

  reconfigure(_config: Config): void {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
