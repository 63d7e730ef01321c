// A file in the original program's format, translated into the current one, so that it runs unchanged.
import { plain } from "../../lib/text.ts";
import { shown } from "../format/describe.ts";
import type { Report } from "../format/problem.ts";
import type { Partially } from "../format/reading.ts";
import { channelWith, type FoundChannel } from "../channels.ts";
import { checkTarget, nameOfTarget } from "../rules.ts";
import { configSchema, type ConfigFile, type EndpointInFile } from "../schema.ts";
import type { OriginalFile } from "./schema.ts";

/** The rules that tie several keys together, as far as the original's file can break them. */
export function checkOriginalRules(file: Partially<OriginalFile>, allowPrivate: boolean, report: Report): void {
  const remedy = "set CCS_ALLOW_PRIVATE=true in the environment to allow it";
  for (const [index, endpoint] of (file.endpoints ?? []).entries()) {
    const target = endpoint?.dns?.record;
    if (target === undefined) continue;
    checkTarget(target, `endpoints[${index}].dns.record`, { record: file.record, allowPrivate, remedy }, report);
  }
}

/** The same file in the current format. `warn` is told about names that had to be changed. */
export function translate(file: OriginalFile, warn: Report): ConfigFile {
  const { record, cloudflare } = file;
  const defaults = presentDefaults();
  const endpoints = file.endpoints.map((endpoint) => translateEndpoint(endpoint, defaults));
  return {
    ...defaults.file,
    cloudflare: { ...defaults.file.cloudflare, token: cloudflare.token },
    ingresses: [{ ...defaults.ingress, record, zone: cloudflare.zone_id, endpoints: withUniqueNames(endpoints, warn) }],
  };
}

/** What the original sends messages with. */
export function channelsOf({ telegram }: OriginalFile): readonly FoundChannel[] {
  if (telegram === undefined) return [];
  const { token, ...keys } = telegram;
  return [channelWith("telegram", keys, { token })];
}

function translateEndpoint(original: OriginalFile["endpoints"][number], defaults: PresentDefaults): EndpointInFile {
  const { dns, monitoring } = original;
  // The original takes any text as a name; ours end up in metrics and commands.
  const name = plain(original.alias ?? "", 100);
  const httpKeys = { url: monitoring?.uri, contains: markerOf(monitoring) };
  return {
    ...defaults.endpoint,
    name: name === "" ? nameOfTarget(dns.record) : name,
    target: dns.record,
    priority: original.weight,
    ttl: dns.ttl,
    sticky: original.sticky_duration,
    resolvers: dns.resolver === undefined ? defaults.endpoint.resolvers : [dns.resolver],
    check: monitoring && {
      ...defaults.check,
      ...httpKeys,
      interval: monitoring.interval ?? defaults.check.interval,
      timeout: monitoring.timeout,
      rise: monitoring.confidence,
      // One failed check of the original was a first attempt and `retry` more, all failed: as many failures in a row
      // mean the same here. Fewer than our own default would switch on less evidence than this program thinks safe.
      fall: Math.max(defaults.check.fall, monitoring.retry + 1),
    },
  };
}

/** An empty one looks for nothing. */
export function markerOf(monitoring: OriginalFile["endpoints"][number]["monitoring"]): string | undefined {
  return monitoring?.marker === "" ? undefined : monitoring?.marker;
}

/** The original did not mind two endpoints of one name, and its file must continue running. */
function withUniqueNames(endpoints: readonly EndpointInFile[], warn: Report): EndpointInFile[] {
  const taken = new Set<string>();
  return endpoints.map((endpoint, index) => {
    const name = endpoint.name ?? "";
    const target = (nameOfTarget(endpoint.target) ?? "").slice(0, 60);
    let unique = name;
    for (let count = 1; taken.has(unique); count++) {
      const suffix = count === 1 ? ` (${target})` : ` (${target}, ${count})`;
      unique = `${name.slice(0, 100 - suffix.length).trimEnd()}${suffix}`;
    }
    taken.add(unique);
    if (unique !== name)
      warn(`endpoints[${index}].alias`, `another endpoint has this name: this one is now called ${shown(unique)}`);
    return { ...endpoint, name: unique };
  });
}

type PresentDefaults = ReturnType<typeof presentDefaults>;

/** What the present format says where the original has no key: the defaults of a file that sets nothing itself. */
function presentDefaults() {
  const file = configSchema.parse({
    cloudflare: {},
    ingresses: [{ record: "a.example", endpoints: [{ target: "b.example", check: { url: "http://b.example" } }] }],
  });
  const [ingress] = file.ingresses ?? [];
  const [endpoint] = ingress?.endpoints ?? [];
  if (!ingress || !endpoint?.check) throw new Error("part of the example above is missing");
  return { file, ingress, endpoint, check: endpoint.check };
}
