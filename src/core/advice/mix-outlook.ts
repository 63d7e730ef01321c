// What there is to say of the mix of an ingress: whether there is one, what it is good for at the moment, and why not.
import { desiredMix, isOutsideZone, mixDeadlines, mixPointedTo, returnDeadlineMs } from "../records/mix.ts";
import type { FactOf, IngressState } from "../model.ts";
import { isPointedToMix, isProxied, publishesCname } from "../records/records.ts";

/** Why there can be no mix for now. */
export type NoMix = Pick<FactOf<"mix-blocked">, "reason" | "why">;

/** The mix of a CNAME ingress at this moment. Times are monotonic milliseconds. */
export type MixStage =
  /** There is never one. */
  | { readonly kind: "none"; readonly why: string }
  /** There is none for now; `untilMs`: it ends by itself. */
  | {
      readonly kind: "blocked";
      readonly reason: NoMix["reason"];
      readonly why: string;
      readonly untilMs: number | undefined;
    }
  /** Its name was not read yet. */
  | { readonly kind: "unread" }
  /** The ingress points to it. */
  | { readonly kind: "pointed-to" }
  /** A return is due, and waits until it is shown everywhere. At `untilMs` it is made without a mix. */
  | { readonly kind: "waiting"; readonly sinceMs: number; readonly untilMs: number | undefined }
  /** Its records are written, or about to be, for a return that is foreseen. */
  | { readonly kind: "prepared" }
  /** Nothing points to its records any more. They are kept for the next return, and removed at `untilMs`. */
  | { readonly kind: "kept"; readonly untilMs: number | undefined }
  /** Nothing is there, and nothing is needed. */
  | { readonly kind: "idle" };

/** Why there can be no mix at its name for now; `undefined` while there can, or where there is never one. */
export function whyNoMix({ mix, isMixRefused }: IngressState): NoMix | undefined {
  if (mix === undefined) return undefined;
  const { record, foreign, pausedUntilMs, cloudProblem } = mix;
  if (foreign !== undefined)
    return { reason: "foreign", why: `${record} has a record that ccs did not create: ${foreign}` };
  if (isOutsideZone(mix)) return { reason: "outside", why: cloudProblem?.message ?? `${record} is outside the zone` };
  if (pausedUntilMs !== undefined) return { reason: "paused", why: `another program keeps overwriting ${record}` };
  if (!isMixRefused) return undefined;
  const said = cloudProblem?.kind === "invalid" ? `: ${cloudProblem.message}` : "";
  return { reason: "refused", why: `Cloudflare refuses the records of the mix at ${record}${said}` };
}

/**
 * What the mix is good for now; `undefined` where none is asked for: no endpoint is sticky, or the record holds
 * addresses.
 */
export function mixStage(ingress: IngressState): MixStage | undefined {
  const { settings, mix, returnDueMs } = ingress;
  const isAsked = settings.endpoints.some(({ stickyMs }) => stickyMs !== undefined);
  if (!isAsked || !publishesCname(ingress)) return undefined;
  if (isProxied(ingress)) return { kind: "none", why: "a proxied CNAME has no mix" };
  if (mix === undefined) return { kind: "none", why: settings.whyNoMixName ?? "there is no name for a mix" };
  const blocked = whyNoMix(ingress);
  if (blocked !== undefined) {
    return { kind: "blocked", ...blocked, untilMs: blocked.reason === "paused" ? mix.pausedUntilMs : undefined };
  }
  if (mixPointedTo(ingress) === mix) return { kind: "pointed-to" };
  if (mix.published === undefined) return { kind: "unread" };
  if (returnDueMs !== undefined) {
    return { kind: "waiting", sinceMs: returnDueMs, untilMs: returnDeadlineMs(ingress) };
  }
  const wanted = desiredMix(ingress, mix);
  if (isPointedToMix(ingress) || (wanted !== undefined && wanted !== "none")) return { kind: "prepared" };
  if (mix.published.records.length === 0) return { kind: "idle" };
  return { kind: "kept", untilMs: mixDeadlines(ingress, mix).expiry };
}
