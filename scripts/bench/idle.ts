// What a daemon costs that has two endpoints and nothing to do.
import { setTimeout as pass } from "node:timers/promises";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../../test/support/daemon-process.ts";
import { costBetween, costOf } from "../../test/support/process-cost.ts";
import { configOf } from "../../test/support/world-config.ts";
import { untilBothUp } from "../../test/support/world-daemon.ts";
import { medianOf, roundsOf, spreadOf, type BenchMeasure } from "./measure.ts";

const usual = { interval: "15s", fastInterval: "2s", timeout: "5s", rise: 3, fall: 3, holdUp: "60s", sticky: "10m" };
const settleMs = 60_000;
/** Two rounds of both checks, and one look at the authoritative servers. */
const windowMs = 30_000;

function row(what: string, measured: string, wanted: string) {
  return { what, measured, wanted, ratio: undefined, peer: "" };
}

export const idleMeasure: BenchMeasure = {
  name: "idle",
  async run(rounds) {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world, () => {}, usual), nodeArgs: [] });
    await untilBothUp(daemon);
    await pass(settleMs);
    const windows = await roundsOf(rounds, async () => {
      const before = costOf(daemon.pid);
      await pass(windowMs);
      return { ...costBetween(before, costOf(daemon.pid)), bytes: daemon.residentBytes };
    });
    const seconds = windowMs / 1_000;
    return {
      rows: [
        row(
          "idle, two endpoints at 15 s: processor",
          `${spreadOf(
            windows.map(({ cpuMs }) => cpuMs / (10 * seconds)),
            3,
          )} % of a core`,
          "≤ 0.10 %",
        ),
        row(
          "idle: wake-ups of all threads",
          `${spreadOf(
            windows.map(({ wakeUpsOfAll }) => wakeUpsOfAll / seconds),
            1,
          )} a second`,
          "≤ 5",
        ),
        row("idle: resident memory", `${Math.round(medianOf(windows.map(({ bytes }) => bytes)) / 1e6)} MB`, "≤ 75 MB"),
      ],
    };
  },
};
