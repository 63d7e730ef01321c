// A daemon with a full history that a crowd reads, and how long its failover takes meanwhile.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startWorld, ingressName } from "../../src/emulation/world.ts";
import type { Observation } from "../../src/core/model.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { openStore } from "../../src/store/store.ts";
import { Tally } from "../../src/store/tally.ts";
import { commitAfter } from "./commits.ts";
import { startDaemon, type DaemonProcess } from "./daemon-process.ts";
import { configOf } from "./world-config.ts";
import { untilBothUp } from "./world-daemon.ts";

/** So many readers of one kind; see reader-child.ts. */
export interface Crowd {
  readonly kind: string;
  readonly count: number;
  /** Each from an address of its own; all from one unless given. */
  readonly isSpread?: boolean;
}

export interface Measure {
  /** From the death of the line to the new record, in milliseconds, of each failover. */
  readonly failoversMs: readonly number[];
  /** Of the crowd, per second. */
  readonly answers: number;
  readonly refusals: number;
}

/** Fills the state in `folder` with as much as it takes: all that happened is about cable, mobile was quiet. */
export function fillHistory(folder: string, { entries, addresses }: { entries: number; addresses: number }): void {
  const opening = openStore({ folder, clock: systemClock, onWarning: (message) => assert.fail(message) });
  assert.equal(opening.kind, "opened");
  using store = opening.kind === "opened" ? opening.store : assert.fail();
  const nowWallMs = Date.now();
  const about = { ingress: ingressName, endpoint: "cable" };
  const batch = 5_000;
  for (let first = 0; first < entries; first += batch) {
    const ids = Array.from({ length: Math.min(batch, entries - first) }, (_, index) => first + index + 1);
    store.record({
      entries: ids.map((id) => {
        const [from, to] = id % 2 === 0 ? ["up", "suspect"] : ["suspect", "up"];
        const fact = { kind: "endpoint-health-changed", ...about, from, to, isDegraded: false, reason: "timeout" };
        return { id, atWallMs: nowWallMs - (entries - id) * 20_000, atMs: id, fact };
      }),
      checks: [],
    });
  }
  const nowMinute = Math.floor(nowWallMs / 60_000);
  const tally = new Tally();
  const seen: Omit<Observation, "kind"> = { startedMs: 0, endedMs: 20, vantage: "local", phases: {}, detail: "200 OK" };
  for (let check = 0; check < 4; check += 1) tally.observe({ ...seen, kind: "ok" });
  for (let day = 0; day < 30; day += 1) {
    const minutes = Array.from({ length: 1_440 }, (_, minute) => nowMinute - day * 1_440 - minute);
    for (const endpoint of ["cable", "mobile"]) {
      const checks = minutes.map((startMinute) => ({ ...about, endpoint, address: "127.0.0.2", startMinute, tally }));
      store.record({ entries: [], checks });
    }
  }
  // Addresses that came and went, two of them a minute.
  for (let first = 0; first < addresses; first += batch) {
    const checks = Array.from({ length: Math.min(batch, addresses - first) }, (_, index) => {
      const address = `2001:db8::${(first + index).toString(16)}`;
      return { ...about, address, startMinute: nowMinute - Math.floor((addresses - first - index) / 2), tally };
    });
    store.record({ entries: [], checks });
  }
}

/** A folder with a full history, for the daemons of a measurement. */
export class FullHistory implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ccs-full-"));

  constructor() {
    fillHistory(join(this.folder, "state"), { entries: 100_000, addresses: 50_000 });
  }

  /** Measures `failovers` failovers of a daemon of its own while a crowd reads. */
  async measure(crowd: readonly Crowd[], failovers: number): Promise<Measure> {
    await using world = await startWorld();
    await using daemon = startDaemon({
      config: (folder) => {
        cpSync(this.folder, folder, { recursive: true });
        return configOf(world, (config) => {
          for (const endpoint of config.ingresses[0]?.endpoints ?? []) endpoint.sticky = "0s";
        })(folder);
      },
    });
    await untilBothUp(daemon);
    const place = { cloudflare: world.cloudflare, daemon };
    const { url = "" } = await daemon.untilLogged(/^listening on /);
    await using readers = await Readers.start(url, crowd, daemon);
    const failoversMs: number[] = [];
    for (let round = 0; round < failovers; round += 1) {
      const { tookMs } = await commitAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
      failoversMs.push(tookMs);
      await commitAfter(place, () => world.cable.server.behave({ kind: "ok" }));
    }
    return { failoversMs, ...readers.perSecond };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Readers implements AsyncDisposable {
  readonly #children: readonly ReturnType<typeof spawn>[];
  readonly #seconds: { readonly answers: number; readonly refusals: number }[] = [];

  constructor(url: string, crowd: readonly Crowd[]) {
    const program = join(import.meta.dirname, "reader-child.ts");
    this.#children = crowd.map(({ kind, count, isSpread = false }) => {
      const args = [url, kind, String(count), isSpread ? "spread" : "together"];
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      // They are many people's machines, not ours.
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
      createInterface(child.stdout).on("line", (line) =>
        this.#seconds.push(JSON.parse(line) as { answers: number; refusals: number }),
      );
      return child;
    });
  }

  /** Resolves once they have read for a second. */
  static async start(url: string, crowd: readonly Crowd[], daemon: DaemonProcess): Promise<Readers> {
    const readers = new Readers(url, crowd);
    await daemon.until("the crowd reads", () => readers.#seconds.length >= crowd.length);
    return readers;
  }

  get perSecond(): { readonly answers: number; readonly refusals: number } {
    const seconds = this.#seconds.length / Math.max(1, this.#children.length);
    const sum = (key: "answers" | "refusals"): number => this.#seconds.reduce((total, each) => total + each[key], 0);
    return { answers: Math.round(sum("answers") / seconds) || 0, refusals: Math.round(sum("refusals") / seconds) || 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        const ended = once(child, "close");
        child.kill("SIGKILL");
        await ended;
      }),
    );
  }
}
