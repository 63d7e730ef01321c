// A long text that is made piece by piece, as UTF-8. Joining the pieces at the end would hold up the loop once for all
// of them.

/** No character of a string takes more bytes. */
const mostPerUnit = 3;

export class GrowingText {
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;

  /** `expectedBytes`: while that is enough, nothing is ever copied. */
  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
  }

  add(text: string): void {
    const needed = this.#length + text.length * mostPerUnit;
    if (needed > this.#bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(bytes, 0, 0, this.#length);
      this.#bytes = bytes;
    }
    this.#length += this.#bytes.write(text, this.#length);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
