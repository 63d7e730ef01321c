// Puts one look-up to several resolvers, in order, and weighs what they say. Addresses win; "there is none" needs two.
import type { Clock } from "../lib/clock.ts";
import type { ServerAnswer, ServerAnswers } from "./ask.ts";

export type PanelAnswer =
  /** At least one family has addresses. */
  | { readonly kind: "addresses"; readonly families: ServerAnswers }
  | { readonly kind: "none"; readonly reason: "nxdomain" | "no-data"; readonly servers: readonly string[] }
  | {
      readonly kind: "inconclusive";
      readonly reason: "silent" | "servfail" | "refused" | "local";
      readonly detail: string;
    };

export interface Panel {
  readonly clock: Clock;
  readonly servers: readonly string[];
  readonly options: { readonly timeoutMs: number; readonly signal?: AbortSignal };
  /** Must settle by the deadline, or at once when the signal fires. */
  readonly ask: (server: string, limits: { deadlineMs: number; signal: AbortSignal }) => Promise<ServerAnswers>;
}

/**
 * How long one server may be silent before the next is asked as well. The first one stays in the race: a dead resolver
 * costs half a second of a probe's time rather than a share of it, and a slow one can still answer.
 */
const mostHeadStartMs = 500;
/** How many servers must agree that there is no address, if that many are configured. */
const witnesses = 2;

export function findAnswer({ clock, servers, options, ask }: Panel): Promise<PanelAnswer> {
  const deadlineMs = clock.nowMs() + options.timeoutMs;
  const headStartMs = Math.min(mostHeadStartMs, options.timeoutMs / (servers.length + 1));
  const stop = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<PanelAnswer>();
  const answers: Testimony[] = [];
  let asked = 0;
  let isOver = false;
  let cancelHeadStart: (() => void) | undefined;

  const finish = (): void => {
    cancelHeadStart?.();
    options.signal?.removeEventListener("abort", finish);
    isOver = true;
    // Usually everybody who was asked has answered.
    if (answers.length < asked) stop.abort();
    resolve(weigh(answers, servers.length).finding);
  };
  const askNext = (): void => {
    cancelHeadStart?.();
    const server = servers[asked];
    if (server === undefined || isOver) return;
    asked += 1;
    cancelHeadStart = clock.setTimer(headStartMs, askNext);
    // Whatever is thrown in it, nobody waits for ever.
    hear(server).catch(reject);
  };
  const hear = async (server: string): Promise<void> => {
    const families = await ask(server, { deadlineMs, signal: stop.signal });
    if (isOver) return;
    answers.push({ server, families });
    const mayAskMore = asked < servers.length && clock.nowMs() < deadlineMs;
    if (weigh(answers, servers.length).isSettled || (answers.length === asked && !mayAskMore)) finish();
    else if (mayAskMore) askNext();
  };

  options.signal?.addEventListener("abort", finish, { once: true });
  if (options.signal?.aborted === true || servers.length === 0) finish();
  else askNext();
  return promise;
}

interface Testimony {
  readonly server: string;
  readonly families: ServerAnswers;
}

/** What the answers so far amount to, and whether more of them could not change it. */
function weigh(answers: readonly Testimony[], serverCount: number): { finding: PanelAnswer; isSettled: boolean } {
  const witnessesForAddresses = answers.filter(({ families }) => has(families, "addresses"));
  if (witnessesForAddresses.length > 0) {
    // A server that denies the name altogether is wrong here, so its word about the other family has no effect.
    const families = {
      ipv4: best(witnessesForAddresses.map((testimony) => testimony.families.ipv4)),
      ipv6: best(witnessesForAddresses.map((testimony) => testimony.families.ipv6)),
    };
    return { finding: { kind: "addresses", families }, isSettled: !has(families, "unknown") };
  }
  const denials = answers.filter(({ families }) => !has(families, "unknown"));
  const needed = Math.max(1, Math.min(witnesses, serverCount));
  if (denials.length >= needed) {
    // Of a name that is gone, a resolver may remember for a while that one of its families was empty. That the name has
    // no address is what both say.
    const isGone = denials.every(({ families }) => denialOf(families) === "nxdomain");
    const servers = denials.map(({ server }) => server);
    return { finding: { kind: "none", reason: isGone ? "nxdomain" : "no-data", servers }, isSettled: true };
  }
  return { finding: doubtAbout(answers, denials), isSettled: false };
}

function doubtAbout(answers: readonly Testimony[], denials: readonly Testimony[]): PanelAnswer {
  const all = answers
    .flatMap(({ families }) => [families.ipv4, families.ipv6])
    .filter((answer) => answer.kind === "unknown");
  // That some cannot be asked from here explains nothing where others could be: the defaults are of both families.
  const asked = all.filter(({ reason }) => reason !== "local");
  const unknowns = asked.length > 0 ? asked : all;
  const words = unknowns.map(({ detail }) => detail);
  const denied = denials.map(({ server, families }) =>
    denialOf(families) === "nxdomain"
      ? `${server} says that it does not exist`
      : `${server} says that it has no address`,
  );
  const detail = [...new Set([...words, ...denied])].join("; ");
  const [first] = unknowns;
  if (first !== undefined) return { kind: "inconclusive", reason: first.reason, detail };
  return { kind: "inconclusive", reason: "silent", detail: detail || "no resolver was asked" };
}

/** A name that exists for one type exists: servers that say NXDOMAIN to the other one are a known fault (RFC 4074). */
function denialOf({ ipv4, ipv6 }: ServerAnswers): "nxdomain" | "no-data" {
  const reasons = [ipv4, ipv6].map((answer) => (answer.kind === "absent" ? answer.reason : undefined));
  return reasons.every((reason) => reason === "nxdomain") ? "nxdomain" : "no-data";
}

function has(families: ServerAnswers, kind: ServerAnswer["kind"]): boolean {
  return families.ipv4.kind === kind || families.ipv6.kind === kind;
}

function best(answers: readonly ServerAnswer[]): ServerAnswer {
  const inOrder = (["addresses", "absent", "unknown"] as const).map((kind) =>
    answers.find((answer) => answer.kind === kind),
  );
  return inOrder.find((answer) => answer !== undefined) ?? { kind: "unknown", reason: "silent", detail: "" };
}
