// A program on a pseudo terminal, as a person has it in front of them: what stands on it is waited for, and keys are
// typed. Borrowed from `script` of util-linux, which Debian always has.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { builtProgram } from "./built-program.ts";
import { eventually } from "./eventually.ts";

export interface TerminalOptions {
  /** The path of `script`. */
  readonly script: string;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `ccs` on a pseudo terminal. It is ended, if it still runs, with the scope of `await using`. */
export function openTerminal(args: readonly string[], options: TerminalOptions): PseudoTerminal {
  const words = [process.execPath, builtProgram(), ...args].map((word) => `'${word}'`).join(" ");
  // A terminal that nobody looks at has no width until it is given one.
  const command = `stty cols 100 rows 40; exec ${words}`;
  const child = spawn(options.script, ["--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
    cwd: options.cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: join(tmpdir(), "nobody-is-at-home"),
      SHELL: "/bin/sh",
      TERM: "xterm-256color",
      ...options.env,
    },
  });
  return new PseudoTerminal(child);
}

export class PseudoTerminal implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  #output = "";
  /** What came before it has been answered already. */
  #answeredTo = 0;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#closed = once(child, "close");
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
  }

  /** Everything that was ever shown, without colours and movements of the cursor. */
  get text(): string {
    return stripVTControlCharacters(this.#output);
  }

  /** Waits until `question` has come up since the last answer, and types the keys, which may depend on what is shown since. */
  async answer(question: RegExp, keys: string | ((shown: string) => string)): Promise<void> {
    await eventually(`the question ${String(question)}`, () => question.test(this.text.slice(this.#answeredTo)), {
      explain: () => `\n${this.text.slice(-2_000)}`,
    });
    const shown = this.text.slice(this.#answeredTo);
    this.#answeredTo = this.text.length;
    this.#child.stdin.write(typeof keys === "string" ? keys : keys(shown));
  }

  /** The exit code of the program. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    this.#child.stdin.destroy();
    await this.#closed;
  }
}

export const keys = { enter: "\r", down: "\u001B[B", controlC: "\u0003", clear: "\u0015" } as const;

/** The keys that choose the answer with this label, where the first of those that are shown is marked. */
export function choose(label: string): (shown: string) => string {
  return (shown) => {
    const labels = [...shown.slice(shown.lastIndexOf("◆")).matchAll(/^│\s+[●○] (.+)$/gm)].map(([, each = ""]) => each);
    const steps = labels.findIndex((each) => each.startsWith(label));
    if (steps < 0) throw new Error(`${label} is not among ${labels.join(", ")}`);
    return keys.down.repeat(steps) + keys.enter;
  };
}
