// Who may change something over HTTP: the bearer of the token, and not too often.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { Secret } from "../../lib/secret.ts";
import { clientOf } from "../clients.ts";
import { weaknessOf } from "../../lib/token-strength.ts";

export type Admission =
  | { readonly kind: "allowed" }
  /** There is no token that could be right. */
  | { readonly kind: "closed" }
  | { readonly kind: "missing" }
  | { readonly kind: "wrong" }
  | { readonly kind: "too-many"; readonly retryAfterSeconds: number };

/** So many wrong tokens a client may try before it has to wait. */
const mostWrong = 5;
const wrongMemoryMs = 60_000;
/** So many may be tried by all together within the same time. */
const mostWrongOfAll = 50;
/** So many clients are remembered; beyond, the oldest is forgotten. */
const mostClients = 1_000;

/** Changes come from people: so many at once, then one every two seconds. */
const changesAtOnce = 30;
const changeEveryMs = 2_000;

interface Tries {
  readonly count: number;
  /** When they are forgotten. */
  readonly untilMs: number;
}

export class ChangeGuard {
  readonly #clock: Clock;
  readonly #token: () => Secret | undefined;
  readonly #wrong = new Map<string, Tries>();
  #wrongOfAll: Tries = { count: 0, untilMs: -Infinity };
  #budget = changesAtOnce;
  #budgetAtMs: number;

  constructor(clock: Clock, token: () => Secret | undefined) {
    this.#clock = clock;
    this.#token = token;
    this.#budgetAtMs = clock.nowMs();
  }

  get hasToken(): boolean {
    return this.#token() !== undefined;
  }

  /**
   * Whether a request with this Authorization header may change something. `address`: where it comes from.
   *
   * The right token passes, however many wrong ones were tried before: many may share an address with its owner, behind
   * a proxy or on one machine, and none of them should lock the owner out. Waiting would only protect a token that
   * could be guessed, and there it does: such a token has to wait as well.
   */
  admit(authorization: string | undefined, address: string): Admission {
    const client = clientOf(address);
    const token = this.#token()?.reveal();
    if (token === undefined) return { kind: "closed" };
    if (authorization === undefined) return { kind: "missing" };
    const nowMs = this.#clock.nowMs();
    const own = this.#wrong.get(client);
    const waitsUntilMs = own !== undefined && own.untilMs > nowMs && own.count >= mostWrong ? own.untilMs : undefined;
    const given = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    const isRight = given !== undefined && isSameText(given, token);
    if (isRight && (waitsUntilMs === undefined || weaknessOf(token) === undefined)) return { kind: "allowed" };
    if (waitsUntilMs !== undefined) return tooMany(waitsUntilMs - nowMs);
    this.#countWrong(client, nowMs);
    const ofAll = this.#wrongOfAll;
    return ofAll.count > mostWrongOfAll ? tooMany(ofAll.untilMs - nowMs) : { kind: "wrong" };
  }

  #countWrong(client: string, nowMs: number): void {
    const own = counted(this.#wrong.get(client), nowMs);
    // The newest stand at the end.
    this.#wrong.delete(client);
    this.#wrong.set(client, { ...own, untilMs: nowMs + wrongMemoryMs });
    const [oldest] = this.#wrong.size > mostClients ? this.#wrong.keys() : [];
    if (oldest !== undefined) this.#wrong.delete(oldest);
    this.#wrongOfAll = counted(this.#wrongOfAll, nowMs);
  }

  /** Takes one change from the budget that all share. Seconds to wait when it is used up. */
  takeChange(): number | undefined {
    const nowMs = this.#clock.nowMs();
    this.#budget = Math.min(changesAtOnce, this.#budget + (nowMs - this.#budgetAtMs) / changeEveryMs);
    this.#budgetAtMs = nowMs;
    if (this.#budget < 1) return Math.ceil(((1 - this.#budget) * changeEveryMs) / 1_000);
    this.#budget -= 1;
    return undefined;
  }
}

/** Takes as long for a wrong token as for the right one, whatever its length. */
function isSameText(a: string, b: string): boolean {
  const [digestA, digestB] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return digestA !== undefined && digestB !== undefined && timingSafeEqual(digestA, digestB);
}

/** One more. */
function counted(tries: Tries | undefined, nowMs: number): Tries {
  const isOver = tries === undefined || tries.untilMs <= nowMs;
  return isOver ? { count: 1, untilMs: nowMs + wrongMemoryMs } : { ...tries, count: tries.count + 1 };
}

function tooMany(waitMs: number): Admission {
  return { kind: "too-many", retryAfterSeconds: Math.ceil(waitMs / 1_000) };
}
