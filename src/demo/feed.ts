// What comes in while the demo runs, in the order of coming: the daemon's own log lines, and the Telegram messages that
// arrived.
import type { LogLevel } from "../lib/log.ts";
import { plain } from "../lib/text.ts";
import type { TelegramServer } from "../emulation/channels/telegram.ts";

export type FeedEntry =
  | { readonly kind: "log"; readonly atWallMs: number; readonly level: LogLevel; readonly text: string }
  /** `lines`: the first says what happened. */
  | { readonly kind: "message"; readonly atWallMs: number; readonly lines: readonly string[] };

const mostKept = 200;
const longestLine = 400;

export class Feed {
  /** The newest entries, oldest first. */
  readonly entries: FeedEntry[] = [];
  readonly #listeners: ((entry: FeedEntry) => void)[] = [];
  #newestMessage = 0;

  onEntry(listener: (entry: FeedEntry) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes one line of the daemon's log, JSON as the log writes it. */
  takeLogLine(json: string): void {
    const { level, time, msg, ...fields } = JSON.parse(json) as LogLine;
    // Where a field is the message, as with mistakes in the configuration.
    const text = fields.problem === undefined ? msg : `${msg}: ${fields.problem}`;
    this.#add({ kind: "log", atWallMs: Date.parse(time), level, text: plain(text, longestLine) });
  }

  /** Takes in the messages that have arrived since the last time. */
  takeMessages({ messages }: TelegramServer, wallMs: number): void {
    for (const { id, plainText } of messages) {
      if (id <= this.#newestMessage) continue;
      this.#newestMessage = id;
      const lines = plainText.split("\n").map((line) => plain(line, longestLine));
      this.#add({ kind: "message", atWallMs: wallMs, lines });
    }
  }

  #add(entry: FeedEntry): void {
    this.entries.push(entry);
    if (this.entries.length > mostKept) this.entries.shift();
    for (const listener of this.#listeners) listener(entry);
  }
}

interface LogLine {
  readonly level: LogLevel;
  readonly time: string;
  readonly msg: string;
  readonly problem?: string;
}
