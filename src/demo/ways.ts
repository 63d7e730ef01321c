// The ways in which a toy endpoint can be made to behave, by the story and by people.
import type { WayName } from "../web/dashboard/demo/document.ts";
import type { Behaviour } from "../emulation/endpoint.ts";

export interface Way {
  readonly name: WayName;
  readonly behaviour: Behaviour;
  /** What the endpoint does from then on. */
  readonly words: string;
}

export const ways: Readonly<Record<WayName, Way>> = {
  ok: { name: "ok", behaviour: { kind: "ok" }, words: "answers again" },
  refuse: { name: "refuse", behaviour: { kind: "refuse" }, words: "refuses connections" },
  "503": { name: "503", behaviour: { kind: "status", status: 503 }, words: "answers with status 503" },
  hang: { name: "hang", behaviour: { kind: "hang" }, words: "accepts connections and says nothing" },
  // Within the time that a check has: this breaks nothing.
  slow: {
    name: "slow",
    behaviour: { kind: "ok", delayMs: 600 },
    words: "takes 600ms to answer, which is slow but not down",
  },
};

/** Those that break an endpoint, in the order of the story. */
const breaking = [ways.refuse, ways["503"], ways.hang] as const;

/** The way to break an endpoint after this one, round and round; the first one after none. */
export function nextWay(way?: Way): Way {
  const index = breaking.findIndex((each) => each === way);
  return breaking[(index + 1) % breaking.length] ?? ways.refuse;
}

/** How an endpoint of this behaviour was made to behave. */
export function wayOf({ kind, ...more }: Behaviour): Way {
  if (kind === "status") return ways["503"];
  if (kind === "ok") return "delayMs" in more ? ways.slow : ways.ok;
  return kind === "refuse" ? ways.refuse : ways.hang;
}
