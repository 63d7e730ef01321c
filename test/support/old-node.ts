// The machine's own Node, where it is older than what ccs needs, as on most servers.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of a Node before 24; `undefined` where there is none. */
export function findOldNode(): string | undefined {
  const paths = (process.env["PATH"] ?? "").split(delimiter).map((entry) => join(entry, "node"));
  return paths.filter(existsSync).find((path) => {
    const version = spawnSync(path, ["--version"], { encoding: "utf8" }).stdout;
    return Number.parseInt(version.slice(1), 10) < 24;
  });
}
