// A configuration that is wrong when the daemon starts: exit code 78, a line per mistake, nothing listened on, no stack
// trace. What exactly is said of each mistake is the matter of src/config/broken.test.ts; here the program is run.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runCcs } from "../support/built-program.ts";

const good = `cloudflare: { token: T }
ingresses:
  - record: a.example.com
    endpoints:
      - target: b.example.com
        check: { url: "https://b.example.com/" }
`;

/** A file, and how each of the lines begins or goes that people get to read; FILE stands for its path. */
interface Broken {
  readonly name: string;
  readonly text: string | Buffer;
  readonly says: readonly RegExp[];
  readonly env?: Readonly<Record<string, string>>;
}

const cases: readonly Broken[] = [
  { name: "an empty file", text: "", says: [/^FILE: the file is empty/] },
  { name: "no YAML at all", text: "\u0000\u0001\u0002", says: [/^FILE:1:1: .*control character/] },
  { name: "not even text", text: Buffer.from([0xff, 0xfe, 0x00, 0x80]), says: [/^FILE.*: /] },
  {
    name: "a bracket that is never closed",
    text: "cloudflare: { token: T\n",
    says: [/^FILE:1:13: expected a closing/],
  },
  { name: "a tab", text: "cloudflare:\n\ttoken: T\n", says: [/^FILE:2:1: expected spaces/] },
  { name: "lists without end", text: "[".repeat(50_000), says: [/^FILE:1:\d+: .*nested too deeply/] },
  {
    name: "a file that is far too large",
    text: `${good}# ${"x".repeat(9_000_000)}\n`,
    says: [/^FILE: .*larger than 8 MB/],
  },
  { name: "an alias", text: good.replace("b.example.com\n", "*b\n"), says: [/^FILE:5:17 .*aliases are not supported/] },
  {
    name: "a key that nobody knows, and one that is misspelt",
    text: `${good}        prioritty: 1\nhello: world\n`,
    says: [
      /^FILE:7:9 ingresses\[0\]\.endpoints\[0\]\.prioritty: unknown key, did you mean priority\?/,
      /^FILE:8:1 hello: unknown key/,
    ],
  },
  {
    name: "a section twice",
    text: `${good}cloudflare: { token: U }\n`,
    says: [/^FILE:7:1 cloudflare: expected each key once/],
  },
  {
    name: "values of every wrong kind",
    text: good.replace('url: "https://b.example.com/"', 'url: ftp://x, rise: 0, fall: "3", interval: soon'),
    says: [
      /^FILE:6:\d+ ingresses\[0\]\.endpoints\[0\]\.check\.url: /,
      /check\.rise: expected a whole number from 1 to 1000/,
      /check\.fall: .*remove the quotes/,
      /check\.interval: expected a duration/,
    ],
  },
  {
    name: "a private address",
    text: good.replace("b.example.com\n", "10.0.0.1\n"),
    says: [/^FILE:5:17 .*private 10\.0\.0\.1/],
  },
  {
    name: "a variable that is not set",
    text: good.replace("T }", "${NOT_SET} }"),
    says: [/^FILE:1:22 cloudflare\.token: .*NOT_SET/],
  },
  {
    name: "a token file that is not there",
    text: good.replace("token: T", "token_file: /nowhere/token"),
    says: [/^FILE:1:27 cloudflare\.token_file: .*no such file|^FILE:1:27 cloudflare\.token_file: /],
  },
  {
    name: "the oldest form",
    text: "general: {}\nprimary: {}\nsecondary: {}\n",
    says: [/^FILE:1:1: this is the oldest form/],
  },
  {
    name: "the original's form with a mistake",
    text: "record: a.example.com\nendpoints: []\ncloudflare: { token: T, zone_id: Z }\n",
    says: [/^FILE:2:12 endpoints: expected a list of endpoints, got an empty list/],
  },
  {
    name: "an environment that makes no sense",
    text: good,
    env: { CCS_ALLOW_PRIVATE: "perhaps", BIND_ADDRESS: "nowhere:99999" },
    says: [/^environment BIND_ADDRESS: /, /^environment CCS_ALLOW_PRIVATE: expected true or false/],
  },
];

const folder = mkdtempSync(join(tmpdir(), "ccs-mistakes-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("a daemon that cannot start says why, line by line, and ends with 78", { concurrency: 2 }, () => {
  for (const [index, { name, text, says, env = {} }] of cases.entries()) {
    test(name, async () => {
      const path = join(folder, `${index}.yml`);
      writeFileSync(path, text);
      const { code, stdout, stderr } = await runCcs(["run", "--config", path], { env });
      assert.deepEqual([code, stdout], [78, ""]);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      const lines = stderr.trimEnd().split("\n");
      assert.equal(lines.length, says.length, stderr);
      for (const [at, line] of lines.entries()) {
        assert.match(line.replace(/^error: /, "").replace(path, "FILE"), says[at] ?? /^$/);
      }
    });
  }

  test("a file that is not there", async () => {
    const path = join(folder, "nowhere.yml");
    const { code, stderr } = await runCcs(["run", "--config", path]);
    assert.equal(code, 78);
    assert.match(stderr, /^error: \S+nowhere\.yml: .*cannot be read.*\n$/);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  });

  test("a folder in place of a file", async () => {
    const path = join(folder, "folder.yml");
    mkdirSync(path);
    const { code, stderr } = await runCcs(["run", "--config", path]);
    assert.equal(code, 78);
    assert.match(stderr, /^error: \S+folder\.yml: .*folder.*\n$/);
  });

  test("no file anywhere: what was tried, and what to do", async () => {
    const { code, stderr } = await runCcs(["run"], { cwd: folder });
    assert.equal(code, 78);
    assert.match(stderr, /^error: no configuration file found: tried config\.yml, .*--config FILE or CCS_CONFIG.*\n$/);
  });
});
