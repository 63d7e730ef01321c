// Asks the demo how its world is, and tells it what the reader does to it.
import { useCallback, useEffect, useState } from "preact/hooks";
import { deadline, later } from "../lib/clock.ts";
import { keepEqual } from "../lib/keep.ts";
import type { ControlsDocument, Deed } from "./document.ts";

const lookMs = 500;
const patienceMs = 5_000;

export interface Demo {
  /** How the world is, kept up to date; missing before the first answer. */
  readonly controls: ControlsDocument | undefined;
  /** Whether there is no answer now, as between two lives of the daemon. What was known stays. */
  readonly isAway: boolean;
  readonly act: (deed: Deed) => void;
}

export function useDemo(): Demo {
  const [controls, setControls] = useState<ControlsDocument>();
  const [isAway, setAway] = useState(false);
  const take = (answer: ControlsDocument | undefined): void => {
    setAway(answer === undefined);
    if (answer !== undefined) setControls((old) => keepEqual(old, answer));
  };
  useEffect(() => {
    let isOpen = true;
    let cancel = (): void => undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden) take(await ask());
      if (isOpen) cancel = later(lookMs, () => void look());
    };
    void look();
    return () => {
      isOpen = false;
      cancel();
    };
  }, []);
  const act = useCallback((deed: Deed): void => {
    void ask({
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(deed),
    }).then(take);
  }, []);
  return { controls, isAway, act };
}

async function ask(init: RequestInit = {}): Promise<ControlsDocument | undefined> {
  try {
    const url = new URL("demo/controls", document.baseURI);
    const response = await fetch(url, { cache: "no-store", signal: deadline(patienceMs), ...init });
    return response.ok ? ((await response.json()) as ControlsDocument) : undefined;
  } catch {
    return undefined;
  }
}
