// Defects that make nothing wrong, only too late, too long or for nothing.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, minuteMs, type Story } from "./story.ts";

const outage: Story = { faults: [isDown(0, 5, 10)], ...calm(10, 25) };
const stickyReturn: Story = {
  world: { endpoints: [{}, { stickyMs: 3 * minuteMs }] },
  faults: [isDown(0, 5, 10)],
  ...calm(10, 40),
};

export const boundBugs: readonly PlantedBug[] = [
  {
    name: "a return is held back for twice as long",
    file: "src/core/selection/hold.ts",
    from: "return nowMs + holdMs(ingress.settings, departuresOf(ingress, endpoint, nowMs));",
    to: "return nowMs + 2 * holdMs(ingress.settings, departuresOf(ingress, endpoint, nowMs));",
    story: outage,
    breaks: ["26"],
  },
  {
    name: "whoever the record names gets no turn after an outage of all endpoints",
    file: "src/core/selection/outage.ts",
    from: "const longestTurnMs = 15_000;",
    to: "const longestTurnMs = 0;",
    story: {
      faults: [
        { kind: "site", site: 0, seenBy: "all", how: "refuse", ...during(5, 8) },
        { kind: "site", site: 1, seenBy: "all", how: "refuse", ...during(5.05, 7.94) },
      ],
      ...calm(8, 25),
    },
    breaks: ["24"],
  },
  {
    name: "a mix is pointed to before every server shows it",
    file: "src/core/records/mix.ts",
    from: "if (mix?.published === undefined || set === undefined || mix.isNew || shownSinceMs(mix) === undefined) return false;",
    to: "if (mix?.published === undefined || set === undefined) return false;",
    story: {
      ...stickyReturn,
      world: { endpoints: [{}, { stickyMs: 3 * minuteMs }], holdUpMs: 0 },
      faults: [isDown(0, 5, 10)],
    },
    breaks: ["1"],
  },
  {
    name: "a mix is written as a change of type at the ingress itself",
    file: "src/core/records/records.ts",
    from: 'if (target.kind === "host" && publishesCname(ingress)) {',
    to: 'if (target.kind === "host" && publishesCname(ingress) && ingress.selection?.sticky.length === 0) {',
    story: stickyReturn,
    breaks: ["3"],
  },
];
