// Says aloud, to those who cannot see the page, what has changed.
import { useEffect, useState } from "preact/hooks";
import type { LiveConnection } from "../data/live.ts";
import type { EventSource } from "../data/past.ts";

export function News({ connection, news }: { connection: LiveConnection; news: EventSource }) {
  const [text, setText] = useState("");
  useEffect(
    () =>
      news(({ importance, text: what }) => {
        if (importance !== "low") setText(what);
      }),
    [news],
  );
  const { kind } = connection;
  const [before, setBefore] = useState(kind);
  useEffect(() => {
    setBefore(kind);
    if (kind === "lost") setText("No connection to the daemon. The page shows the state from before.");
    if (kind === "live" && before === "lost") setText("The daemon answers again.");
  }, [kind]);
  return (
    <p class="out-of-sight" role="status">
      {text}
    </p>
  );
}
