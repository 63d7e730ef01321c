// Invariant 20: what is under way or waits is bounded, whatever happens.
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import { minuteMs, type Ledger, type Part } from "./ledger.ts";

/** For at most three endpoints, each with a few addresses and a few that have just left it. */
const most = { probes: 40, timers: 60, messages: 100 };

export class Bounds implements Part {
  readonly #ledger: Ledger;
  /** The most that was seen. */
  readonly peaks = { probes: 0, timers: 0, messages: 0 };

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  begins(): void {
    this.#look();
  }

  ended(run: DaemonRun): void {
    this.#check(run);
  }

  #look(): void {
    this.#ledger.world.time.setLook(minuteMs, () => this.#look());
    const { run } = this.#ledger;
    if (run !== undefined) this.#check(run);
  }

  #check(run: DaemonRun): void {
    const { load } = run;
    // Several names may lead to one address, and each is asked by as many as it takes.
    const mostOfOne = this.#ledger.ingress.endpoints.reduce((sum, { check }) => sum + (check?.fall ?? 0), 0);
    if (load.probesOfOne > mostOfOne) {
      this.#ledger.violate(
        "20",
        `${load.probesOfOne} probes of one address at once, ${mostOfOne} are enough to be down`,
      );
    }
    for (const what of ["probes", "timers", "messages"] as const) {
      this.peaks[what] = Math.max(this.peaks[what], load[what]);
      if (load[what] > most[what]) this.#ledger.violate("20", `${load[what]} ${what} at once`);
    }
  }
}
