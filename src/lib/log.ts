// The log: one JSON line per event, or pretty lines where a person watches a terminal. Whatever text goes into it, no
// line can move the cursor, change its direction or pass for two.
import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { plain } from "./text.ts";

export type Log = Logger;
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
export const logLevels: readonly LogLevel[] = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** A log that writes to `stream` (standard output unless told), pretty when `isForPeople`. */
export function createLog(options: { level: LogLevel; isForPeople: boolean; stream?: DestinationStream }): Log {
  const stream = options.stream ?? pino.destination({ dest: 1, sync: true });
  const target = options.isForPeople
    ? pretty({ destination: stream, sync: true, singleLine: true, translateTime: "SYS:HH:MM:ss.l" })
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

/** More than any message of ours; a longer one is foreign text that nobody shortened. */
const longestText = 2_000;

/** The same value, all text in it made plain. Errors stay as they are: their stack has lines of its own. */
function harmless(value: unknown): unknown {
  if (typeof value === "string") return plain(value, longestText);
  if (Array.isArray(value)) return value.map(harmless);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, harmless(item)]));
}
