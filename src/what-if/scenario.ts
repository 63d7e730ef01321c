// The language of scenarios: lines such as `0:05 cable down for 10m` → what will befall the simulated world, and when.
import type { Family } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import { nearest } from "../lib/spelling.ts";
import type { Fault, SeenBy } from "../simulation/faults.ts";
import {
  anchorHappenings,
  chatHappenings,
  cloudflareHappenings,
  connectionHappenings,
  daemonHappenings,
  endpointHappenings,
  recordHappenings,
  resolverHappenings,
  type Happening,
} from "./happenings.ts";
import { takeTimes } from "./times.ts";
import { familyNames } from "../core/words.ts";

/** What a line is about. */
export interface Vocabulary {
  /** The endpoints: as they are shown, every other way to call them, and the numbers of their sites. */
  readonly endpoints: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly sites: readonly number[];
  }[];
  /** The kind of channel that tells, and every kind that there is. */
  readonly channels: { readonly own: string; readonly all: readonly string[] };
}

/** One thing that happens. */
export interface Occurrence {
  readonly atMs: number;
  /** Missing for what has no end of its own. */
  readonly endMs?: number;
  /** `cable is down: it does not answer`. */
  readonly text: string;
  /** `cable works again`; missing without expiry. */
  readonly endText?: string;
  readonly faults: readonly Fault[];
}

export type Scenario =
  | { readonly kind: "understood"; readonly occurrences: readonly Occurrence[]; readonly hasIpv6: boolean }
  /** One sentence for each line that is not valid. */
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

/** A line without a time. */
const usualTimeMs = 5 * 60_000;
/** A line without a length of time. */
const usualLengthMs = 10 * 60_000;
/** Nothing in a scenario happens later. */
export const longestMs = 7 * 24 * 60 * 60_000;

interface Subject {
  /** `our connection`. */
  readonly name: string;
  /** `works`, `work`. */
  readonly isPlural: boolean;
  readonly aliases: readonly string[];
  readonly happenings: readonly Happening[];
  readonly sites: readonly number[];
}

/** Reads a scenario: one line each, or several on a line with `;` between them; `#` begins a comment. */
export function parseScenario(text: string, vocabulary: Vocabulary): Scenario {
  const subjects = subjectsOf(vocabulary);
  const problems: string[] = [];
  const occurrences: Occurrence[] = [];
  const lines = text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    for (const part of line.replace(/(?:^|\s)#.*$/, "").split(";")) {
      if (part.trim() === "") continue;
      const read = readLine(part.trim(), subjects);
      if (typeof read !== "string") occurrences.push(read);
      else problems.push(`${lines.length > 1 ? `line ${index + 1}, ` : ""}"${part.trim()}": ${read}`);
    }
  }
  if (problems.length > 0) return { kind: "wrong", problems };
  if (occurrences.length === 0) return { kind: "wrong", problems: ["the scenario is empty: nothing happens in it"] };
  const hasIpv6 = /ipv6/i.test(text);
  return { kind: "understood", occurrences: occurrences.toSorted((a, b) => a.atMs - b.atMs), hasIpv6 };
}

/** What can be said, for people: one line for each kind of subject. */
export function wordsOf(vocabulary: Vocabulary): readonly { readonly subject: string; readonly words: string }[] {
  const known = vocabulary.endpoints.map(({ name }) => name);
  // Every configuration understands ranks.
  const names = known.length === 0 ? ["primary", "secondary"] : known;
  const rest = subjectsOf(vocabulary).filter(({ happenings }) => happenings !== endpointHappenings);
  return [
    { subject: [...names, "everything"].join(", "), words: examplesOf(endpointHappenings) },
    ...rest.map(({ name, happenings }) => ({ subject: name, words: examplesOf(happenings) })),
  ];
}

function examplesOf(happenings: readonly Happening[]): string {
  return happenings.map(({ example }) => example).join(" | ");
}

function subjectsOf({ endpoints, channels }: Vocabulary): readonly Subject[] {
  const own = { isPlural: false, sites: [] };
  const everySite = [...new Set(endpoints.flatMap(({ sites }) => sites))];
  return [
    ...endpoints.map(({ name, aliases, sites }) => ({
      name,
      aliases: [name, ...aliases].map((alias) => alias.toLowerCase()),
      isPlural: false,
      happenings: endpointHappenings,
      sites,
    })),
    {
      name: "everything",
      aliases: ["everything", "everybody", "all endpoints", "all", "both"],
      isPlural: false,
      happenings: endpointHappenings,
      sites: everySite,
    },
    {
      ...own,
      name: "our connection",
      aliases: ["our own connection", "our connection", "our internet", "our line", "own connection", "monitor", "we"],
      happenings: connectionHappenings,
    },
    {
      ...own,
      name: "resolvers",
      isPlural: true,
      aliases: ["the resolvers", "our resolvers", "resolvers", "resolver", "dns"],
      happenings: resolverHappenings,
    },
    {
      ...own,
      name: "cloudflare",
      aliases: ["cloudflare's api", "cloudflare api", "cloudflare", "api"],
      happenings: cloudflareHappenings,
    },
    { ...own, name: channels.own, aliases: [...channels.all, "chat", "messages"], happenings: chatHappenings },
    { ...own, name: "anchors", isPlural: true, aliases: ["anchors"], happenings: anchorHappenings },
    { ...own, name: "daemon", aliases: ["daemon", "ccs", "machine", ""], happenings: daemonHappenings },
    { ...own, name: "record", aliases: ["record", "records"], happenings: recordHappenings },
  ];
}

/** The occurrence, or what is wrong with the line. */
function readLine(line: string, subjects: readonly Subject[]): Occurrence | string {
  const { atMs = usualTimeMs, forMs, untilMs, rest } = takeTimes(line.toLowerCase());
  if (forMs !== undefined && untilMs !== undefined) return `say either "for" or "until", not both`;
  const lengthMs = forMs ?? (untilMs === undefined ? usualLengthMs : untilMs - atMs);
  if (lengthMs <= 0) return "it would end before it begins";
  if (atMs + lengthMs > longestMs) return `a scenario lasts ${formatDuration(longestMs)} at most`;
  const { family, seenBy, what } = takeViewers(rest);
  const found = findSubjects(what, subjects);
  if (typeof found === "string") return found;
  const { named, words } = found;
  const [subject] = named;
  for (const happening of subject?.happenings ?? []) {
    const match = happening.pattern.exec(words);
    if (match === null || subject === undefined) continue;
    const sites = [...new Set(named.flatMap((each) => each.sites))];
    const faults = happening.faults(match, { atMs, forMs: lengthMs, seenBy, sites, family });
    const name = named.map((each) => each.name).join(" and ");
    const among = [...(family === undefined ? [] : [`in ${familyNames[family]}`]), ...viewersOf(seenBy)].join(", ");
    const text = `${name} ${happening.say(match)}${among === "" ? "" : ` (${among})`}`;
    if (happening.isMoment === true) return { atMs, text, faults };
    const works = subject.isPlural || named.length > 1 ? "work again" : "works again";
    return { atMs, endMs: atMs + lengthMs, text, endText: `${name} ${happening.sayEnd ?? works}`, faults };
  }
  const known = examplesOf(subject?.happenings ?? []);
  const name = subject?.name ?? "";
  return words === ""
    ? `what should happen to ${name}? Possible: ${known}`
    : `${name} was understood, "${words}" was not; possible: ${known}`;
}

function viewersOf(seenBy: SeenBy): string[] {
  if (seenBy === "all") return [];
  return [seenBy === "monitor" ? "only for ccs" : "only for clients"];
}

/** Takes out what it concerns: `over ipv6`, `only for us`, `only for clients`. */
function takeViewers(text: string): { family: Family | undefined; seenBy: SeenBy; what: string } {
  let rest = text;
  const take = (pattern: RegExp): string | undefined => {
    const match = pattern.exec(rest);
    if (match === null) return undefined;
    rest = rest.replace(pattern, " ");
    return match[1];
  };
  const who = take(/(?:^|\s)(?:only |seen )?(?:for|from|by) (us|here|clients|visitors)(?: only| alone)?(?=\s|$)/);
  const family = take(/(?:^|\s)(?:over |in |on )?(ipv[46])(?=\s|$)/) as Family | undefined;
  const seenBy = who === undefined ? "all" : who === "us" || who === "here" ? "monitor" : "clients";
  return { family, seenBy, what: rest.replaceAll(/\s+/g, " ").trim() };
}

/** Whom the words begin with, several of them with `and` between, and what is said of them. */
function findSubjects(
  text: string,
  subjects: readonly Subject[],
): { readonly named: readonly Subject[]; readonly words: string } | string {
  const named: Subject[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^(?:the|an?) /, "");
    const next = subjectAtStart(rest, subjects);
    if (next === undefined || (next.alias === "" && named.length > 0)) return unknownSubject(rest, subjects);
    named.push(next.subject);
    rest = rest
      .slice(next.alias.length)
      .replace(/^'s?(?=\s)/, "")
      .trim();
    const more = /^(?:and|,|\+|&) ?/.exec(rest);
    if (more === null) break;
    rest = rest.slice(more[0].length);
  }
  if (new Set(named.map(({ happenings }) => happenings)).size > 1) {
    return "these cannot share one line: put each on its own line";
  }
  return { named, words: rest.replace(/^(?:(?:is|are|goes|go|gets (?=slow)|becomes|has been) )+/, "") };
}

/** The longest name that the text begins with. None: the daemon, if that makes sense. */
function subjectAtStart(
  text: string,
  subjects: readonly Subject[],
): { readonly subject: Subject; readonly alias: string } | undefined {
  const candidates = subjects.flatMap((subject) => subject.aliases.map((alias) => ({ subject, alias })));
  const fits = candidates
    .filter(({ alias }) => alias !== "" && text.startsWith(alias) && /^(?:$|[\s,'+&])/.test(text.slice(alias.length)))
    .toSorted((a, b) => b.alias.length - a.alias.length);
  if (fits[0] !== undefined) return fits[0];
  const silent = candidates.find(({ alias }) => alias === "");
  return silent?.subject.happenings.some(({ pattern }) => pattern.test(text)) === true ? silent : undefined;
}

function unknownSubject(text: string, subjects: readonly Subject[]): string {
  const [word = ""] = text.split(" ");
  const known = subjects.map(({ name }) => name);
  const meant = nearest(
    word,
    subjects.flatMap(({ aliases }) => aliases).filter((alias) => alias !== ""),
  );
  const advice = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `there is no "${word}"${advice} Known: ${known.join(", ")}`.replace('" Known', '". Known');
}
