import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../../test/support/virtual-clock.ts";
import { Slots } from "./slots.ts";

const never = new AbortController().signal;

/** A task that runs until it is told to end. */
function task(running: { now: number; most: number }): { run: () => Promise<string>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    end: resolve,
    run: async () => {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await promise;
      running.now -= 1;
      return "done";
    },
  };
}

test("no more than the given number of tasks run, however they come and go", async () => {
  const slots = new Slots(2);
  const running = { now: 0, most: 0 };
  for (let wave = 0; wave < 3; wave += 1) {
    const tasks = Array.from({ length: 5 }, () => task(running));
    const results = tasks.map(({ run }) => slots.run(never, run));
    for (const { end } of tasks) {
      await settle();
      assert.ok(running.now > 0);
      end();
    }
    assert.deepEqual(
      await Promise.all(results),
      Array.from({ length: 5 }, () => "done"),
    );
  }
  assert.equal(running.most, 2);
});

test("a task that throws gives its slot back", async () => {
  const slots = new Slots(1);
  await assert.rejects(
    slots.run(never, () => Promise.reject(new Error("oh no"))),
    /oh no/,
  );
  assert.equal(await slots.run(never, () => Promise.resolve("next")), "next");
});

test("whoever gives up in the line is passed over", async () => {
  const slots = new Slots(1);
  const running = { now: 0, most: 0 };
  const first = task(running);
  const impatient = new AbortController();
  const results = [
    slots.run(never, first.run),
    slots.run(impatient.signal, () => Promise.resolve("impatient")),
    slots.run(never, () => Promise.resolve("patient")),
  ];
  await settle();
  impatient.abort();
  first.end();
  assert.deepEqual(await Promise.all(results), ["done", undefined, "patient"]);
  assert.equal(await slots.run(AbortSignal.abort(), () => Promise.resolve("late")), undefined);
});
