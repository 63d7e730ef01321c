// The live view as text: it fits into any terminal, and shows what is so.
import assert from "node:assert/strict";
import { stripVTControlCharacters, styleText } from "node:util";
import { describe, test } from "node:test";
import { endpointSettings, ingressSettings, IngressWorld, publishedRecord } from "../../test/support/ingress-world.ts";
import { cut, fitted, painted, widthOf, wrap, type ScreenLine } from "../terminal/screen-text.ts";
import type { FeedEntry } from "./feed.ts";
import { nextWay } from "./ways.ts";
import { renderView, type Shown, type Size } from "./view.ts";
import type { Sight } from "./witness.ts";

const plainly = (_: unknown, text: string): string => text;
const usual: Size = { columns: 79, rows: 24 };

describe("the picture", () => {
  test("all is well: cable serves, mobile is up beside it", () => {
    const lines = render({}, usual);
    assert.deepEqual(lines.slice(3, 9), [
      "cable   ● up for 4 s ━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
      "        answers                                  ┃",
      "                                                 ┗━━▶ ingress.example.com",
      "mobile  ● up for 3 s ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┘    CNAME cable.example.com",
      "        answers                                       TTL 1 min",
      "",
    ]);
  });

  test("cable is down, and mobile serves", () => {
    const world = cableDown();
    const sight: Sight = [{ type: "CNAME", content: "mobile.example.com", ttlSeconds: 300 }];
    const lines = render({ ingress: world.ingress(), sight, nowMs: world.nowMs }, usual);
    assert.deepEqual(lines.slice(3, 9), [
      "cable   ✗ down for 0 s ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┐",
      "        timeout (2 in a row)                     │",
      "                                                 ┏━━▶ ingress.example.com",
      "mobile  ● up for 4 s ━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛    CNAME mobile.example.com",
      "        answers                                       TTL 5 min",
      "",
    ]);
  });

  test("held back, it counts down to the return", () => {
    const world = cableDown();
    world.observe("cable", "ok");
    world.pass(5_000);
    const lines = render({ ingress: world.ingress(), nowMs: world.nowMs }, usual);
    assert.match(lines[9] ?? "", /^▰▰▰▰▰▰▱▱▱▱▱▱ {2}traffic returns to cable in 5 s {2}\(hold_up\)$/);
  });

  test("in the mix both serve, and it counts down to its end", () => {
    const world = cableDown();
    world.observe("cable", "ok");
    world.pass(10_000);
    world.observe("mobile", "ok");
    world.observe("cable", "ok");
    world.pass(2_000);
    const sight: Sight = ["192.0.2.1", "192.0.2.2"].map((content) => ({ type: "A", content, ttlSeconds: 60 }));
    const lines = render({ ingress: world.ingress(), sight, nowMs: world.nowMs }, usual);
    assert.match(lines[3] ?? "", /^cable .* ━+┓$/);
    assert.match(lines[5] ?? "", /┣━━▶ ingress\.example\.com$/);
    assert.match(lines[6] ?? "", /^mobile .* ━+┛ {4}A 192\.0\.2\.1$/);
    assert.match(lines[7] ?? "", /A 192\.0\.2\.2$/);
    assert.match(lines[8] ?? "", /^ +TTL 1 min$/);
    assert.match(lines[9] ?? "", /^▰+▱+ {2}mobile is no longer published in \d+ s {2}\(sticky\)$/);
  });

  test("DNS that is silent or empty is said to be so", () => {
    assert.match(render({ sight: undefined }, usual).join("\n"), /DNS does not answer/);
    assert.match(render({ sight: [] }, usual).join("\n"), /no record/);
  });

  for (const [count, expected] of [
    [1, ["━┓", "┗━━▶"]],
    [3, ["━┓", "┃", "┃", "╌┃", "┗━━▶", "│", "╌┘"]],
    [4, ["━┓", "┃", "┃", "╌┃", "┃", "┗━━▶", "╌┤", "│", "│", "╌┘"]],
  ] as const) {
    test(`paths of ${count} endpoints meet at one arrow`, () => {
      const names = ["cable", "dsl", "fibre", "mobile"].slice(0, count);
      const lines = render({ ingress: upAndRunning(names).ingress() }, { columns: 79, rows: 40 });
      const trunk = Math.max(...lines.map((line) => line.indexOf("━━▶"))) - 1;
      const paths = lines.slice(3, 3 + expected.length).map((line) => line.slice(trunk - 1, trunk + 4).trim());
      assert.deepEqual(paths, expected);
    });
  }
});

describe("any terminal", () => {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    styleText(style, text, { validateStream: false });

  test("no line is wider and no view higher than the terminal, whatever is shown", () => {
    for (const each of everything()) {
      for (let columns = 1; columns <= 130; columns += columns < 40 ? 13 : 7) {
        for (const rows of [1, 2, 7, 12, 20, 24, 40, 80]) {
          const lines = renderView(each, { columns, rows }, paint);
          assert.ok(lines.length <= rows, `${lines.length} lines in ${rows} rows`);
          for (const line of lines) {
            const width = widthOf([stripVTControlCharacters(line)]);
            assert.ok(width <= columns, `${width} columns in ${columns}: ${line}`);
          }
        }
      }
    }
  });

  for (const size of [
    { columns: 59, rows: 20 },
    { columns: 79, rows: 24 },
    { columns: 119, rows: 40 },
  ]) {
    test(`at ${size.columns}x${size.rows} it has all that matters, and fills the height`, () => {
      const lines = render({}, size);
      const text = lines.join("\n");
      assert.equal(lines.length, size.rows);
      for (const part of [
        "ingress.example.com",
        "CNAME cable.example.com",
        "TTL 1 min",
        "Story 2/4: cable fails",
        "✓ It is visible",
        "Telegram: the newest message",
        "dig @127.0.0.1 -p 5300 ingress.example.com",
        "http://127.0.0.1:3000/",
        "break cable",
        "how: refuse",
        "quit",
      ]) {
        assert.ok(text.includes(part), `${part} is missing in\n${text}`);
      }
    });
  }

  test("nothing below the story moves when the story goes on", () => {
    const rowOf = (each: Shown): number => render(each, usual).findIndex((line) => line.includes("dig @127.0.0.1"));
    const rows = [shown({}), ...everything()].map((each) => rowOf(each));
    assert.deepEqual(new Set(rows.slice(0, -1)), new Set([rows[0]]));
    assert.ok((rows[0] ?? -1) > 0);
  });

  test("a tall terminal shows the newest message in full", () => {
    assert.doesNotMatch(render({}, usual).join("\n"), /its second line/);
    assert.match(render({}, { columns: 79, rows: 44 }).join("\n"), /its second line/);
  });
});

test("keys say what they would do now", () => {
  const keys = { way: nextWay(nextWay()), isBroken: { cable: true, mobile: false }, isOpen: true };
  assert.match(
    render({ keys }, usual).at(-1) ?? "",
    /^ c {2}repair cable .* m {2}break mobile .* h {2}how: 503 .* q {2}quit/,
  );
  assert.match(render({ keys: { ...keys, isOpen: false } }, usual).at(-1) ?? "", /^ q {2}quit$/);
  const { keys: _, ...without } = shown({});
  assert.doesNotMatch(renderView(without, usual, plainly).join("\n"), /quit/);
});

describe("text", () => {
  test("is cut to the columns that it takes, wide characters and marks included", () => {
    const line: ScreenLine = ["ab", { style: "bold", text: "日本語" }, "e\u0301"];
    assert.equal(widthOf(line), 9);
    assert.equal(painted(cut(line, 9), plainly), "ab日本語e\u0301");
    assert.equal(painted(cut(line, 8), plainly), "ab日本…");
    assert.equal(painted(cut(line, 1), plainly), "…");
    assert.equal(painted(cut(line, 0), plainly), "");
    assert.equal(painted(fitted(["ab"], 4), plainly), "ab  ");
  });

  test("is wrapped at words, and what is too much stays in the last line", () => {
    assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
    assert.deepEqual(wrap("one two three four", 7, 2), ["one two", "three four"]);
    assert.deepEqual(wrap("incomprehensible", 7), ["incomprehensible"]);
  });
});

function render(changes: Partial<Shown>, size: Size): string[] {
  return renderView(shown(changes), size, plainly).map((line) => line.trimEnd());
}

const step = {
  number: 2,
  count: 4,
  title: "cable fails",
  text: "From now on cable refuses connections. After 2 failures in a row it counts as down, and the record moves to mobile.",
};

const entries: readonly FeedEntry[] = [
  ...Array.from({ length: 50 }, (_, index): FeedEntry => ({
    kind: "log",
    level: index % 2 === 0 ? "info" : "warn",
    atWallMs: 1_000_000 + index,
    text: `line ${index} of a log, which is rather long and goes on well beyond what any usual terminal can show in one line`,
  })),
  { kind: "message", atWallMs: 2_000_000, lines: ["the newest message", "its second line", "its last line"] },
];

function shown(changes: Partial<Shown>): Shown {
  const world = upAndRunning(["cable", "mobile"]);
  return {
    ingress: world.ingress(),
    sight: [{ type: "CNAME", content: "cable.example.com", ttlSeconds: 60 }],
    story: { kind: "step", step, outcome: { kind: "as-told", words: "It is visible." } },
    entries,
    places: {
      program: "npx ccs",
      dnsPort: 5300,
      httpUrl: "http://127.0.0.1:3000",
      configPath: "/tmp/ccs-demo-abcdef/config.yml",
      logPath: "/tmp/ccs-demo-abcdef/ccs.log",
    },
    keys: { way: nextWay(), isBroken: { cable: false, mobile: false }, isOpen: true },
    nowMs: world.nowMs,
    ...changes,
  };
}

/** Every kind of thing that can be shown; the last with more endpoints than usual. */
function everything(): readonly Shown[] {
  const world = cableDown();
  const down = { ingress: world.ingress(), nowMs: world.nowMs };
  world.observe("cable", "ok");
  const held = { ingress: world.ingress(), nowMs: world.nowMs };
  const problem = "expected CNAME secondary.example.com (TTL 5 min) in DNS within 10 s, but it says no record";
  return [
    shown({ story: { kind: "starting" } }),
    shown({ ...down, sight: undefined, story: { kind: "step", step } }),
    shown({ ...held, sight: [], story: { kind: "step", step, outcome: { kind: "otherwise", problem } } }),
    shown({
      story: { kind: "ended", ending: { kind: "well", words: "3 changes of the record by 3 write requests." } },
    }),
    shown({ story: { kind: "ended", ending: { kind: "badly", problems: [problem, problem, problem] } } }),
    shown({ story: { kind: "aside" } }),
    shown({ ingress: undefined, story: { kind: "aside", echo: "cable refuses connections." }, entries: [] }),
    shown({
      ingress: upAndRunning(["cable", "日本語日本語日本語", "a-name-of-quite-some-length", "mobile"]).ingress(),
    }),
  ];
}

/** All endpoints up, the first one published. */
function upAndRunning(names: readonly string[]): IngressWorld {
  const world = new IngressWorld(() => {});
  const endpoints = names.map((name, index) =>
    endpointSettings(name, { priority: 10 * (index + 1), stickyMs: 20_000 }),
  );
  world.start({ ...ingressSettings("ingress.example.com", endpoints), holdUpMs: 10_000 });
  world.read([publishedRecord("CNAME", `${names[0]}.example.com`)]);
  world.resolveAll();
  for (const name of names) {
    world.observe(name, "ok");
    world.pass(800);
  }
  world.pass(3_000);
  return world;
}

/** As above, and then cable went down, so that mobile serves. */
function cableDown(): IngressWorld {
  const world = upAndRunning(["cable", "mobile"]);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "timeout");
  world.observe("mobile", "ok", 1);
  return world;
}
