// Opens an address in the browser of the person at this machine, where there is one.
import { spawn } from "node:child_process";

/** Tries to. What comes of it is seen by the person alone: where there is no browser, nothing happens. */
export function openInBrowser(url: string): void {
  const [program, ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  // The first argument of `start` is a title.
  win32: ["cmd", "/c", "start", ""],
};
