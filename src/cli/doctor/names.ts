// The doctor's look at DNS: does each resolver answer, how fast, do they agree, and can the zone's own servers be
// asked.
import type { InspectedZone } from "../../cloud/inspect.ts";
import type { Config } from "../../config/config.ts";
import type { IngressSettings } from "../../core/model.ts";
import { askForAddresses, type ServerAnswers } from "../../dns/ask.ts";
import type { Exchange } from "../../dns/exchange.ts";
import { NameServerFinder, type NameServer, type NameServerPorts } from "../../dns/name-servers.ts";
import { canonicalName } from "../../dns/wire.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatDuration } from "../../core/units.ts";
import { plain } from "../../lib/text.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";

const timeoutMs = 3_000;
const slowMs = 500;

export interface NamePorts extends NameServerPorts {
  readonly clock: Clock;
  readonly exchange: Exchange;
}

/** One finding for each resolver, and one for each name about which they disagree. */
export async function inspectResolvers(
  ingresses: readonly IngressSettings[],
  ports: NamePorts,
): Promise<readonly Finding[]> {
  const hostsByResolver = new Map<string, Set<string>>();
  const lists: (readonly string[])[] = [];
  for (const { target, resolvers } of ingresses.flatMap(({ endpoints }) => endpoints)) {
    if (target.kind !== "host") continue;
    lists.push(resolvers);
    for (const resolver of resolvers)
      hostsByResolver.set(resolver, (hostsByResolver.get(resolver) ?? new Set()).add(target.host));
  }
  const asked = await Promise.all(
    [...hostsByResolver].flatMap(([resolver, hosts]) => [...hosts].map((host) => ask(resolver, host, ports))),
  );
  const resolvers = [...hostsByResolver.keys()];
  const answering = new Set(asked.filter(isAnswer).map(({ resolver }) => resolver));
  const isSpare = (resolver: string): boolean =>
    lists.filter((list) => list.includes(resolver)).every((list) => hasEnough(list, answering));
  return [...resolvers.map((resolver) => ofResolver(resolver, asked, isSpare(resolver))), ...disagreements(asked)];
}

/** One to find an address, and two to confirm that there is none. */
function hasEnough(list: readonly string[], answering: ReadonlySet<string>): boolean {
  return list.filter((resolver) => answering.has(resolver)).length >= Math.min(2, list.length);
}

interface Asked {
  readonly resolver: string;
  readonly host: string;
  readonly answers: ServerAnswers;
  readonly tookMs: number;
}

async function ask(server: string, host: string, { clock, exchange }: NamePorts): Promise<Asked> {
  const startedMs = clock.nowMs();
  const signal = new AbortController().signal;
  const answers = await askForAddresses({ exchange, clock, server, host, deadlineMs: startedMs + timeoutMs, signal });
  return { resolver: server, host, answers, tookMs: clock.nowMs() - startedMs };
}

function isAnswer({ answers }: Asked): boolean {
  return answers.ipv4.kind !== "unknown" || answers.ipv6.kind !== "unknown";
}

/** Whether this machine could not even ask. */
function isLocal({ answers }: Asked): boolean {
  return [answers.ipv4, answers.ipv6].every((answer) => answer.kind === "unknown" && answer.reason === "local");
}

/** `isSpare`: enough others answer wherever it is configured. */
function ofResolver(resolver: string, all: readonly Asked[], isSpare: boolean): Finding {
  const subject = `resolver ${resolver}`;
  const asked = all.filter((each) => each.resolver === resolver);
  const silent = asked.filter((each) => !isAnswer(each));
  const [first] = silent;
  const detailOf = ({ answers, host }: Asked): string =>
    `query for ${host}: ${answers.ipv4.kind === "unknown" ? answers.ipv4.detail : "no answer"}`;
  if (first !== undefined && silent.length === asked.length) {
    if (isSpare && asked.every(isLocal))
      return ok(subject, "not needed: this machine has no route to it, and enough others answer");
    const remedy =
      "check that outgoing UDP and TCP port 53 are open, or set resolvers to servers that this machine can reach";
    return isSpare
      ? warning(subject, `${detailOf(first)}; enough others answer`, remedy)
      : wrong(subject, detailOf(first), remedy);
  }
  if (first !== undefined)
    return warning(subject, `answers, but not always: ${detailOf(first)}`, "check whether that name is correct");
  const slowestMs = Math.max(...asked.map(({ tookMs }) => tookMs));
  const text = `answers within ${formatDuration(slowestMs)}`;
  return slowestMs > slowMs
    ? warning(subject, `${text}, which is slow`, "each probe waits for it: choose a closer one")
    : ok(subject, text);
}

function disagreements(asked: readonly Asked[]): readonly Finding[] {
  return [...new Set(asked.map(({ host }) => host))].flatMap((host) => {
    const known = asked.filter((each) => each.host === host && isKnown(each));
    const answers = new Map(known.map((each) => [textOf(each), each.resolver]));
    if (answers.size < 2) return [];
    const said = [...answers].map(([text, resolver]) => `${resolver} says ${text}`).join("; ");
    return [
      warning(
        host,
        `the resolvers disagree: ${said}`,
        "fine for a name that was just changed, or that has different addresses by region",
      ),
    ];
  });
}

function isKnown({ answers }: Asked): boolean {
  return answers.ipv4.kind !== "unknown" && answers.ipv6.kind !== "unknown";
}

function textOf({ answers }: Asked): string {
  const texts = [answers.ipv4, answers.ipv6].flatMap((answer) =>
    answer.kind === "addresses" ? answer.addresses.map(({ text }) => text) : [],
  );
  return texts.length === 0 ? "no address" : texts.join(", ");
}

/** Whether the servers that are asked after a write can be reached, by UDP. */
export async function inspectAuthorities(config: Config, ports: NamePorts): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    config.ingresses.map(async (ingress) => inspectServers(ingress, await serversOf(ingress, config, ports), ports)),
  );
  return findings.flat();
}

async function serversOf(
  ingress: IngressSettings,
  { cloudflare }: Config,
  ports: NamePorts,
): Promise<readonly NameServer[] | string> {
  if (cloudflare.nameservers !== undefined)
    return cloudflare.nameservers.map((address) => ({ address, label: address }));
  const found = await new NameServerFinder(ports).find(ingress, new AbortController().signal);
  return found.kind === "found" ? found.servers : found.detail;
}

async function inspectServers(
  { record }: IngressSettings,
  servers: readonly NameServer[] | string,
  { exchange }: NamePorts,
): Promise<Finding> {
  const subject = `servers of ${record}`;
  if (typeof servers === "string")
    return unknown(subject, `unknown: ${servers}`, "without them, writes cannot be verified");
  const asked = await Promise.all(
    servers.map(async ({ address, label }) => {
      const reply = await exchange(address, { name: record, type: "A" }, { timeoutMs, isRecursive: false });
      return { label, address, reply };
    }),
  );
  // Servers that have no route from here are no fault of theirs: each has addresses in both families.
  const reachable = asked.filter(({ reply }) => reply.kind !== "local");
  const answered = reachable.filter(({ reply }) => reply.kind === "answered");
  if (answered.length === 0) {
    const labels = asked.map(({ label }) => label).join(", ");
    return wrong(
      subject,
      `none answers on UDP port 53 (${labels})`,
      "open outgoing UDP port 53; until then, writes cannot be verified",
    );
  }
  const strangers = answered.filter(
    ({ reply }) => reply.kind === "answered" && (reply.rcode === "REFUSED" || !reply.isAuthoritative),
  );
  if (strangers.length > 0) {
    const labels = strangers.map(({ label }) => label).join(", ");
    return warning(
      subject,
      `${labels} answered, but not as a server of this zone`,
      "something in the network path may answer in its place; otherwise set cloudflare.nameservers",
    );
  }
  const silent = reachable.length - answered.length;
  if (silent > 0)
    return warning(
      subject,
      `${silent} of ${reachable.length} do not answer on UDP port 53`,
      "packet loss, or a firewall",
    );
  return ok(subject, answered.length === 1 ? "it answers on UDP" : `all ${answered.length} answer on UDP`);
}

/** Whether resolvers ask Cloudflare for this zone at all. */
export async function inspectDelegation(
  ingress: IngressSettings,
  zone: InspectedZone,
  { exchange }: NamePorts,
): Promise<readonly Finding[]> {
  const resolver = ingress.endpoints.flatMap(({ resolvers }) => resolvers)[0];
  const expected = new Set((zone.name_servers ?? []).map(canonicalName));
  if (resolver === undefined || expected.size === 0) return [];
  const reply = await exchange(resolver, { name: zone.name, type: "NS" }, { timeoutMs, isRecursive: true });
  if (reply.kind !== "answered" || reply.rcode !== "NOERROR") return [];
  const found = reply.answers.filter(({ type }) => type === "NS").map(({ data }) => canonicalName(data));
  if (found.length === 0 || found.some((host) => expected.has(host))) return [];
  const detail = `resolvers ask ${found.map((host) => plain(host, 80)).join(" and ")}, not Cloudflare`;
  return [
    wrong(
      `zone of ${ingress.record}`,
      detail,
      `set its name servers at the registrar to ${[...expected].join(" and ")}`,
    ),
  ];
}
