// The format of the original program: recognised, read with its own defaults, and translated into the present one, so that
// its file runs unchanged.
import { isMap, isScalar } from "yaml";
import { z } from "zod";
import { plain } from "../lib/text.ts";
import { shown } from "./describe.ts";
import { keyText, type YamlDocument } from "./document.ts";
import {
  anyText,
  chatId,
  checkUrl,
  hostOrAddress,
  originalTtl,
  originalZoneId,
  recordName,
  seconds,
  secret,
  socket,
  telegramToken,
  wholeNumber,
} from "./fields.ts";
import { problemAt, type Problem } from "./problem.ts";
import { checkTarget, nameOfTarget, type Report } from "./rules.ts";
import { configSchema, type ConfigFile, type EndpointInFile } from "./schema.ts";
import type { Partially } from "./walk.ts";
import { dayMs, hourMs } from "../core/units.ts";

export type Format = "current" | "original" | "ancient";

/** Which format a file has: the original's has a `record` at the top level, the one before it three sections. */
export function formatOf({ root }: YamlDocument): Format {
  if (!isMap(root)) return "current";
  const keys = new Set(root.items.flatMap(({ key }) => (isScalar(key) ? [keyText(key)] : [])));
  if (keys.has("ingresses")) return "current";
  if (keys.has("record")) return "original";
  return ["general", "primary", "secondary"].some((key) => keys.has(key)) ? "ancient" : "current";
}

/** What to say to a file in the oldest form. */
export function ancientProblem({ file }: YamlDocument): Problem {
  const message =
    "this is the oldest format of the file (general, primary, secondary), which is no longer supported: write the name of " +
    "general as ingresses[0].record, and primary and secondary as its endpoints; examples/config.yml shows how";
  return problemAt(file, { line: 1, column: 1 }, "", message);
}

const section = { expects: "a section of keys and values" };

const originalMonitoringSchema = z
  .strictObject({
    uri: checkUrl.meta({ description: "`check.url`" }),
    interval: seconds(100, dayMs).optional().meta({ description: "`check.interval`", defaultInWords: "`15`" }),
    confidence: wholeNumber(1, 255).prefault(3).meta({ description: "`check.rise`" }),
    timeout: seconds(10, hourMs).prefault(5).meta({ description: "`check.timeout`" }),
    marker: anyText.optional().meta({ description: "`check.contains`", defaultInWords: "none" }),
    retry: wholeNumber(0, 255).prefault(0).meta({ description: "`check.fall`: one more than this, at least 3" }),
  })
  .meta(section);

const originalEndpointSchema = z
  .strictObject({
    dns: z
      .strictObject({
        record: hostOrAddress.meta({ description: "`target`" }),
        ttl: originalTtl.prefault(60).meta({ description: "`ttl`; 0 is 60" }),
        resolver: socket(53).optional().meta({ description: "`resolvers`", defaultInWords: "those of `resolvers`" }),
        retry: wholeNumber(0, 255)
          .prefault(1)
          .meta({ description: "ignored: a resolver that does not answer does not count as a failure" }),
      })
      .meta(section),
    monitoring: originalMonitoringSchema.optional().meta({ description: "`check`", defaultInWords: "none" }),
    alias: anyText.optional().meta({ description: "`name`", defaultInWords: "the record" }),
    sticky_duration: seconds(0, 365 * dayMs)
      .optional()
      .meta({ description: "`sticky`", defaultInWords: "none" }),
    weight: wholeNumber(0, 255).prefault(0).meta({ description: "`priority`" }),
  })
  .meta(section);

/** The original's file. Descriptions name the present key. */
export const originalSchema = z
  .strictObject({
    record: recordName.meta({ description: "`ingresses[0].record`" }),
    endpoints: z.array(originalEndpointSchema).min(1).meta({ expects: "a list of endpoints" }),
    cloudflare: z
      .strictObject({
        token: secret.meta({ description: "`cloudflare.token`" }),
        zone_id: originalZoneId.meta({ description: "`ingresses[0].zone`; any text is accepted" }),
      })
      .meta(section),
    telegram: z
      .strictObject({
        token: telegramToken.meta({ description: "`notify.telegram.token`" }),
        chat_id: chatId.meta({ description: "`notify.telegram.chat_id`" }),
        initial_silence: seconds(0, dayMs)
          .optional()
          .meta({ description: "`notify.telegram.initial_silence`", defaultInWords: "none" }),
      })
      .meta(section)
      .optional()
      .meta({ description: "`notify.telegram`", defaultInWords: "none" }),
  })
  .meta(section);

export type OriginalFile = z.output<typeof originalSchema>;

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
  const { record, cloudflare, telegram } = file;
  const defaults = presentDefaults();
  const endpoints = file.endpoints.map((endpoint) => translateEndpoint(endpoint, defaults));
  return {
    ...defaults.file,
    cloudflare: { ...defaults.file.cloudflare, token: cloudflare.token },
    ingresses: [{ ...defaults.ingress, record, zone: cloudflare.zone_id, endpoints: withUniqueNames(endpoints, warn) }],
    notify: telegram === undefined ? {} : { telegram: { ...defaults.telegram, ...telegram } },
  };
}

function translateEndpoint(original: OriginalFile["endpoints"][number], defaults: PresentDefaults): EndpointInFile {
  const { dns, monitoring } = original;
  // The original takes any text as a name; ours end up in metrics and commands.
  const name = plain(original.alias ?? "", 100);
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
      url: monitoring.uri,
      interval: monitoring.interval ?? defaults.check.interval,
      timeout: monitoring.timeout,
      rise: monitoring.confidence,
      // One failed check of the original was a first attempt and `retry` more, all failed: as many failures in a row mean
      // the same here. Fewer than our own default would switch on less evidence than this program thinks safe.
      fall: Math.max(defaults.check.fall, monitoring.retry + 1),
      contains: monitoring.marker === "" ? undefined : monitoring.marker,
    },
  };
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
    notify: { telegram: { chat_id: 1 } },
  });
  const [ingress] = file.ingresses;
  const [endpoint] = ingress?.endpoints ?? [];
  const { telegram } = file.notify;
  if (!ingress || !endpoint?.check || !telegram) throw new Error("part of the example above is missing");
  return { file, ingress, endpoint, check: endpoint.check, telegram };
}
