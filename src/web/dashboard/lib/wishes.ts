// What a reader can ask the daemon to do, in plain words: before it is done, and when it could not be done.
import type { EndpointStatus, IngressStatus } from "../../api/schema/status.ts";
import type { Answer } from "../data/api.ts";
import type { Wish } from "../data/context.ts";

/** How long a word may hold: what the daemon takes, and what people read. */
export const lengths = {
  pin: [
    ["15m", "15 minutes"],
    ["1h", "1 hour"],
    ["4h", "4 hours"],
    ["24h", "1 day"],
    ["168h", "7 days"],
  ],
  drain: [
    ["15m", "15 minutes"],
    ["1h", "1 hour"],
    ["4h", "4 hours"],
    ["24h", "1 day"],
    ["168h", "7 days"],
  ],
  drill: [
    ["1m", "1 minute"],
    ["2m", "2 minutes"],
    ["5m", "5 minutes"],
    ["15m", "15 minutes"],
  ],
  resume: [],
} as const satisfies Record<Wish["kind"], readonly (readonly [string, string])[]>;

export const usualLength = { pin: "1h", drain: "1h", drill: "2m", resume: "" } as const;

export function titleOf({ kind, ingress, endpoint }: Wish): string {
  if (kind === "resume") return endpoint === undefined ? `Resume ${ingress}` : `Resume ${endpoint}`;
  return { pin: `Pin ${endpoint}`, drain: `Drain ${endpoint}`, drill: `Simulate an outage of ${endpoint}` }[kind];
}

/** What will happen, a sentence each. */
export function promise(
  { kind, endpoint: name = "" }: Wish,
  length: string,
  ingress: IngressStatus,
): readonly string[] {
  const { record, endpoints, selection } = ingress;
  const endpoint = endpoints.find((each) => each.name === name);
  const isServing = endpoint !== undefined && endpoint.role !== "none";
  switch (kind) {
    case "pin":
      return [
        `Only ${name} will be used for ${record} for ${length}, whether it is up or down: there is no failover in that time.`,
        ...notUp(endpoint),
        "It ends by itself, or when you resume. Then the best endpoint is active again.",
      ];
    case "drain":
      return [
        `${name} will not be used for ${record} for ${length}.`,
        isServing ? afterLeaving(ingress, name) : "It is not active now, so nothing changes at once.",
        "While no other endpoint is up, it is still used. It ends by itself, or when you resume.",
      ];
    case "drill":
      return [
        `For ${length}, ${name} is treated as down, although it keeps working.`,
        isServing ? afterLeaving(ingress, name) : "It is not active now, so visitors notice nothing.",
        "Then it may become active again, and a report says how long each step took.",
      ];
    case "resume":
      return name === ""
        ? [
            "Every pin, drain and drill ends now, and automatic repair resumes if it is paused.",
            "The best endpoint that is up becomes active, and the records are repaired.",
          ]
        : [
            `The overrides of ${name} end now.`,
            selection?.primary === name
              ? "If a better endpoint is up, that one takes over."
              : "If it is the best endpoint that is up, it takes over.",
          ];
    default:
      return kind satisfies never;
  }
}

/** Why the daemon would not begin it now; `undefined` while it would. */
export function obstacleTo({ kind, endpoint: name }: Wish, { endpoints }: IngressStatus): string | undefined {
  const endpoint = endpoints.find((each) => each.name === name);
  if (kind !== "drill" || endpoint === undefined || endpoint.role === "none") return undefined;
  const others = endpoints.filter((each) => each !== endpoint);
  if (others.some(({ verdict, override }) => verdict !== "down" && override?.kind !== "drain")) return undefined;
  const why = others.map((each) => `${each.name} is ${each.verdict === "down" ? "down" : "drained"}`);
  return `No other endpoint can take over from ${name} now: ${why.length === 0 ? "it is the only endpoint" : why.join("; ")}. A drill would change nothing.`;
}

function notUp(endpoint: EndpointStatus | undefined): readonly string[] {
  if (endpoint === undefined || endpoint.verdict === "up" || endpoint.verdict === "suspect") return [];
  const word = endpoint.verdict === "down" ? "down" : "not up";
  return [`It is ${word} now (${endpoint.reason}), so visitors would not get through.`];
}

function afterLeaving({ endpoints }: IngressStatus, name: string): string {
  const next = endpoints
    .filter((each) => each.name !== name && each.verdict === "up" && each.override?.kind !== "drain")
    .toSorted((a, b) => a.rank - b.rank)[0];
  return next === undefined
    ? "No other endpoint is up, so it stays active until one is."
    : `It is active now: ${next.name} takes over at once.`;
}

/** Why it was not done, and what to do. */
export function troubleText(answer: Exclude<Answer<unknown>, { kind: "ok" }>): readonly string[] {
  if (answer.kind === "unreachable") {
    return [
      `The daemon did not answer: ${answer.detail}.`,
      "Once it is connected again, this page shows whether it was done.",
    ];
  }
  const { status, problem, retryAfter } = answer;
  // The API's own hints on these are for those who write programs.
  const friendly: Record<number, string> = {
    401: "The daemon did not accept this token. Enter http.token from its configuration again.",
    403: "Set http.token in the daemon's configuration, or use the ccs command on its machine.",
  };
  const advice: Record<number, string> = {
    404: "It may have been removed from the configuration meanwhile.",
    429: `Too many requests in a short time. Wait${retryAfter === undefined ? "" : ` ${retryAfter} s`}, then try again.`,
  };
  const known =
    problem.known === undefined || problem.known.length === 0 ? [] : [`Known names: ${problem.known.join(", ")}.`];
  return [
    `Not done: ${problem.error}.`,
    friendly[status] ?? problem.hint ?? advice[status] ?? "Nothing was changed.",
    ...known,
  ];
}
