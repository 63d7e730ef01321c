// How latencies are distributed, in a few bytes: merged as often as you like, a quantile stays within 2 % of the truth.

/** Each bucket ends this much above the one before it. */
const growth = 1.04;
/** The first bucket ends here; latencies below are not told apart. In milliseconds. */
const leastMs = 0.1;
/** The bucket of a latency of two weeks: a higher one was never written. */
const highestBucket = 600;

/** A growing collection of latencies, kept as how many fell into each of about 500 logarithmic buckets. */
export class Latencies {
  /** The buckets in use, in order, and how many are in each. */
  #buckets: number[] = [];
  #counts: number[] = [];
  #count = 0;

  /** How many latencies it holds. */
  get count(): number {
    return this.#count;
  }

  add(latencyMs: number): void {
    const bucket = bucketOf(latencyMs);
    const found = this.#buckets.findIndex((other) => other >= bucket);
    const index = found < 0 ? this.#buckets.length : found;
    if (this.#buckets[index] !== bucket) {
      this.#buckets.splice(index, 0, bucket);
      this.#counts.splice(index, 0, 0);
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
  }

  merge(other: Latencies): void {
    const merged = new Latencies();
    let [mine, others] = [0, 0];
    while (mine < this.#buckets.length || others < other.#buckets.length) {
      const bucket = this.#buckets[mine] ?? Infinity;
      const otherBucket = other.#buckets[others] ?? Infinity;
      let count = 0;
      if (bucket <= otherBucket) count += this.#counts[mine++] ?? 0;
      if (otherBucket <= bucket) count += other.#counts[others++] ?? 0;
      merged.#append(Math.min(bucket, otherBucket), count);
    }
    this.#buckets = merged.#buckets;
    this.#counts = merged.#counts;
    this.#count = merged.#count;
  }

  /**
   * The latency that a share of all (0 to 1) does not exceed: the nearest rank, within 2 % or 0.1 ms. `undefined`
   * without any.
   */
  quantileMs(share: number): number | undefined {
    let rank = Math.max(1, Math.ceil(share * this.#count));
    for (const [index, bucket] of this.#buckets.entries()) {
      rank -= this.#counts[index] ?? 0;
      if (rank <= 0) return valueMsOf(bucket);
    }
    return undefined;
  }

  /** A few bytes for each bucket in use. */
  encode(): Uint8Array {
    const bytes: number[] = [];
    let before = 0;
    for (const [index, bucket] of this.#buckets.entries()) {
      pushNumber(bytes, bucket - before);
      pushNumber(bytes, this.#counts[index] ?? 0);
      before = bucket;
    }
    return Uint8Array.from(bytes);
  }

  /** What `encode` gave. `undefined` for bytes that it cannot have given. */
  static decode(bytes: Uint8Array): Latencies | undefined {
    const latencies = new Latencies();
    const numbers = readNumbers(bytes);
    if (numbers === undefined || numbers.length % 2 !== 0) return undefined;
    let bucket = 0;
    for (let index = 0; index < numbers.length; index += 2) {
      const step = numbers[index] ?? 0;
      const count = numbers[index + 1] ?? 0;
      bucket += step;
      const isInOrder = step > 0 || index === 0;
      if (!isInOrder || bucket > highestBucket || count === 0) return undefined;
      latencies.#append(bucket, count);
    }
    return latencies;
  }

  /** Adds the bucket after all others. */
  #append(bucket: number, count: number): void {
    this.#buckets.push(bucket);
    this.#counts.push(count);
    this.#count += count;
  }
}

function bucketOf(latencyMs: number): number {
  if (!(latencyMs > leastMs)) return 0;
  return Math.min(highestBucket, Math.ceil(Math.log(latencyMs / leastMs) / Math.log(growth)));
}

/** The value that is nearest, in proportion, to everything in the bucket. */
function valueMsOf(bucket: number): number {
  return bucket === 0 ? leastMs : (leastMs * growth ** bucket * 2) / (1 + growth);
}

/** Seven bits to a byte, lowest first; the eighth says that more follow. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
}

function readNumbers(bytes: Uint8Array): readonly number[] | undefined {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (!Number.isSafeInteger(value)) return undefined;
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  // A number that was begun must have ended.
  return scale === 1 ? numbers : undefined;
}
