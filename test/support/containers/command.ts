// Programs as tests of artifacts run them: to their end, with all that they said, and never for ever.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard input; empty unless told. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

export interface Ended {
  /** `undefined` when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** Runs a program to its end, whatever that is. It is killed after `timeoutMs` (ten minutes unless told). */
export async function attempt(
  command: string,
  args: readonly string[],
  { env, cwd, input = "", timeoutMs = 600_000 }: CommandOptions = {},
): Promise<Ended> {
  const startMs = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
    signal: AbortSignal.timeout(timeoutMs),
    killSignal: "SIGKILL",
  });
  // It may end without having read any of it.
  child.stdin.on("error", () => undefined).end(input);
  const closed = once(child, "close") as Promise<[code: number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), closed]);
  const tookMs = performance.now() - startMs;
  return { code: code ?? undefined, stdout: stdout.join(""), stderr: stderr.join(""), tookMs };
}

/** Runs a program that has to succeed. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const ended = await attempt(command, args, options);
  const said = `${ended.stdout}\n${ended.stderr}`.trim().slice(-4_000);
  assert.equal(ended.code, 0, `${command} ${args.join(" ")}\n${said}`);
  return ended;
}
