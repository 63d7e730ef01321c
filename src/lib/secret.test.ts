import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "./secret.ts";

const secret = new Secret("hunter2");

test("only reveal() gives the value back", () => {
  assert.equal(secret.reveal(), "hunter2");
});

const waysToPrint: Readonly<Record<string, (value: unknown) => string>> = {
  String: (value) => String(value),
  "a template": (value) => `a ${value as string}`,
  concatenation: (value) => ["", value].join(""),
  JSON: (value) => JSON.stringify({ value }),
  "JSON, nested": (value) => JSON.stringify([[{ value }]]),
  "util.inspect": (value) => inspect(value),
  "util.inspect, all of it": (value) => inspect({ value }, { depth: 9, showHidden: true, getters: true }),
  "util.inspect without its own word": (value) => inspect({ value }, { customInspect: false, showHidden: true }),
  "util.format": (value) => format("%s %o %O %j", value, value, value, value),
  "an error's message": (value) => inspect(new Error(`no ${value as string}`, { cause: value })),
  entries: (value) => JSON.stringify([Object.entries(value as object), Object.getOwnPropertyNames(value)]),
  "a structured clone": (value) => inspect(structuredClone({ value })),
};

for (const [way, print] of Object.entries(waysToPrint)) {
  test(`${way} does not show it`, () => {
    assert.doesNotMatch(print(secret), /hunter2/);
  });
}

test("three stars stand in its place", () => {
  assert.deepEqual([String(secret), JSON.stringify(secret), inspect(secret)], ["***", '"***"', "***"]);
});
