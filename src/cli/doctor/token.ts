// The doctor's look at the token: is it alive, until when, and may it be used from here.
import { addressRemedy } from "../../cloud/classify.ts";
import type { ZoneInspector, Inspection, TokenStatus } from "../../cloud/inspect.ts";
import { formatDuration } from "../../core/units.ts";
import { plain } from "../../lib/text.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";

const soonMs = 14 * 86_400_000;

/** The address that the token may not be used from, if an answer names one. */
export function addressIn(looks: readonly (Inspection<unknown> | undefined)[]): string | undefined {
  return looks
    .map((look) => (look?.kind === "refused" ? look.address : undefined))
    .find((address) => address !== undefined);
}

const remedy = "create a new one at dash.cloudflare.com/profile/api-tokens: Zone → DNS → Edit, and Zone → Zone → Read";

/** What the other answers have to say about the token. */
export interface TokenUse {
  /** Something that only a token that works may do was done. */
  readonly isAllowed: boolean;
  /** It may not be used from this address. */
  readonly address: string | undefined;
}

/** The answer about a token of either kind. What refuses to be verified may still be good, so the zones have a say. */
export async function inspectToken(
  inspector: ZoneInspector,
  asUser: Inspection<TokenStatus>,
  accountId: string | undefined,
  wallMs: number,
): Promise<(use: TokenUse) => Finding> {
  const asAccount =
    asUser.kind === "answered" || accountId === undefined ? undefined : await inspector.verifyToken(accountId);
  const detail = asUser.kind === "refused" ? asUser.detail : "no answer";
  return ({ isAllowed, address }) => {
    if (address !== undefined) return wrong("token", `it may not be used from ${address}`, addressRemedy);
    if (asUser.kind === "answered") return inspectStatus("a user's token", asUser.result, wallMs);
    if (asAccount?.kind === "answered") return inspectStatus("an account's token", asAccount.result, wallMs);
    return isAllowed
      ? unknown("token", "it works, but its expiry is unknown: probably an account's token")
      : wrong("token", `Cloudflare does not know it: ${detail}`, remedy);
  };
}

function inspectStatus(kind: string, { status, expires_on }: TokenStatus, wallMs: number): Finding {
  if (status !== "active") return wrong("token", `${kind}, ${plain(status, 20)}`, remedy);
  const leftMs = Date.parse(expires_on ?? "") - wallMs;
  if (!Number.isFinite(leftMs)) return ok("token", `${kind}, active, never expires`);
  const text = `${kind}, active, expires in ${formatDuration(leftMs)}`;
  return leftMs < soonMs
    ? warning("token", text, "renew it before that: without it no failover is possible")
    : ok("token", text);
}
