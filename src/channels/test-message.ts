// What `ccs doctor --send-test` sends to a channel.
import type { Message } from "../core/message.ts";

export function testMessage(wallMs: number): Message {
  return {
    id: `test-${wallMs.toString(36)}`,
    importance: "low",
    atWallMs: wallMs,
    headline: "This is a test by ccs doctor: messages from Cloudflare CNAME Switcher arrive here.",
    details: [],
    facts: [{ kind: "test", time: new Date(wallMs).toISOString() }],
  };
}
