// The list endpoints: filters, order and pages of records and zones, from the query's parameters.
import { ApiRefusal, unlisted } from "./problem.ts";
import type { StoredRecord } from "./record.ts";
import type { ZoneState } from "./zone.ts";

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly info: {
    readonly page: number;
    readonly per_page: number;
    readonly count: number;
    readonly total_count: number;
    readonly total_pages: number;
  };
}

type Test<T> = (item: T) => boolean;

/** The records that the query asks for. Default: all, by type ascending, 100 a page. Throws `Refusal`. */
export function listRecords(records: readonly StoredRecord[], query: URLSearchParams): ListPage<StoredRecord> {
  const general = [...recordFilters(query)];
  const tags = [...tagFilters(query)];
  const search = query.get("search")?.toLowerCase();
  const isWanted = (record: StoredRecord): boolean =>
    combine(general, query.get("match"))(record) &&
    combine(tags, query.get("tag_match"))(record) &&
    (search === undefined || [record.name, record.content, record.comment].some((text) => contains(text, search)));
  const keys: Readonly<Record<string, (record: StoredRecord) => string | number | boolean>> = {
    type: ({ type }) => type,
    name: ({ name }) => name,
    content: ({ content }) => content,
    ttl: ({ ttl }) => ttl,
    proxied: ({ proxied }) => proxied,
  };
  const sorted = sortBy(records.filter(isWanted), keys[query.get("order") ?? "type"] ?? keys["type"], query);
  return pageOf(sorted, query, { least: 1, usual: 100, most: 5_000_000 });
}

/** The zones that the query asks for. Internal ones are hidden unless asked for by type. Throws `Refusal`. */
export function listZones(zones: readonly ZoneState[], query: URLSearchParams): ListPage<ZoneState> {
  const types = query.get("type")?.split(",") ?? ["full", "partial", "secondary"];
  const filters: Test<ZoneState>[] = [];
  const add = (parameter: string, textOf: (zone: ZoneState) => string): void => {
    const value = query.get(parameter);
    if (value !== null) filters.push((zone) => matchesOperator(textOf(zone), value));
  };
  add("name", ({ name }) => name);
  add("status", ({ status }) => status);
  add("account.id", ({ account }) => account.id);
  add("account.name", ({ account }) => account.name);
  const isWanted = combine(filters, query.get("match"));
  const keys: Readonly<Record<string, (zone: ZoneState) => string>> = {
    name: ({ name }) => name,
    status: ({ status }) => status,
    "account.id": ({ account }) => account.id,
    "account.name": ({ account }) => account.name,
    "plan.id": ({ plan }) => plan,
  };
  const wanted = zones.filter((zone) => types.includes(zone.type) && isWanted(zone));
  return pageOf(sortBy(wanted, keys[query.get("order") ?? ""], query), query, { least: 5, usual: 20, most: 50 });
}

function* recordFilters(query: URLSearchParams): Generator<Test<StoredRecord>> {
  const type = query.get("type");
  if (type !== null) yield (record) => record.type === type.toUpperCase();
  const proxied = query.get("proxied");
  if (proxied !== null) yield (record) => String(record.proxied) === proxied;
  const textOf = {
    name: (record: StoredRecord) => record.name,
    content: (record: StoredRecord) => record.content,
    comment: (record: StoredRecord) => record.comment,
  };
  for (const [field, read] of Object.entries(textOf)) {
    for (const [operator, test] of Object.entries(textTests)) {
      const value = query.get(`${field}.${operator}`) ?? (operator === "exact" ? query.get(field) : null);
      if (value === null) continue;
      // The API does not find structured content by its text.
      const isBlind = field === "content" && operator === "exact";
      yield (record) =>
        !(isBlind && /^(?:SRV|HTTPS|SVCB)$/.test(record.type)) && test(read(record), value.toLowerCase());
    }
  }
  if (query.has("comment.present")) yield (record) => record.comment !== null;
  if (query.has("comment.absent")) yield (record) => record.comment === null;
}

function* tagFilters(query: URLSearchParams): Generator<Test<StoredRecord>> {
  for (const [parameter, value] of query) {
    const wanted = value.toLowerCase();
    const operator =
      parameter === "tag" ? (wanted.includes(":") ? "exact" : "present") : /^tag\.(.+)$/.exec(parameter)?.[1];
    if (operator === "present") yield (record) => tagNames(record).includes(wanted);
    else if (operator === "absent") yield (record) => !tagNames(record).includes(wanted);
    else if (operator !== undefined && operator in textTests) {
      const test = textTests[operator as keyof typeof textTests];
      yield (record) => record.tags.some((tag) => test(tag, wanted));
    }
  }
}

function tagNames(record: StoredRecord): string[] {
  return record.tags.map((tag) => (tag.split(":")[0] ?? "").toLowerCase());
}

/** Tests of a field's text; `wanted` is in lower case. A field without text matches nothing. */
const textTests = {
  exact: (text: string | null, wanted: string) => text !== null && text.toLowerCase() === wanted,
  contains,
  startswith: (text: string | null, wanted: string) => text !== null && text.toLowerCase().startsWith(wanted),
  endswith: (text: string | null, wanted: string) => text !== null && text.toLowerCase().endsWith(wanted),
};

function contains(text: string | null, wanted: string): boolean {
  return text !== null && text.toLowerCase().includes(wanted);
}

/** `contains:shop`, `starts_with:a`, …; without an operator the text must be equal. */
function matchesOperator(text: string, value: string): boolean {
  const [, operator = "equal", rest = ""] = /^(?:([a-z_]+):)?(.*)$/s.exec(value) ?? [];
  const isCaseSensitive = operator.endsWith("_case_sensitive");
  const [a, b] = isCaseSensitive ? [text, rest] : [text.toLowerCase(), rest.toLowerCase()];
  switch (operator.replace("_case_sensitive", "")) {
    case "equal":
      return a === b;
    case "not_equal":
      return a !== b;
    case "starts_with":
      return a.startsWith(b);
    case "ends_with":
      return a.endsWith(b);
    case "contains":
      return a.includes(b);
    default:
      return false;
  }
}

function combine<T>(tests: readonly Test<T>[], match: string | null): Test<T> {
  if (match === "any" && tests.length > 0) return (item) => tests.some((test) => test(item));
  return (item) => tests.every((test) => test(item));
}

function sortBy<T>(
  items: readonly T[],
  key: ((item: T) => string | number | boolean) | undefined,
  query: URLSearchParams,
): readonly T[] {
  if (key === undefined) return items;
  const sign = query.get("direction") === "desc" ? -1 : 1;
  return items.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x < y ? -sign : x > y ? sign : 0;
  });
}

function pageOf<T>(
  items: readonly T[],
  query: URLSearchParams,
  sizes: { least: number; usual: number; most: number },
): ListPage<T> {
  const page = wholeNumber(query, "page", 1, 1, Number.MAX_SAFE_INTEGER);
  const size = wholeNumber(query, "per_page", sizes.usual, sizes.least, sizes.most);
  const shown = items.slice((page - 1) * size, page * size);
  return {
    items: shown,
    info: {
      page,
      per_page: size,
      count: shown.length,
      total_count: items.length,
      // An empty list has one page on the real API.
      total_pages: Math.max(1, Math.ceil(items.length / size)),
    },
  };
}

function wholeNumber(query: URLSearchParams, name: string, usual: number, least: number, most: number): number {
  const text = query.get(name);
  if (text === null) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ApiRefusal(unlisted(`${name} must be a number between ${least} and ${most}.`));
  }
  return value;
}
