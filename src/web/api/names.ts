// Finds what a request names, or says which names there are.
import type { EndpointState, IngressState, State } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import type { ProblemDocument } from "./schema/parts.ts";

/** A request that is not served, and why. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: 400 | 404 | 409;
  readonly problem: ProblemDocument;

  constructor(status: 400 | 404 | 409, problem: ProblemDocument) {
    super(problem.error);
    this.status = status;
    this.problem = problem;
  }
}

/** The ingress of this record, or the only one. Throws a Refusal when there is none. */
export function requestedIngress({ ingresses }: State, record: string | undefined): IngressState {
  const known = ingresses.map(({ settings }) => settings.record);
  if (record === undefined) {
    const [only] = ingresses;
    if (only !== undefined && ingresses.length === 1) return only;
    const error = ingresses.length === 0 ? "no ingress is configured yet" : "ingress: missing, but there are several";
    throw new Refusal(400, { error, hint: "Name one, by its record.", known });
  }
  const wanted = record.toLowerCase().replace(/\.$/, "");
  const found = ingresses.find(({ settings }) => settings.record === wanted);
  if (found !== undefined) return found;
  throw new Refusal(404, {
    error: `there is no ingress ${plain(record, 100)}`,
    hint: "Use one of the known names.",
    known,
  });
}

/** The endpoint of this name. Throws a Refusal when there is none. */
export function requestedEndpoint({ settings, endpoints }: IngressState, name: string): EndpointState {
  const found = endpoints.find((endpoint) => endpoint.settings.name === name);
  if (found !== undefined) return found;
  throw new Refusal(404, {
    error: `${settings.record} has no endpoint ${plain(name, 100)}`,
    hint: "Use one of the known names.",
    known: endpoints.map((endpoint) => plain(endpoint.settings.name)),
  });
}
