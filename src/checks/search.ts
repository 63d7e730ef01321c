// Looks for a text in what arrives in pieces, within a bound.

/** How much of an answer is searched. */
export const searchLimitBytes = 65_536;

/** Holds one piece and the text's length of the one before it, however long the answer is. */
export class TextSearch {
  readonly #text: Buffer;
  #tail = Buffer.alloc(0);
  seenBytes = 0;
  isFound = false;

  constructor(text: string) {
    this.#text = Buffer.from(text);
  }

  /** Whether there is no use in more of it: the text was found, or the bound has been reached. */
  get isOver(): boolean {
    return this.isFound || this.seenBytes >= searchLimitBytes;
  }

  take(chunk: Buffer): void {
    const piece = chunk.subarray(0, searchLimitBytes - this.seenBytes);
    this.seenBytes += piece.length;
    const text = Buffer.concat([this.#tail, piece]);
    this.isFound ||= text.includes(this.#text);
    this.#tail = text.subarray(Math.max(0, text.length - this.#text.length + 1));
  }
}
