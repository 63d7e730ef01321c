// Scenarios that everybody wants to see once, by name, in the words of the scenario language.

export interface NamedScenario {
  readonly name: string;
  /** What it shows. */
  readonly about: string;
  /** Its lines for the best endpoint and the next one, where there is one. */
  readonly lines: (first: string, second: string | undefined) => readonly string[];
}

export const namedScenarios: readonly NamedScenario[] = [
  {
    name: "failover",
    about: "the best endpoint fails, and comes back",
    lines: (first) => [`0:05 ${first} down for 10m`],
  },
  {
    name: "flapping",
    about: "the best endpoint comes and goes",
    lines: (first) => [`0:05 ${first} flaps every 4m for 40m`],
  },
  {
    name: "brown-out",
    about: "every second connection to the best endpoint fails",
    lines: (first) => [`0:05 ${first} loses 50% for 15m`],
  },
  {
    name: "slow",
    about: "the best endpoint is slow, first a little, then too much",
    lines: (first) => [`0:05 ${first} slow 2s for 5m`, `0:15 ${first} slow 20s for 10m`],
  },
  {
    name: "wrong-page",
    about: "another server answers in place of the best endpoint",
    lines: (first) => [`0:05 ${first} wrong page for 10m`],
  },
  {
    name: "both-down",
    about: "all endpoints fail, then the second comes back before the first",
    lines: (first, second) => [
      `0:05 ${first} down for 20m`,
      ...(second === undefined ? [] : [`0:08 ${second} down for 7m`]),
    ],
  },
  {
    name: "monitor-outage",
    about: "the machine that ccs runs on loses its own connection",
    lines: () => ["0:05 our connection down for 10m"],
  },
  {
    name: "resolver-outage",
    about: "the resolvers stop answering, and meanwhile the best endpoint fails",
    lines: (first) => ["0:05 resolvers silent for 15m", `0:10 ${first} down for 15m`],
  },
  {
    name: "cloudflare-outage",
    about: "Cloudflare's API is unavailable when it is needed",
    lines: (first) => ["0:05 cloudflare unavailable for 15m", `0:07 ${first} down for 30m`],
  },
  {
    name: "restart",
    about: "ccs is restarted in the middle of an outage",
    lines: (first) => [`0:05 ${first} down for 10m`, "0:07 restart"],
  },
  {
    name: "one-sided",
    about: "only ccs cannot reach the best endpoint; clients can",
    lines: (first) => [`0:05 ${first} down only for us for 10m`],
  },
  {
    name: "new-address",
    about: "the best endpoint gets another address, and DNS has it later",
    lines: (first) => [`0:05 ${first} gets a new address, dns after 2m`],
  },
  {
    name: "rival",
    about: "another program writes the same record",
    lines: () => ["0:05 record fought over for 20m"],
  },
];

export function namedScenario(name: string): NamedScenario | undefined {
  return namedScenarios.find((scenario) => scenario.name === name.toLowerCase());
}
