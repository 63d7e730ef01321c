// The log: one JSON line per event, or pretty lines where a person watches a terminal.
import { pino, type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";

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
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, target);
}
