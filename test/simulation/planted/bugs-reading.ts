// Defects in what people are shown.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, type Story } from "./story.ts";

/** The primary is down for so long that somebody reads meanwhile. */
const outage: Story = { faults: [isDown(0, 5, 40)], ...calm(40, 55) };

export const readingBugs: readonly PlantedBug[] = [
  {
    name: "whoever reads the status sorts the endpoints of the state",
    file: "src/web/api/status-ingress.ts",
    from: "endpoints: endpoints.map((endpoint) => endpointStatus(ingress, endpoint, connection, now)),",
    to: `endpoints: endpoints
      .sort((a, b) => b.settings.priority - a.settings.priority)
      .map((endpoint) => endpointStatus(ingress, endpoint, connection, now)),`,
    story: outage,
    breaks: ["28"],
  },
  {
    name: "the status shows the first endpoint as the active one",
    file: "src/web/api/status-endpoint.ts",
    from: 'role: roleOf(ingress, name) ?? "none",',
    to: 'role: ingress.endpoints[0] === endpoint ? "primary" : "none",',
    story: outage,
    breaks: ["28"],
  },
  {
    name: "the status shows what is wanted as what stands there",
    file: "src/web/api/status-ingress.ts",
    from: "published: published && publishedDocument(published, origin, now),",
    to: `published:
      published &&
      publishedDocument({ ...published, records: wanted ? recordsOfSet(wanted) : published.records }, origin, now),`,
    story: {
      faults: [isDown(0, 5, 40), { kind: "api", how: "unavailable", strikes: "writes", ...during(4, 40) }],
      ...calm(40, 55),
    },
    breaks: ["28"],
  },
];
