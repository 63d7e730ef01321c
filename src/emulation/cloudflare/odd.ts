// Answers of the emulated API that are right in what they mean and odd in how they say it, or that say nothing one
// could use.
import type { ApiAnswer } from "./delivery.ts";

/** The first ones can be seen through; from `nothing` on there is nothing to believe. */
export type Oddity =
  /** Every record twice. */
  | "twice"
  /** The same page again and again. */
  | "repeated"
  /** Entries that are none, records of other names, and unknown types beside the right ones. */
  | "company"
  /** Fields that nothing depends on are missing, or of another type. */
  | "fields"
  /** Totals and page numbers that the list does not bear out. */
  | "totals"
  /** `success: true` without a result. */
  | "nothing"
  /** Records without a content. */
  | "hollow"
  /** Not a list at all. */
  | "shapeless";

/** The answer with this oddity, where it is one of a success. */
export function withOddity(answer: ApiAnswer, oddity: Oddity): ApiAnswer {
  const { body } = answer;
  if (body["success"] !== true) return answer;
  switch (oddity) {
    case "nothing":
      return { ...answer, body: { ...body, result: null } };
    case "shapeless":
      return { ...answer, body: { ...body, result: "ok" } };
    case "totals": {
      const info = { page: -1, per_page: "many", count: null, total_count: 1_000_000_000, total_pages: {} };
      return { ...answer, body: { ...body, result_info: info } };
    }
    default:
      return { ...answer, body: { ...body, result: inLists(body["result"], listMakers[oddity]) } };
  }
}

type ListMaker = (entries: readonly object[]) => readonly unknown[];

const listMakers: Readonly<Record<Exclude<Oddity, "nothing" | "shapeless" | "totals">, ListMaker>> = {
  twice: (entries) => entries.flatMap((entry) => [entry, entry]),
  repeated: (entries) => Array.from({ length: 200 }, () => entries).flat(),
  company: (entries) => [
    null,
    7,
    [],
    { id: "v" },
    { id: "w", name: "elsewhere.example.com" },
    ...entries,
    { id: "x", name: "elsewhere.example.com", type: "CNAME", content: "nowhere.example.com" },
    { id: "y", name: "ingress.example.com", type: "WALLET" },
    { id: "z", type: "A", content: "192.0.2.66" },
  ],
  fields: (entries) =>
    entries.map((entry: { readonly ttl?: unknown; readonly proxied?: unknown }) => ({
      ...entry,
      ttl: String(entry.ttl),
      proxied: entry.proxied === true ? true : null,
      meta: "none",
      comment: 5,
      tags: {},
      settings: 7,
    })),
  hollow: (entries) => entries.map((entry) => ({ ...entry, content: undefined })),
};

/** A list is the result itself, or lies in it. Zones, which have no content, stay as they are. */
function inLists(result: unknown, make: ListMaker): unknown {
  if (Array.isArray(result))
    return result.some((entry: object) => "content" in entry) ? make(result as object[]) : result;
  if (typeof result !== "object" || result === null || "name_servers" in result) return result;
  return Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, Array.isArray(value) ? inLists(value, make) : value]),
  );
}
