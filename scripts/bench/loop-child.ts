// `node scripts/bench/loop-child.ts 100`: prints the microseconds of processor time that the daemon's loop takes for one check
// that succeeds, with so many endpoints. It is the daemon as `ccs run` has it, over simulated time and network; what these cost
// themselves is in it.
import { Assembly } from "../../src/assembly/assembly.ts";
import type { Resolution } from "../../src/core/model.ts";
import { parseIp } from "../../src/lib/ip.ts";
import { sleep } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import { SimulatedTime } from "../../src/simulation/time.ts";
import { endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import { MemoryProvider } from "../../test/support/memory-provider.ts";

/** Neither takes longer, however slow the loop is at this size: then fewer checks are measured. */
const most = { warmUpMs: 10_000, windowMs: 5_000 };
const mostChecks = 20_000;

const size = Number(process.argv[2]);
/** So long that a few hundred checks are made: to begin and to end a step costs as much as some of them. */
const stepMs = 15_000 * Math.max(1 / 50, 300 / size);
const time = new SimulatedTime();
/** The very same objects each time: a new object would be a new answer. */
const resolutions = ["192.0.2.1", "192.0.2.2"].map((text): Resolution => {
  return { kind: "addresses", addresses: [parseIp(text)].filter((ip) => ip !== undefined), ttlSeconds: 10 ** 8 };
});
const [ofCable = failing(), ofMobile = failing()] = resolutions;
const counts = { checks: 0 };
let random = 1;

const pairs = Array.from({ length: size / 2 }, (_, index) =>
  ingressSettings(`ingress-${index}.example.com`, [
    endpointSettings(`cable-${index}`),
    endpointSettings(`mobile-${index}`, { priority: 20 }),
  ]),
);
await using assembly = new Assembly({
  config: {
    cloudflare: { token: new Secret("token"), apiUrl: "http://127.0.0.1:1", nameservers: [] },
    ingresses: pairs,
    notify: [],
    http: { host: "127.0.0.1", port: 0 },
    stateDir: "/nowhere",
    anchors: [],
  },
  log: createLog({ level: "silent", isForPeople: false }),
  ports: {
    clock: time,
    // Any sequence does that spreads the checks.
    random: () => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647,
    resolve: (host) => Promise.resolve(host.startsWith("cable") ? ofCable : ofMobile),
    probe: async (_check, _address, { signal }) => {
      const startedMs = time.nowMs();
      await sleep(time, 10, signal);
      counts.checks += 1;
      const phases = { connect: 1, processing: 2, transfer: 1 };
      return { kind: "ok", startedMs, endedMs: time.nowMs(), vantage: "local", phases, detail: "status 200" };
    },
    reach: () => Promise.resolve(true),
    createProvider: () => new MemoryProvider(),
  },
});

function failing(): never {
  throw new Error("no address");
}

/** Lets time pass until `count` more checks are done, or the processor has worked for so long. What it took. */
async function passUntil(count: number, mostMs: number): Promise<{ checks: number; microseconds: number }> {
  const [before, begun] = [counts.checks, process.cpuUsage()];
  for (;;) {
    await time.runUntil(time.nowMs() + stepMs);
    const { user, system } = process.cpuUsage(begun);
    const [checks, microseconds] = [counts.checks - before, user + system];
    if (checks >= count || microseconds >= mostMs * 1_000) return { checks, microseconds };
  }
}

assembly.start();
await passUntil(Math.max(4 * size, 5_000), most.warmUpMs);
const { checks: done, microseconds } = await passUntil(mostChecks, most.windowMs);
console.log(microseconds / done);
process.exit();
