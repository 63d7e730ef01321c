// Errors that nobody caught, in timers, streams and promises that nobody awaits. A command ends with them, with the
// exit code for it; the daemon reports them and goes on.
import process from "node:process";
import { printError } from "../terminal/terminal.ts";
import { exitCodes } from "./exit-codes.ts";

type Handler = (error: unknown) => void;

let handler: Handler = dieOf;

/** Takes such errors from Node, which would end the process with 1. Rejected promises come here too. */
export function takeStrayErrors(): void {
  process.on("uncaughtException", (error) => handler(error));
}

/** From now on `hear` is told about such errors, and the process continues. */
export function onStrayError(hear: Handler): void {
  handler = hear;
}

/** Says what happened, for the report, and ends the process. */
export function dieOf(error: unknown): never {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  printError(`Internal error; please report it with what follows.\n${details}`);
  process.exit(exitCodes.bug);
}
