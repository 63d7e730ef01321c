// How many names go together in one request, after what happened to requests before. A refused batch is split until the
// name that is refused is alone; after trouble groups are smaller, and grow again with every success.

interface Limit {
  readonly most: number;
  /** Of a group that was refused: no success of others makes it larger. */
  readonly isStrict: boolean;
}

export class GroupLimits<Member> {
  readonly #limits = new Map<Member, Limit>();

  /** How many may go together with this one, itself included. */
  mostWith(member: Member): number {
    return this.#limits.get(member)?.most ?? Infinity;
  }

  /** Whether a group with this one has been refused since its last success. */
  isSuspect(member: Member): boolean {
    return this.#limits.get(member)?.isStrict === true;
  }

  /** One of them is refused: which one, halves will tell. */
  split(members: readonly Member[]): void {
    const most = Math.ceil(members.length / 2);
    for (const member of members) this.#limits.set(member, { most, isStrict: true });
  }

  /** No answer, or one that says nothing of anybody: perhaps it was too much at once. */
  shrink(members: readonly Member[]): void {
    const most = Math.ceil(members.length / 2);
    for (const member of members) {
      this.#limits.set(member, { most: Math.min(most, this.mostWith(member)), isStrict: this.isSuspect(member) });
    }
  }

  /** This one needs requests of its own, until one succeeds. */
  isolate(member: Member): void {
    this.#limits.set(member, { most: 1, isStrict: true });
  }

  /** So many went together, successfully. */
  succeeded(members: readonly Member[]): void {
    for (const member of members) this.#limits.delete(member);
    const most = members.length * 2;
    for (const [member, limit] of this.#limits) {
      if (!limit.isStrict && limit.most < most) this.#limits.set(member, { most, isStrict: false });
    }
  }

  forget(member: Member): void {
    this.#limits.delete(member);
  }
}
