// Answers that are larger than any real one are cut off, so that nobody can fill our memory.

/** More than a hundred records with everything that Cloudflare tells about them. */
const mostBodyBytes = 2 ** 20;

/** The same answer; reading its body fails when it grows beyond what we take. */
export function bounded(response: Response): Response {
  return new Response(response.body?.pipeThrough(cutOff(mostBodyBytes)) ?? null, response);
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
