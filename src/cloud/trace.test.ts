// Where a name leads by the records of a zone, wildcards included.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tracePath, type ZoneRecord } from "./trace.ts";

const own = "ingress.example.com";

/** The path of `host` in a zone of lines such as `a.example.com CNAME b.example.com`. */
function pathOf(host: string, ...lines: string[]): Promise<readonly string[]> {
  const zone = lines.map((text) => text.split(" "));
  const recordsAt = (name: string): Promise<readonly ZoneRecord[]> =>
    Promise.resolve(zone.filter(([owner]) => owner === name).map(([, type = "", content = ""]) => ({ type, content })));
  return tracePath(host, recordsAt, (name) => name === own);
}

test("a name with addresses of its own leads nowhere, whatever the wildcard says", async () => {
  assert.deepEqual(await pathOf("a.example.com", "a.example.com A 192.0.2.1", `*.example.com CNAME ${own}`), []);
});

test("a wildcard covers what has no record, at any depth, and chains are followed", async () => {
  assert.deepEqual(await pathOf("a.example.com", `*.example.com CNAME ${own}`), ["*.example.com", own]);
  assert.deepEqual(await pathOf("b.a.example.com", `*.example.com CNAME ${own}`), ["*.example.com", own]);
  assert.deepEqual(
    await pathOf("a.example.com", "a.example.com CNAME x.home.example.com", `*.home.example.com CNAME ${own}`),
    ["x.home.example.com", "*.home.example.com", own],
  );
});

test("a closer wildcard, or a closer name that exists, keeps the one above away", async () => {
  const above = `*.example.com CNAME ${own}`;
  assert.deepEqual(await pathOf("b.a.example.com", above, "*.a.example.com A 192.0.2.1"), []);
  assert.deepEqual(await pathOf("b.a.example.com", above, "a.example.com A 192.0.2.1"), []);
  assert.deepEqual(await pathOf("a.example.com", above, "a.example.com TXT hello"), []);
});

test("a circle that is not ours ends", async () => {
  const path = await pathOf("a.example.com", "a.example.com CNAME b.example.com", "b.example.com CNAME a.example.com");
  assert.deepEqual(path, ["b.example.com", "a.example.com", "b.example.com"]);
});
