// What command lines of `ccs` print at several widths, all of them in one process: most of what a short command costs is its
// start, and no width changes that.
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runCli } from "../../src/main.ts";
import { compileCache } from "./built-program.ts";

/** What one command line prints, on both streams, by the number of columns. */
export type Printed = ReadonlyMap<number, string>;

interface Asked {
  readonly widths: readonly number[];
  readonly commandLines: readonly (readonly string[])[];
}

/** What each of the command lines prints, one after the other, at each of the widths. */
export async function printedAt(asked: Asked): Promise<readonly Printed[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, JSON.stringify(asked)], {
    // Nothing of the developer's own settings gets in.
    env: { PATH: process.env["PATH"], HOME: join(tmpdir(), "nobody-is-at-home"), ...compileCache },
    maxBuffer: 2 ** 24,
  });
  return (JSON.parse(stdout) as [number, string][][]).map((each) => new Map(each));
}

async function printAll({ widths, commandLines }: Asked): Promise<void> {
  const write = process.stdout.write.bind(process.stdout);
  let text = "";
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: string | Uint8Array): boolean => {
      text += String(chunk);
      return true;
    };
  }
  const all: [number, string][][] = [];
  for (const commandLine of commandLines) {
    const each: [number, string][] = [];
    for (const width of widths) {
      process.env["COLUMNS"] = String(width);
      text = "";
      await runCli(commandLine);
      each.push([width, text]);
    }
    all.push(each);
  }
  write(JSON.stringify(all));
}

if (import.meta.main) await printAll(JSON.parse(process.argv[2] ?? "") as Asked);
