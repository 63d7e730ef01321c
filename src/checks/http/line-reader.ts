// Puts lines together from the pieces in which they arrive. A letter is a byte, whatever it stands for.

export class LineReader {
  /** The line so far, with its end once it is whole. */
  text = "";
  isWhole = false;

  /** Goes on with the line, or begins the next one after a whole one. Returns what follows it in the chunk. */
  take(chunk: Buffer): Buffer {
    if (this.isWhole) this.text = "";
    const lineFeed = chunk.indexOf(10);
    const end = lineFeed === -1 ? chunk.length : lineFeed + 1;
    this.text += chunk.toString("latin1", 0, end);
    this.isWhole = lineFeed !== -1;
    return chunk.subarray(end);
  }

  /** Whether a carriage return or a line feed stands alone. */
  get isBroken(): boolean {
    const { text } = this;
    const at = text.indexOf("\r");
    return this.isWhole ? at !== text.length - 2 : at !== -1 && at !== text.length - 1;
  }
}
