// Generators of damaged input: good bytes, or good JSON, with a few things changed. They shrink towards the good original, so
// that a failure shows the one change that matters.
import fc from "fast-check";
import { share } from "./share.ts";

/** Where, as a share of the length; how much is cut out; what is put in its place. */
type Edit = readonly [where: number, cut: number, put: Uint8Array];

/** One of `originals` with up to `mostEdits` pieces cut out, put in or overwritten. `pieces` are likely ones to put in. */
export function damagedBytes(
  originals: readonly Uint8Array[],
  pieces: readonly Uint8Array[] = [],
  mostEdits = 4,
): fc.Arbitrary<Buffer> {
  const put = fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    ...(pieces.length > 0 ? [fc.constantFrom<Uint8Array>(...pieces)] : []),
  );
  const cut = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.constantFrom(20, 100_000));
  const edits: fc.Arbitrary<Edit[]> = fc.array(fc.tuple(share, cut, put), { maxLength: mostEdits });
  return fc.tuple(fc.constantFrom(...originals), edits).map(([original, changes]) => {
    let bytes = Buffer.from(original);
    for (const [where, length, piece] of changes) {
      const at = Math.round(where * bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + length)]);
    }
    return bytes;
  });
}

/** Bytes cut into pieces, as a network may deliver them. */
export function inPieces(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer[]> {
  return fc.tuple(bytes, fc.array(share, { maxLength: 4 })).map(([whole, places]) => {
    const ends = [...places.map((place) => Math.round(place * whole.length)), whole.length].toSorted((a, b) => a - b);
    return ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
  });
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Change =
  | { readonly kind: "put"; readonly value: Json }
  | { readonly kind: "remove" }
  /** The value comes this many times: a long list where it stands in one. */
  | { readonly kind: "repeat"; readonly count: number };

const oddValues: readonly Json[] = [null, true, false, 0, -1, 1.5, 1e300, "", "0", [], {}, [null], [[]], "__proto__"];

/** `original` with a few values anywhere in it replaced, removed or repeated. `likely` are values worth trying. */
export function damagedJson(original: Json, likely: readonly Json[] = [], mostEdits = 3): fc.Arbitrary<Json> {
  const change: fc.Arbitrary<Change> = fc.oneof(
    fc.constantFrom(...likely, ...oddValues).map((value) => ({ kind: "put" as const, value })),
    fc.constant({ kind: "remove" as const }),
    fc.constantFrom(2, 3, 200).map((count) => ({ kind: "repeat" as const, count })),
  );
  return fc
    .array(fc.tuple(share, change), { maxLength: mostEdits })
    .map((edits) => edits.reduce<Json>((value, [where, edit]) => edited(value, where, edit), original));
}

function edited(value: Json, where: number, change: Change): Json {
  const places = placesIn(value, []);
  const place = places[Math.min(places.length - 1, Math.floor(where * places.length))] ?? [];
  return changedAt(value, place, change);
}

type Place = readonly string[];

function placesIn(value: Json, at: Place): Place[] {
  if (typeof value !== "object" || value === null) return [at];
  // The long lists of an earlier edit count for no more than a few entries.
  const inside = Object.entries(value).slice(0, 30);
  return [at, ...inside.flatMap(([key, item]) => placesIn(item, [...at, key]))];
}

function changedAt(value: Json, [key, ...rest]: Place, change: Change): Json {
  if (key === undefined) return change.kind === "put" ? change.value : change.kind === "remove" ? null : value;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.flatMap((item, index) => {
      if (String(index) !== key) return [item];
      if (rest.length > 0 || change.kind === "put") return [changedAt(item, rest, change)];
      return change.kind === "remove" ? [] : Array.from({ length: change.count }, () => item);
    });
  }
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return Object.fromEntries(
    entries.flatMap(([name, item]) => {
      if (name !== key) return [[name, item]];
      return rest.length === 0 && change.kind === "remove" ? [] : [[name, changedAt(item, rest, change)]];
    }),
  );
}
