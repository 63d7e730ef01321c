// What of SQLite's write-ahead log is there, and what a power cut may leave of it
// (https://www.sqlite.org/fileformat2.html, section 4). Reads the file from outside, as a disk would be read after an
// accident.
import { closeSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import type { Random } from "../lib/clock.ts";
import { wholeBetween } from "./random.ts";

const headerBytes = 32;
const frameHeaderBytes = 24;

/** The frames that were written since the log was last begun again, which its salts tell. */
interface Extent {
  readonly salts: string;
  readonly endBytes: number;
}

const nothing: Extent = { salts: "", endBytes: 0 };

/** How far a log is safe from a power cut. */
export class WalGauge {
  readonly #path: string;
  #durable: Extent = nothing;

  constructor(path: string) {
    this.#path = path;
  }

  /** Everything that is in the log now was synced. */
  noteSync(): void {
    this.#durable = extentOf(this.#path, this.#durable);
  }

  /** Cuts the log somewhere behind what was synced; at times the rest is there, but garbled. */
  cut(random: Random): void {
    const now = extentOf(this.#path, this.#durable);
    const safeBytes = now.salts === this.#durable.salts ? this.#durable.endBytes : Math.min(headerBytes, now.endBytes);
    const cutBytes = wholeBetween(random, safeBytes, now.endBytes);
    const isGarbled = random() < 0.5;
    if (now.endBytes === 0) return;
    const log = readFileSync(this.#path);
    for (let at = cutBytes; at < now.endBytes; at += 1) log[at] = (log[at] ?? 0) ^ 0x5a;
    writeFileSync(this.#path, isGarbled ? log : log.subarray(0, cutBytes));
  }
}

/** `known`: what was there at an earlier look, to continue from. */
function extentOf(path: string, known: Extent): Extent {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes < headerBytes) return nothing;
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(headerBytes);
    readSync(file, header, 0, headerBytes, 0);
    const salts = header.toString("hex", 16, 24);
    const frameBytes = frameHeaderBytes + header.readUInt32BE(8);
    let endBytes = salts === known.salts ? known.endBytes : headerBytes;
    const frame = Buffer.alloc(frameHeaderBytes);
    while (endBytes + frameBytes <= sizeBytes) {
      readSync(file, frame, 0, frameHeaderBytes, endBytes);
      if (frame.toString("hex", 8, 16) !== salts) break;
      endBytes += frameBytes;
    }
    return { salts, endBytes };
  } finally {
    closeSync(file);
  }
}
