// Faults that a test sets on an emulated service: some strike once, one may stand until it is cleared.

/** Faults of kind `Fault`, each for the requests that its aim picks out. */
export class FaultQueue<Fault, Target> {
  #queued: Aimed<Fault, Target>[] = [];
  #standing: Aimed<Fault, Target> | undefined;

  /** How many queued faults have not struck yet. */
  get waiting(): number {
    return this.#queued.length;
  }

  /** Strikes the next request that the aim picks out, once; several queue up in order. */
  next(fault: Fault, isAimedAt: (target: Target) => boolean = () => true): void {
    this.#queued.push({ fault, isAimedAt });
  }

  /** Strikes every request that the aim picks out, until another takes its place. Queued faults come first. */
  always(fault: Fault, isAimedAt: (target: Target) => boolean = () => true): void {
    this.#standing = { fault, isAimedAt };
  }

  /** No fault any more, queued or standing. */
  clear(): void {
    this.#queued = [];
    this.#standing = undefined;
  }

  /** The fault that strikes this request, if any; a queued one is used up. */
  take(target: Target): Fault | undefined {
    const index = this.#queued.findIndex(({ isAimedAt }) => isAimedAt(target));
    const [struck] = index >= 0 ? this.#queued.splice(index, 1) : [this.#standing];
    return struck?.isAimedAt(target) === true ? struck.fault : undefined;
  }
}

interface Aimed<Fault, Target> {
  readonly fault: Fault;
  readonly isAimedAt: (target: Target) => boolean;
}
