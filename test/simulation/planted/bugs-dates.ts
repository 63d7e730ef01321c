// Defects in what the dates of certificates count for.
import type { PlantedBug } from "./bug.ts";
import { calm, during, minuteMs, type Story } from "./story.ts";

const tenYearsMs = 10 * 365 * 1_440 * minuteMs;

/** The primary's certificate ends, and is renewed minutes later. */
const expired: Story = {
  world: { hasCertificates: true, areServicesDated: true },
  faults: [{ kind: "site", site: 0, seenBy: "all", how: "expired", ...during(5, 12) }],
  ...calm(12, 25),
};

/** The clock is years off for so long that nobody can tell a new process the time. */
const untold: Story = {
  world: { hasCertificates: true, areServicesDated: true },
  faults: [
    { kind: "wall-jump", byMs: tenYearsMs, ...during(5, 25) },
    { kind: "restart", downForMs: 1_000, atMs: 6 * minuteMs },
  ],
  ...calm(25, 50),
};

export const dateBugs: readonly PlantedBug[] = [
  {
    name: "a certificate that has ended is never held against anybody",
    file: "src/core/time/time.ts",
    from: ".filter((each) => !isRight(each))",
    to: ".filter(() => false)",
    story: expired,
    breaks: ["9"],
  },
  {
    name: "dates count in the end, though Cloudflare's own certificate looks invalid too",
    file: "src/core/time/time.ts",
    from: "if (state.time.sought === undefined || state.time.isContradicted) return state;",
    to: "if (state.time.sought === undefined) return state;",
    story: untold,
    breaks: ["4/6/15/23"],
  },
];
