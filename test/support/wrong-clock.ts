// A daemon whose machine has a wrong wall clock: libfaketime stands between the process and its clock, and a file says by
// how much it is off, while the process runs.
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { requireProgram } from "./programs.ts";

const file = "clock-offset";

/** The environment of a process whose clock is set by `setClock`, or `undefined` where the program for it is missing. */
export function wrongClock(t: TestContext): ((folder: string, offset?: string) => Record<string, string>) | undefined {
  if (requireProgram(t, "faketime") === undefined) return undefined;
  const [library = ""] = globSync("/usr/lib/**/faketime/libfaketimeMT.so.1");
  return (folder, offset = "+0") => {
    setClock(folder, offset);
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, file),
      FAKETIME_NO_CACHE: "1",
      // As on a real machine: only the wall clock jumps.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    };
  };
}

/** Sets the clock of the processes over this folder: `+3650d`, `-100d`, `+0`. */
export function setClock(folder: string, offset: string): void {
  writeFileSync(join(folder, file), offset);
}
