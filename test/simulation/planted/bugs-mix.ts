// Defects in the mix of a CNAME, at its second name. Those that need a person's word, a restart in the middle or a program
// that edits the mix are seen by tests.
import type { BugForTest, PlantedBug } from "./bug.ts";
import { calm, isDown, minuteMs, type Story } from "./story.ts";

/** The primary is down for five minutes; the ingress returns through its mix, and is in it for four. */
const throughTheMix: Story = {
  world: { endpoints: [{}, { ttl: 120, stickyMs: 4 * minuteMs }] },
  faults: [isDown(0, 5, 10)],
  ...calm(10, 22),
};

export const mixBugs: readonly PlantedBug[] = [
  {
    name: "the records of a mix go as soon as nothing points to them, though resolvers know of them",
    file: "src/core/records/mix.ts",
    from: "unusedSinceMs + Math.max(unusedMs, ...ttlsMs)",
    to: "unusedSinceMs + 0 * Math.max(unusedMs, ...ttlsMs)",
    story: throughTheMix,
    breaks: ["1"],
  },
  {
    name: "the ingress stays at its mix when that is over",
    file: "src/core/records/records.ts",
    from: "const isMixed = mix !== undefined && isPointedToMix(ingress);",
    to: "const isMixed = mix !== undefined && (isPointedToMix(ingress) || isAtMix(ingress));",
    story: throughTheMix,
    breaks: ["10", "17", "26"],
  },
];

export const mixBugsForTests: readonly BugForTest[] = [
  {
    name: "an edit of the mix that servers show has only the ingress' own name read",
    file: "src/cloud/lane.ts",
    from: "isDoubted: (ingress) => ingress.drift !== undefined && mixPointedTo(ingress)?.record === record,",
    to: "isDoubted: () => false,",
    test: [
      "src/cloud/lane.test.ts",
      "a doubted answer while the ingress points to its mix has both names read, and an edit of the mix ends it at once",
    ],
  },
  {
    name: "the mix is written though a patch of the CNAME is due",
    file: "src/cloud/lane.ts",
    from: '(kind === "read" || ownPlan(ingress) === undefined)',
    to: '(kind === "read" || kind === "write")',
    test: [
      "src/cloud/lane.test.ts",
      "nothing is written at the mix before what is due at the ingress' own name, and never in its batch",
    ],
  },
  {
    name: "an ingress that has left is forgotten over a restart, and stays at a mix that nobody maintains",
    file: "src/core/configuration/leaving.ts",
    from: "return [...live, ...remembered]",
    to: "return [...live, ...remembered.slice(remembered.length)]",
    test: ["test/scenarios.test.ts", "scenario released over a restart"],
  },
  {
    name: "an ingress that leaves its mix is no longer remembered as soon as it has left",
    file: "src/store/recorder.ts",
    from: "return leaving.length === 0 ? ingresses : [...ingresses, ...leaving];",
    to: "return leaving.length >= 0 ? ingresses : [...ingresses, ...leaving];",
    test: [
      "src/store/recorder.test.ts",
      "an ingress that leaves while it points to its mix is remembered with all that it takes to lead it out",
    ],
  },
  {
    name: "the silence of all servers is waited for like a denial",
    file: "src/core/records/mix.ts",
    from: 'return visibility?.status === "visible" || visibility?.status === "silent" ? visibility.atMs : undefined;',
    to: 'return visibility?.status === "visible" ? visibility.atMs : undefined;',
    test: ["test/scenarios.test.ts", "scenario mix servers silent"],
  },
  {
    name: "each return waits for a mix whose name its zone does not hold",
    file: "src/core/records/mix.ts",
    from: "mix.pausedUntilMs !== undefined || isOutsideZone(mix)",
    to: "mix.pausedUntilMs !== undefined",
    test: ["test/scenarios.test.ts", "scenario mix name outside its zone"],
  },
  {
    name: "the ingress stays at a mix that another program has emptied",
    file: "src/core/records/mix-events.ts",
    from: "const isServing = mix.record === ingress.mix?.record && (isPointedToMix(ingress) || isAtMix(ingress));",
    to: "const isServing = mix.record !== ingress.mix?.record && (isPointedToMix(ingress) || isAtMix(ingress));",
    test: ["test/scenarios.test.ts", "scenario mix emptied by hand"],
  },
  {
    name: "a mix that Cloudflare refuses is told at each outage anew",
    file: "src/notify/ingress-narrator.ts",
    from: 'if (blocked !== undefined && this.#mix.observe("blocked", nowMs) !== undefined) {',
    to: "if (blocked !== undefined) {",
    test: ["src/notify/narrator.test.ts", "is told once where Cloudflare refuses it at each outage"],
  },
];
