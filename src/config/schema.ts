// Every key of the configuration file, with its description, default and example. The reference for people and the JSON
// Schema for editors are generated from here.
import { z } from "zod";
import { notifySchema } from "./channels.ts";
import { checkDefaultsSchema, checkSchema } from "./checks.ts";
import { withoutNeed } from "./format/schemas.ts";
import { displayName, target, ttl, zone } from "./fields.ts";
import {
  baseUrl,
  choice,
  duration,
  filePath,
  filesPath,
  flag,
  folderPath,
  hostName,
  secret,
  socket,
  timeZone,
  wholeNumber,
} from "./format/fields.ts";
import { httpSchema } from "./http-schema.ts";
import { optional, required, withDefault } from "./format/key.ts";
import { dayMs, hourMs } from "../core/units.ts";

const secondMs = 1_000;

export const endpointSchema = z
  .strictObject({
    name: optional(displayName, {
      otherNames: ["alias"],
      description: "The name used in messages, metrics and commands. Unique in its ingress.",
      defaultInWords: "the target",
      example: "cable",
    }),
    target: required(target, {
      otherNames: ["dns", "host", "hostname"],
      description: "Where to find it: a host name, an IP address, or a list of IP addresses.",
      example: "primary.example.com",
    }),
    priority: withDefault(wholeNumber(-1_000_000, 1_000_000), 0, {
      otherNames: ["weight"],
      description: "A lower number means higher priority; ties are resolved by the order in the file.",
      example: 10,
    }),
    ttl: withDefault(ttl, "60s", {
      description:
        "TTL of the records while this endpoint is active. `auto` leaves it to Cloudflare, and counts as 300s in a mix.",
      example: "5m",
    }),
    sticky: optional(duration(0, 365 * dayMs, "10m"), {
      otherNames: ["sticky_duration"],
      description:
        "How long it is also published after the ingress has returned to a better endpoint. `0s` means not at all.",
      defaultInWords: "none",
      example: "10m",
    }),
    resolvers: withDefault(
      z.array(socket(53)).min(1).meta({ expects: "a list of resolvers" }),
      ["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"],
      {
        otherNames: ["resolver"],
        description:
          "DNS resolvers to look the target up with, each `ip`, `ip:port` or `[ip]:port`. They are asked in this order until one answers; that there is no address has to be confirmed by two.",
        example: ["9.9.9.9", "[2620:fe::fe]:53"],
      },
    ),
    check: optional(checkSchema, {
      otherNames: ["monitoring"],
      description:
        "How to find out whether it works. Without a check it is assumed up, and has lower priority than every checked endpoint.",
      defaultInWords: "none",
    }),
  })
  .meta({ expects: "a section with a target", heading: "Endpoints" });

const ingressSchema = z
  .strictObject({
    record: required(hostName, {
      description:
        "The DNS name to manage, unique, within the zone. Its A, AAAA and CNAME records belong to the daemon.",
      example: "ingress.example.com",
    }),
    zone: optional(zone, {
      otherNames: ["zone_id"],
      description: "The zone's name or its id. With an id the token needs no permission to read zones.",
      defaultInWords: "found by the record's name",
      example: "example.com",
    }),
    publish: withDefault(choice(["auto", "cname", "addresses"]), "auto", {
      description:
        "`auto`: the existing type of record is kept; a name without a record gets a CNAME, or addresses if a " +
        "target is an address. `cname` and `addresses` choose one type: a record of the other type is converted once.",
      example: "addresses",
    }),
    mix_record: optional(hostName, {
      description:
        "The second name, in the same zone, for the addresses of a mix while the ingress is a CNAME. Only records " +
        "with the comment of ccs are changed there. If the default is too long or used for something else, there is no " +
        "mix, and ccs warns about it. At the apex of a zone with three labels, either set `zone` by name or set this.",
      defaultInWords: "the first label of the record with `-mix`; `mix` at the zone's own name",
      example: "ingress-mix.example.com",
    }),
    mix_wait: withDefault(duration(0, hourMs, "60s"), "60s", {
      description:
        "How long every authoritative server must have shown a newly created mix before the ingress points to it. The " +
        "environment variable `CCS_MIX_WAIT` overrides it.",
      example: "2m",
    }),
    proxied: optional(flag, {
      description: "Whether Cloudflare proxies the name. Enforced only if set; if true, the TTL is automatic.",
      defaultInWords: "as published, `false` for a new record",
      example: false,
    }),
    hold_up: withDefault(duration(0, hourMs, "60s"), "60s", {
      description:
        "How long a better endpoint must not have been down before the ingress returns to it. Doubles with " +
        "each failover away from it within an hour, up to 1h.",
      example: "2m",
    }),
    reconcile_interval: withDefault(duration(secondMs, dayMs, "5m"), "5m", {
      description:
        "How often the records are read and changes by others are repaired; sooner, once, if two name servers show a change.",
      example: "1m",
    }),
    allow_private: withDefault(flag, false, {
      description: "Allow private, loopback and link-local addresses as targets.",
      example: true,
    }),
    endpoints: required(z.array(endpointSchema).min(1).meta({ expects: "a list of endpoints" }), {
      description: "The endpoints to choose from, at least one.",
    }),
  })
  .meta({ expects: "a section with record and endpoints", heading: "Ingresses" });

/** What all endpoints share. */
const defaultsSchema = z
  .strictObject({
    ttl: withoutNeed(endpointSchema.shape.ttl, "`60s`"),
    sticky: withoutNeed(endpointSchema.shape.sticky, "none"),
    resolvers: withoutNeed(endpointSchema.shape.resolvers, "those of [Endpoints](#endpoints)"),
    check: optional(checkDefaultsSchema, {
      description:
        "Keys for every `check`, none of them required here. `check: {}` takes over all of them; an endpoint without `check` gets none. " +
        "A check of another `kind` takes over only `interval`, `fast_interval`, `timeout`, `rise` and `fall`.",
      defaultInWords: "none",
    }),
  })
  .meta({ expects: "a section with keys of endpoints", heading: "Defaults" });

const cloudflareSchema = z
  .strictObject({
    token: optional(secret, {
      description: "API token with the permission Zone.DNS Edit, and Zone.Zone Read if a zone is looked up by name.",
      defaultInWords: "this or `token_file` is required",
      example: "${CLOUDFLARE_API_TOKEN}",
    }),
    token_file: optional(filePath, {
      description: "File with the token, instead of `token`.",
      defaultInWords: "none",
      example: "/run/secrets/cloudflare_token",
    }),
    api_url: withDefault(baseUrl, "https://api.cloudflare.com/client/v4", {
      description: "Base URL of the API, if it is not the usual one.",
      example: "http://127.0.0.1:8787/client/v4",
    }),
    nameservers: optional(z.array(socket(53)).min(1).meta({ expects: "a list of name servers" }), {
      description:
        "Authoritative servers to verify writes with, and to watch every half minute: `ip`, `ip:port` or `[ip]:port`.",
      defaultInWords: "the zone's own",
      example: ["173.245.58.100"],
    }),
  })
  .meta({ expects: "a section with a token", heading: "Cloudflare" });

/** Connecting to one of these tells "I am offline" from "they are down". */
const defaultAnchors = [
  "1.1.1.1:443",
  "8.8.8.8:443",
  "9.9.9.9:443",
  "[2606:4700:4700::1111]:443",
  "[2001:4860:4860::8888]:443",
  "[2620:fe::fe]:443",
];

const ingressesSchema = z.array(ingressSchema).min(1).meta({ expects: "a list of ingresses" });

const includeSchema = z
  .union([filesPath, z.array(filesPath).min(1).meta({ expects: "a list of paths" })])
  .meta({ expects: "the path of a folder or a file, or a list of these" });

/** A file that is included. */
export const includedSchema = z.strictObject({
  ingresses: required(ingressesSchema, { otherNames: ["ingress"], description: "As in the file that includes it." }),
});

/** The whole file. */
export const configSchema = z
  .strictObject({
    cloudflare: required(cloudflareSchema, { description: "Access to Cloudflare." }),
    ingresses: optional(ingressesSchema, {
      otherNames: ["ingress"],
      description: "The DNS names to keep pointing at a working endpoint, at least one.",
      defaultInWords: "this or `include` is required",
    }),
    include: optional(includeSchema, {
      description:
        "Further files with `ingresses`: a folder, of which all files `*.yml` and `*.yaml` are read in the order of their names, " +
        "but no hidden ones; a file; `conf.d/*.yml`; or a list of these. See [Several files](#several-files).",
      defaultInWords: "none",
      example: "conf.d",
    }),
    defaults: optional(defaultsSchema, {
      description: "Keys for all endpoints that do not have them themselves.",
      defaultInWords: "none",
    }),
    notify: withDefault(notifySchema, [], { otherNames: ["notifications"], description: "Where to send messages." }),
    http: withDefault(httpSchema, {}, { description: "The daemon's own HTTP server." }),
    timezone: optional(timeZone, {
      description: "Time zone for times in messages, by its IANA name.",
      defaultInWords: "the machine's, which `TZ` may name",
      example: "Europe/Berlin",
    }),
    state_dir: optional(folderPath, {
      description: "Folder for the state that survives a restart.",
      defaultInWords: "`$STATE_DIRECTORY`, else `/var/lib/ccs` for a file in `/etc/ccs`, else the user's state folder",
      example: "/var/lib/cloudflare-cname-switcher",
    }),
    anchors: withDefault(z.array(socket(443)).meta({ expects: "a list of addresses" }), defaultAnchors, {
      description:
        "Reference hosts: well-known hosts that tell whether this machine is online. If connecting to them " +
        "fails as well, failover is suspended. Each `ip`, `ip:port` or `[ip]:port` (default port: 443).",
      example: ["1.1.1.1:443", "[2606:4700:4700::1111]:443"],
    }),
  })
  .meta({ expects: "sections", heading: "Top level" });

export type IngressInFile = z.output<typeof ingressSchema>;
export type EndpointInFile = IngressInFile["endpoints"][number];

/** All files with all defaults filled in and all values read; what depends on several keys is not decided yet. */
export interface ConfigFile extends Omit<z.output<typeof configSchema>, "ingresses"> {
  /** Those of included files too. */
  readonly ingresses: readonly IngressInFile[];
}
