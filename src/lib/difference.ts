// What is different between two JSON documents, as a document of its own: what is sent to one who has the first.
//
// As in a JSON Merge Patch (RFC 7396), a section names the keys that changed, and null stands for a key that is gone.
// Besides, where a list keeps its length, a section names the places in it that changed, counted from 0; a list of
// another length is there as a whole. So the documents themselves hold no null but in lists, and a key is never a list
// in one and a section in the other.

type JsonSection = Readonly<Record<string, unknown>>;

/** The difference, or `undefined` where the two say the same. A key without a value is a key that is not there. */
export function differenceBetween(before: unknown, after: unknown): unknown {
  if (Object.is(before, after)) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) {
    return before.length === after.length ? differences(before, after, Object.keys(after)) : after;
  }
  if (!isSection(before) || !isSection(after)) return after;
  return differences(before, after, new Set([...Object.keys(before), ...Object.keys(after)]));
}

function differences(before: object, after: object, keys: Iterable<string>): JsonSection | undefined {
  const changed: Record<string, unknown> = {};
  let isSame = true;
  for (const key of keys) {
    const [was, is] = [(before as JsonSection)[key], (after as JsonSection)[key]];
    const difference = is === undefined && was !== undefined ? null : differenceBetween(was, is);
    if (difference === undefined) continue;
    changed[key] = difference;
    isSame = false;
  }
  return isSame ? undefined : changed;
}

/** The second document, made of the first and the difference. What did not change stays the same object. */
export function withDifference(before: unknown, difference: unknown): unknown {
  if (!isSection(difference)) return difference;
  if (Array.isArray(before)) {
    return before.map((each: unknown, index) =>
      Object.hasOwn(difference, index) ? withDifference(each, difference[String(index)]) : each,
    );
  }
  const known = isSection(before) ? before : {};
  const changed = Object.entries(difference).map(([key, value]) => [key, withDifference(known[key], value)] as const);
  const after: Record<string, unknown> = { ...known, ...Object.fromEntries(changed) };
  for (const [key, value] of changed) if (value === null) delete after[key];
  return after;
}

function isSection(value: unknown): value is JsonSection {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
