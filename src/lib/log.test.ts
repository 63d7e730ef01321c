import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLog } from "./log.ts";
import { Secret } from "./secret.ts";

const hostile = "a\u001B[2J\u009B1mb\u202Ec\nd\u2066e\u2028f\u0000g";

function logged(write: (log: ReturnType<typeof createLog>) => void): { text: string; line: Record<string, unknown> } {
  let text = "";
  write(createLog({ level: "trace", isForPeople: false, stream: { write: (line) => void (text += line) } }));
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

test("no text moves the cursor, turns around or begins a line of its own, wherever it stands", () => {
  const { line } = logged((log) => log.warn({ name: hostile, list: [hostile], deep: { er: hostile } }, hostile));
  const harmless = "a [2J 1mb c d e f g";
  assert.deepEqual(
    [line["msg"], line["name"], line["list"], line["deep"]],
    [harmless, harmless, [harmless], { er: harmless }],
  );
  assert.equal(line["level"], "warn");
});

test("endless text is cut", () => {
  const { text } = logged((log) => log.info({ said: "x".repeat(1e6) }, "y".repeat(1e6)));
  assert.ok(text.length < 5_000, `${text.length}`);
});

test("a bug keeps its stack, and a secret its stars", () => {
  const { line } = logged((log) => log.error({ err: new Error("boom"), token: new Secret("hunter2") }, "a bug"));
  const { message, stack } = line["err"] as { message: string; stack: string };
  assert.equal(message, "boom");
  assert.match(stack, /\n +at /);
  assert.equal(line["token"], "***");
});

test("people get one short line for each event, and all that there is when they debug", async () => {
  const shown = async (level: "info" | "debug"): Promise<string> => {
    let text = "";
    const stream = { write: (line: string) => void (text += line) };
    const log = createLog({ level, isForPeople: true, stream });
    log.info({ ingress: "a.example", endpoint: "cable", from: "unknown", to: "up" }, "cable is up: answers");
    await setImmediate();
    // oxlint-disable-next-line no-control-regex -- colours, where there is a terminal
    return text.replaceAll(/\u001B\[\d+m/g, "").replace(/^\[.*?\] /, "");
  };
  assert.equal(await shown("info"), 'INFO: cable is up: answers {"ingress":"a.example"}\n');
  assert.match(await shown("debug"), /"endpoint":"cable".*"to":"up"/);
});
