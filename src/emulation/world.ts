// The whole outside world of one ingress on loopback: emulated Cloudflare, its DNS, a Telegram, and two toy endpoints.
// The demo plays its story in it, and the end-to-end tests run the built daemon in it.
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { startCloudflare, type CloudflareServer } from "./cloudflare/server.ts";
import type { StoredRecord } from "./cloudflare/record.ts";
import type { RecordDraft } from "./cloudflare/store.ts";
import { startDns, type DnsOptions, type DnsServer } from "./dns/server.ts";
import { pickLoopbackAddresses, startEndpoint, type Credentials, type Endpoint } from "./endpoint.ts";
import { startTelegram, type TelegramServer } from "./channels/telegram.ts";

export const zoneName = "example.com";
/** Where the addresses of a mix stand. */
export const mixName = "ingress-mix.example.com";

export const ingressName = "ingress.example.com";

/** The TTL of the ingress while this endpoint serves. */
export const ttlSeconds = { cable: 60, mobile: 300 } as const;

export interface WorldOptions {
  readonly clock?: Clock;
  /** What is at the ingress name at first; a CNAME to the primary by default. */
  readonly records?: readonly RecordDraft[];
  /** Serves HTTPS on both endpoints. */
  readonly tls?: Credentials;
  readonly dnsPort?: number;
  /** CNAME records within the zone are answered with addresses, as Cloudflare does. */
  readonly isFlattening?: boolean;
  /** Taken for DNS where it is free; otherwise, as without it, any other port. */
  readonly preferredDnsPort?: number;
}

/** An endpoint of the world, with the name that it has in DNS. */
export interface WorldEndpoint {
  readonly name: "cable" | "mobile";
  readonly host: string;
  readonly address: string;
  readonly server: Endpoint;
}

export class World implements AsyncDisposable {
  readonly cloudflare: CloudflareServer;
  readonly dns: DnsServer;
  readonly telegram: TelegramServer;
  readonly cable: WorldEndpoint;
  readonly mobile: WorldEndpoint;
  /** What a monitor tries to reach, to tell whether its own connection works. */
  readonly anchor: Endpoint;
  readonly #parts: AsyncDisposableStack;

  constructor(parts: {
    cloudflare: CloudflareServer;
    dns: DnsServer;
    telegram: TelegramServer;
    cable: WorldEndpoint;
    mobile: WorldEndpoint;
    anchor: Endpoint;
    stack: AsyncDisposableStack;
  }) {
    this.cloudflare = parts.cloudflare;
    this.dns = parts.dns;
    this.telegram = parts.telegram;
    this.cable = parts.cable;
    this.mobile = parts.mobile;
    this.anchor = parts.anchor;
    this.#parts = parts.stack;
  }

  /** The records of the ingress name now, others than ours included. */
  get records(): readonly StoredRecord[] {
    return this.cloudflare.recordsAt(ingressName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** Starts everything on loopback ports of its own. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { clock = systemClock, tls } = options;
  await using stack = new AsyncDisposableStack();
  const [cableAddress = "127.0.0.1", mobileAddress = "127.0.0.1"] = await pickLoopbackAddresses(2);
  const start = async (name: "cable" | "mobile", host: string, address: string): Promise<WorldEndpoint> => {
    const server = stack.use(await startEndpoint({ host: address, ...(tls && { tls }) }));
    return { name, host, address, server };
  };
  const cable = await start("cable", `primary.${zoneName}`, cableAddress);
  const mobile = await start("mobile", `secondary.${zoneName}`, mobileAddress);
  const records: RecordDraft[] = [cable, mobile].map(({ host: name, address: content }) => ({
    type: content.includes(":") ? "AAAA" : "A",
    name,
    content,
    ttl: 60,
  }));
  const ingress = options.records ?? [{ type: "CNAME", name: ingressName, content: cable.host, ttl: 60 }];
  const zones = [{ name: zoneName, records: [...records, ...ingress] }];
  const cloudflare = stack.use(await startCloudflare({ clock, zones }));
  const dns = stack.use(await startWorldDns({ source: cloudflare, clock }, options));
  const telegram = stack.use(await startTelegram({ clock }));
  const anchor = stack.use(await startEndpoint());
  return new World({ cloudflare, dns, telegram, cable, mobile, anchor, stack: stack.move() });
}

async function startWorldDns(
  parts: Pick<DnsOptions, "source" | "clock">,
  { dnsPort, preferredDnsPort, isFlattening = false }: WorldOptions,
): Promise<DnsServer> {
  if (dnsPort !== undefined) return startDns({ ...parts, isFlattening, port: dnsPort });
  if (preferredDnsPort === undefined) return startDns({ ...parts, isFlattening });
  try {
    return await startDns({ ...parts, isFlattening, port: preferredDnsPort });
  } catch {
    // Taken, or not for us.
    return startDns({ ...parts, isFlattening });
  }
}

/** Rhythms that let a person, or a test, see in seconds what takes minutes in real life. */
export interface Tempo {
  readonly interval: string;
  readonly fastInterval: string;
  readonly timeout: string;
  readonly rise: number;
  readonly fall: number;
  readonly holdUp: string;
  readonly sticky: string;
  /** How often the records are read, to find what others did to them; 5 min by default. */
  readonly reconcile?: string;
}

/** The configuration of a daemon that watches this world. */
export function worldConfig(
  world: World,
  tempo: Tempo,
  more: { stateDir: string; listen: string; scheme?: "http" | "https"; httpToken?: string },
): string {
  const { cable, mobile, anchor, dns, cloudflare, telegram } = world;
  const endpoint = ({ name, host, server }: WorldEndpoint, priority: number): string => `
      - name: ${name}
        target: ${host}
        priority: ${priority}
        sticky: ${tempo.sticky}
        ttl: ${ttlSeconds[name]}s
        resolvers: ["${dns.address}"]
        check:
          url: ${more.scheme ?? "http"}://${host}:${server.port}/healthz
          contains: OK
          interval: ${tempo.interval}
          fast_interval: ${tempo.fastInterval}
          timeout: ${tempo.timeout}
          rise: ${tempo.rise}
          fall: ${tempo.fall}`;
  return `cloudflare:
  token: ${cloudflare.token}
  api_url: ${cloudflare.url}
  nameservers: ["${dns.address}"]
ingresses:
  - record: ${ingressName}
    hold_up: ${tempo.holdUp}${
      tempo.reconcile === undefined
        ? ""
        : `
    reconcile_interval: ${tempo.reconcile}`
    }
    # The emulated network hears of a change at once.
    mix_wait: 0s
    allow_private: true
    endpoints:${endpoint(cable, 10)}${endpoint(mobile, 20)}
notify:
  - kind: telegram
    token: "${telegram.token}"
    chat_id: 123456
    api_url: ${telegram.url}
http:
  listen: "${more.listen}"${
    more.httpToken === undefined
      ? ""
      : `
  token: ${more.httpToken}`
  }
state_dir: ${more.stateDir}
# What tells "I am offline" from "they are down". Here no packet leaves this machine.
anchors: ["127.0.0.1:${anchor.port}"]
`;
}
