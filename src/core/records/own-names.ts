// Names that we write ourselves: a target that leads back to one of them would make the record lead to itself.
import type { EndpointState, IngressSettings, IngressState, Resolution, Target } from "../model.ts";

/** Every name that we write, of all ingresses and their mixes: a circle may go over several. */
export function ownNames({
  ingresses,
}: {
  readonly ingresses: readonly Pick<IngressState, "settings">[];
}): ReadonlySet<string> {
  return new Set(ingresses.flatMap(({ settings }) => namesOf(settings)));
}

/**
 * The names that a target of this ingress must not lead to. A target may be the record of another ingress, which leads
 * to our names by design, its mix among them: then only a way back to this very ingress is one too many.
 */
export function forbiddenNames(
  own: ReadonlySet<string>,
  settings: Pick<IngressSettings, "record" | "mix">,
  target: Target,
): ReadonlySet<string> {
  return target.kind === "host" && own.has(target.host) ? new Set(namesOf(settings)) : own;
}

function namesOf({ record, mix }: Pick<IngressSettings, "record" | "mix">): readonly string[] {
  return [record, ...(mix === undefined ? [] : [mix.record])];
}

/**
 * What an answer is worth for us: the addresses of a target that leads back to one of our names are those of the
 * active endpoints, so it has none of its own. `own` are the `forbiddenNames`.
 */
export function withoutOwnNames(
  answer: Resolution,
  { settings: { target }, tracedPath = [] }: Pick<EndpointState, "settings" | "tracedPath">,
  own: ReadonlySet<string>,
): Resolution {
  if (answer.kind === "none" || target.kind !== "host") return answer;
  // Where the record leads to the target, and so to itself, resolvers give up: an answer that says nothing.
  const via = answer.kind === "addresses" ? (answer.via ?? []) : [];
  const back = [tracedPath, via].find((path) => path.some((name) => own.has(name)));
  if (back === undefined) return answer;
  const name = back.find((step) => own.has(step)) ?? "";
  const wildcard = back.find((step) => step.startsWith("*."));
  const how = wildcard === undefined ? "" : `, by the wildcard record ${wildcard}`;
  const detail = `${target.host} leads back to ${name}, which ccs manages${how}`;
  return { kind: "none", reason: "no-data", detail };
}
