// Answers that are larger than any real one are cut off, so that nobody can fill our memory.
import { mostRecords } from "./listed.ts";

/** More than a hundred records with everything that Cloudflare tells about them. */
const usualBytes = 2 ** 20;

/** What the largest page of a zone may take. */
const mostBytesOfAll = 2 ** 24;

/** The same answer; reading its body fails when it grows beyond what we take. */
export function bounded(response: Response, mostBytes = usualBytes): Response {
  return new Response(response.body?.pipeThrough(cutOff(mostBytes)) ?? null, response);
}

/** How large the answer to a request to this address may be: a page of more records is larger. */
export function mostBodyBytes(url: string | URL | Request): number {
  const { searchParams } = new URL(url instanceof Request ? url.url : url);
  const records = Number(searchParams.get("per_page") ?? mostRecords);
  return Math.min(mostBytesOfAll, usualBytes * Math.max(1, records / mostRecords));
}

/** Fails a body that grows beyond `mostBytes`. */
function cutOff(mostBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > mostBytes) controller.error(new Error("the answer is too large"));
      else controller.enqueue(chunk);
    },
  });
}
