// One run of the real daemon in the simulated world: put together by the same hands as `ccs run`, over simulated ports.
import { InternalErrors } from "../assembly/internal-errors.ts";
import { Parts } from "../assembly/parts.ts";
import type { Config } from "../config/config.ts";
import type { State } from "../core/model.ts";
import type { Fault } from "./faults.ts";
import { simulatedPorts, type SimulatedPorts } from "./ports.ts";
import { ProcessClock } from "./time.ts";
import type { SimulatedWorld } from "./world.ts";

/** What is under way or waits in a process. */
export interface Load {
  readonly probes: number;
  /** The most that any one address ever had at once. */
  readonly probesOfOne: number;
  readonly timers: number;
  readonly messages: number;
}

export class DaemonRun {
  readonly number: number;
  readonly clock: ProcessClock;
  readonly #parts: Parts;
  readonly #monitor: SimulatedPorts["monitor"];

  constructor(world: SimulatedWorld, number: number, config: Config, wallAheadMs: number) {
    this.number = number;
    this.clock = new ProcessClock(world.time, wallAheadMs);
    const { ports, monitor } = simulatedPorts(world, this, config);
    const { clock, log } = ports;
    this.#monitor = monitor;
    this.#parts = new Parts({ config, ports, errors: new InternalErrors({ log, clock }) });
    this.#parts.assembly.daemon.addListener({
      // A message that was stored may have been its end.
      hear: (turn) => this.isAlive && world.watcher.turned?.(turn, this),
    });
  }

  get isAlive(): boolean {
    return !this.clock.isKilled;
  }

  get state(): State {
    return this.#parts.assembly.daemon.state;
  }

  /** How busy it is. */
  get load(): Load {
    return {
      probes: this.#monitor.probesUnderWay,
      probesOfOne: this.#monitor.mostOfOneAddress,
      timers: this.clock.pending,
      messages: [...this.#parts.notifier.queued.values()].reduce((sum, many) => sum + many, 0),
    };
  }

  start(): void {
    this.#parts.start();
  }

  reload(config: Config): void {
    this.#parts.reconfigure(config);
  }

  rejectConfig(problems: readonly string[]): void {
    this.#parts.reject(problems);
  }

  /** A manual override reaches it as soon as it runs. */
  hearWord({ what, site, forMs }: Fault & { kind: "word" }, ingresses: Config["ingresses"]): void {
    for (const { record: ingress, endpoints } of ingresses) {
      const endpoint = endpoints[site]?.name ?? "";
      this.clock.setTimer(0, () => {
        const untilMs = this.clock.nowMs() + forMs;
        const { daemon } = this.#parts.assembly;
        if (what === "resume") daemon.dispatch({ kind: "resumed", ingress });
        else daemon.dispatch({ kind: "override-set", ingress, override: { kind: what, endpoint, untilMs } });
      });
    }
  }

  /** Ends it as a signal would: what is on its way may end. */
  async close(): Promise<void> {
    await this.#parts.assembly.close();
    await this.#parts[Symbol.asyncDispose]();
    this.kill();
  }

  /** Ends it in the middle of whatever it is doing. */
  kill(): void {
    this.clock.kill();
  }
}
