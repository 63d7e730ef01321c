// Turns observations into health: first of one address, then of the endpoint behind its addresses. Knows nothing of
// DNS.
import type { AddressState, EndpointHealth, EndpointState, Family, Health, Verdict } from "../model.ts";
import { families, familyNames } from "../words.ts";

/** How many results in a row it takes to change one's mind. */
export interface Thresholds {
  readonly rise: number;
  readonly fall: number;
}

/** After a failure, an address that serves has to answer at least this often in a row before it counts as up again. */
export const leastOksAfterSuspicion = 5;

/** Health before anything was seen, or with a verdict given beforehand. All counters are zero. */
export function freshHealth(nowMs: number, verdict: Verdict = "unknown", reason = "not probed yet"): Health {
  return { verdict, sinceMs: nowMs, reason, oksInRow: 0, failuresInRow: 0, failuresSinceUp: 0 };
}

/** Whether an endpoint or address of this verdict continues serving. Only `up` may start to. */
export function isServing(verdict: Verdict): boolean {
  return verdict === "up" || verdict === "suspect";
}

/** Whether an endpoint or address of this verdict counts as down, and is not up again yet. */
export function isOut(verdict: Verdict): boolean {
  return verdict === "down" || verdict === "recovering";
}

/** The health after one more ok. */
export function afterOk(health: Health, { rise }: Thresholds, nowMs: number): Health {
  const oksInRow = health.oksInRow + 1;
  const counted: Health = { ...health, oksInRow, failuresInRow: 0 };
  switch (health.verdict) {
    case "up":
      return health;
    case "unknown":
      return oksInRow >= rise ? freshHealth(nowMs, "up", "answers") : counted;
    case "suspect":
      return oksInRow >= Math.max(leastOksAfterSuspicion, rise) ? freshHealth(nowMs, "up", "answers again") : counted;
    case "down":
    case "recovering":
      if (oksInRow >= rise) return freshHealth(nowMs, "up", "answers again");
      return {
        ...counted,
        verdict: "recovering",
        sinceMs: health.verdict === "down" ? nowMs : health.sinceMs,
        reason: `answers again (${oksInRow} of ${rise})`,
      };
    default:
      return health.verdict satisfies never;
  }
}

/** The health after one more failure; `what` is its reason in plain words. */
export function afterFailure(health: Health, what: string, { fall }: Thresholds, nowMs: number): Health {
  const failuresInRow = health.failuresInRow + 1;
  const failuresSinceUp = health.failuresSinceUp + 1;
  const reason = failuresInRow > 1 ? `${what} (${failuresInRow} in a row)` : what;
  const counted: Health = { ...health, reason, oksInRow: 0, failuresInRow, failuresSinceUp };
  switch (health.verdict) {
    case "unknown":
      return failuresInRow >= fall ? freshHealth(nowMs, "down", reason) : counted;
    case "up":
    case "suspect":
      if (failuresInRow >= fall) return freshHealth(nowMs, "down", reason);
      if (failuresSinceUp >= 2 * fall) {
        return freshHealth(nowMs, "down", `${what} (${failuresSinceUp} failures since it was last up)`);
      }
      return { ...counted, verdict: "suspect", sinceMs: health.verdict === "up" ? nowMs : health.sinceMs };
    case "recovering":
      return freshHealth(nowMs, "down", what);
    case "down":
      return { ...health, reason: what };
    default:
      return health.verdict satisfies never;
  }
}

/** What its addresses make of an endpoint: the same object while nothing changes. */
export function endpointHealth(endpoint: EndpointState, nowMs: number): EndpointHealth {
  const believed = endpoint.settings.check === undefined ? withoutCheck(endpoint) : fromAddresses(endpoint);
  const { health } = endpoint;
  const isSame = believed.verdict === health.verdict && believed.isDegraded === health.isDegraded;
  if (isSame && believed.reason === health.reason) return health;
  const { verdict, isDegraded, reason } = believed;
  return { verdict, isDegraded, reason, sinceMs: isSame ? health.sinceMs : nowMs };
}

type Belief = Omit<EndpointHealth, "sinceMs">;

function withoutCheck({ settings, resolution }: EndpointState): Belief {
  if (settings.target.kind === "addresses" || resolution?.kind === "addresses") {
    return { verdict: "up", isDegraded: false, reason: "not checked, assumed up" };
  }
  if (resolution === undefined) return { verdict: "unknown", isDegraded: false, reason: "not looked up yet" };
  // A name that surely has no address cannot serve; a look-up that failed proves nothing.
  if (resolution.kind === "none") return { verdict: "down", isDegraded: false, reason: resolution.detail };
  return { verdict: "up", isDegraded: false, reason: "not checked, assumed up" };
}

function fromAddresses(endpoint: EndpointState): Belief {
  if (endpoint.addresses.length === 0) return fromNoAddress(endpoint);
  const deciding = families
    .map((family) => bestOfFamily(endpoint.addresses, family))
    .filter((best) => best !== undefined);
  // Only newcomers and addresses that cannot be checked: they say nothing, so what was believed stays.
  if (deciding.length === 0) return endpoint.health;
  const unknown = deciding.find(({ health }) => health.verdict === "unknown");
  if (unknown !== undefined) return { verdict: "unknown", isDegraded: false, reason: unknown.health.reason };
  const serving = deciding.filter(({ health }) => isServing(health.verdict));
  const out = deciding.filter(({ health }) => isOut(health.verdict));
  const isDegraded = serving.length > 0 && out.length > 0;
  const teller =
    serving.find(({ health }) => health.verdict === "suspect") ??
    serving[0] ??
    out.find(({ health }) => health.verdict === "recovering") ??
    out[0];
  if (teller === undefined) return endpoint.health;
  const lost = isDegraded ? out[0] : undefined;
  return {
    verdict: teller.health.verdict,
    isDegraded,
    reason: lost === undefined ? teller.health.reason : `${familyNames[lost.family]} is down: ${lost.health.reason}`,
  };
}

/** Without any address: the confirmed answers "there is none" decide; without those, what was believed stays. */
function fromNoAddress({ health, withoutAddress }: EndpointState): Belief {
  if (withoutAddress.verdict === "unknown") return health;
  return { verdict: withoutAddress.verdict, isDegraded: false, reason: withoutAddress.reason };
}

/** From the best to the worst. One address of a family that answers is enough. */
const verdictOrder: readonly Verdict[] = ["up", "suspect", "unknown", "recovering", "down"];

/** The address that decides about its family; `undefined` when the family has nothing to say. */
function bestOfFamily(addresses: readonly AddressState[], family: Family): AddressState | undefined {
  const isCurrent = (address: AddressState): boolean => address.family === family && address.vanishesAtMs === undefined;
  // Until the newcomers are tried, the addresses that they replace speak for them.
  const areAllSpeaking = addresses.some((address) => isCurrent(address) && isUntried(address));
  let best: AddressState | undefined;
  for (const address of addresses) {
    if (address.family !== family || isUntried(address) || (!areAllSpeaking && !isCurrent(address))) continue;
    if (address.isUncheckable && address.health.verdict === "unknown") continue;
    if (best === undefined || rankOf(address) < rankOf(best)) best = address;
  }
  return best;
}

function rankOf({ health: { verdict } }: AddressState): number {
  return verdictOrder.indexOf(verdict);
}

function isUntried({ isNewcomer, health }: AddressState): boolean {
  return isNewcomer && health.verdict === "unknown";
}
