// A request to an emulated HTTP service, read to its end.
import type { IncomingMessage } from "node:http";

export interface ReadRequest {
  /** Decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

const mostBodyBytes = 5_000_000;

/** Reads path, query and body. `undefined` for what none of our clients sends: a torn URL, a huge body, half a body. */
export async function readRequest(request: IncomingMessage): Promise<ReadRequest | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > mostBodyBytes) return undefined;
      chunks.push(chunk);
    }
    const url = new URL(request.url ?? "/", "http://emulator");
    return {
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: Buffer.concat(chunks).toString(),
    };
  } catch {
    return undefined;
  }
}
