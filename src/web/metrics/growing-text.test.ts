import assert from "node:assert/strict";
import { test } from "node:test";
import { GrowingText } from "./growing-text.ts";

test("all pieces are in it, in their order, whatever they are made of and however little was expected", () => {
  const pieces = ["a".repeat(100), "", "ä€😀", "b".repeat(10_000), "\n"];
  for (const expectedBytes of [0, 1, 100, 1_000_000]) {
    const text = new GrowingText(expectedBytes);
    for (const piece of pieces) text.add(piece);
    assert.equal(Buffer.from(text.bytes).toString(), pieces.join(""));
  }
});
