// The rules that tie several keys together. They look at whatever was right in the file, so that a mistake elsewhere
// hides none of theirs.
import { checkCheck } from "./checks.ts";
import { isHost, reportCircles, type TargetInFile } from "./circles.ts";
import { shown } from "./format/describe.ts";
import { checkMixRecords, type NameOfIngress } from "./mix-record.ts";
import { isZoneId } from "./fields.ts";
import type { Report } from "./format/problem.ts";
import type { ConfigFile, EndpointInFile, IngressInFile } from "./schema.ts";
import type { Partially } from "./format/reading.ts";

export interface RulesContext {
  /** The word of the environment, if it has one. */
  readonly allowPrivate: boolean | undefined;
  readonly nameOf: NameOfIngress;
  readonly report: Report;
}

/** Checks the whole configuration. */
export function checkRules(file: Partially<ConfigFile>, { allowPrivate, nameOf, report }: RulesContext): void {
  const firstByRecord = new Map<string, number>();
  for (const [index, ingress] of (file.ingresses ?? []).entries()) {
    if (ingress === undefined) continue;
    const path = `ingresses[${index}]`;
    const { record } = ingress;
    if (record !== undefined) {
      const first = firstByRecord.get(record);
      if (first === undefined) firstByRecord.set(record, index);
      else report(`${path}.record`, `expected each record once, got the record of ${nameOf(first, index)}`);
    }
    const remedy =
      allowPrivate === false
        ? "CCS_ALLOW_PRIVATE in the environment forbids it"
        : "set allow_private: true in the ingress to allow it";
    const rules = { record, allowPrivate: allowPrivate ?? ingress.allow_private ?? false, remedy };
    checkIngress(ingress, path, rules, report);
  }
  checkMixRecords(file.ingresses ?? [], nameOf, report);
  reportCircles(file.ingresses ?? [], report);
  reportDoubles(file.cloudflare?.nameservers, "cloudflare.nameservers", report);
  reportDoubles(file.anchors, "anchors", report);
}

function checkIngress(ingress: Partially<IngressInFile>, path: string, rules: TargetRules, report: Report): void {
  const { record, zone, publish, endpoints = [] } = ingress;
  if (record !== undefined && zone !== undefined && !isZoneId(zone) && !isWithin(record, zone)) {
    report(`${path}.record`, `expected a name within the zone ${shown(zone)}, got ${shown(record)}`);
  }
  const firstByName = new Map<string, number>();
  for (const [index, endpoint] of endpoints.entries()) {
    if (endpoint === undefined) continue;
    const at = `${path}.endpoints[${index}]`;
    const { target } = endpoint;
    const name = endpoint.name ?? (target && nameOfTarget(target));
    const first = name === undefined ? undefined : firstByName.get(name);
    if (first !== undefined) {
      const key = endpoint.name === undefined ? "target" : "name";
      report(
        `${at}.${key}`,
        `expected each name once in an ingress, got the name of endpoints[${first}]: give it its own name`,
      );
    } else if (name !== undefined) firstByName.set(name, index);
    if (target !== undefined) checkTarget(target, `${at}.target`, rules, report);
    if (publish === "cname") checkCname(endpoint, at, report);
    if (endpoint.check !== undefined) checkCheck(endpoint.check, `${at}.check`, report);
    reportDoubles(endpoint.resolvers, `${at}.resolvers`, report);
  }
}

interface TargetRules {
  readonly record: string | undefined;
  readonly allowPrivate: boolean;
  /** How to permit private addresses. */
  readonly remedy: string;
}

/** What every target must keep to, in either format. */
export function checkTarget(target: TargetInFile, path: string, rules: TargetRules, report: Report): void {
  if (isHost(target)) {
    if (target.host === rules.record)
      report(path, "expected a different name from the record, which would otherwise point to itself");
    return;
  }
  const isList = !("kind" in target);
  const addresses = isList ? target : target.addresses;
  const seen = new Set<string>();
  for (const [index, address] of addresses.entries()) {
    if (address === undefined) continue;
    const { text, scope, purpose } = address;
    const at = isList ? `${path}[${index}]` : path;
    if (seen.has(text)) report(at, `expected each address once, got ${text} again`);
    else if (scope === "private" && !rules.allowPrivate) {
      report(at, `expected a public address, got the private ${text}: ${rules.remedy}`);
    }
    if (scope === "special") report(at, `expected the address of a host, got ${text}, which is reserved (${purpose})`);
    seen.add(text);
  }
}

function checkCname(endpoint: Partially<EndpointInFile>, path: string, report: Report): void {
  const remedy = "use publish: auto";
  const { target } = endpoint;
  if (target !== undefined && !isHost(target)) {
    report(`${path}.target`, `expected a host name, since publish is cname, got an address: name a host, or ${remedy}`);
  }
}

function reportDoubles(items: readonly (string | undefined)[] | undefined, path: string, report: Report): void {
  const seen = new Set<string>();
  for (const [index, item] of (items ?? []).entries()) {
    if (item === undefined) continue;
    if (seen.has(item)) report(`${path}[${index}]`, `expected each address once, got ${item} again`);
    seen.add(item);
  }
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** What an endpoint is called that has no name; `undefined` when that was wrong. */
export function nameOfTarget(target: TargetInFile): string | undefined {
  if (isHost(target)) return target.host;
  return ("kind" in target ? target.addresses : target)[0]?.text;
}
