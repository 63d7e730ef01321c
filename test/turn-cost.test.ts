// What one event costs, counted in endpoints that are looked at while it is taken in: it must not depend on how many there
// are. Counted, not timed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { InternalErrors } from "../src/assembly/internal-errors.ts";
import { Parts } from "../src/assembly/parts.ts";
import type { Config } from "../src/config/config.ts";
import type { EndpointSettings, Event, IngressSettings, Observation } from "../src/core/model.ts";
import type { Clock } from "../src/lib/clock.ts";
import { createLog } from "../src/lib/log.ts";
import { Secret } from "../src/lib/secret.ts";
import { openMemoryStore } from "../src/store/store.ts";
import { httpCheck } from "./support/checks.ts";

const perIngress = 2;
const sizes = [10, 100, 1_000, 10_000];
/** How many events are counted, of each kind. */
const counted = 200;

/** A daemon over a world in which nothing ever ends: what happens is what a test tells it. */
class Fleet implements AsyncDisposable {
  #nowMs = 0;
  readonly #looked = new Set<string>();
  readonly #ingresses: readonly IngressSettings[];
  readonly #parts: Parts;
  #next = 0;

  constructor(size: number) {
    this.#ingresses = Array.from({ length: size / perIngress }, (_, place) => this.#ingress(place));
    const never = (): Promise<never> => new Promise(() => {});
    const log = createLog({ level: "fatal", isForPeople: false, stream: { write: () => {} } });
    // Time passes, and no timer goes off: each event is one that a test tells.
    const nowMs = (): number => this.#nowMs;
    const clock: Clock = { nowMs, wallMs: () => Date.UTC(2026, 0, 1) + nowMs(), setTimer: () => () => {} };
    const config: Config = {
      cloudflare: { token: new Secret("token"), apiUrl: "https://api.example.com" },
      ingresses: this.#ingresses,
      notify: [],
      http: { host: "127.0.0.1", port: 0 },
      stateDir: "/nowhere",
      anchors: [],
    };
    this.#parts = new Parts({
      config,
      errors: new InternalErrors({ clock, log }),
      ports: {
        clock,
        chance: () => () => 0.5,
        network: { fetch: never, resolve: never, exchange: undefined, probe: never, reach: never },
        openStore: () => openMemoryStore({ clock, onWarning: (warning) => assert.fail(warning) }),
        timeZone: () => "UTC",
        log,
      },
    });
  }

  /** Everything is up, and the records are what they should be. */
  begin(): void {
    this.#parts.start();
    for (const { id, endpoints } of this.#ingresses) {
      const [content = assert.fail()] = endpoints.map(addressOf);
      const records = [{ id, type: "A", content, ttlSeconds: 60, proxied: false }] as const;
      this.#dispatch({ kind: "records-read", ingress: id, records });
    }
    const endpoints = this.#ingresses.length * perIngress;
    for (let at = 0; at < endpoints; at += 1) this.probe("ok");
    const isUp = this.#parts.assembly.daemon.state.ingresses.every(({ endpoints: all, selection }) =>
      all.every(({ health }) => health.verdict === "up" && selection?.primary === "cable"),
    );
    assert.ok(isUp, "the fleet is not as it should be");
  }

  /** One probe of the next endpoint. Returns how many endpoints were looked at. */
  probe(result: "ok" | "failed"): number {
    const place = this.#next % this.#ingresses.length;
    const { id, endpoints } = this.#ingresses[place] ?? assert.fail();
    const endpoint = endpoints[Math.floor(this.#next / this.#ingresses.length) % perIngress] ?? assert.fail();
    this.#next += 1;
    const endedMs = this.#nowMs;
    const seen = { startedMs: endedMs, endedMs, vantage: "local", phases: {} };
    const observation: Observation =
      result === "ok"
        ? { kind: "ok", ...seen, detail: "answers" }
        : { kind: "failed", ...seen, reason: "refused", detail: "refused" };
    const { name } = endpoint;
    return this.#dispatch({
      kind: "probed",
      ingress: id,
      endpoint: name,
      revision: 0,
      address: addressOf(endpoint),
      observation,
    });
  }

  #dispatch(event: Event): number {
    this.#nowMs += 1;
    this.#looked.clear();
    this.#parts.assembly.daemon.dispatch(event);
    return this.#looked.size;
  }

  #ingress(place: number): IngressSettings {
    const id = `${place}.example.com`;
    const endpoint = (name: string, priority: number): EndpointSettings => {
      const text = `10.${priority}.${place >> 8}.${place & 255}`;
      const settings = {
        name,
        target: { kind: "addresses", addresses: [{ text, family: "ipv4", scope: "private" }] },
        priority,
        ttl: 60,
        resolvers: [],
        check: { ...httpCheck(), rise: 1 },
      } as const;
      // Whatever asks for the name of an endpoint has looked at it.
      const looked = this.#looked;
      return Object.defineProperty({ ...settings }, "name", {
        enumerable: true,
        get: () => {
          looked.add(`${id} ${name}`);
          return name;
        },
      });
    };
    return {
      id,
      record: id,
      publish: "auto",
      holdUpMs: 0,
      reconcileIntervalMs: 300_000,
      allowPrivate: true,
      endpoints: [endpoint("cable", 0), endpoint("mobile", 1)],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.assembly.close();
    await this.#parts[Symbol.asyncDispose]();
  }
}

function addressOf({ target }: EndpointSettings): string {
  return target.kind === "addresses" ? (target.addresses[0]?.text ?? assert.fail()) : assert.fail();
}

/** What an event costs on average, in a fleet that is up. */
function costOf(play: () => number): number {
  let looks = 0;
  for (let at = 0; at < counted; at += 1) looks += play();
  return looks / counted;
}

test("however many endpoints there are, an event has as many looked at", async () => {
  let least: { readonly quiet: number; readonly proven: number } | undefined;
  for (const size of sizes) {
    await using fleet = new Fleet(size);
    fleet.begin();
    const quiet = costOf(() => fleet.probe("ok"));
    const proven = costOf(() => fleet.probe("failed") + fleet.probe("ok"));
    least ??= { quiet, proven };
    assert.ok(quiet >= 1 && proven >= 2, "nothing was counted");
    const figures = `${quiet} and ${proven} with ${size}, ${least.quiet} and ${least.proven} with ${sizes[0]}`;
    assert.ok(quiet <= 1.5 * least.quiet && proven <= 1.5 * least.proven, figures);
  }
});
