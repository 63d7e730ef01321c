// What a check over HTTP amounts to: what it costs, how it is shown, and what is loose about it.
import type { TaskOutlook, ShownTask } from "../../core/advice/task-outlook.ts";
import { plain } from "../../lib/text.ts";
import type { HttpTask } from "./settings.ts";

/** Of one probe in both directions: packets, handshake with certificates, headers. The page itself comes on top. */
export const probeBytes = { http: 1_500, https: 8_000 } as const;

export function outlookOf({ url, contains }: HttpTask): TaskOutlook {
  const name = isEncrypted(url) ? "https" : "http";
  return {
    shown: { url },
    probe: { name, bytes: probeBytes[name], besides: "the page itself" },
    looseness:
      contains === undefined
        ? "has no contains: any page with the right status counts, even a router's login page"
        : undefined,
  };
}

export function isEncrypted(url: string): boolean {
  return url.startsWith("https:");
}

/** Without what follows the question mark, which may be a secret key. */
export function shownTask({ url }: HttpTask): ShownTask {
  return { url: plain(url.replace(/\?.*$/, "?…"), 2_000) };
}
