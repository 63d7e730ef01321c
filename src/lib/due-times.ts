// When what is known by a key is due, and which is first: so that nobody looks through all that wait.
import TinyQueue from "tinyqueue";

interface DueEntry {
  readonly key: string;
  readonly atMs: number;
}

export class DueTimes {
  readonly #times = new Map<string, number>();
  /** Soonest first. What is in it may be out of date: `#times` is what holds. */
  #queue = new TinyQueue<DueEntry>([], (a, b) => a.atMs - b.atMs);

  /** Sets when a key is due; `undefined` for never. */
  set(key: string, atMs: number | undefined): void {
    if (this.#times.get(key) === atMs) return;
    if (atMs === undefined) this.#times.delete(key);
    else {
      this.#times.set(key, atMs);
      this.#queue.push({ key, atMs });
    }
    // Of what is out of date there is never more than of what holds, and a few.
    if (this.#queue.length > 2 * this.#times.size + 16) this.#rebuild();
  }

  /** When the first one is due; `undefined` for never. */
  get firstMs(): number | undefined {
    return this.#first()?.atMs;
  }

  /** The keys that are due by `nowMs`, soonest first. They stay due until they are set again. */
  dueBy(nowMs: number): readonly string[] {
    const due: DueEntry[] = [];
    for (let first = this.#first(); first !== undefined && first.atMs <= nowMs; first = this.#first()) {
      due.push(first);
      this.#queue.pop();
    }
    for (const entry of due) this.#queue.push(entry);
    return [...new Set(due.map(({ key }) => key))];
  }

  #first(): DueEntry | undefined {
    let first = this.#queue.peek();
    while (first !== undefined && this.#times.get(first.key) !== first.atMs) {
      this.#queue.pop();
      first = this.#queue.peek();
    }
    return first;
  }

  #rebuild(): void {
    const entries = [...this.#times].map(([key, atMs]) => ({ key, atMs }));
    this.#queue = new TinyQueue(entries, (a, b) => a.atMs - b.atMs);
  }
}
