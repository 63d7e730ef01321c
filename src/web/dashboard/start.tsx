// Starts the page in `#app`: the newest there is goes to the screen, once for each frame.
import { render } from "preact";
import type { EventDocument } from "../api/schema/events.ts";
import { App, type PageOptions } from "./app.tsx";
import { Live, type LiveSnapshot } from "./data/live.ts";
import type { EventSource } from "./data/past.ts";

/** Shows the page, and keeps it up to date from then on. */
export function start(options: PageOptions = {}): void {
  const root = document.querySelector("#app");
  if (root === null) return;
  const listeners = new Set<(event: EventDocument) => void>();
  const news: EventSource = (hear) => {
    listeners.add(hear);
    return () => void listeners.delete(hear);
  };
  let newest: LiveSnapshot | undefined;
  const draw = (): void => {
    const snapshot = newest;
    newest = undefined;
    if (snapshot !== undefined) render(<App snapshot={snapshot} retry={retry} news={news} {...options} />, root);
  };
  const live = new Live(
    (snapshot) => {
      // A page in the background gets no frames, and nobody looks at it; its title is to be right all the same.
      if (newest === undefined) (document.hidden ? queueMicrotask : requestAnimationFrame)(draw);
      newest = snapshot;
    },
    (event) => {
      for (const hear of listeners) hear(event);
    },
  );
  const retry = (): void => live.refresh();
  live.start();
}
