// What parts deep within the page need to know without being handed it: how much has happened, and how to act.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ChangeKind } from "./api.ts";

/** Grows with everything that happened: parts that show the past ask again. */
export const Happened = createContext(0);

/** Grows whenever things may have happened that the stream did not tell of. */
export const Missed = createContext(0);

export interface Wish {
  readonly kind: ChangeKind;
  readonly ingress: string;
  /** Missing: all overrides of the ingress end. */
  readonly endpoint?: string;
}

export interface Acting {
  /** `refused`: the daemon takes no changes over HTTP. `locked`: the token was not entered yet. */
  readonly mode: "refused" | "locked" | "open";
  /** Asks the reader whether this is really meant, and then does it. */
  readonly ask: (wish: Wish) => void;
  /** Asks for the token. */
  readonly unlock: () => void;
}

export const ActingContext = createContext<Acting>({ mode: "refused", ask: () => undefined, unlock: () => undefined });

export function useActing(): Acting {
  return useContext(ActingContext);
}
