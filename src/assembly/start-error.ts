// Why the daemon does not start, where a person can mend it.

/** The message is for that person. */
export class StartError extends Error {
  /** `config`: the configuration is wrong. `unavailable`: something that is needed is not available, as a port. */
  readonly reason: "config" | "unavailable";

  constructor(reason: StartError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}
