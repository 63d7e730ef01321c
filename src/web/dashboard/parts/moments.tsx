// Moments as people read them: relative, with the whole date and time for those who want it.
import { daemonNowMs, useTicking } from "../lib/clock.ts";
import { agoText, countdownText, durationText, fullText } from "../lib/time.ts";

/** `3 min ago`. */
export function Ago({ at }: { at: string }) {
  const atMs = Date.parse(at);
  const text = useTicking(() => agoText(daemonNowMs() - atMs));
  return (
    <time dateTime={at} title={fullText(atMs)}>
      {text}
    </time>
  );
}

/** How long it has been: `for 3 min`. */
export function For({ since }: { since: string }) {
  const sinceMs = Date.parse(since);
  const text = useTicking(() => durationText(daemonNowMs() - sinceMs));
  return (
    <time dateTime={since} title={`since ${fullText(sinceMs)}`}>
      {`for ${text}`}
    </time>
  );
}

/** `in 2:05`, counted down; `any moment now` when it is over. */
export function Countdown({ to }: { to: string }) {
  const toMs = Date.parse(to);
  const text = useTicking(() => {
    const leftMs = toMs - daemonNowMs();
    return leftMs <= 0 ? "any moment now" : `in ${countdownText(leftMs)}`;
  });
  return (
    <time class="countdown" dateTime={to} title={fullText(toMs)}>
      {text}
    </time>
  );
}
