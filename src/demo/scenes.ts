// What happens in the story, and what DNS must say of it: cable breaks, comes back, and serves alone again.
import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../core/units.ts";
import { ways, type Way } from "./ways.ts";
import type { Sight, Witness } from "./witness.ts";
import { mixName, ttlSeconds, type World, type WorldEndpoint } from "../emulation/world.ts";

/** A world with a daemon over it, as far as the story needs to know them. */
export interface Scenery {
  readonly clock: Clock;
  readonly world: World;
  readonly witness: Witness;
  /** Whether the daemon has read the records and has its first verdicts. */
  readonly isReady: () => Promise<boolean>;
  /** How long the traffic is held back from cable when it comes back now. */
  readonly holdUpMs: () => number;
  readonly stickyMs: number;
  /** Failures in a row until an endpoint counts as down. */
  readonly fall: number;
}

export interface Scene {
  readonly title: string;
  /** What happens and why, in plain words. */
  readonly text: string;
  readonly act?: () => Promise<void>;
  /** Whether it is the one in which cable comes back. */
  readonly isReturn?: true;
  /** What DNS must say in the end. */
  readonly expected: Sight;
  /** What else must be so in the end. */
  readonly isReady?: () => Promise<boolean>;
  /** How many write requests that takes. `as-needed`: none where DNS says so already. */
  readonly writes: 1 | 2 | "as-needed";
  /** The change must not be seen earlier than this after cable came back, by that rule. */
  readonly notBefore?: { readonly ms: number; readonly rule: string };
  /** How long it takes by rule, until a viewer would begin to wonder. */
  readonly takesMs: number;
  /** What is told of it in the end. */
  readonly words: (seen: {
    readonly sinceStart: string;
    readonly sinceChange: string;
    readonly writes: number;
  }) => string;
}

/** Each scene is made when its turn has come: it depends on how long the daemon holds the traffic back by then. */
export const scenes: readonly ((place: Scenery, way: Way) => Scene)[] = [
  allIsWell,
  cableBreaks,
  cableComesBack,
  mixEnds,
];

function allIsWell({ world: { cable, mobile }, isReady, holdUpMs, stickyMs }: Scenery): Scene {
  return {
    title: "All is well",
    text: "cable and mobile both work, which the daemon finds out first. The record points to cable, which has the highest priority, so nothing has to be written.",
    act: async () => {
      await Promise.all([cable, mobile].map(({ server }) => server.behave(ways.ok.behaviour)));
    },
    expected: alone(cable, ttlSeconds.cable),
    isReady,
    // After a story that was broken off, the daemon has to come back here first.
    writes: "as-needed",
    takesMs: holdUpMs() + stickyMs,
    words: ({ writes }) => (writes === 0 ? "Nothing had to be written." : "Everything is as it was at the start."),
  };
}

function cableBreaks({ world: { cable, mobile }, fall }: Scenery, way: Way): Scene {
  return {
    title: "cable fails",
    text: `From now on cable ${way.words}. After ${fall} failures in a row it counts as down, and the record is switched to mobile at once.`,
    act: () => cable.server.behave(way.behaviour),
    expected: alone(mobile, ttlSeconds.mobile),
    writes: 1,
    takesMs: 0,
    words: ({ sinceStart }) => `Visible ${sinceStart} after the failure, with 1 write request.`,
  };
}

function cableComesBack({ world: { cable, cloudflare }, holdUpMs }: Scenery): Scene {
  const holdMs = holdUpMs();
  // The records of a mix stay for an hour, and serve the next failback too.
  const isPrepared = cloudflare.recordsAt(mixName).length > 0;
  return {
    title: "cable comes back",
    text:
      `Once it has been up for ${formatDuration(holdMs)} (hold_up, longer with each outage), traffic returns to both. Their ` +
      `addresses are ${isPrepared ? "still" : "prepared"} at a second name: one write points the record there.`,
    act: () => cable.server.behave(ways.ok.behaviour),
    isReturn: true,
    expected: [{ type: "CNAME", content: mixName, ttlSeconds: ttlSeconds.cable }],
    writes: isPrepared ? 1 : 2,
    notBefore: { ms: holdMs, rule: `hold_up is ${formatDuration(holdMs)}` },
    takesMs: holdMs,
    words: ({ sinceStart }) =>
      `Visible ${sinceStart} after cable came back, with 1 write request${isPrepared ? "" : ", and 1 before that for the mix"}.`,
  };
}

function mixEnds({ world: { cable }, holdUpMs, stickyMs }: Scenery): Scene {
  const leastMs = holdUpMs() + stickyMs;
  return {
    title: "The mix ends",
    text:
      `mobile is also published for ${formatDuration(stickyMs)} (sticky), for caches that still have its address. Then cable ` +
      "is published alone again, as at the start.",
    expected: alone(cable, ttlSeconds.cable),
    writes: 1,
    notBefore: { ms: leastMs, rule: `hold_up and sticky are ${formatDuration(leastMs)} together` },
    takesMs: stickyMs,
    words: ({ sinceChange }) => `The mix was visible for ${sinceChange}; ending it took 1 write request.`,
  };
}

function alone({ host }: WorldEndpoint, ttl: number): Sight {
  return [{ type: "CNAME", content: host, ttlSeconds: ttl }];
}
