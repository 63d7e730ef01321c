// Defects in what is believed of endpoints and addresses, and of the monitor's own connection.
import type { PlantedBug } from "./bug.ts";
import type { Fault } from "../../../src/simulation/faults.ts";
import { calm, during, isDown, minuteMs, type Story } from "./story.ts";

/** The primary is down for five minutes. */
const outage: Story = { faults: [isDown(0, 5, 10)], ...calm(10, 17) };

/** Nobody answers, and nothing proves that this is not the monitor's own doing. */
const unprovenOutage: Story = {
  faults: [{ kind: "anchors", ...during(4, 10) }, isDown(0, 5, 10), isDown(1, 5, 10)],
  ...calm(10, 17),
};

function hangs(site: number, fromMinute: number, toMinute: number): Fault {
  return { kind: "site", site, seenBy: "all", how: "hang", ...during(fromMinute, toMinute) };
}

/** The process is held up again and again, while probes wait for an endpoint that hangs. */
const heldUp: Story = {
  faults: [
    { kind: "site", site: 0, seenBy: "all", how: "hang", ...during(5, 8) },
    ...Array.from({ length: 15 }, (_, turn): Fault => {
      return { kind: "stopped", atMs: 5 * minuteMs + turn * 12_000, forMs: 9_000 };
    }),
  ],
  ...calm(9, 16),
};

/** The monitor's own connection is silent for five minutes. */
const ownOutage: Story = { faults: [{ kind: "link", how: "blackhole", ...during(5, 7) }], ...calm(7, 10) };

const tenYearsMs = 10 * 365 * 1_440 * minuteMs;

/** Ten years ahead, the daemon begins anew while Cloudflare does not answer, so that nobody tells it the time at first. */
const wrongClock: Story = {
  world: { hasCertificates: true },
  faults: [
    { kind: "wall-jump", byMs: tenYearsMs, atMs: 5 * minuteMs },
    { kind: "api", how: "silent", ...during(5.5, 8) },
    { kind: "restart", downForMs: 1_000, atMs: 6 * minuteMs },
  ],
  ...calm(8, 20),
};

export const healthBugs: readonly PlantedBug[] = [
  {
    name: "one failure is down",
    file: "src/core/evidence/health.ts",
    from: '      if (failuresInRow >= fall) return freshHealth(nowMs, "down", reason);\n      if (',
    to: '      if (failuresInRow >= 1) return freshHealth(nowMs, "down", reason);\n      if (',
    story: outage,
    breaks: ["4/6/15/23"],
  },
  {
    name: "one answer is up",
    file: "src/core/evidence/health.ts",
    from: 'if (oksInRow >= rise) return freshHealth(nowMs, "up", "answers again");',
    to: 'if (oksInRow >= 1) return freshHealth(nowMs, "up", "answers again");',
    story: { ...outage, world: { holdUpMs: 0 } },
    breaks: ["5"],
  },
  {
    name: "failures count without proof of connection",
    file: "src/core/evidence/address.ts",
    from: 'return provenMs >= endedMs ? "counts" : "waits";',
    to: 'return provenMs >= endedMs ? "counts" : "counts";',
    story: outage,
    breaks: ["4"],
  },
  {
    name: "a search for proof that was in vain is taken for proof",
    file: "src/core/evidence/proof.ts",
    from: "    const newestMs = Math.max(...expired.map(({ endedMs }) => endedMs));",
    to: `    next = withWaiting(next, family, (_, endpoint) => afterProof(endpoint, family, nowMs, nowMs));
    if (expired.length > 0) continue;
    const newestMs = 0;`,
    story: unprovenOutage,
    breaks: ["4"],
  },
  {
    name: "blindness never ends",
    file: "src/core/evidence/proof.ts",
    from: "connection: { ...state.connection, [family]: known } };",
    to: "connection: { ...state.connection, [family]: { ...state.connection[family], ...known } } };",
    story: ownOutage,
    breaks: ["6"],
  },
  {
    name: "a result that proves nothing counts as a failure",
    file: "src/core/evidence/address.ts",
    from: 'return observation.reason === "clock" ? withUndatedFailure(seen, observation) : seen;',
    to: "return withFailure(seen, observation, judging, nowMs);",
    story: heldUp,
    breaks: ["4/6/15/23"],
  },
  {
    name: "a probe that has stalled holds up the next",
    file: "src/probe/round.ts",
    from: "listener.stalled?.(address, startedMs);\n        settle(address);",
    to: "listener.stalled?.(address, startedMs);",
    story: {
      // Where in its rhythm an outage finds it is chance.
      faults: [5, 20, 40, 60, 80, 100, 120, 140].map((minute) => hangs(0, minute, minute + 3)),
      ...calm(143, 155),
    },
    breaks: ["9"],
  },
  {
    name: "two that fail drive each other on",
    file: "src/core/evidence/rhythm.ts",
    from: ' || (lastObservation?.kind === "failed" && health.verdict !== "down"),',
    to: ",",
    story: {
      faults: [
        { kind: "site", site: 0, seenBy: "all", how: "refuse", ...during(5, 8) },
        { kind: "site", site: 1, seenBy: "all", how: "refuse", ...during(5.02, 8) },
      ],
      ...calm(8, 16),
    },
    breaks: ["4"],
  },
  {
    name: "new addresses are not taken in",
    file: "src/probe/watch.ts",
    from: "if (resolution === this.#reported && resolution.kind",
    to: 'if (this.#reported?.kind === "addresses" && resolution.kind',
    story: { faults: [{ kind: "renumbered", site: 0, atMs: 5 * minuteMs, dnsDelayMs: 1_000 }], ...calm(8, 20) },
    breaks: ["10"],
  },
  {
    name: "a look-up that fails is an internal error",
    file: "src/probe/round.ts",
    from: "    resolveMs = lookUp.tookMs;",
    to: '    resolveMs = lookUp.tookMs;\n    if (lookUp.resolution.kind === "inconclusive") throw new Error(lookUp.resolution.detail);',
    story: { faults: [{ kind: "resolver", how: "servfail", ...during(5, 8) }], ...calm(8, 16) },
    breaks: ["bug"],
  },
  {
    name: "AAAA records are forgotten",
    file: "src/core/evidence/endpoint.ts",
    from: "  return addresses.filter(\n    ({ health, isUncheckable }) =>",
    to: '  return addresses.filter(({ family }) => family === "ipv4").filter(\n    ({ health, isUncheckable }) =>',
    story: { ...outage, world: { publish: "addresses", endpoints: [{ ipv6: 1 }, { ipv6: 1 }] } },
    breaks: ["18"],
  },
  {
    name: "a silent resolver means that there is no address",
    file: "src/core/evidence/endpoint.ts",
    from: '    case "inconclusive":\n      return withHealth(next, nowMs);',
    to: `    case "inconclusive": {
      const failure = { detail: resolution.detail, startedMs: nowMs, endedMs: nowMs };
      const judging = { ...(endpoint.settings.check ?? noThresholds), evidence };
      const addresses = endpoint.addresses.map((address) => withFailure(address, failure, judging, nowMs));
      return withHealth({ ...next, addresses }, nowMs);
    }`,
    story: { faults: [{ kind: "resolver", how: "silent", ...during(5, 10) }], ...calm(10, 17) },
    breaks: ["4/6/15/23"],
  },
  {
    name: "what failed by a date counts, whatever the time turns out to be",
    file: "src/core/time/time.ts",
    from: "validity.fromWallMs <= wallMs && wallMs <= validity.untilWallMs;",
    to: "validity.fromWallMs > wallMs;",
    story: wrongClock,
    breaks: ["4/6/15/23"],
  },
  {
    name: "a certificate that is not valid by our own clock counts against the endpoint",
    file: "src/core/evidence/address.ts",
    from: 'return observation.reason === "clock" ? withUndatedFailure(seen, observation) : seen;',
    to: 'return observation.reason === "clock" ? withFailure(seen, observation, judging, nowMs) : seen;',
    story: wrongClock,
    breaks: ["4/6/15/23"],
  },
];
