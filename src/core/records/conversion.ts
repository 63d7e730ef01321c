// A change of an ingress from a CNAME to addresses or back, which the configuration asks for: it happens once.
import type { Form, IngressSettings, RecordContent } from "../model.ts";

export interface Conversion {
  readonly from: Form;
  readonly to: Form;
  /** What asks for it, in plain words: `publish: addresses asks for it`. */
  readonly why: string;
}

/**
 * The conversion between two lots of records at the ingress' own name; `undefined` when their types are the same, or
 * mixed.
 */
export function conversionBetween(
  { publish, endpoints }: Pick<IngressSettings, "publish" | "endpoints">,
  before: readonly RecordContent[],
  after: readonly RecordContent[],
): Conversion | undefined {
  const [from, to] = [formOf(before), formOf(after)];
  if (from === undefined || to === undefined || from === to) return undefined;
  const literal = endpoints.find(({ target }) => target.kind === "addresses");
  const why =
    publish === to
      ? `publish: ${publish} asks for it`
      : to === "addresses" && literal !== undefined
        ? `the target of ${literal.name} is an address`
        : "that is what the record was before";
  return { from, to, why };
}

function formOf(records: readonly RecordContent[]): Form | undefined {
  const isCname = records.map(({ type }) => type === "CNAME");
  if (isCname.length === 0 || new Set(isCname).size > 1) return undefined;
  return isCname[0] === true ? "cname" : "addresses";
}

/** `from a CNAME to addresses`. */
export function conversionText({ from, to }: Conversion): string {
  return `from ${formNames[from]} to ${formNames[to]}`;
}

const formNames = { cname: "a CNAME", addresses: "addresses" } as const;
