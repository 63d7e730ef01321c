// Starts the page.
import { render } from "preact";
import { App } from "./app.tsx";
import { Live, type Snapshot } from "./data/live.ts";

const root = document.querySelector("#app");
if (root !== null) {
  const show = (snapshot: Snapshot): void => render(<App snapshot={snapshot} retry={() => live.refresh()} />, root);
  const live: Live = new Live(show, () => undefined);
  live.start();
}
