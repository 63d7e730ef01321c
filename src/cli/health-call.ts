// `ccs health` itself: asks the daemon on this machine whether it is healthy, over the control socket. The launcher
// loads this file alone, since containers ask every half minute: no command line parser, no schemas, no HTTP client,
// which take many times the CPU of the question.
import { connect } from "node:net";
import { plain } from "../lib/text.ts";
import type { HealthAnswer } from "../web/health-answer.ts";
import { ControlPlace } from "./control-place.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";

/** A daemon that has not answered by then is stuck, or stopped. */
const patienceMs = 5_000;

/** More than the daemon has to say. */
const mostAnswerLength = 64 * 1_024;
const mostDetailLength = 1_000;

export interface DaemonHealth {
  /** The daemon answers, and its loop turns. */
  readonly isHealthy: boolean;
  /** It also has read its records and has a verdict on each endpoint. */
  readonly isReady: boolean;
  /** Why not, in plain words; empty when it is healthy and ready. */
  readonly detail: string;
}

/** `config`: what was given with `--config`. Never rejects: a daemon that cannot be asked is not healthy. */
export async function healthOf(config: string | undefined): Promise<DaemonHealth> {
  try {
    return await ask(new ControlPlace(config));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { isHealthy: false, isReady: false, detail: error.message.replaceAll("\n", ". ") };
  }
}

/** The one line that says so. */
export function healthLine({ isHealthy, isReady, detail }: DaemonHealth): string {
  if (!isHealthy) return `unhealthy: ${detail}`;
  return isReady ? "healthy" : `healthy, but not ready yet: ${detail}`;
}

export function healthCode({ isHealthy }: DaemonHealth): ExitCode {
  return isHealthy ? exitCodes.ok : exitCodes.notSo;
}

/**
 * Runs `ccs health` with these further arguments, as this process. False, and nothing has happened, when they are more
 * than the name of the configuration: then the whole program is needed to understand or to refuse them.
 */
export async function runHealth(args: readonly string[]): Promise<boolean> {
  const option = args.join("\n");
  const [, config] = /^(?:(?:-c|--config)\n|--config=)([^-].*)$/.exec(option) ?? [];
  if (config === undefined && option !== "") return false;
  const health = await healthOf(config);
  process.exitCode = healthCode(health);
  // The exit code is the answer, and counts even if the line cannot be written.
  process.stdout.on("error", () => undefined);
  process.stdout.write(`${healthLine(health)}\n`);
  return true;
}

async function ask(place: ControlPlace): Promise<DaemonHealth> {
  place.assertOurs();
  const text = await exchange(place, "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const answer = answerIn(text);
  if (answer === undefined) {
    const why =
      "the daemon's answer is not one that this ccs understands: is it a different version? Restart the daemon";
    throw new CommandError(exitCodes.unavailable, why);
  }
  const isHealthy = answer.status === "alive";
  return { isHealthy, isReady: isHealthy && answer.detail === undefined, detail: answer.detail ?? "" };
}

/** All that the daemon says to `words`, until it hangs up. */
function exchange(place: ControlPlace, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(place.path);
    const deadline = setTimeout(() => end(place.silent(patienceMs)), patienceMs);
    let text = "";
    const end = (error?: CommandError): void => {
      clearTimeout(deadline);
      socket.destroy();
      if (error === undefined) resolve(text);
      else reject(error);
    };
    socket.setEncoding("utf8");
    socket.on("error", (error) => end(place.unreachable(error)));
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > mostAnswerLength) end();
    });
    socket.on("end", () => end());
    socket.write(words);
  });
}

/** The answer in the text of an HTTP response; `undefined` when it is none. */
function answerIn(text: string): HealthAnswer | undefined {
  const [, body] = /^HTTP\/1\.\d (?:200|503) [^]*?\r\n\r\n([^]*)$/.exec(text) ?? [];
  try {
    const { status, detail } = JSON.parse(body ?? "") as Partial<Record<string, unknown>>;
    const words = typeof detail === "string" ? plain(detail, mostDetailLength) : undefined;
    if (status === "alive") return { status, ...(words !== undefined && { detail: words }) };
    return status === "stuck" && words !== undefined ? { status, detail: words } : undefined;
  } catch {
    return undefined;
  }
}
