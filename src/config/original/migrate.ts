// Prints a file of the original's format in the present one, as commented YAML. Secrets never get into it: placeholders
// for the environment stand in their place.
import { emptyEnvironment } from "../environment.ts";
import type { CheckSettings, EndpointSettings } from "../../core/model.ts";
import type { Secret } from "../../lib/secret.ts";
import { completeConfig } from "../complete.ts";
import { readConfigDocument } from "../document.ts";
import { isZoneId } from "../fields.ts";
import { ancientProblem, formatOf } from "./original-format.ts";
import { channelsOf, checkOriginalRules, markerOf, translate } from "./translate.ts";
import { originalSchema, type OriginalFile } from "./schema.ts";
import { inOrder, problemAt, type Problem } from "../format/problem.ts";
import type { Report } from "../format/problem.ts";
import { scalar } from "../format/scalar.ts";
import { whole } from "../format/reading.ts";
import { readBySchema } from "../format/walk.ts";

export type Migrated =
  | { readonly kind: "ok"; readonly text: string; readonly warnings: readonly Problem[] }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/**
 * The file in the present format. `path` is the name that problems carry. Variables (`${NAME}`) stay as they are
 * written. Loading the result with the tokens in CLOUDFLARE_API_TOKEN and TELEGRAM_TOKEN gives what loading the
 * original gives.
 */
export function migrate(path: string, text: string): Migrated {
  const parsed = readConfigDocument(path, text);
  if (parsed.kind === "unreadable") return failed(parsed.problems);
  const { document } = parsed;
  const format = formatOf(document);
  if (format === "ancient") return failed([ancientProblem(document)]);
  if (format === "current") {
    return failed([
      problemAt(path, undefined, "", "this file is not in the original's format: there is nothing to migrate"),
    ]);
  }
  const reading = readBySchema(originalSchema, document, { env: "as-written", isLenient: true });
  const problems: Problem[] = [...reading.problems];
  const reportTo =
    (list: Problem[]): Report =>
    (key, message) =>
      list.push(problemAt(path, reading.placeOf(key), key, message));
  // Whether private addresses are permitted is not for the migration to judge.
  checkOriginalRules(reading.value, true, reportTo(problems));
  const file = whole(reading);
  if (file === undefined || problems.length > 0) return failed(problems);
  const warnings: Problem[] = [...reading.warnings];
  const lines = printed(file, reportTo(warnings));
  return { kind: "ok", text: `${lines.join("\n")}\n`, warnings: inOrder(warnings) };
}

function failed(problems: readonly Problem[]): Migrated {
  return { kind: "invalid", problems: inOrder(problems) };
}

function printed(file: OriginalFile, warn: Report): string[] {
  const beside = { tokens: { cloudflare: file.cloudflare.token }, channels: channelsOf(file) };
  const { ingresses } = completeConfig(translate(file, warn), beside, emptyEnvironment, "/");
  const [ingress] = ingresses;
  const zone = ingress?.zone ?? "";
  const isUsableZone = isZoneId(zone) || zone.includes("${");
  if (!isUsableZone) warn("cloudflare.zone_id", "expected 32 hex digits: omitted, the zone will be found by its name");
  return [
    "# Migrated from the original's format by `ccs migrate`. Keys that are not here have their defaults.",
    "",
    "cloudflare:",
    ...token(file.cloudflare.token, "CLOUDFLARE_API_TOKEN"),
    "",
    "ingresses:",
    `  - record: ${scalar(ingress?.record ?? "")}`,
    ...(isUsableZone
      ? [`    zone: ${scalar(zone)}`]
      : ["    # cloudflare.zone_id was not a zone id: the zone is found by the record's name."]),
    "    # The words of the original: dns.record is target, alias is name, weight is priority, sticky_duration is sticky.",
    "    # monitoring is check, and in it uri is url, confidence is rise, marker is contains, and retry counts for fall.",
    "    endpoints:",
    ...(ingress?.endpoints ?? []).flatMap((endpoint, index) =>
      endpointLines(endpoint, file.endpoints[index]?.monitoring),
    ),
    ...(file.telegram === undefined ? [] : ["", "notify:", ...telegramLines(file.telegram)]),
  ];
}

function endpointLines(endpoint: EndpointSettings, monitoring: Monitoring): string[] {
  const { name, target, priority, ttl, stickyMs, resolvers, check } = endpoint;
  const address = target.kind === "host" ? target.host : (target.addresses[0]?.text ?? "");
  return [
    `      - name: ${scalar(name)}`,
    `        target: ${scalar(address)}`,
    `        priority: ${priority}`,
    `        ttl: ${ttl === "auto" ? "auto" : duration(ttl * 1_000)}`,
    ...(stickyMs === undefined ? [] : [`        sticky: ${duration(stickyMs)}`]),
    // The original takes one resolver or none; none is the default here too.
    ...(resolvers.length === 1 ? [`        resolvers: [${JSON.stringify(resolvers[0])}]`] : []),
    ...(check === undefined ? [] : ["        check:", ...checkLines(check, monitoring)]),
  ];
}

type Monitoring = OriginalFile["endpoints"][number]["monitoring"];

function checkLines({ intervalMs, timeoutMs, rise, fall }: CheckSettings, monitoring: Monitoring): string[] {
  const contains = markerOf(monitoring);
  return [
    `          url: ${scalar(String(monitoring?.uri))}`,
    `          interval: ${duration(intervalMs)}`,
    `          timeout: ${duration(timeoutMs)}`,
    `          rise: ${rise}`,
    `          fall: ${fall}`,
    ...(contains === undefined ? [] : [`          contains: ${scalar(contains)}`]),
  ];
}

function telegramLines({ token: bot, chat_id, initial_silence }: NonNullable<OriginalFile["telegram"]>): string[] {
  const silenceMs = initial_silence ?? 0;
  return [
    "  - kind: telegram",
    ...token(bot, "TELEGRAM_TOKEN").map((line) => `  ${line}`),
    `    chat_id: ${typeof chat_id === "number" ? chat_id : scalar(String(chat_id))}`,
    ...(silenceMs === 0 ? [] : [`    initial_silence: ${duration(silenceMs)}`]),
  ];
}

/** A token that came from the environment already stays as it was written; any other never leaves the old file. */
function token(secret: Secret, variable: string): string[] {
  const written = secret.reveal();
  if (/^\$\{\w+\}$/.test(written)) return [`  token: ${written}`];
  return [
    `  # The token itself is not printed. Set ${variable}, or put the token into a file and name the file with token_file.`,
    `  token: \${${variable}}`,
  ];
}

/** In the largest unit that needs no fraction. */
function duration(durationMs: number): string {
  for (const [unit, unitMs] of [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (durationMs >= unitMs && durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
