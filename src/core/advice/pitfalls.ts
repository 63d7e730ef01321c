// What in a configuration is allowed and yet hardly meant: found by looking at it, without asking anybody. Each pitfall
// says what it is about and the numbers behind it; the words are the command line's.
import type { EndpointSettings, Family, IngressSettings } from "../model.ts";
import { publishesCname, ttlSecondsOf } from "../records/records.ts";
import { noticeMs } from "../evidence/rhythm.ts";
import { byRank } from "../members.ts";
import { families } from "../words.ts";
import type { Foresee } from "./task-outlook.ts";

export type Pitfall =
  /** No other endpoint can take over. */
  | { readonly kind: "alone"; readonly endpoint: string }
  /** Assumed up whatever happens: nothing after it in rank ever serves, and nothing notices when it breaks. */
  | { readonly kind: "unchecked"; readonly endpoint: string; readonly isFirst: boolean }
  /** Its priority number would put it before others, but it has no check and they have. */
  | { readonly kind: "rank"; readonly endpoint: string; readonly after: string }
  /** Most resolvers go from the old record to the new one without ever asking for the mix. */
  | {
      readonly kind: "sticky-below-ttl";
      readonly endpoint: string;
      readonly stickyMs: number;
      readonly ttlSeconds: number;
    }
  /** No endpoint has higher priority, so the ingress never leaves it for a better one. */
  | { readonly kind: "sticky-on-best"; readonly endpoint: string }
  /**
   * The sticky time has no effect: a proxied CNAME has no mix, nor has one without a second name. `why`: there is none.
   */
  | {
      readonly kind: "no-mix";
      readonly endpoints: readonly string[];
      readonly reason: "proxied" | "no-name";
      readonly why?: string;
    }
  /** Caches hold on to the old record for longer than the daemon needs to replace it. */
  | { readonly kind: "long-ttl"; readonly endpoint: string; readonly ttlSeconds: number; readonly detectionMs: number }
  /** Cloudflare chooses the TTL of proxied records. */
  | { readonly kind: "proxied-ttl"; readonly endpoints: readonly string[] }
  /** Clients of one family lose the service while the other one serves. */
  | { readonly kind: "families"; readonly from: string; readonly to: string; readonly lost: Family }
  | { readonly kind: "private"; readonly endpoint: string; readonly addresses: readonly string[] }
  /** Clients outside would be sent to private addresses if a name had any. */
  | { readonly kind: "private-names" }
  /** One lost packet is an outage. */
  | { readonly kind: "fall-of-one"; readonly endpoint: string }
  /** Nothing dampens a line that comes and goes. */
  | { readonly kind: "no-hold-up" }
  /** No text is looked for in the answer, so that others than the service may pass: a router's login page, for one. */
  | { readonly kind: "no-marker"; readonly endpoint: string }
  /** They break together. */
  | { readonly kind: "same-target"; readonly endpoints: readonly string[]; readonly target: string };

/** In the order in which they matter. */
export function pitfallsOf(ingress: IngressSettings, foresee: Foresee): readonly Pitfall[] {
  const endpoints = ingress.endpoints.toSorted(byRank);
  const [first, ...others] = endpoints;
  if (first === undefined) return [];
  return [
    ...(others.length === 0 ? [{ kind: "alone", endpoint: first.name } as const] : []),
    ...endpoints.flatMap((endpoint) => unchecked(endpoint, endpoints)),
    ...sameTargets(endpoints),
    ...familyGaps(endpoints),
    ...privacy(ingress),
    ...(first.stickyMs === undefined ? [] : [{ kind: "sticky-on-best", endpoint: first.name } as const]),
    ...others.flatMap((endpoint) => tooShortSticky(endpoint, endpoints)),
    ...(ingress.proxied === true ? proxiedTtls(endpoints) : endpoints.flatMap(longTtl)),
    ...withoutMix(ingress, others),
    ...(ingress.holdUpMs === 0 && others.length > 0 ? [{ kind: "no-hold-up" } as const] : []),
    ...endpoints.flatMap((endpoint) => looseCheck(endpoint, foresee)),
  ];
}

function unchecked({ name, check, priority }: EndpointSettings, endpoints: readonly EndpointSettings[]): Pitfall[] {
  if (check !== undefined) return [];
  const overtaken = endpoints.find((other) => other.check !== undefined && other.priority > priority);
  const isFirst = endpoints[0]?.name === name;
  return [
    { kind: "unchecked", endpoint: name, isFirst },
    ...(overtaken === undefined ? [] : [{ kind: "rank", endpoint: name, after: overtaken.name } as const]),
  ];
}

function sameTargets(endpoints: readonly EndpointSettings[]): Pitfall[] {
  const namesByTarget = new Map<string, string[]>();
  for (const { name, target } of endpoints) {
    const texts = target.kind === "host" ? [target.host] : target.addresses.map(({ text }) => text);
    for (const text of texts) namesByTarget.set(text, [...(namesByTarget.get(text) ?? []), name]);
  }
  return [...namesByTarget].flatMap(([target, names]): Pitfall[] =>
    names.length > 1 ? [{ kind: "same-target", endpoints: names, target }] : [],
  );
}

/** By literal addresses only: what a host name has is not known here. */
function familyGaps(endpoints: readonly EndpointSettings[]): Pitfall[] {
  return endpoints.slice(1).flatMap((to, index) => {
    const from = endpoints[index];
    const [before, after] = [from && familiesOf(from), familiesOf(to)];
    if (from === undefined || before === undefined || after === undefined) return [];
    return families.flatMap((lost): Pitfall[] =>
      before.has(lost) && !after.has(lost) ? [{ kind: "families", from: from.name, to: to.name, lost }] : [],
    );
  });
}

function familiesOf({ target }: EndpointSettings): ReadonlySet<Family> | undefined {
  return target.kind === "host" ? undefined : new Set(target.addresses.map(({ family }) => family));
}

function privacy({ allowPrivate, endpoints }: IngressSettings): Pitfall[] {
  const literal = endpoints.flatMap(({ name, target }): Pitfall[] => {
    if (target.kind === "host") return [];
    const addresses = target.addresses.flatMap(({ text, scope }) => (scope === "private" ? [text] : []));
    return addresses.length === 0 ? [] : [{ kind: "private", endpoint: name, addresses }];
  });
  const hasNames = endpoints.some(({ target }) => target.kind === "host");
  return [...literal, ...(allowPrivate && hasNames ? [{ kind: "private-names" } as const] : [])];
}

/** The mix carries the lowest TTL of its members. The other one may be any of higher priority. */
function tooShortSticky(endpoint: EndpointSettings, endpoints: readonly EndpointSettings[]): Pitfall[] {
  const { name, stickyMs } = endpoint;
  if (stickyMs === undefined) return [];
  // While it served alone, resolvers took its record for its own TTL.
  const ttlSeconds = ttlSecondsOf(endpoint);
  if (stickyMs >= ttlSeconds * 1_000 || endpoints.length < 2) return [];
  return [{ kind: "sticky-below-ttl", endpoint: name, stickyMs, ttlSeconds }];
}

function longTtl(endpoint: EndpointSettings): Pitfall[] {
  const { name, check } = endpoint;
  if (check === undefined) return [];
  const detectionMs = noticeMs(check);
  const ttlSeconds = ttlSecondsOf(endpoint);
  // The shortest that there is cannot be made any shorter.
  if (ttlSeconds <= 60 || ttlSeconds * 1_000 < 3 * detectionMs) return [];
  return [{ kind: "long-ttl", endpoint: name, ttlSeconds, detectionMs }];
}

function proxiedTtls(endpoints: readonly EndpointSettings[]): Pitfall[] {
  const named = endpoints.flatMap(({ name, ttl }) => (ttl !== "auto" && ttl !== 60 ? [name] : []));
  return named.length === 0 ? [] : [{ kind: "proxied-ttl", endpoints: named }];
}

function withoutMix(settings: IngressSettings, others: readonly EndpointSettings[]): Pitfall[] {
  const reason = settings.proxied === true ? "proxied" : "no-name";
  if (!publishesCname({ settings }) || (reason === "no-name" && settings.mix !== undefined)) return [];
  const sticky = others.flatMap(({ name, stickyMs }) => (stickyMs === undefined ? [] : [name]));
  const why = reason === "no-name" && settings.whyNoMixName !== undefined ? { why: settings.whyNoMixName } : {};
  return sticky.length === 0 ? [] : [{ kind: "no-mix", endpoints: sticky, reason, ...why }];
}

function looseCheck({ name, check }: EndpointSettings, foresee: Foresee): Pitfall[] {
  if (check === undefined) return [];
  return [
    ...(check.fall === 1 ? [{ kind: "fall-of-one", endpoint: name } as const] : []),
    ...(foresee(check.what).looseness !== undefined ? [{ kind: "no-marker", endpoint: name } as const] : []),
  ];
}
