// However odd, twice as much of what comes from outside takes twice as long to read: nobody can keep the daemon busy with a
// few kilobytes. Measured as growth, since machines differ: work that grows with the square shows itself at once.
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { loadConfig } from "../src/config/load.ts";
import { systemClock } from "../src/runtime/node/clock.ts";
import { parseDurationMs } from "../src/core/units.ts";
import { parseIp, parseRange, parseSocket } from "../src/lib/ip.ts";
import { Secret } from "../src/lib/secret.ts";
import { nearest } from "../src/lib/spelling.ts";
import { plainly } from "../src/lib/plainly.ts";
import { plain } from "../src/lib/text.ts";
import { line, text as worded } from "../src/notify/message.ts";
import { render } from "../src/channels/telegram/render.ts";
import { readRequest } from "../src/web/api/changes.ts";
import { ChangeGuard } from "../src/web/api/guard.ts";
import { eventsQuery, historyQuery, streamQuery } from "../src/web/api/schema/queries.ts";
import { overrideRequestSchema } from "../src/web/api/schema/changes.ts";
import { addressOf, peerAddress } from "../src/web/clients.ts";
import { acceptedEncodings } from "../src/web/dashboard-files.ts";
import { isForeign, isOwnHost } from "../src/web/hosts.ts";
import { canonicalName, isAskable } from "../src/dns/wire.ts";
import { wrap } from "../src/terminal/screen-text.ts";
import { parseTimeMs, takeTimes } from "../src/what-if/times.ts";

/** Text of about `length` characters that patterns have been seen to stumble over. */
const oddities: Readonly<Record<string, (length: number) => string>> = {
  "one letter": (length) => "a".repeat(length),
  spaces: (length) => `a${" ".repeat(length)}b`,
  "spaces before a sign": (length) => `a${" ".repeat(length)};`,
  tabs: (length) => `a;q=${"\t".repeat(length)}b`,
  semicolons: (length) => ";".repeat(length),
  "semicolons and spaces": (length) => "; ".repeat(length / 2),
  commas: (length) => ",".repeat(length),
  "commas and spaces": (length) => `, ${" ,".repeat(length / 2)}x`,
  weights: (length) => ";q=0".repeat(length / 4),
  zeros: (length) => `;q=0.${"0".repeat(length)}x`,
  dots: (length) => ".".repeat(length),
  labels: (length) => `${"a.".repeat(length / 2)}!`,
  slashes: (length) => `http://h/${"/".repeat(length)}x`,
  colons: (length) => ":".repeat(length),
  "digits and colons": (length) => "1:".repeat(length / 2),
  brackets: (length) => "[".repeat(length),
  "brackets and colons": (length) => "[::]:".repeat(length / 5),
  quotes: (length) => '"'.repeat(length),
  forwarded: (length) => `${'for="[::1]:1"; '.repeat(length / 15)}!`,
  "forwarded for": (length) => "10.0.0.1, ".repeat(length / 10),
  hyphens: (length) => `${"-".repeat(length)}!`,
  digits: (length) => `${"1".repeat(length)}x`,
  "digits and dots": (length) => `${"1.".repeat(length / 2)}s`,
  "variables without an end": (length) => "${A:-".repeat(length / 5),
  "defaults without an end": (length) => `\${A:-${"$".repeat(length)}`,
  dollars: (length) => "$".repeat(length),
  braces: (length) => "${".repeat(length / 2),
  "masked braces": (length) => "$\uE07B".repeat(length / 2),
  controls: (length) => "\u0000 ".repeat(length / 2),
  directions: (length) => "\u202E".repeat(length),
  surrogates: (length) => "\uD83D".repeat(length),
  links: (length) => "http://@#".repeat(length / 9),
  "line breaks": (length) => "\n".repeat(length),
  "silence without an end": (length) => "no answer (".repeat(length / 11),
  "connections without an end": (length) => "connect EA x - Local (".repeat(length / 22),
  "deadlines without an end": (length) => "Connect Timeout Error (attempted address: a ".repeat(length / 44),
  "error codes": (length) => "EA: a".repeat(length / 5),
  "at some time": (length) => "at 1:".repeat(length / 5),
  "times and spaces": (length) => `at ${" ".repeat(length)}!`,
};

/** What reads it. Whatever it says or throws is fine. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  "Accept-Encoding": acceptedEncodings,
  Host: (text) => isOwnHost(text, { listen: "127.0.0.1", hosts: ["ccs.example.com"] }),
  "Origin and Sec-Fetch-Site": (text) => isForeign({ site: text, origin: text, host: text }, [text]),
  Origin: (text) => isForeign({ site: undefined, origin: `http://${text}`, host: text }, ["ccs.example.com"]),
  Forwarded: (text) => addressOf("127.0.0.1", { forwarded: text }, () => true),
  "X-Forwarded-For": (text) => addressOf("127.0.0.1", { "x-forwarded-for": text }, () => true),
  "the address of a peer": peerAddress,
  Authorization: (text) => {
    const guard = new ChangeGuard(systemClock, () => new Secret("0f1e2d3c4b5a69788796a5b4c3d2e1f0"));
    return [guard.admit(text, "127.0.0.1"), guard.admit(`Bearer ${text}`, "127.0.0.2"), guard.admit("Bearer x", text)];
  },
  "a query for events": (text) =>
    readRequest(eventsQuery, { before: text, limit: text, ingress: text, endpoint: text }),
  "a query for the history": (text) => readRequest(historyQuery, { ingress: text, range: text }),
  "Last-Event-ID": (text) => readRequest(streamQuery, { lastEventId: text }),
  "a change": (text) => readRequest(overrideRequestSchema, { ingress: text, endpoint: text, for: text, [text]: text }),
  "a duration": parseDurationMs,
  "an address": (text) => [parseIp(text), parseSocket(text, 53), parseRange(text)],
  "a name in DNS": (text) => [canonicalName(text), isAskable(text)],
  "foreign text": (text) => plain(text),
  "foreign text in a message": (text) => {
    const details = [line`${{ foreign: text }} ${text}`];
    const message = { id: "1", atWallMs: 0, importance: "high", headline: worded`${text}`, details } as const;
    return [render(message, "html"), render(message, "plain")];
  },
  "what a system said": plainly,
  "foreign text on a screen": (text) => wrap(text, 40),
  "a misspelt word": (text) => nearest(text, ["endpoints", "priority", "reconcile_interval"]),
  "a time in a scenario": (text) => [takeTimes(text), takeTimes(`at ${text}`), parseTimeMs(text)],
  "a configuration": (text) => loadConfig({ path: "config.yml", text, env: {} }),
  ...Object.fromEntries(
    [
      "cloudflare: { token: ? }",
      "cloudflare: { token: T, api_url: ? }",
      "cloudflare: { token: T, nameservers: [?] }",
      "ingresses: [{ record: ?, zone: ?, hold_up: ? }]",
      "ingresses: [{ record: a.example.com, endpoints: [{ name: ?, target: ? }] }]",
      "ingresses: [{ record: a.example.com, endpoints: [{ target: [?], ttl: ?, resolvers: [?] }] }]",
      "ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com, check: { url: ?, status: ? } }] }]",
      "ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com, check: { contains: ?, ca_file: ? } }] }]",
      "notify: { telegram: { token: ?, chat_id: ?, api_url: T } }",
      "notify: { telegram: { token: T, chat_id: 1, api_url: ? } }",
      "http: { listen: ?, hosts: [?] }",
      "http: { token: ?, trusted_proxies: [?] }",
      "state_dir: ?\ntimezone: ?\nanchors: [?]",
      "?: 1",
      "record: ?\nendpoints: [?]",
    ].map((file) => [
      `the configuration ${file}`,
      (text: string) =>
        loadConfig({ path: "config.yml", text: file.replaceAll("?", () => JSON.stringify(text)), env: {} }),
    ]),
  ),
};

/** So many characters, and four times as many: far more than a header may have. */
const [few, many] = [4_000, 16_000];

/** Below this the clock and the rest of the machine say more than the work. */
const leastMs = 4;

/** Four times as much takes four times as long, and sixteen times if the time grows with the square. */
const mostGrowth = 9;

describe("the time grows with the length, and not with its square, for", () => {
  for (const [what, read] of Object.entries(readers)) {
    test(what, () => {
      const slow = Object.entries(oddities).flatMap(([name, oddity]) => {
        const [short, long] = [oddity(few), oddity(many)];
        const growth = growthOf(
          () => read(short),
          () => read(long),
        );
        return growth < mostGrowth ? [] : [`${name}: ${growth.toFixed(1)} times as long for four times as much`];
      });
      assert.deepEqual(slow, []);
    });
  }
});

test("a pattern whose time grows with the square is seen", () => {
  const read = (length: number) => (): unknown => / *;/.test(" ".repeat(length));
  // Half as long is long enough to be seen, and takes a quarter of the time.
  assert.ok(growthOf(read(few / 2), read(many / 2)) > mostGrowth);
});

/** How many times as long the second takes; 0 where it is too quick to tell. Measured anew when it seems too much. */
function growthOf(short: () => unknown, long: () => unknown): number {
  let growth = Infinity;
  for (let round = 0; round < 4 && growth >= mostGrowth; round += 1) {
    const longMs = leastMsOf(long);
    growth = longMs < leastMs ? 0 : longMs / leastMsOf(short);
  }
  return growth;
}

/** The least CPU time of some runs, in milliseconds: others use the machine too. */
function leastMsOf(action: () => unknown): number {
  let leastTookMs = Infinity;
  for (let run = 0; run < 7; run += 1) {
    const before = process.cpuUsage();
    try {
      action();
    } catch {
      // A refusal is an answer.
    }
    const { user, system } = process.cpuUsage(before);
    leastTookMs = Math.min(leastTookMs, (user + system) / 1_000);
    if (leastTookMs < leastMs) break;
  }
  return Math.max(leastTookMs, 0.05);
}
