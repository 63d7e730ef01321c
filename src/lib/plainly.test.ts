// What Node really says, provoked here where a machine without a network can do so, and what people are told instead.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { innermost } from "./cause.ts";
import { plainly } from "./plainly.ts";
import { messageOf } from "./text.ts";

const told: readonly (readonly [said: string, plain: string])[] = [
  [
    "could not look up the zone of a.example: no answer (getaddrinfo EAI_AGAIN api.cloudflare.com)",
    "could not look up the zone of a.example: no answer: this machine cannot look up the name api.cloudflare.com (EAI_AGAIN)",
  ],
  ["getaddrinfo ENOTFOUND api.telegram.org", "the name api.telegram.org cannot be found (ENOTFOUND)"],
  [
    "no answer (connect ENETUNREACH 2606:4700::6810:1:443 - Local (:::0))",
    "no answer: this machine has no route to 2606:4700::6810:1:443 (ENETUNREACH)",
  ],
  ["no answer (connect ECONNREFUSED 127.0.0.1:9)", "no answer: 127.0.0.1:9 refuses connections (ECONNREFUSED)"],
  ["connect ETIMEDOUT 192.0.2.1:443", "192.0.2.1:443 does not answer (ETIMEDOUT)"],
  ["connect ENOENT /run/ccs/control.sock", "there is no /run/ccs/control.sock (ENOENT)"],
  [
    "Connect Timeout Error (attempted address: api.cloudflare.com:443, timeout: 10000ms)",
    "api.cloudflare.com:443 does not answer",
  ],
  ["no answer (read ECONNRESET)", "no answer: the connection was closed before the answer was complete (ECONNRESET)"],
  ["other side closed", "the connection was closed before the answer was complete"],
  [
    "x.yml cannot be written: EROFS: read-only file system, open '/x.yml'",
    "x.yml cannot be written: read-only file system (EROFS)",
  ],
];

test("what the system says is told in plain words, with its code", () => {
  for (const [said, plain] of told) {
    assert.equal(plainly(said), plain);
    assert.equal(plainly(plain), plain, "twice changes nothing");
  }
});

test("what says nothing of the system stays as it is", () => {
  for (const text of [
    "no answer (certificate has expired)",
    "connection refused",
    "connect EUNHEARDOF 127.0.0.1:9",
    "Cloudflare answered 503",
    "E: not a code, but a letter",
    "",
  ])
    assert.equal(plainly(text), text);
});

test("what Node says now is what is known of it", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const refused = await once(connect(port, "127.0.0.1"), "error");
  assert.equal(plainly(messageOf(refused[0])), `127.0.0.1:${port} refuses connections (ECONNREFUSED)`);
  await assert.rejects(
    fetch(`http://127.0.0.1:${port}/`),
    (error) => plainly(innermost(error).text) === `127.0.0.1:${port} refuses connections (ECONNREFUSED)`,
  );
  assert.throws(
    () => readFileSync("/nowhere/at/all"),
    (error) => plainly(messageOf(error)) === "no such file or directory (ENOENT)",
  );
});
