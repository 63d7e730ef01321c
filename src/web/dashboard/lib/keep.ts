// Structural sharing: of a new document, whatever says the same as in the old one is the old one's object. What shows
// it can then tell by identity whether anything changed.

/** `after`, made of parts of `before` wherever they are equal. */
export function keepEqual<T>(before: unknown, after: T): T {
  return shared(before, after) as T;
}

function shared(before: unknown, after: unknown): unknown {
  if (Object.is(before, after)) return before;
  if (Array.isArray(before) && Array.isArray(after)) {
    const merged = after.map((each, index) => shared(before[index], each));
    return merged.length === before.length && merged.every((each, index) => each === before[index]) ? before : merged;
  }
  if (!isPlainObject(before) || !isPlainObject(after)) return after;
  const merged = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, shared(before[key], value)]));
  const keys = Object.keys(merged);
  const isSame = keys.length === Object.keys(before).length && keys.every((key) => merged[key] === before[key]);
  return isSame ? before : merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
