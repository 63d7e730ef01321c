// How Chromium is started, for tests and for screenshots.
import { chromium, type Browser } from "playwright-core";

/** Starts a Chromium that asks nobody but the pages that it is sent to. */
export function launchChromium(executablePath: string): Promise<Browser> {
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Otherwise it looks up the names of its maker's services, whatever it is told above.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  ];
  return chromium.launch({ executablePath, args });
}
