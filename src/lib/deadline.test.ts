import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Deadline } from "./deadline.ts";

test("a deadline aborts when its time is over", async () => {
  const clock = new VirtualClock();
  using deadline = new Deadline(clock, 1_000);
  await clock.advance(999);
  assert.equal(deadline.signal.aborted, false);
  await clock.advance(1);
  assert.deepEqual([deadline.signal.aborted, deadline.isPast], [true, true]);
});

test("a deadline aborts with the signal of others, which is not its own time", async () => {
  const clock = new VirtualClock();
  const closing = new AbortController();
  using deadline = new Deadline(clock, 1_000, undefined, closing.signal);
  closing.abort();
  assert.deepEqual([deadline.signal.aborted, deadline.isPast], [true, false]);
  using late = new Deadline(clock, 1_000, closing.signal);
  assert.deepEqual([late.signal.aborted, late.isPast], [true, false]);
});

test("after its scope a deadline keeps neither a timer nor a listener", async () => {
  const clock = new VirtualClock();
  const closing = new AbortController();
  const deadline = new Deadline(clock, 1_000, closing.signal);
  assert.equal(getEventListeners(closing.signal, "abort").length, 1);
  deadline[Symbol.dispose]();
  assert.equal(getEventListeners(closing.signal, "abort").length, 0);
  await clock.advance(2_000);
  assert.deepEqual([deadline.signal.aborted, deadline.isPast], [false, false]);
});
