// API tokens: what they may do and where, whether they are alive, and how fast they may ask.

/** A token as a test or the demo sets it up. Without scopes it may do everything everywhere. */
export interface TokenOptions {
  /** The secret itself. */
  readonly token: string;
  readonly kind?: "user" | "account";
  readonly status?: "active" | "disabled" | "expired";
  readonly scopes?: readonly TokenScope[];
  /** Client addresses that may use it; all by default. */
  readonly allowedIps?: readonly string[];
  /** ISO 8601; shown when the token is verified. */
  readonly notBefore?: string;
  readonly expiresOn?: string;
}

export interface TokenScope {
  /** Zone name, or `*` for all. */
  readonly zone: string;
  readonly dns: "none" | "read" | "write";
  readonly readsZone: boolean;
}

/** A token that the emulator knows. */
export interface Token {
  /** 32 lower-case hex digits; says which token it was without telling the secret. */
  readonly id: string;
  readonly secret: string;
  readonly kind: "user" | "account";
  readonly status: "active" | "disabled" | "expired";
  readonly scopes: readonly TokenScope[];
  readonly allowedIps?: readonly string[];
  readonly notBefore?: string;
  readonly expiresOn?: string;
  readonly bucket: RequestWindow;
}

export interface RateLimit {
  readonly requests: number;
  readonly windowSeconds: number;
  /** How long everything is refused once the limit is passed. */
  readonly blockSeconds: number;
}

/** As documented: 1200 requests in five minutes, then five minutes of nothing. */
export const usualRateLimit: RateLimit = { requests: 1200, windowSeconds: 300, blockSeconds: 300 };

const everything: readonly TokenScope[] = [{ zone: "*", dns: "write", readsZone: true }];

export function createToken(options: TokenOptions, id: string, limit: RateLimit): Token {
  const { token: secret, kind = "user", status = "active", scopes = everything, ...rest } = options;
  return { ...rest, id, secret, kind, status, scopes, bucket: new RequestWindow(limit) };
}

/** Whether the token may read or write the DNS records of the zone. */
export function maySeeRecords(token: Token, zone: string): boolean {
  return scopesFor(token, zone).some(({ dns }) => dns !== "none");
}

export function mayWriteRecords(token: Token, zone: string): boolean {
  return scopesFor(token, zone).some(({ dns }) => dns === "write");
}

/** Whether the token has Zone Read on the zone. */
export function mayReadZone(token: Token, zone: string): boolean {
  return scopesFor(token, zone).some(({ readsZone }) => readsZone);
}

function scopesFor(token: Token, zone: string): readonly TokenScope[] {
  return token.scopes.filter((scope) => scope.zone === "*" || scope.zone === zone);
}

/** Counts the requests of one token in windows, and blocks it once there were too many. */
export class RequestWindow {
  readonly #limit: RateLimit;
  #windowEndsMs = -Infinity;
  #blockedUntilMs = -Infinity;
  #used = 0;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  /** Counts a request. Returns the seconds to wait (rounded up) when it is refused, else `undefined`. */
  take(nowMs: number): number | undefined {
    if (nowMs < this.#blockedUntilMs) return Math.ceil((this.#blockedUntilMs - nowMs) / 1000);
    if (nowMs >= this.#windowEndsMs) {
      this.#windowEndsMs = nowMs + this.#limit.windowSeconds * 1000;
      this.#used = 0;
    }
    this.#used += 1;
    if (this.#used <= this.#limit.requests) return undefined;
    this.#blockedUntilMs = nowMs + this.#limit.blockSeconds * 1000;
    this.#windowEndsMs = this.#blockedUntilMs;
    return this.#limit.blockSeconds;
  }

  /** The headers that tell how much is left, as they are on every answer. */
  headers(nowMs: number): Record<string, string> {
    const { requests, windowSeconds } = this.#limit;
    const left = nowMs >= this.#windowEndsMs ? requests : Math.max(0, requests - this.#used);
    const seconds = Math.max(0, Math.ceil((Math.max(this.#windowEndsMs, nowMs) - nowMs) / 1000));
    return {
      ratelimit: `"default";r=${left};t=${seconds}`,
      "ratelimit-policy": `"default";q=${requests};w=${windowSeconds}`,
    };
  }
}
