// What a command's exit code means. Printed by `ccs --help`, and relied on by scripts.

export const exitCodes = {
  /** Done, and all is as it should be. */
  ok: 0,
  /** Done, but what was looked at is not as it should be. */
  notSo: 1,
  /** `plan`: something would be written. */
  changes: 2,
  /** The command line is not valid (EX_USAGE). */
  usage: 64,
  /** Something that is needed is not available: a port, a file, an answer from Cloudflare (EX_UNAVAILABLE). */
  unavailable: 69,
  /** An internal error (EX_SOFTWARE). */
  bug: 70,
  /** The configuration is wrong (EX_CONFIG). */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command's end for a reason that a person can correct: printed as it is, without a stack trace. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
