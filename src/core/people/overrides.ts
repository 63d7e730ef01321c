// Manual overrides of endpoints: which are pinned, which are drained, and until when.
import type { IngressState, Override } from "../model.ts";

/**
 * The ingress after a new word. It replaces what was said of the endpoint; a pin replaces any other pin, a drill any
 * other drill.
 */
export function withOverride(ingress: IngressState, override: Override): IngressState {
  const isKnown = ingress.endpoints.some(({ settings }) => settings.name === override.endpoint);
  if (!isKnown) return ingress;
  const others = ingress.overrides.filter(
    ({ kind, endpoint }) => endpoint !== override.endpoint && !(kind !== "drain" && kind === override.kind),
  );
  return { ...ingress, overrides: [...others, override] };
}

/** The ingress without its overrides, or without those of one endpoint. */
export function withoutOverrides(ingress: IngressState, endpoint: string | undefined): IngressState {
  const overrides = ingress.overrides.filter((override) => endpoint !== undefined && override.endpoint !== endpoint);
  return { ...ingress, overrides };
}

/** The ingress without the overrides whose time is over, or whose endpoint is no longer configured. */
export function withoutEndedOverrides(ingress: IngressState, nowMs: number): IngressState {
  if (ingress.overrides.length === 0) return ingress;
  const overrides = ingress.overrides.filter(
    ({ endpoint, untilMs }) => untilMs > nowMs && ingress.endpoints.some(({ settings }) => settings.name === endpoint),
  );
  return overrides.length === ingress.overrides.length ? ingress : { ...ingress, overrides };
}
