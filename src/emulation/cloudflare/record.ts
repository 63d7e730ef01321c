// One DNS record by itself: what a body may say, its canonical form, and every check that needs no other record.
import { parseIp } from "../../lib/ip.ts";
import { fullName, targetName } from "./names.ts";
import { planLimits, type PlanName } from "./plans.ts";
import { problems, ApiRefusal } from "./problem.ts";

/** What a person decides about a record, complete and canonical. Field names are the API's. */
export interface RecordFields {
  readonly type: string;
  readonly name: string;
  readonly content: string;
  /** Seconds, or 1 for automatic. */
  readonly ttl: number;
  readonly proxied: boolean;
  /** MX and URI only. */
  readonly priority?: number;
  /** SRV, CAA and other types with structured content. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly settings: Readonly<Record<string, boolean>>;
}

/** A stored record, with what the API adds. Times are ISO 8601 with microseconds. */
export interface StoredRecord extends RecordFields {
  readonly id: string;
  readonly proxiable: boolean;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly created_on: string;
  readonly modified_on: string;
  readonly comment_modified_on?: string;
  readonly tags_modified_on?: string;
}

/** The zone that a record is checked for. */
export interface RecordHome {
  /** Canonical zone name. */
  readonly name: string;
  readonly plan: PlanName;
  readonly created_on: string;
}

/** Rules on which reports of the real API disagree. */
export interface RecordRules {
  /** What becomes of a TTL of its own on a proxied record: ignored (the default here), or refused. */
  readonly proxiedTtl: "ignored" | "refused";
}

const knownTypes = new Set(
  "A AAAA CAA CERT CNAME DNSKEY DS HTTPS LOC MX NAPTR NS OPENPGPKEY PTR SMIMEA SRV SSHFP SVCB TLSA TXT URI".split(" "),
);
const proxiableTypes = new Set(["A", "AAAA", "CNAME"]);

/** CNAME targets that Cloudflare never proxies: mail signatures and certificate validations. */
const neverProxiedTargets =
  /^(?:dkim[23]\.mcsv\.net|zmverify\.zoho\.com|dkim\.infusionmail\.com)$|(?:^|\.)dkim\.amazonses\.com$|\.(?:onmicrosoft\.com|dkim\.intercom\.io|acm-validations\.aws)$/;

/** Some of Cloudflare's own ranges, enough to show that they are refused as content. */
const cloudflareAddresses = /^(?:104\.(?:1[6-9]|2[0-7])\.|172\.6[4-9]\.|172\.7[01]\.|2606:4700:)/;

/** The fields of a POST or PUT body: what it leaves out has its default. Throws `Refusal`. */
export function readFields(body: unknown): RecordFields {
  return { ...defaults, ...presentFields(body) };
}

/** `old` with the fields of a PATCH body over it. Throws `Refusal`. */
export function patchFields(old: RecordFields, body: unknown): RecordFields {
  const present = presentFields(body);
  return { ...fieldsOf(old), ...present, settings: { ...old.settings, ...present.settings } };
}

/** The canonical form of `fields` in `zone`. Throws the `Refusal` that the API gives first. */
export function canonicalFields(fields: RecordFields, zone: RecordHome, rules: RecordRules): RecordFields {
  const limits = planLimits(zone.plan, zone.created_on);
  const { type, proxied, ttl } = fields;
  if (!knownTypes.has(type)) throw new ApiRefusal(problems.unknownType(type));
  const name = fullName(fields.name, zone.name);
  if (name === undefined) throw new ApiRefusal(problems.badName);
  const content = canonicalContent(fields, zone.name);
  if (type === "CNAME" && content === name) throw new ApiRefusal(problems.cnameToItself);
  if (!isTtlInBounds(ttl, limits.lowestTtlSeconds)) throw new ApiRefusal(problems.badTtl(limits.lowestTtlSeconds));
  if (proxied && ttl !== 1 && rules.proxiedTtl === "refused") throw new ApiRefusal(problems.ttlOfProxied);
  if (proxied && !proxiableTypes.has(type)) throw new ApiRefusal(problems.typeNotProxiable);
  if (proxied && !isProxiable(type, content)) throw new ApiRefusal(problems.badTargetForProxy(content));
  checkComment(fields.comment ?? "", limits.commentLength);
  checkTags(fields.tags, limits.tagsPerRecord);
  if (fields.settings["flatten_cname"] === true && (zone.plan === "free" || proxied)) {
    throw new ApiRefusal(problems.noFlattening);
  }
  // A proxied record always has the automatic TTL, whatever was asked for.
  return { ...fields, name, content, ttl: proxied ? 1 : ttl, comment: fields.comment === "" ? null : fields.comment };
}

/** Whether Cloudflare could serve this content through its proxy. */
export function isProxiable(type: string, content: string): boolean {
  if (type === "CNAME") return !neverProxiedTargets.test(content);
  return proxiableTypes.has(type) && content !== "1.1.1.1" && !isRefusedByProxy(content);
}

/**
 * Private, shared, loopback, link-local and unspecified addresses; `100::` is even a usual one for names without a
 * host.
 */
function isRefusedByProxy(content: string): boolean {
  const address = parseIp(content);
  if (address?.scope === "public") return false;
  const isShared = /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(content);
  return address?.scope !== "special" || isShared || content === "::" || content.startsWith("0.");
}

/** The decided part of a stored record alone. */
export function fieldsOf(record: RecordFields): RecordFields {
  const { type, name, content, ttl, proxied, priority, data, comment, tags, settings } = record;
  return {
    type,
    name,
    content,
    ttl,
    proxied,
    comment,
    tags,
    settings,
    ...(priority !== undefined && { priority }),
    ...(data !== undefined && { data }),
  };
}

const defaults: RecordFields = {
  type: "",
  name: "",
  content: "",
  ttl: 1,
  proxied: false,
  comment: null,
  tags: [],
  settings: {},
};

const expectations: Readonly<Record<keyof RecordFields, readonly [words: string, test: (value: unknown) => boolean]>> =
  {
    type: ["a string", isString],
    name: ["a string", isString],
    content: ["a string", isString],
    ttl: ["a number", (value) => typeof value === "number"],
    proxied: ["a boolean", (value) => typeof value === "boolean"],
    priority: ["a number", (value) => typeof value === "number"],
    data: ["an object", isObject],
    comment: ["a string", (value) => value === null || isString(value)],
    tags: ["an array of strings", (value) => Array.isArray(value) && value.every(isString)],
    settings: ["an object of booleans", (value) => isObject(value) && Object.values(value).every(isBoolean)],
  };

/** The fields that a body names, with their JSON types checked; what the API does not know is ignored. */
function presentFields(body: unknown): Partial<RecordFields> {
  if (!isObject(body)) throw new ApiRefusal(problems.wrongJsonType("record", "an object"));
  const present: Record<string, unknown> = {};
  for (const [field, [words, test]] of Object.entries(expectations)) {
    const value = body[field];
    if (value === undefined) continue;
    if (!test(value)) throw new ApiRefusal(problems.wrongJsonType(field, words));
    present[field] = value;
  }
  return present;
}

function canonicalContent(fields: RecordFields, zone: string): string {
  const { type, content } = fields;
  const address = parseIp(content);
  switch (type) {
    case "A":
    case "AAAA":
      if (address?.family !== (type === "A" ? "ipv4" : "ipv6")) {
        throw new ApiRefusal(type === "A" ? problems.badIpv4 : problems.badIpv6);
      }
      if (cloudflareAddresses.test(address.text)) throw new ApiRefusal(problems.badContent(type));
      return address.text;
    case "MX":
      if (!isUint16(fields.priority)) throw new ApiRefusal(problems.badContent(type));
      return content === "." ? content : canonicalTarget(type, content, zone);
    case "CNAME":
    case "NS":
    case "PTR":
      return canonicalTarget(type, content, zone);
    case "TXT":
      return quoted(content);
    default: {
      const text = content === "" ? Object.values(fields.data ?? {}).join(" ") : content;
      if (text.trim() === "") throw new ApiRefusal(problems.badContent(type));
      if (text.length > 4096) throw new ApiRefusal(problems.contentTooLong);
      return text;
    }
  }
}

function canonicalTarget(type: string, content: string, zone: string): string {
  const target = targetName(content, zone);
  if (target === undefined) throw new ApiRefusal(problems.badContent(type));
  return target;
}

/** TXT content as it is stored: in quotes, which are added where they are missing. */
function quoted(content: string): string {
  if (content === "") throw new ApiRefusal(problems.badContent("TXT"));
  if (content.length > 2048) throw new ApiRefusal(problems.contentTooLong);
  return /^"[^]*"$/.test(content) ? content : `"${content.replaceAll(/(["\\])/g, "\\$1")}"`;
}

function isTtlInBounds(ttl: number, lowest: number): boolean {
  return ttl === 1 || (Number.isInteger(ttl) && ttl >= lowest && ttl <= 86_400);
}

function checkComment(comment: string, limit: number): void {
  if (Array.from(comment).length > limit) throw new ApiRefusal(problems.commentTooLong(limit));
  if (/\p{Cc}/u.test(comment)) throw new ApiRefusal(problems.badComment);
}

function checkTags(tags: readonly string[], quota: number): void {
  if (tags.length > quota) throw new ApiRefusal(problems.tooManyTags(tags.length, quota));
  const bad = tags.find((tag) => !/^[\w-]{1,32}(?::.{0,100})?$/u.test(tag));
  if (bad !== undefined) throw new ApiRefusal(problems.badTag(bad));
}

function isUint16(value: number | undefined): boolean {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** A JSON object: neither array nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
