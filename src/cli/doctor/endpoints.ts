// The doctor's look at the endpoints: one probe of each address, and what their addresses and certificates tell.
import { checkKind } from "../../checks/registry.ts";
import type { Address, EndpointSettings, Family, IngressSettings } from "../../core/model.ts";
import { dayMs, formatDuration } from "../../core/units.ts";
import { probeOnce, type Look, type RoundPorts } from "../../probe/round.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";
import { families, familyNames } from "../../core/words.ts";

const soonDays = 14;

/** What one endpoint looks like now. */
export interface EndpointLook {
  readonly settings: EndpointSettings;
  readonly addresses: readonly Address[];
  readonly look: Look;
}

export async function lookAtEndpoints(ingress: IngressSettings, ports: RoundPorts): Promise<readonly EndpointLook[]> {
  return Promise.all(
    ingress.endpoints.map(async (settings) => {
      const look = await probeOnce(settings, ingress, ports);
      const { target } = settings;
      const resolved = look.resolution?.kind === "addresses" ? look.resolution.addresses : [];
      return { settings, look, addresses: target.kind === "addresses" ? target.addresses : resolved };
    }),
  );
}

export function inspectEndpoints(
  ingress: IngressSettings,
  looks: readonly EndpointLook[],
  wallMs: number,
): readonly Finding[] {
  return [
    ...looks.flatMap((look) => inspectEndpoint(ingress, look, wallMs)),
    ...inspectSharing(looks),
    ...inspectFamilies(looks),
  ];
}

function inspectEndpoint(
  { allowPrivate }: IngressSettings,
  { settings, look, addresses }: EndpointLook,
  wallMs: number,
): readonly Finding[] {
  const { name, target, check } = settings;
  const { resolution, observations } = look;
  const host = target.kind === "host" ? target.host : "";
  if (resolution?.kind === "none")
    return [wrong(name, `${host} has no address: ${resolution.detail}`, "correct target, or the name in DNS")];
  if (resolution?.kind === "inconclusive") {
    return [unknown(name, `its addresses are unknown: ${resolution.detail}`, "see the resolvers above")];
  }
  const texts = addresses.map(({ text }) => text).join(", ");
  const privateOnes = allowPrivate ? [] : addresses.filter(({ scope }) => scope === "private");
  const findings: Finding[] = addresses
    .filter(({ scope }) => scope === "special")
    .map(({ text, purpose = "" }) =>
      warning(
        name,
        `has an address that is not used: ${text} is reserved (${purpose})`,
        "find out which resolver returns it, and why",
      ),
    );
  if (privateOnes.length > 0) {
    const which = privateOnes.map(({ text }) => text).join(", ");
    const isAll = privateOnes.length === addresses.length;
    const remedy = "publish a public address under that name, or set allow_private if clients are in the same network";
    findings.push(
      isAll
        ? wrong(name, `has private addresses only: ${which}`, remedy)
        : warning(name, `has a private address, which is not used: ${which}`, remedy),
    );
  }
  if (check === undefined)
    return [...findings, warning(name, `${texts}: not checked, so assumed up`, "configure a check for it")];
  if (observations.length === 0)
    return [
      ...findings,
      unknown(name, `${texts}: looking up the name left no time to probe`, "see the resolvers above"),
    ];
  for (const { address, observation } of observations) {
    const tookMs = observation.endedMs - observation.startedMs;
    const text = `${address.text}: ${observation.detail}`;
    if (observation.kind === "ok") findings.push(ok(name, `${text}, in ${formatDuration(tookMs)}`));
    else if (observation.kind === "failed")
      findings.push(wrong(name, text, checkKind(check.what.kind).advise(check.what, address)));
    else findings.push(warning(name, text, "cannot be checked from here, and does not count for its health"));
  }
  return [...findings, ...inspectCertificate(name, look, wallMs)];
}

/** The one that ends first. What has ended already failed the probe. */
function inspectCertificate(name: string, { observations }: Look, wallMs: number): readonly Finding[] {
  const ends = observations
    .flatMap(({ observation }) => observation.certificateEndsWallMs ?? [])
    .filter((endMs) => endMs > wallMs);
  if (ends.length === 0) return [];
  const days = Math.floor((Math.min(...ends) - wallMs) / dayMs);
  const text = `its certificate expires in ${days} ${days === 1 ? "day" : "days"}`;
  return [
    days < soonDays
      ? warning(name, text, "renew it: an endpoint with an expired certificate counts as down")
      : ok(name, text),
  ];
}

/** Two endpoints at one place are one endpoint: when it breaks, both do. */
function inspectSharing(looks: readonly EndpointLook[]): readonly Finding[] {
  return looks.flatMap((look, index) => {
    const own = look.addresses.map(({ text }) => text);
    const others = looks.filter((other) => other !== look && other.addresses.some(({ text }) => own.includes(text)));
    const theirs = new Set(others.flatMap(({ addresses }) => addresses.map(({ text }) => text)));
    if (own.length === 0 || !own.every((text) => theirs.has(text))) return [];
    // Of two that share with each other, one is told.
    const isTold = others.every((other) => looks.indexOf(other) < index && other.addresses.length === own.length);
    if (isTold) return [];
    const remedy = "check the DNS records of their targets: is one of them missing, or is its address wrong?";
    return [
      warning(
        look.settings.name,
        `has the same addresses as ${names(others)} (${own.join(", ")}): neither can replace the other`,
        remedy,
      ),
    ];
  });
}

/** Clients with one family only lose the service when that family goes away with a switch. */
function inspectFamilies(looks: readonly EndpointLook[]): readonly Finding[] {
  const known = looks.filter(({ addresses }) => addresses.length > 0);
  return families.flatMap((family) => {
    const [having, lacking] = [known.filter((look) => has(look, family)), known.filter((look) => !has(look, family))];
    if (having.length === 0 || lacking.length === 0) return [];
    const detail = `${names(having)} ${having.length === 1 ? "has" : "have"} ${familyNames[family]}, ${names(lacking)} ${lacking.length === 1 ? "does" : "do"} not`;
    const remedy = `clients with only ${familyNames[family]} lose the service while ${names(lacking)} ${lacking.length === 1 ? "is" : "are"} active`;
    return [warning("families", detail, remedy)];
  });
}

function names(some: readonly EndpointLook[]): string {
  return some.map(({ settings }) => settings.name).join(", ");
}

function has({ addresses }: EndpointLook, family: Family): boolean {
  return addresses.some((address) => address.family === family);
}
