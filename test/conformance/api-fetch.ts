// The emulated API without a socket, as a `fetch`: for tests on virtual time.
import type { CloudflareApi } from "../../src/emulation/cloudflare/api.ts";

type Delivery = Awaited<ReturnType<CloudflareApi["handle"]>>;

export const apiUrl = "https://api.example.test/client/v4";

/** A `fetch` whose every request is answered by `api`, and aborted as a real one would be. */
export function fetchFrom(api: CloudflareApi): typeof fetch {
  return async (input, init = {}) => {
    const { signal, method = "GET", body } = init;
    signal?.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init.headers);
    const delivered = api.handle({
      method,
      path: url.pathname.slice("/client/v4".length),
      query: url.searchParams,
      authorization: headers.get("authorization") ?? "",
      contentType: headers.get("content-type") ?? "",
      body: typeof body === "string" ? body : "",
      clientIp: "127.0.0.1",
    });
    const delivery = await Promise.race([delivered, abortion(signal)]);
    switch (delivery.kind) {
      case "drop":
        throw new TypeError("fetch failed", { cause: new Error("other side closed") });
      case "silence":
        return abortion(signal);
      default:
        return new Response(bodyOf(delivery, signal), { status: delivery.status, headers: { ...delivery.headers } });
    }
  };
}

function bodyOf({ body, stallsAfter }: Delivery & { kind: "response" }, signal: AbortSignal | null | undefined) {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(body.slice(0, stallsAfter)));
      if (stallsAfter === undefined) controller.close();
      else signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
    },
  });
}

/** Never resolves; rejects when the signal aborts. */
function abortion(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new DOMException("This operation was aborted", "AbortError")), {
      once: true,
    });
  });
}
