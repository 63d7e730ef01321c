// How often clients may ask. A client that asks too often is answered late, which slows it down, and in few words,
// which cost nothing.
import type { Clock } from "../lib/clock.ts";

/** A client may ask so often at once, and then so often a second: far more than a page or a monitoring system does. */
const ofOne = { atOnce: 400, perSecond: 100 };
/** The same for all of them together: what a small machine answers beside its work. */
const ofAll = { atOnce: 1_000, perSecond: 400 };
/** While all together ask too often, each client is served so much all the same. */
const modest = { atOnce: 40, perSecond: 4 };
/** An answer counts once more for so many bytes: to send much takes longer than to answer. */
const bytesOfOne = 64 * 1_024;

/** So many requests of one client may be under way … */
const mostUnderWay = 64;
/** … and so many wait for being refused: more come only from clients that send them without waiting for answers. */
const mostLate = 512;
/** So many clients are remembered; beyond, the oldest is forgotten. */
const mostClients = 1_000;

export type Admittance =
  | { readonly kind: "served"; readonly end: (bytes: number) => void }
  /** To be refused, after a while where there is patience for one more that waits. */
  | { readonly kind: "refused"; readonly isLate: boolean; readonly end: () => void };

interface LimitedClient {
  underWay: number;
  readonly bucket: TokenBucket;
  readonly modest: TokenBucket;
}

export class RequestLimits {
  readonly #clock: Clock;
  readonly #clients = new Map<string, LimitedClient>();
  readonly #all: TokenBucket;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new TokenBucket(ofAll, clock.nowMs());
  }

  /** Takes one request. `end` is to be called once when it has been answered, with the length of the answer. */
  take(name: string): Admittance {
    const nowMs = this.#clock.nowMs();
    const client = this.#clientNamed(name, nowMs);
    const { underWay } = client;
    client.underWay += 1;
    const end = (): void => void (client.underWay -= 1);
    const isOwnFine = underWay < mostUnderWay && client.bucket.take(nowMs);
    const paying = !isOwnFine ? undefined : [this.#all, client.modest].find((bucket) => bucket.take(nowMs));
    if (paying === undefined) return { kind: "refused", isLate: underWay < mostLate, end };
    const endServed = (bytes: number): void => {
      end();
      for (const bucket of [client.bucket, paying]) bucket.charge(bytes / bytesOfOne);
    };
    return { kind: "served", end: endServed };
  }

  #clientNamed(name: string, nowMs: number): LimitedClient {
    const client = this.#clients.get(name) ?? {
      underWay: 0,
      bucket: new TokenBucket(ofOne, nowMs),
      modest: new TokenBucket(modest, nowMs),
    };
    // The newest stand at the end.
    this.#clients.delete(name);
    this.#clients.set(name, client);
    const [oldest] = this.#clients.size > mostClients ? this.#clients.keys() : [];
    if (oldest !== undefined) this.#clients.delete(oldest);
    return client;
  }
}

/** Holds so many tokens, and gets so many more each second. */
class TokenBucket {
  readonly #size: number;
  readonly #perSecond: number;
  #left: number;
  #atMs: number;

  constructor({ atOnce, perSecond }: { readonly atOnce: number; readonly perSecond: number }, nowMs: number) {
    this.#size = atOnce;
    this.#perSecond = perSecond;
    this.#left = atOnce;
    this.#atMs = nowMs;
  }

  /** Takes one token, if there is one. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.#size, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes so many that it may owe some; no more than it holds. */
  charge(tokens: number): void {
    this.#left = Math.max(-this.#size, this.#left - tokens);
  }
}
