import assert from "node:assert/strict";
import { test } from "node:test";
import { Wire } from "./wire.ts";

test("tells all that are connected, in their order, and nothing of what was sent before", () => {
  const heard: string[] = [];
  const wire = new Wire<[text: string]>();
  wire.send("early");
  assert.equal(wire.isConnected, false);
  wire.connect((text) => void heard.push(`first ${text}`));
  wire.connect((text) => void heard.push(`second ${text}`));
  assert.equal(wire.isConnected, true);
  wire.send("on time");
  assert.deepEqual(heard, ["first on time", "second on time"]);
});
