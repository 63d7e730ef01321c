// A wire from one part to others that are put together after it: first all parts, then the wires between them.

/** What is sent before anything is connected is lost. */
export class Wire<Values extends readonly unknown[]> {
  readonly #listeners: ((...values: Values) => void)[] = [];

  /** Tells every listener, in the order in which they were connected. */
  readonly send = (...values: Values): void => {
    for (const listener of this.#listeners) listener(...values);
  };

  get isConnected(): boolean {
    return this.#listeners.length > 0;
  }

  connect(listener: (...values: Values) => void): void {
    this.#listeners.push(listener);
  }
}
