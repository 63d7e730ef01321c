// A value that must never be printed: every way of turning it into text yields "***".
import { inspect } from "node:util";

const hidden = "***";

/** Holds a secret. Only `reveal()` gives it back; logging, JSON, string building and inspection show `***`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it only where the value leaves for the service that it belongs to. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}
