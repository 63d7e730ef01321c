// Who may change something over HTTP: the bearer of the token, and not too often.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { parseIp } from "../../lib/ip.ts";
import type { Secret } from "../../lib/secret.ts";

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
/** So many clients are remembered; beyond, the oldest is forgotten. */
const mostClients = 1_000;

/** Changes come from people: so many at once, then one every two seconds. */
const changesAtOnce = 30;
const changeEveryMs = 2_000;

export class Guard {
  readonly #clock: Clock;
  readonly #token: () => Secret | undefined;
  readonly #wrong = new Map<string, { count: number; untilMs: number }>();
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

  /** Whether a request with this Authorization header may change something. `address`: where it comes from. */
  admit(authorization: string | undefined, address: string): Admission {
    const token = this.#token();
    if (token === undefined) return { kind: "closed" };
    const client = clientOf(address);
    const nowMs = this.#clock.nowMs();
    const tries = this.#wrong.get(client);
    if (tries !== undefined && tries.untilMs > nowMs && tries.count >= mostWrong) {
      return { kind: "too-many", retryAfterSeconds: Math.ceil((tries.untilMs - nowMs) / 1_000) };
    }
    if (authorization === undefined) return { kind: "missing" };
    const given = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    if (given !== undefined && isSameText(given, token.reveal())) return { kind: "allowed" };
    const isOver = tries === undefined || tries.untilMs <= nowMs;
    this.#wrong.delete(client);
    this.#wrong.set(client, { count: isOver ? 1 : tries.count + 1, untilMs: nowMs + wrongMemoryMs });
    const [oldest] = this.#wrong.size > mostClients ? this.#wrong.keys() : [];
    if (oldest !== undefined) this.#wrong.delete(oldest);
    return { kind: "wrong" };
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

/** Whoever has one IPv6 address has 2^64 of them. */
function clientOf(address: string): string {
  const plainAddress = address.replace(/^::ffff:(?=\d+\.)/, "").replace(/%.*$/, "");
  const parsed = parseIp(plainAddress);
  if (parsed?.family !== "ipv6") return plainAddress;
  const [head = "", tail = ""] = parsed.text.split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  const whole = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => "0"), ...tail.split(":")];
  return whole.slice(0, 4).join(":");
}
