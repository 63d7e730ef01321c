// All ingresses at a glance: a tree of digests that shares what did not change, so that a turn costs what it changes,
// not what there is. Three questions are answered by it: where an id is, who is due or waits for something, and who
// changed.
import { digestOf, emptyDigest, together, type Digest } from "./digest.ts";
import type { IngressState } from "../model.ts";

export interface Overview {
  /** The place of each ingress in the list, by its id: the same object as long as the configuration is. */
  readonly places: ReadonlyMap<string, number>;
  readonly root: Part | undefined;
}

/** Some ingresses that stand side by side: two smaller parts, or a single ingress. */
interface Part {
  readonly count: number;
  readonly digest: Digest;
  readonly left: Part | undefined;
  readonly right: Part | undefined;
  readonly ingress: IngressState | undefined;
}

export const emptyOverview: Overview = { places: new Map(), root: undefined };

export function overviewOf(ingresses: readonly IngressState[]): Overview {
  return {
    places: new Map(ingresses.map(({ settings }, place) => [settings.id, place])),
    root: ingresses.length === 0 ? undefined : partOf(ingresses, 0, ingresses.length),
  };
}

/** What is to be known of all of them together. */
export function digestOfAll({ root }: Overview): Digest {
  return root?.digest ?? emptyDigest;
}

/** The overview after a change of the ingress at this place, which keeps its id. */
export function withIngressAt(overview: Overview, place: number, ingress: IngressState): Overview {
  const { places, root } = overview;
  return root === undefined ? overview : { places, root: replaced(root, place, ingress) };
}

/**
 * The places of the ingresses whose own digest is wanted, in order. What is wanted of a part must be wanted wherever it
 * is wanted of an ingress in it: `({ dueMs }) => dueMs <= nowMs`.
 */
export function placesWhere({ root }: Overview, isWanted: (digest: Digest) => boolean): readonly number[] {
  const found: number[] = [];
  if (root !== undefined) collect(root, 0, isWanted, found);
  return found;
}

/** The places at which `after` has another ingress than `before`; every one if they are of two configurations. */
export function changedPlaces(before: Overview, after: Overview): readonly number[] {
  if (before.places !== after.places) return [...after.places.values()];
  const found: number[] = [];
  if (before.root !== undefined && after.root !== undefined) compare(before.root, after.root, 0, found);
  return found;
}

function partOf(ingresses: readonly IngressState[], from: number, to: number): Part {
  const [ingress] = to - from === 1 ? ingresses.slice(from, to) : [];
  if (ingress !== undefined) return leafOf(ingress);
  const middle = (from + to) >> 1;
  return joined(partOf(ingresses, from, middle), partOf(ingresses, middle, to));
}

function leafOf(ingress: IngressState): Part {
  return { count: 1, digest: digestOf(ingress), left: undefined, right: undefined, ingress };
}

function joined(left: Part, right: Part): Part {
  const digest = together(left.digest, right.digest);
  return { count: left.count + right.count, digest, left, right, ingress: undefined };
}

function replaced({ left, right }: Part, place: number, ingress: IngressState): Part {
  if (left === undefined || right === undefined) return leafOf(ingress);
  return place < left.count
    ? joined(replaced(left, place, ingress), right)
    : joined(left, replaced(right, place - left.count, ingress));
}

function collect(
  { digest, left, right }: Part,
  place: number,
  isWanted: (d: Digest) => boolean,
  found: number[],
): void {
  if (!isWanted(digest)) return;
  if (left === undefined || right === undefined) {
    found.push(place);
    return;
  }
  collect(left, place, isWanted, found);
  collect(right, place + left.count, isWanted, found);
}

function compare(before: Part, after: Part, place: number, found: number[]): void {
  if (before === after || before.ingress !== after.ingress) {
    if (before !== after) found.push(place);
    return;
  }
  if (before.left === undefined || before.right === undefined) return;
  if (after.left === undefined || after.right === undefined) return;
  compare(before.left, after.left, place, found);
  compare(before.right, after.right, place + before.left.count, found);
}
