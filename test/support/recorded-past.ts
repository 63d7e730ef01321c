// A daemon with a past: the real one, in the simulated world, with its history kept by the real store. The past ends now.
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { readFromDisk } from "../../src/runtime/node/read-file.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { SimulatedWorld } from "../../src/simulation/world.ts";
import { Recorder } from "../../src/store/recorder.ts";
import { openStore } from "../../src/store/store.ts";
import { parseScenario } from "../../src/what-if/scenario.ts";
import { userWorld, vocabularyOf } from "../../src/what-if/user-world.ts";

/** The second of a minute at which a past begins. */
const secondMs = 45_000;

/** Two lines, the first with more of it. */
export function recordedConfig(stateDir: string, ingress = "", cable = ""): string {
  return `cloudflare: { token: TOKEN }
state_dir: ${stateDir}
ingresses:
  - record: ingress.example.com
${ingress}    endpoints:
      - name: cable
        target: cable.example.net
        priority: 10
        check: { url: "https://cable.example.net/", contains: OK${cable} }
      - name: mobile
        target: mobile.example.net
        priority: 20
        check: { url: "https://mobile.example.net/" }
`;
}

export interface RecordedSwitch {
  readonly from: string;
  readonly to: string;
}

export interface RecordedPast extends Disposable {
  /** What the daemon did then. */
  readonly switches: readonly RecordedSwitch[];
  /** How many checks it made. */
  readonly checks: number;
}

/** Records the past of a configuration in its state folder. The folder stays in use, as by a daemon, until disposed of. */
export async function recordPast(
  configPath: string,
  { scenario, hours, seed = 1 }: { scenario: string; hours: number; seed?: number },
): Promise<RecordedPast> {
  const loaded = loadConfig({ path: configPath, env: {}, readFile: readFromDisk });
  assert.equal(loaded.kind, "ok");
  const { config } = loaded;
  const read = parseScenario(scenario, vocabularyOf(config));
  assert.equal(read.kind, "understood");
  const lengthMs = hours * 3_600_000;
  // History is kept by the minute: where one ends in the last seconds of an outage of our own, replay counts a failure more. So
  // every past begins at the same second.
  const minuteMs = 60_000;
  const startWallMs = Math.floor((Date.now() - lengthMs - secondMs) / minuteMs) * minuteMs + secondMs;
  const switches: RecordedSwitch[] = [];
  let checks = 0;
  const { options } = userWorld(config, { seed, hasIpv6: read.hasIpv6 });
  const world = new SimulatedWorld(options, {
    turned: (turn) => {
      recorder.keep(turn);
      recorder.hear(turn);
      if (turn.event.kind === "probed") checks += 1;
      for (const fact of turn.facts) {
        if (fact.kind !== "selection-changed" || fact.from === undefined || fact.from.primary === fact.to.primary)
          continue;
        switches.push({ from: fact.from.primary, to: fact.to.primary });
      }
    },
  });
  const clock: Clock = {
    nowMs: () => world.time.nowMs(),
    wallMs: () => startWallMs + world.time.nowMs(),
    setTimer: (delayMs, callback) => world.time.setTimer(delayMs, callback),
  };
  const opening = openStore({ folder: config.stateDir, clock, onWarning: (message) => assert.fail(message) });
  assert.equal(opening.kind, "opened");
  const { store } = opening;
  const recorder = new Recorder({
    store,
    clock,
    onBug: (error) => {
      throw error;
    },
  });
  for (const { faults } of read.occurrences) {
    for (const fault of faults) world.time.at(fault.atMs, () => world.strike(fault));
  }
  world.start();
  await world.time.runUntil(lengthMs);
  world.run?.kill();
  recorder.flush();
  return { switches, checks, [Symbol.dispose]: () => store[Symbol.dispose]() };
}
