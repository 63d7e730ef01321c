// What a refusal by Cloudflare means for us. The HTTP status decides first, then the codes in the answer.
import type { CloudErrorKind } from "./provider.ts";

/** One entry of `errors[]`, or of an `error_chain` inside it. */
export interface ApiProblem {
  readonly code: number;
  readonly message: string;
}

export interface Classification {
  readonly kind: CloudErrorKind;
  /** Whether a write was certainly refused. Otherwise it may have happened. */
  readonly isDefinite: boolean;
}

/** The records at the name are not what we thought: gone (81044), in conflict (81053–81056), or there already. */
const staleCodes = new Set([81044, 81053, 81054, 81055, 81056, 81057, 81058]);

/**
 * The token or the zone is wrong. Besides the plain ones: 1000 and 10000 to 10001 (token), 1001 (zone), 6003 with 6103
 * or 6111 (malformed credentials), 7000 and 7003 (no such zone id), 9103, 9106, 9107 and 9109 (credentials).
 */
const authCodes = new Set([1000, 1001, 6003, 6103, 6111, 7000, 7003, 9103, 9106, 9107, 9109, 10000, 10001]);

/** Zones under some free top-level domains may not be changed by API at all, whatever the token. */
const unsupportedZoneCode = 1038;

/** Classifies an answer that is not a success. `problems` is `undefined` when the body was not Cloudflare's JSON. */
export function classify(status: number, problems: readonly ApiProblem[] | undefined): Classification {
  const has = (codes: ReadonlySet<number>): boolean => problems?.some(({ code }) => codes.has(code)) ?? false;
  if (status === 429) return { kind: "rate-limited", isDefinite: true };
  if (status === 401) return { kind: "auth", isDefinite: true };
  if (status === 403) return { kind: has(new Set([unsupportedZoneCode])) ? "invalid" : "auth", isDefinite: true };
  // 408, 409 and 425 say that the request met a bad moment, not that it is wrong.
  if (status < 400 || status >= 500 || status === 408 || status === 409 || status === 425) return unclear;
  // Not from Cloudflare's API: a proxy, a captive portal, a wrong base URL.
  if (problems === undefined || problems.length === 0) return unclear;
  if (has(staleCodes)) return { kind: "stale", isDefinite: true };
  if (status === 404 || has(authCodes) || problems.some(lacksPermission)) return { kind: "auth", isDefinite: true };
  return { kind: "invalid", isDefinite: true };
}

const unclear: Classification = { kind: "transient", isDefinite: false };

/** Code 0 has been seen with "Actor '…' requires permission '…' to list zones". */
function lacksPermission({ code, message }: ApiProblem): boolean {
  return code === 0 && /requires permission/i.test(message);
}

/** The address that a token may not be used from, as Cloudflare names it, where that is why it was refused. */
export function refusedAddress(problems: readonly ApiProblem[]): string | undefined {
  return problems
    .map(({ code, message }) => (code === 9109 ? /from location:?\s+([\da-f.:]+)/i.exec(message)?.[1] : undefined))
    .find((address) => address !== undefined);
}

/** What to do then: an address of either family may be the one that is used. */
export const addressRemedy =
  "allow this machine's addresses, IPv4 and IPv6, in the token's Client IP Address Filtering " +
  "(dash.cloudflare.com/profile/api-tokens → Edit), or remove the filter";

/** The problems of an error answer, chains included, or `undefined` when it is not Cloudflare's JSON. */
export function problemsIn(body: unknown): readonly ApiProblem[] | undefined {
  if (typeof body !== "object" || body === null || !("errors" in body)) return undefined;
  return Array.isArray(body.errors) ? body.errors.flatMap((entry) => flatten(entry, 0)) : undefined;
}

/** How deep chains are followed; two levels have been seen. */
const deepestChain = 4;

function flatten(entry: unknown, depth: number): ApiProblem[] {
  if (typeof entry !== "object" || entry === null || depth > deepestChain) return [];
  const fields = entry as { code?: unknown; message?: unknown; error_chain?: unknown };
  const chain = Array.isArray(fields.error_chain) ? fields.error_chain.flatMap((link) => flatten(link, depth + 1)) : [];
  if (typeof fields.code !== "number") return chain;
  return [{ code: fields.code, message: typeof fields.message === "string" ? fields.message : "" }, ...chain];
}
