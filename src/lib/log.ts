// The log: one JSON line per event, or pretty lines where a person watches a terminal. Whatever text goes into it, no
// line can move the cursor, change its direction or pass for two.
import { Writable } from "node:stream";
import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { plain } from "./text.ts";

export type Log = Logger;
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
export const logLevels: readonly LogLevel[] = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** Fields that only say again what the message says, for programs to search by. A person who debugs gets them all. */
const forPrograms = "endpoint,from,to,isDegraded,sticky,records,generation,tookMs,url";

/** A log that writes to `stream` (standard output by default), pretty when `isForPeople`. */
export function createLog(options: { level: LogLevel; isForPeople: boolean; stream?: DestinationStream }): Log {
  const stream = options.stream ?? standardOutput();
  const ignore = options.level === "debug" || options.level === "trace" ? "" : forPrograms;
  const target = options.isForPeople
    ? pretty({
        destination: wholeStream(stream),
        sync: true,
        singleLine: true,
        translateTime: "SYS:HH:MM:ss.l",
        ignore,
      })
    : stream;
  const formatters = { level: (label: string) => ({ level: label }) };
  const hooks = {
    logMethod(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
      method.apply(this, args.map(harmless) as Parameters<pino.LogFn>);
    },
  };
  return pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters, hooks },
    target,
  );
}

/** What waits for a reader of the log who has stopped to read; beyond this, lines are lost. */
const mostWaitingBytes = 1_024 * 1_024;

/**
 * A log that cannot be written, on a full disk or to a reader who has gone, is no reason to end; and one that is not
 * read for a while, in a terminal that was stopped or behind a full pipe, is none to wait: it continues with the next
 * line.
 */
function standardOutput(): DestinationStream {
  const options = { dest: 1, sync: true, maxLength: mostWaitingBytes, retryEAGAIN: () => false };
  return pino.destination(options).on("error", () => undefined);
}

/** What only has `write` as a stream of Node's, which is what pino-pretty needs. */
function wholeStream(stream: DestinationStream): NodeJS.WritableStream | DestinationStream {
  if ("on" in stream) return stream;
  return new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      stream.write(chunk);
      done();
    },
  });
}

/** Longer than any of our messages; what is longer is foreign text that was not shortened. */
const longestText = 2_000;

/** The same value, all text in it made plain. Errors stay as they are: their stack has lines of its own. */
function harmless(value: unknown): unknown {
  if (typeof value === "string") return plain(value, longestText);
  if (Array.isArray(value)) return value.map(harmless);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, harmless(item)]));
}
