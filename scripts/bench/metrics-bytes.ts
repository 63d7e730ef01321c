// How long the answer of /metrics is for each endpoint: counted, and the same on every machine.
import { systemClock } from "../../src/runtime/node/clock.ts";
import { Metrics } from "../../src/web/metrics/metrics.ts";
import { IngressWorld, endpointSettings, ingressSettings, publishedRecord } from "../../test/support/ingress-world.ts";
import type { BenchMeasure } from "./measure.ts";

export const metricsMeasure: BenchMeasure = {
  name: "metrics",
  async run() {
    const [few, many] = [await bytesOf(10), await bytesOf(110)];
    return {
      rows: [
        {
          what: "`/metrics`, each endpoint of a pair that is checked over HTTP",
          measured: `${Math.round((many - few) / 200).toLocaleString("en")} bytes`,
          ratio: undefined,
          peer: "",
          wanted: "≤ 1.5 kB",
        },
      ],
    };
  },
};

async function bytesOf(pairs: number): Promise<number> {
  const world: IngressWorld = new IngressWorld((turn) => metrics.hear(turn));
  const metrics = new Metrics({
    state: () => world.state,
    clock: systemClock,
    build: { version: "1.2.3", node: process.version },
    queuedNotifications: () => new Map(),
  });
  const names = Array.from({ length: pairs }, (_, index) => `ingress-${String(index).padStart(3, "0")}.example.com`);
  const endpoints = [endpointSettings("cable"), endpointSettings("mobile", { priority: 20, stickyMs: 600_000 })];
  world.start(...names.map((name) => ingressSettings(name, endpoints)));
  for (const name of names) {
    world.read([publishedRecord("CNAME", "cable.example.com")], name);
    for (const endpoint of ["cable", "mobile"]) {
      world.resolve(endpoint, ["192.0.2.1", "2001:db8:85a3:8d3:1319:8a2e:370:1"], name);
      world.observe(endpoint, "ok", 2, name);
    }
  }
  return (await metrics.render()).body.byteLength;
}
