// What `systemctl status ccs` shows of the daemon in one line: the active endpoints, and what is wrong. Says nothing
// that is outdated a second later, such as a countdown: it is sent only when it changes.
import { isInSync } from "../core/records/mix.ts";
import type { IngressState, State } from "../core/model.ts";
import { families, familyNames } from "../core/words.ts";
import { plain } from "../lib/text.ts";

/** At most so many ingresses are named. */
const mostNamed = 3;
const mostLength = 400;

/** Those in trouble are named first. */
export function statusText(state: State): string {
  const { ingresses, connection, rejectedConfig } = state;
  const named = [...ingresses.filter(isInTrouble), ...ingresses.filter((each) => !isInTrouble(each))];
  const others = named.length - mostNamed;
  const offline = families.filter((family) => connection[family].blindSinceMs !== undefined);
  const parts = [
    ...named.slice(0, mostNamed).map((ingress) => `${ingress.settings.record}: ${ingressText(ingress)}`),
    ...(others > 0 ? [`and ${others} more`] : []),
    ...(ingresses.length === 0 ? ["no ingress is configured"] : []),
    ...(offline.length === 0
      ? []
      : [`this machine appears to be offline (${offline.map((family) => familyNames[family]).join(", ")})`]),
    ...(rejectedConfig === undefined ? [] : ["the new configuration was rejected, the previous one is in force"]),
  ];
  return plain(parts.join("; "), mostLength);
}

function ingressText(ingress: IngressState): string {
  const { selection, standoff, cloudProblem } = ingress;
  if (selection === undefined) {
    if (ingress.outage?.isKnown === true) return "all endpoints are down";
    return cloudProblem === undefined ? "waiting for the first results" : "its records are unknown, Cloudflare fails";
  }
  const { primary, sticky } = selection;
  if (ingress.outage?.isKnown === true) return `all endpoints are down, the record stays at ${primary}`;
  if (standoff !== undefined) return "another program keeps overwriting the record";
  if (!isInSync(ingress)) {
    return `${primary} was selected, and is not in the record yet${cloudProblem === undefined ? "" : ": Cloudflare fails"}`;
  }
  const others = sticky.map(({ endpoint }) => endpoint);
  return `${primary} is active${others.length === 0 ? "" : `, ${others.join(" and ")} also published`}`;
}

function isInTrouble(ingress: IngressState): boolean {
  const { outage, standoff, cloudProblem } = ingress;
  return outage?.isKnown === true || standoff !== undefined || cloudProblem !== undefined;
}
