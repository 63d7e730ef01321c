// The doctor's look at Cloudflare: the token, the zones, and what stands at each name. Reads only.
import type { ZoneInspector, InspectedRecord, InspectedZone, Inspection } from "../../cloud/inspect.ts";
import { contradiction } from "../../cloud/api-time.ts";
import type { IngressSettings } from "../../core/model.ts";
import { formatDuration } from "../../core/units.ts";
import { parseIp } from "../../lib/ip.ts";
import { plain } from "../../lib/text.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";
import { inspectMix } from "./mix.ts";
import { inspectTargets } from "./targets.ts";
import { addressIn, inspectToken } from "./token.ts";
import { automaticTtl, recordText } from "../../core/words.ts";

/** Beyond this a certificate, a token or a "Retry-After" may be misjudged. */
const mostClockErrorMs = 5_000;
const fewCalls = 100;

/** What is known of the endpoints' addresses by the time the records are judged, by the endpoint's name. */
export type AddressesOf = (ingress: string) => Promise<ReadonlyMap<string, readonly string[]>>;

export interface CloudflareLook {
  readonly findings: readonly Finding[];
  /** By the ingress's name. */
  readonly zones: ReadonlyMap<string, InspectedZone>;
}

export async function inspectCloudflare(
  inspector: ZoneInspector,
  ingresses: readonly IngressSettings[],
  options: { apiUrl: string; wallMs: number; addressesOf: AddressesOf },
): Promise<CloudflareLook> {
  const asUser = await inspector.verifyToken();
  if (asUser.kind === "silent") return unreachable(asUser.detail, inspector, options.apiUrl, ingresses);
  const looks = await Promise.all(ingresses.map((ingress) => lookAt(inspector, ingress, ingresses)));
  const accountId = looks.flatMap(({ zone }) => (zone.kind === "answered" ? (zone.result.account?.id ?? []) : []))[0];
  const token = await inspectToken(inspector, asUser, accountId, (await inspector.vouchedWallMs()) ?? options.wallMs);
  const isAllowed = looks.some(({ zone, records }) => zone.kind === "answered" || records?.kind === "answered");
  const address = addressIn([asUser, ...looks.flatMap(({ zone, records }) => [zone, records])]);
  const perIngress = await Promise.all(
    looks.map(async (look) => findingsOf(look, await options.addressesOf(look.ingress.record))),
  );
  const zones = looks.flatMap(({ ingress, zone }) =>
    zone.kind === "answered" ? [[ingress.record, zone.result] as const] : [],
  );
  return {
    findings: [token({ isAllowed, address }), ...perIngress.flat(), ...inspectTelltales(inspector)],
    zones: new Map(zones),
  };
}

const setClock = "set it by NTP (timedatectl set-ntp true): times in messages are wrong, and certificates look invalid";

function unreachable(
  detail: string,
  { telltales }: ZoneInspector,
  apiUrl: string,
  ingresses: readonly IngressSettings[],
): CloudflareLook {
  const host = URL.parse(apiUrl)?.host ?? apiUrl;
  const remedy = `check that this machine can reach ${host} over HTTPS, by name`;
  const findings = [
    wrong("Cloudflare", `${host} could not be reached: ${detail}`, remedy),
    ...(telltales.contradictedWallMs === undefined
      ? [unknown("token, rate limit, clock", "skipped: Cloudflare is unreachable")]
      : [
          wrong("clock", `this machine's clock is wrong: ${contradiction(telltales.contradictedWallMs)}`, setClock),
          unknown("token, rate limit", "skipped: Cloudflare is unreachable"),
        ]),
    ...ingresses.map(({ record }) => unknown(record, "zone and records skipped: Cloudflare is unreachable")),
  ];
  return { findings, zones: new Map() };
}

const skippedForAddress = "skipped: the token may not be used from here";

interface IngressInspection {
  readonly ingress: IngressSettings;
  readonly zone: Inspection<InspectedZone>;
  readonly records?: Inspection<readonly InspectedRecord[]>;
  /** Where the targets lead, and whether there can be a mix. */
  readonly besides?: readonly Finding[];
}

async function lookAt(
  inspector: ZoneInspector,
  ingress: IngressSettings,
  all: readonly IngressSettings[],
): Promise<IngressInspection> {
  const { record, zone: configured } = ingress;
  const zone = await inspector.zoneOf(record, configured);
  const id = zone.kind === "answered" ? zone.result.id : configured?.includes(".") === false ? configured : undefined;
  if (id === undefined || zone.kind === "silent") return { ingress, zone };
  const [records, targets] = await Promise.all([
    inspector.recordsAt(id, record),
    inspectTargets(inspector, id, ingress, all),
  ]);
  const name = zone.kind === "answered" ? { name: zone.result.name } : {};
  const mix = records.kind === "answered" ? await inspectMix(inspector, { id, ...name }, ingress, records.result) : [];
  return { ingress, zone, records, besides: [...mix, ...targets] };
}

function findingsOf(
  { ingress, zone, records, besides = [] }: IngressInspection,
  addresses: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  return [
    ...inspectZone(ingress, zone, records),
    ...(records === undefined ? [] : inspectRecords(ingress, records, addresses)),
    ...besides,
  ];
}

function inspectZone(
  { record }: IngressSettings,
  zone: Inspection<InspectedZone>,
  records: IngressInspection["records"],
): readonly Finding[] {
  const subject = `zone of ${record}`;
  if (zone.kind === "silent") return [unknown(subject, `unknown: ${zone.detail}`, "try again later")];
  if (zone.kind === "refused") {
    if (zone.address !== undefined) return [unknown(subject, skippedForAddress)];
    // With the id in the configuration, DNS Edit alone is enough.
    if (records?.kind === "answered") {
      return [
        ok(
          subject,
          "the token cannot read the zone itself, only its records: that is enough, since the zone's id is configured",
        ),
      ];
    }
    const remedy =
      "give the token Zone → Zone → Read for this zone, or set zone to its id (Overview page, lower right)";
    return [wrong(subject, zone.detail, remedy)];
  }
  const { name, status, paused, plan, name_servers: servers, permissions } = zone.result;
  const details = [status ?? "", plan?.name ?? plan?.legacy_id ?? "", (servers ?? []).join(" and ")].filter(
    (text) => text !== "",
  );
  const findings: Finding[] = [];
  if (record !== name && !record.endsWith(`.${name}`)) {
    findings.push(wrong(subject, `${record} is not in ${plain(name)}`, "correct record or zone"));
  } else if (status === "active" || status === undefined || status === null) {
    findings.push(ok(subject, `${plain(name)}: ${plain(details.join(", "))}`));
  } else {
    const remedy = `set the name servers at the registrar to ${(servers ?? []).join(" and ")}, and wait until Cloudflare has noticed`;
    findings.push(
      wrong(subject, `${plain(name)} is ${plain(status, 20)}: resolvers do not ask Cloudflare for it yet`, remedy),
    );
  }
  if (paused === true) {
    findings.push(warning(subject, "paused: DNS works, but nothing is proxied", "resume it in the dashboard"));
  }
  findings.push(inspectRights(record, permissions ?? undefined));
  return findings;
}

/** Nothing but a write proves that one may write. The zone's own list is deprecated, and a hint at best. */
function inspectRights(record: string, permissions: readonly string[] | undefined): Finding {
  const subject = `permissions on ${record}`;
  if (permissions === undefined)
    return unknown(subject, "whether the token may write is not known before the first write");
  if (permissions.includes("#dns_records:edit")) {
    return ok(subject, "Cloudflare lists DNS Edit for this token; the first write is the proof");
  }
  const remedy = "make sure that the token has Zone → DNS → Edit for this zone";
  return warning(
    subject,
    "Cloudflare does not list DNS Edit for this token, so the first write may be refused",
    remedy,
  );
}

const ourTypes: readonly string[] = ["A", "AAAA", "CNAME"];

function inspectRecords(
  { record, endpoints, proxied }: IngressSettings,
  look: Inspection<readonly InspectedRecord[]>,
  addresses: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  if (look.kind === "silent") return [unknown(record, `its records are unknown: ${look.detail}`, "try again later")];
  if (look.kind === "refused" && look.address !== undefined) return [unknown(record, skippedForAddress)];
  if (look.kind === "refused") {
    return [
      wrong(
        record,
        `the token may not read its records: ${look.detail}`,
        "give the token Zone → DNS → Edit for this zone, and check zone",
      ),
    ];
  }
  const delegation = look.result.find(({ type }) => type === "NS");
  if (delegation !== undefined)
    return [wrong(record, "an NS record delegates this name to other servers", "remove it, or choose another name")];
  const ours = look.result.filter(({ type }) => ourTypes.includes(type));
  const locked = ours.find(({ meta }) => meta?.read_only === true);
  if (locked !== undefined) {
    return [
      wrong(
        record,
        `its ${plain(locked.type, 10)} record belongs to another Cloudflare product`,
        "remove it there, or choose another name",
      ),
    ];
  }
  const others = [...new Set(look.result.filter((each) => !ours.includes(each)).map(({ type }) => plain(type, 12)))];
  const besides = others.length === 0 ? [] : [ok(record, `${others.join(", ")} at the same name: never touched`)];
  if (ours.length === 0)
    return [ok(record, "no record yet: the first one is created as soon as an endpoint is up"), ...besides];
  const named = (content: string): string | undefined =>
    endpoints.find(({ name, target }) => {
      const hosts = target.kind === "host" ? [target.host] : target.addresses.map(({ text }) => text);
      return [...hosts, ...(addresses.get(name) ?? [])].includes(content);
    })?.name;
  const shown = ours.map((each) => {
    const content = canonical(each.content ?? "");
    const settings = { ttlSeconds: each.ttl ?? automaticTtl, proxied: each.proxied === true };
    return {
      text: recordText({ type: each.type, content: plain(content), ...settings }),
      endpoint: named(content),
      isProxied: each.proxied === true,
    };
  });
  const text = shown
    .map((each) => `${each.text}${each.endpoint === undefined ? "" : ` = ${each.endpoint}`}`)
    .join(", ");
  const foreign = shown.filter(({ endpoint }) => endpoint === undefined);
  const state =
    foreign.length === 0
      ? ok(record, text)
      : warning(
          record,
          `${text}: does not match any endpoint`,
          "ccs replaces it as soon as it runs and an endpoint is up; ccs plan shows how",
        );
  const isProxyWrong = proxied !== undefined && shown.some(({ isProxied }) => isProxied !== proxied);
  const proxy = isProxyWrong
    ? [
        warning(
          record,
          `proxied is ${String(proxied)} in the configuration, but not at Cloudflare`,
          "ccs changes it as soon as it runs",
        ),
      ]
    : [];
  return [state, ...proxy, ...besides];
}

function canonical(content: string): string {
  return parseIp(content)?.text ?? content.toLowerCase().replace(/\.$/, "");
}

/** What the answers told besides: how many calls are left, and what time it is. */
function inspectTelltales({ telltales }: ZoneInspector): readonly Finding[] {
  const { rateLimit, clockAheadMs, roundTripMs } = telltales;
  const findings: Finding[] = [];
  if (rateLimit !== undefined) {
    const { left, inSeconds } = rateLimit;
    const text = `${left} calls left for the next ${formatDuration(inSeconds * 1_000)}, shared by everything this user does`;
    findings.push(
      left < fewCalls
        ? warning("rate limit", text, "find out what uses them up: other tools, other tokens of this user")
        : ok("rate limit", text),
    );
  }
  if (roundTripMs !== undefined) findings.push(ok("Cloudflare", `answers within ${formatDuration(roundTripMs)}`));
  if (clockAheadMs !== undefined) {
    const off = `${formatDuration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? "ahead of" : "behind"} Cloudflare's`;
    const isOff = Math.abs(clockAheadMs) > mostClockErrorMs;
    findings.push(
      isOff ? warning("clock", `this machine's clock is ${off}`, setClock) : ok("clock", "agrees with Cloudflare's"),
    );
  }
  return findings;
}
