// Whatever Telegram answers: sending ends in one of the four outcomes, in plain words without the token, and nothing
// counts as delivered that was not.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedJson } from "../../../test/support/damage.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { Secret } from "../../lib/secret.ts";
import { plain } from "../../lib/text.ts";
import { Telegram } from "./channel.ts";

const token = "987654321:canary-token_DO-NOT-PRINT";
const message = { id: "mi4k2x9a", importance: "high", atWallMs: 0, headline: "x <b>", details: [] } as const;

const body = {
  ok: true,
  result: { message_id: 7, chat: { id: -42 }, text: "x" },
  error_code: 400,
  description: "Bad Request: can't parse entities",
  parameters: { retry_after: 5, migrate_to_chat_id: -100 },
};
const likely = [
  "Bad Request: chat not found",
  `Not Found: /bot${token}/sendMessage`,
  `/bot${encodeURIComponent(token)}`,
  "\u001B[2J\u202E\n",
  -100_123,
  2 ** 53,
];
/** JSON has no Infinity, but 1e999 is read as one. */
const pauses = fc
  .constantFrom("5", "0", "1e999", "-1e999", "1.5", "null", '"5"')
  .map((retryAfter) => `{"ok":false,"parameters":{"retry_after":${retryAfter}}}`);
/** Long enough to be cut, at any place within the token. */
const echoes = fc
  .tuple(fc.nat(60), fc.integer({ min: 1, max: 60 }))
  .map(([begin, count]) => JSON.stringify({ ok: false, description: "y".repeat(begin) + token.repeat(count) }));
const text = fc.oneof(
  pauses,
  echoes,
  { weight: 6, arbitrary: damagedJson(body, likely).map((json) => JSON.stringify(json)) },
  fc.constantFrom(
    "",
    "null",
    "<h1>502</h1>",
    `{"ok":true`,
    `"${token}"`,
    "[".repeat(10_000),
    `{"ok":true}${" ".repeat(70_000)}`,
  ),
);
const answers = fc.array(
  fc.record({
    // The good one often enough that some messages are delivered.
    status: fc.oneof(fc.constant(200), fc.constantFrom(201, 400, 400, 401, 403, 404, 413, 421, 429, 429, 500, 502)),
    text,
  }),
  { minLength: 1, maxLength: 3 },
);

test("an outcome for every answer, and no token in any", async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(answers, async (script) => {
      const given: (typeof script)[number][] = [];
      const channel = new Telegram(
        { token: new Secret(token), chatId: 1, apiUrl: "http://127.0.0.1:1" },
        {
          clock: new VirtualClock(),
          fetch: async () => {
            const answer = script[Math.min(given.length, script.length - 1)] ?? assert.fail();
            given.push(answer);
            return new Response(answer.text, { status: answer.status });
          },
        },
      );
      const delivery = await channel.send(message, new AbortController().signal);
      seen.set(delivery.kind, (seen.get(delivery.kind) ?? 0) + 1);
      const detail = delivery.detail ?? "";
      assert.doesNotMatch(detail, /canary|DO-NOT/);
      assert.equal(plain(detail, 500), detail);
      // At most: HTML, plain text, and each once more for a chat that moved.
      assert.ok(given.length <= 4);
      const last = given.at(-1);
      if (delivery.kind === "delivered") assert.ok(last?.status === 200 && /"ok":true/.test(last.text), last?.text);
      else if (last?.status === 200) assert.equal(delivery.kind, "later", "what is unclear is tried again");
      if (delivery.kind === "later" && delivery.afterMs !== undefined) {
        assert.ok(Number.isFinite(delivery.afterMs) && delivery.afterMs >= 0, `${delivery.afterMs}`);
      }
    }),
    { numRuns: propertyRuns(500) },
  );
  for (const kind of ["delivered", "later", "refused", "barred"])
    assert.ok((seen.get(kind) ?? 0) > 5, `${kind}: ${seen.get(kind)}`);
});
