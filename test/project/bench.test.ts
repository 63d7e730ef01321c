// `npm run bench` is run by hand: here is what it makes of its figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { medianRatio, spreadOf } from "../../scripts/bench/measure.ts";
import { beginning, pageWith } from "../../scripts/bench/page.ts";
import { missingPeers } from "../../scripts/bench/peers.ts";
import { plotOf } from "../../scripts/bench/plot.ts";

test("a ratio is the median of those of the windows, and a figure says how far its rounds were apart", () => {
  const pairs = [
    { ours: 1, peer: 2 },
    { ours: 30, peer: 40 },
    { ours: 2, peer: 2 },
  ];
  assert.equal(medianRatio(pairs), 0.75);
  assert.equal(spreadOf([3, 1, 2.25], 1), "2.3 (1.0 to 3.0)");
});

test("new figures take the place of the old ones, and what people wrote stays", () => {
  const row = { what: "`ccs --help`", measured: "50 ms", ratio: 1.7, peer: "Node alone", wanted: "≤ 1.8" };
  const once = pageWith(`# By hand\n\n${beginning}\n\nold`, { rows: [row], rounds: 5 });
  assert.match(once, /^# By hand\n\n<!--.*-->\n\nMedians of 5 rounds/);
  assert.match(once, /^\| `ccs --help` \| 50 ms \| 1\.70 × \| Node alone \| ≤ 1\.8 \|$/m);
  assert.doesNotMatch(once, /old/);
  assert.equal(pageWith(once, { rows: [row], rounds: 5 }).split("Medians").length, 2);
});

test("the plot has every point, the dearest at the top", () => {
  const svg = plotOf([
    { size: 2, microseconds: 5 },
    { size: 1_000, microseconds: 2_000 },
  ]);
  const heights = [...svg.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  assert.equal(heights.length, 2);
  assert.ok((heights[1] ?? NaN) < (heights[0] ?? NaN));
});

test("what is missing is named with the package that holds it", () => {
  const before = process.env["PATH"];
  try {
    process.env["PATH"] = "/nowhere";
    const line =
      "prometheus-blackbox-exporter is missing (apt-get install prometheus-blackbox-exporter): the same checks, by a program in Go";
    assert.ok(missingPeers().includes(line));
  } finally {
    process.env["PATH"] = before;
  }
});
