// The programs that ccs is measured beside, as Debian has them. They are found on the PATH; nothing is installed.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Each with the package that holds it, and what it is for. */
const packages = {
  "prometheus-blackbox-exporter": ["prometheus-blackbox-exporter", "the same checks, by a program in Go"],
  bash: ["bash", "the processor time of short commands"],
} as const;

export type Peer = keyof typeof packages;

export function findPeer(name: Peer): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** What is missing, how to install it, and what is not measured without it; a line each. */
export function missingPeers(): readonly string[] {
  return (Object.keys(packages) as Peer[])
    .filter((name) => findPeer(name) === undefined)
    .map((name) => `${name} is missing (apt-get install ${packages[name][0]}): ${packages[name][1]}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
