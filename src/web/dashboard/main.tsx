// Starts the page: the newest there is goes to the screen, once for each frame.
import { render } from "preact";
import type { EventDocument } from "../api/schema/events.ts";
import { App } from "./app.tsx";
import { Live, type Snapshot } from "./data/live.ts";
import type { EventSource } from "./data/past.ts";

const listeners = new Set<(event: EventDocument) => void>();

const news: EventSource = (hear) => {
  listeners.add(hear);
  return () => void listeners.delete(hear);
};

function start(root: Element): void {
  let newest: Snapshot | undefined;
  const draw = (): void => {
    const snapshot = newest;
    newest = undefined;
    if (snapshot !== undefined) render(<App snapshot={snapshot} retry={retry} news={news} />, root);
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

const root = document.querySelector("#app");
if (root !== null) start(root);
