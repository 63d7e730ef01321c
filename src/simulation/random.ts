// Chance that can be repeated: streams of numbers, each grown from a seed and a name, so that what one part of a
// simulation draws never changes what another part gets.
import type { Random } from "../lib/clock.ts";

/** A stream of numbers in [0, 1) that depends on nothing but its seed and name (sfc32 over an FNV-1a hash). */
export function streamOf(seed: number, name: string): Random {
  let a = hashOf(`${seed} a ${name}`);
  let b = hashOf(`${seed} b ${name}`);
  let c = hashOf(`${seed} c ${name}`);
  let counter = 1;
  const next: Random = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first numbers still look like the seed.
  for (let count = 0; count < 12; count += 1) next();
  return next;
}

/** 32 bits of a text (FNV-1a). */
export function hashOf(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** A hash with the lowest 32 bits of a number mixed in (the last steps of MurmurHash3). */
export function mixed(hash: number, value: number): number {
  let bits = hash ^ value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A number between the two, the upper one left out. */
export function between(random: Random, from: number, to: number): number {
  return from + random() * (to - from);
}

/** A whole number between the two, both included. */
export function wholeBetween(random: Random, from: number, to: number): number {
  return Math.floor(between(random, from, to + 1));
}

/** One of several. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** True in this share of cases. */
export function happens(random: Random, probability: number): boolean {
  return random() < probability;
}
