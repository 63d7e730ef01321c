// The vocabulary of time: what is known of the real one, and certificates that are not valid by it. Types only.

/** From when to when a server's certificates are valid, milliseconds since 1970. */
export interface Validity {
  readonly fromWallMs: number;
  readonly untilWallMs: number;
}

/** A certificate that was not valid when it was seen, as far as the time was known then. */
export interface Undated {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly detail: string;
  readonly validity: Validity;
}

/** What is known of the real time. */
export interface TimeState {
  /** What Cloudflare told in its newest answer (milliseconds since 1970), when that came, and when it was asked for. */
  readonly told: { readonly wallMs: number; readonly atMs: number; readonly askedMs: number } | undefined;
  /** An answer is wanted that was asked for at or after this time. */
  readonly sought: { readonly youngerThanMs: number } | undefined;
  /** Cloudflare's own certificate is not valid by the machine's clock: the time is unknown as long as that is so. */
  readonly isContradicted: boolean;
  /** The machine's wall clock is wrong: by so much ahead, or behind where negative. */
  readonly wrong: { readonly aheadMs: number; readonly sinceMs: number } | undefined;
}
