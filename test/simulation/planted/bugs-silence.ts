// Defects by which people are told nothing.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, type Story } from "./story.ts";

const failover: Story = { faults: [isDown(0, 5, 12)], ...calm(12, 25) };
const outage: Story = { faults: [isDown(0, 5, 15), isDown(1, 5.01, 15)], ...calm(15, 30) };

const file = "src/notify/ingress-narrator.ts";

export const silenceBugs: readonly PlantedBug[] = [
  {
    name: "a switch of the record is told to nobody",
    file,
    from: 'if (!isSame) return [{ kind: "switched", ...change }];',
    to: "if (!isSame) return [];",
    story: failover,
    breaks: ["27"],
  },
  {
    name: "an outage of everybody is told to nobody",
    file,
    from: 'if (status === "outage") return [{ kind: "outage-began", ingress, ...quiet }];',
    to: 'if (status === "outage") return [];',
    story: outage,
    breaks: ["27"],
  },
  {
    name: "the end of an outage is told to nobody",
    file,
    from: 'return [{ kind: "outage-ended", ingress, ...lasted, ...quiet }];',
    to: "return [];",
    story: outage,
    breaks: ["27"],
  },
  {
    name: "that the records cannot be read or written is told to nobody",
    file,
    from: 'return isToldElsewhere ? [] : [{ kind: "trouble-began", ingress, problem }];',
    to: "return [];",
    story: { faults: [{ kind: "api", how: "unavailable", ...during(5, 20) }], ...calm(20, 45) },
    breaks: ["27"],
  },
  {
    name: "the end of the trouble with Cloudflare is told to nobody",
    file,
    from: 'return addTo(stories, { troubleLastedMs: lastedMs }) ? [] : [{ kind: "trouble-ended", ingress, lastedMs }];',
    to: "return [];",
    story: { faults: [{ kind: "api", how: "unavailable", ...during(5, 20) }], ...calm(20, 45) },
    breaks: ["27"],
  },
];
