import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { readHtml } from "../emulation/channels/telegram-html.ts";
import { formatTime } from "../channels/times.ts";
import { line, text } from "./message.ts";
import { messageLimit, render } from "../channels/telegram/render.ts";
import type { Line, Message } from "../core/message.ts";

const atWallMs = Date.UTC(2025, 10, 22, 12, 34, 5);

function message(headline: string, details: readonly Line[] = []): Message {
  return { id: "mi4k2x9a", importance: "normal", atWallMs, headline, details };
}

test("a message is its headline, its details, and a last line with time and id", () => {
  const whole = message("cable is down", [
    line`Why: ${"timeout & <worse>"}`,
    line`Published now: ${{ code: "CNAME a.example.com" }}, by ${{ strong: "a<b" }}`,
  ]);
  assert.equal(
    render(whole, "html"),
    [
      "<b>cable is down</b>",
      "Why: timeout &amp; &lt;worse&gt;",
      "Published now: <code>CNAME a.example.com</code>, by <b>a&lt;b</b>",
      "2025-11-22 12:34:05 UTC · mi4k2x9a",
    ].join("\n"),
  );
  assert.equal(
    render(whole, "plain"),
    [
      "cable is down",
      "Why: timeout & <worse>",
      "Published now: CNAME a.example.com, by a<b",
      "2025-11-22 12:34:05 UTC · mi4k2x9a",
    ].join("\n"),
  );
});

describe("foreign text", () => {
  const hostile: Record<string, readonly [string, string]> = {
    "line breaks": ["a\nPublished now: nothing\r\n", "a Published now: nothing"],
    "terminal escapes": ["\u001B[31mred\u001B[0m", "[31mred [0m"],
    "direction overrides": ["abc\u202Etxt.exe\u202C", "abc txt.exe"],
    "zero-width marks": ["c\u200Bable\uFEFF", "c able"],
    "line separators": ["a\u2028b\u2029c", "a b c"],
    "lone surrogates": ["a\uD800b", "a b"],
    "very long text": ["x".repeat(500), `${"x".repeat(199)}…`],
  };
  for (const [what, [foreign, shown]] of Object.entries(hostile)) {
    test(`loses ${what}, wherever it is put`, () => {
      assert.deepEqual(line`<${foreign}>`, [`<${shown}>`]);
      assert.deepEqual(line`${{ strong: foreign }}`, [{ strong: shown }]);
      assert.equal(text`(${foreign})`, `(${shown})`);
      assert.equal(render(message(foreign), "plain").split("\n").length, 2);
    });
  }

  test("cannot open or close markup, nor forge an entity", () => {
    const html = render(message("</b><a href='x'>&lt;", [line`${"<code>&amp;"}${{ code: "</code>" }}`]), "html");
    const read = readHtml(html);
    assert.equal(read.kind, "parsed");
    assert.match(read.text ?? "", /^<\/b><a href='x'>&lt;\n<code>&amp;<\/code>\n/);
  });
});

describe("the words of another machine", () => {
  const told = (foreign: string, markup: "html" | "plain"): string =>
    render(message("cable is down", [line`Why: ${{ foreign }}.`]), markup).split("\n")[1] ?? "";

  for (const [what, foreign, html] of [
    ["a page", "go to http://evil.example/x now", "<code>go to http://evil.example/x now</code>"],
    ["a page without a scheme", "see evil.example", "<code>see evil.example</code>"],
    ["a page on a host without dots", "https://localhost", "<code>https://localhost</code>"],
    ["an internal address", "tg://resolve?domain=x", "<code>tg://resolve?domain=x</code>"],
    ["a person", "ask (@admin)", "<code>ask (@admin)</code>"],
    ["a mailbox", "<me@evil.example>", "<code>&lt;me@evil.example&gt;</code>"],
    ["a tag", "#urgent", "<code>#urgent</code>"],
    ["a stock", "$BTC", "<code>$BTC</code>"],
    ["a command", "/start again", "<code>/start again</code>"],
    ["a telephone number", "call +12125550123", "<code>call +12125550123</code>"],
    ["a card number", "4111 1111 1111 1111", "<code>4111 1111 1111 1111</code>"],
  ] as const) {
    test(`never become ${what} that people tap on`, () => {
      assert.equal(told(foreign, "html"), `Why: ${html}.`);
    });
  }

  test("stay as they are where nothing of them could be tapped on", () => {
    for (const ordinary of [
      "timeout (3 in a row)",
      "status 503 Service Unavailable",
      "1.5 s, 50/50",
      "192.0.2.1:443",
    ]) {
      assert.equal(told(ordinary, "html"), `Why: ${ordinary}.`);
      assert.equal(told(ordinary, "plain"), `Why: ${ordinary}.`);
    }
  });

  test("lose what makes links and mentions where there is no markup", () => {
    assert.equal(told("http://evil.example @admin #x", "plain"), "Why: http[:]//evil.example @ admin # x.");
  });
});

describe("length", () => {
  test("what does not fit is left out by whole lines, and the text says so", () => {
    const details = Array.from({ length: 100 }, (_, index) => line`line ${index} ${"x".repeat(90)}`);
    const whole = render(message("long", details), "plain");
    assert.ok(whole.length <= messageLimit);
    const lines = whole.split("\n");
    const kept = lines.length - 3;
    assert.ok(kept > 30 && kept < 40, `${kept} lines were kept`);
    assert.equal(lines.at(-2), `… (${100 - kept} more lines)`);
    assert.equal(lines.at(-1), "2025-11-22 12:34:05 UTC · mi4k2x9a");
    assert.match(lines[kept] ?? "", new RegExp(`^line ${kept - 1} x{90}$`));
  });

  const spans = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 300, size: "max" }),
    fc.string({ unit: fc.constantFrom("&", "<", ">", "\u202E", "\n", "a", "😀"), maxLength: 300, size: "max" }),
  );
  const lines = fc
    .array(fc.tuple(spans, spans, spans, spans))
    .map((rows) =>
      rows.map(([plain, code, strong, foreign]) => line`${plain} ${{ code }} ${{ strong }} ${{ foreign }}`),
    );

  test("no message is ever over the limit, broken markup, or without its id", () => {
    let cut = 0;
    fc.assert(
      fc.property(spans, lines, fc.integer({ min: 800, max: 4_000 }), (words, details, limit) => {
        const whole = message(words, details);
        for (const markup of ["html", "plain"] as const) {
          const rendered = render(whole, markup, limit);
          assert.ok(rendered.length <= limit, `${rendered.length} > ${limit}`);
          assert.ok(rendered.endsWith("\n2025-11-22 12:34:05 UTC · mi4k2x9a"));
          if (rendered.includes("\n… (")) cut += 1;
        }
        const read = readHtml(render(whole, "html", limit));
        assert.equal(read.kind, "parsed");
        // Both say the same, unless one of them had to leave out more, or to break what would become a link.
        if (/:\/\/|[@#]/.test(JSON.stringify(details))) return;
        const [html, plain] = [read.text ?? "", render(whole, "plain", limit)];
        if (html.includes("\n… (") || plain.includes("\n… (")) return;
        assert.equal(html.slice(html.indexOf("\n")), plain.slice(plain.indexOf("\n")));
        const [headline = "", unshortened = ""] = [html, plain].map((rendered) =>
          rendered.slice(0, rendered.indexOf("\n")),
        );
        const isShortened = headline.length < unshortened.length && headline.endsWith("…");
        assert.equal(headline, isShortened ? `${unshortened.slice(0, headline.length - 1)}…` : unshortened);
      }),
      // The one that is longest by what markup makes of it.
      { numRuns: propertyRuns(300), examples: [["&".repeat(200), [], 800]] },
    );
    assert.ok(cut > 20, `only ${cut} messages had to be cut`);
  });
});

test("times are in the zone of the message, by its short name", () => {
  for (const [timeZone, told] of [
    ["Europe/Berlin", /^2025-11-22 13:34:05 CET$/],
    ["America/New_York", /^2025-11-22 07:34:05 EST$/],
    ["Asia/Kathmandu", /^2025-11-22 18:19:05 GMT\+5:45$/],
    ["Pacific/Auckland", /^2025-11-23 01:34:05 (?:NZDT|GMT\+13)$/],
  ] as const) {
    assert.match(formatTime(atWallMs, { timeZone }), told);
  }
  // It is tomorrow there already.
  const todayWallMs = Date.UTC(2025, 10, 22, 8);
  assert.equal(formatTime(atWallMs, { timeZone: "Europe/Berlin", todayWallMs }), "13:34:05 CET");
  assert.match(formatTime(atWallMs, { timeZone: "Pacific/Auckland", todayWallMs }), /^2025-11-23 01:34:05 /);
  const summer = Date.UTC(2025, 6, 1, 12);
  assert.equal(formatTime(summer, { timeZone: "Europe/Berlin" }), "2025-07-01 14:00:00 CEST");
  const rendered = render({ ...message("cable is down"), timeZone: "Europe/Berlin" }, "plain");
  assert.equal(rendered.split("\n").at(-1), "2025-11-22 13:34:05 CET · mi4k2x9a");
});

test("times are in UTC, with the date unless it is today's", () => {
  assert.equal(formatTime(atWallMs), "2025-11-22 12:34:05 UTC");
  assert.equal(formatTime(atWallMs, { todayWallMs: atWallMs + 3_600_000 }), "12:34:05 UTC");
  assert.equal(formatTime(atWallMs, { todayWallMs: atWallMs + 12 * 3_600_000 }), "2025-11-22 12:34:05 UTC");
});
