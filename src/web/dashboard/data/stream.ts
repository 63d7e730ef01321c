// Reads server-sent events from a response. Unlike EventSource it tells why a stream could not be had, and when it went
// quiet for too long.
import { later } from "../lib/clock.ts";
import { createParser, type StreamMessage } from "../lib/server-sent.ts";
import { apiUrl } from "./api.ts";

export type { StreamMessage };

/** The daemon sends at least a sign of life in this time. */
const quietMs = 45_000;

/** Reads until the stream ends, fails, goes quiet or `signal` says so. Resolves; never rejects. */
export async function readStream(onMessage: (message: StreamMessage) => void, signal: AbortSignal): Promise<void> {
  const own = new AbortController();
  const giveUp = (): void => own.abort();
  signal.addEventListener("abort", giveUp);
  let stopWaiting = later(quietMs, giveUp);
  try {
    const response = await fetch(apiUrl("stream"), {
      headers: { accept: "text/event-stream" },
      cache: "no-store",
      signal: own.signal,
    });
    if (!response.ok || response.body === null) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parse = createParser(onMessage);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      stopWaiting();
      stopWaiting = later(quietMs, giveUp);
      parse(value);
    }
  } catch {
    // The reader sees that the stream is over, and asks the daemon anew.
  } finally {
    stopWaiting();
    signal.removeEventListener("abort", giveUp);
    own.abort();
  }
}
