// What a monitor sees that has run out of file descriptors: its own trouble, and nothing about any endpoint.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

const probes = JSON.stringify(new URL("../assembly/checks.ts", import.meta.url).href);
const clock = JSON.stringify(new URL("../runtime/node/clock.ts", import.meta.url).href);

const script = `
  import { openSync } from "node:fs";
  import { createProbe } from ${probes};
  import { systemClock } from ${clock};
  const probe = createProbe({ clock: systemClock });
  const look = async (url, text) => {
    const check = { what: { kind: "http", url, status: [[200, 200]] }, timeoutMs: 5000 };
    const signal = new AbortController().signal;
    const observation = await probe(check, { text, family: "ipv4", scope: "private" }, { timeoutMs: 5000, signal });
    return observation.kind + " " + observation.reason;
  };
  const lookAll = async () => [
    await look("http://cable.example.com:9/", "127.0.0.1"),
    await look("https://cable.example.com:9/", "127.0.0.1"),
    await look("http://cable.example.com:9/", "255.255.255.255"),
  ];
  const before = await lookAll();
  try {
    for (;;) openSync("/dev/null");
  } catch {}
  console.log(JSON.stringify({ before, after: await lookAll() }));`;

test("a monitor without file descriptors finds every probe inconclusive", async () => {
  const limited = 'ulimit -n 64 && exec "$0" --input-type=module --eval "$1"';
  const { stdout } = await promisify(execFile)("sh", ["-c", limited, process.execPath, script]);
  assert.deepEqual(JSON.parse(stdout), {
    before: ["failed refused", "failed refused", "inconclusive no-route"],
    after: ["inconclusive local", "inconclusive local", "inconclusive local"],
  });
});
