// What followers keep for each name of each ingress, by key, so that it can be dropped when the name goes.

export class NamesInForce {
  readonly #keys = new Map<string, readonly string[]>();

  /** Takes in the keys of an ingress as they are now. Returns those that it had before and has no more. */
  replace(id: string, keys: readonly string[]): readonly string[] {
    const before = this.#keys.get(id) ?? [];
    if (keys.length === 0) this.#keys.delete(id);
    else this.#keys.set(id, keys);
    return before.filter((key) => !keys.includes(key));
  }

  /** Forgets the ingresses that are there no more. Returns the keys that they had. */
  keepOnly(isThere: (id: string) => boolean): readonly string[] {
    return [...this.#keys.keys()].filter((id) => !isThere(id)).flatMap((id) => this.replace(id, []));
  }
}
