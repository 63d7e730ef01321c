// The configuration after it was read, checked and completed with defaults: what the rest of the daemon is given.
import type { IngressSettings } from "../core/model.ts";
import type { ChannelConfig } from "../channels/kind.ts";
import type { Secret } from "../lib/secret.ts";

export interface Config {
  readonly cloudflare: CloudflareConfig;
  readonly ingresses: readonly IngressSettings[];
  readonly notify: readonly ChannelConfig[];
  readonly http: HttpConfig;
  /** IANA name of the zone in which people are told times; missing: the machine's. */
  readonly timeZone?: string;
  /** Absolute path of the folder for what survives a restart. */
  readonly stateDir: string;
  /** `ip:port` pairs whose TCP connect tells "I am offline" from "they are down". */
  readonly anchors: readonly string[];
}

export interface CloudflareConfig {
  readonly token: Secret;
  /** Base URL without trailing slash. */
  readonly apiUrl: string;
  /** Authoritative servers asked after a write, `ip:port`; missing: the zone's own. */
  readonly nameservers?: readonly string[];
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Further host names that requests may call the server by; addresses and private names need none. */
  readonly hosts?: readonly string[];
  /** Addresses and ranges of reverse proxies that say who they speak for. */
  readonly trustedProxies?: readonly string[];
  /** Bearer token of every changing call. */
  readonly token?: Secret;
}
