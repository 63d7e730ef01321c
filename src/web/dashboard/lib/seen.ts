// What is shown of an endpoint's health. While the daemon's machine is offline, nothing is known of those that it
// checks.
import type { EndpointStatus } from "../../api/schema/status.ts";

type SeenVerdict = Pick<EndpointStatus, "verdict" | "isUnseen">;

export function shownVerdict({ verdict, isUnseen }: SeenVerdict): EndpointStatus["verdict"] {
  return isUnseen ? "unknown" : verdict;
}

export function shownReason({ verdict, isUnseen, reason }: SeenVerdict & Pick<EndpointStatus, "reason">): string {
  if (!isUnseen) return reason;
  return verdict === "unknown" ? "the monitor is offline" : `the monitor is offline; last known to be ${verdict}`;
}

/** Whether the daemon's machine is offline, as far as this ingress can tell. */
export function isMonitorOffline(endpoints: readonly EndpointStatus[]): boolean {
  const checked = endpoints.filter(({ check }) => check !== undefined);
  return checked.length > 0 && checked.every(({ isUnseen }) => isUnseen);
}
