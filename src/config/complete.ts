// The file as it was read, and the environment's word, put together into the daemon's Config.
import type { EndpointSettings, IngressSettings, Target } from "../core/model.ts";
import type { Secret } from "../lib/secret.ts";
import { completeChannel, type FoundChannel } from "./channels.ts";
import { completeCheck, type CheckFiles } from "./checks.ts";
import type { Config } from "./config.ts";
import type { EnvironmentSettings } from "./environment.ts";
import { mixRecordsOf, type MixRecord } from "./mix-record.ts";
import { nameOfTarget } from "./rules.ts";
import type { ConfigFile, EndpointInFile, IngressInFile } from "./schema.ts";

/** The tokens, from the file or from files of their own. */
export interface Tokens {
  readonly cloudflare: Secret;
  readonly http?: Secret;
}

/** What is beside the configuration file. */
export interface Beside {
  readonly tokens: Tokens;
  /** What checks name; missing where none names any. */
  readonly checkFiles?: CheckFiles;
  /** Those of `notify`, with their secrets. */
  readonly channels: readonly FoundChannel[];
}

/** `stateDir` is absolute; where the environment has a word, it wins. */
export function completeConfig(
  file: ConfigFile,
  { tokens, checkFiles, channels }: Beside,
  environment: EnvironmentSettings,
  stateDir: string,
): Config {
  const { nameservers } = file.cloudflare;
  const { hosts, trusted_proxies: trustedProxies } = file.http;
  const mixRecords = mixRecordsOf(file.ingresses);
  return {
    cloudflare: {
      token: tokens.cloudflare,
      apiUrl: environment.cloudflareApiUrl ?? file.cloudflare.api_url,
      ...(nameservers !== undefined && { nameservers }),
    },
    ingresses: file.ingresses.map((ingress, index) => toIngress(ingress, mixRecords[index], environment, checkFiles)),
    notify: channels.map((channel) => completeChannel(channel, environment.channels)),
    http: {
      ...(environment.listen ?? file.http.listen),
      ...(hosts !== undefined && { hosts }),
      ...(trustedProxies !== undefined && { trustedProxies }),
      ...(tokens.http !== undefined && { token: tokens.http }),
    },
    ...(file.timezone !== undefined && { timeZone: file.timezone }),
    stateDir,
    anchors: environment.anchors ?? file.anchors,
  };
}

function toIngress(
  ingress: IngressInFile,
  mix: MixRecord | undefined,
  { allowPrivate, mixWaitMs }: EnvironmentSettings,
  checkFiles: CheckFiles | undefined,
): IngressSettings {
  return {
    id: ingress.record,
    record: ingress.record,
    ...(ingress.zone !== undefined && { zone: ingress.zone }),
    publish: ingress.publish,
    ...(ingress.proxied !== undefined && { proxied: ingress.proxied }),
    holdUpMs: ingress.hold_up,
    reconcileIntervalMs: ingress.reconcile_interval,
    allowPrivate: allowPrivate ?? ingress.allow_private,
    ...(mix !== undefined && mixSettings(mix, mixWaitMs ?? ingress.mix_wait)),
    endpoints: ingress.endpoints.map((endpoint) => toEndpoint(endpoint, checkFiles)),
  };
}

function mixSettings(mix: MixRecord, waitMs: number): Pick<IngressSettings, "mix" | "whyNoMixName"> {
  return "why" in mix ? { whyNoMixName: mix.why } : { mix: { record: mix.record, waitMs } };
}

function toEndpoint(endpoint: EndpointInFile, checkFiles: CheckFiles | undefined): EndpointSettings {
  const { check } = endpoint;
  const target: Target =
    "kind" in endpoint.target ? endpoint.target : { kind: "addresses", addresses: endpoint.target };
  return {
    name: endpoint.name ?? nameOfTarget(target) ?? "",
    target,
    priority: endpoint.priority,
    ttl: endpoint.ttl,
    ...(isSome(endpoint.sticky) && { stickyMs: endpoint.sticky }),
    resolvers: endpoint.resolvers,
    ...(check !== undefined && {
      check: completeCheck(check, { target, files: checkFiles?.of({ ...check }) ?? {} }),
    }),
  };
}

/** A time of zero is the same as none. */
function isSome(durationMs: number | undefined): durationMs is number {
  return durationMs !== undefined && durationMs > 0;
}
