// Many ingresses for one daemon, each with a first line of its own to break and a zone of its own: a table of cases then
// needs one process, and runs all at once.
import { stringify } from "yaml";
import { startCloudflare, type CloudflareServer } from "../../src/emulation/cloudflare/server.ts";
import type { StoredRecord } from "../../src/emulation/cloudflare/record.ts";
import type { LoggedRequest } from "../../src/emulation/cloudflare/api.ts";
import type { RecordDraft } from "../../src/emulation/cloudflare/store.ts";
import { startDns, type DnsServer } from "../../src/emulation/dns/server.ts";
import { pickLoopbackAddresses, startEndpoint, type Credentials, type Endpoint } from "../../src/emulation/endpoint.ts";
import { quick, type CheckInFile, type ConfigFile, type IngressInFile } from "./world-config.ts";

export interface FleetOptions {
  /** Serves HTTPS on all endpoints, each with the credentials made for its host names. */
  readonly tls?: (names: readonly string[]) => Promise<Credentials>;
  /** What else stands in the zone of this name at first. */
  readonly records?: (zone: string) => readonly RecordDraft[];
}

/** One ingress of the fleet. Its zone is `NAME.example`, and its record `ingress.NAME.example`. */
export interface Ship {
  readonly name: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly record: string;
  readonly cable: Endpoint;
}

export class Fleet implements AsyncDisposable {
  readonly cloudflare: CloudflareServer;
  readonly dns: DnsServer;
  readonly ships: readonly Ship[];
  /** The second line, which all of them share. */
  readonly mobile: Endpoint;
  readonly #parts: AsyncDisposable;
  readonly #scheme: "http" | "https";

  constructor(parts: {
    cloudflare: CloudflareServer;
    dns: DnsServer;
    ships: readonly Ship[];
    mobile: Endpoint;
    scheme: "http" | "https";
    stack: AsyncDisposable;
  }) {
    this.cloudflare = parts.cloudflare;
    this.dns = parts.dns;
    this.ships = parts.ships;
    this.mobile = parts.mobile;
    this.#scheme = parts.scheme;
    this.#parts = parts.stack;
  }

  ship(name: string): Ship {
    const ship = this.ships.find((each) => each.name === name);
    if (ship === undefined) throw new Error(`no ship ${name}`);
    return ship;
  }

  /** What stands at the ingress name of this ship. */
  recordsOf(name: string): readonly StoredRecord[] {
    return this.cloudflare.recordsAt(this.ship(name).record);
  }

  /** Requests that were meant to change this ship's zone. */
  writesFor(name: string): readonly LoggedRequest[] {
    const { zoneId } = this.ship(name);
    return this.cloudflare.writeRequests.filter(({ path }) => path.startsWith(`/zones/${zoneId}/`));
  }

  /** How often this ship's zone was changed over the API. */
  commitsOf(name: string): number {
    return this.cloudflare.history(this.ship(name).zone).filter(({ by }) => by === "api").length;
  }

  /** The configuration over the whole fleet. */
  config(
    options: { check?: Partial<CheckInFile>; edit?: (ingress: IngressInFile, ship: Ship) => void } = {},
  ): (folder: string) => string {
    return (folder) => {
      const check = (host: string, { port }: Endpoint): CheckInFile => ({
        url: `${this.#scheme}://${host}:${port}/healthz`,
        contains: "OK",
        interval: quick.interval,
        fast_interval: quick.fastInterval,
        timeout: quick.timeout,
        rise: quick.rise,
        fall: quick.fall,
        ...options.check,
      });
      const line = (name: string, host: string, server: Endpoint, priority: number) => ({
        name,
        target: host,
        priority,
        resolvers: [this.dns.address],
        check: check(host, server),
      });
      const config: ConfigFile = {
        cloudflare: {
          token: this.cloudflare.token,
          api_url: this.cloudflare.url,
          nameservers: [this.dns.address],
        },
        ingresses: this.ships.map((ship) => {
          const ingress: IngressInFile = {
            record: ship.record,
            zone: ship.zoneId,
            hold_up: "0s",
            allow_private: true,
            endpoints: [
              line("cable", `cable.${ship.zone}`, ship.cable, 10),
              line("mobile", `mobile.${ship.zone}`, this.mobile, 20),
            ],
          };
          options.edit?.(ingress, ship);
          return ingress;
        }),
        http: { listen: "127.0.0.1:0" },
        state_dir: `${folder}/state`,
        anchors: [`127.0.0.1:${this.cloudflare.port}`],
      };
      return stringify(config);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}

/** Starts everything that the ingresses of these names need. Each points to its cable at first. */
export async function startFleet(names: readonly string[], options: FleetOptions = {}): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const [cableAddress = "", mobileAddress = ""] = await pickLoopbackAddresses(2);
  const endpoint = async (hosts: readonly string[], address: string): Promise<Endpoint> => {
    const tls = await options.tls?.(hosts);
    return stack.use(await startEndpoint({ host: address, ...(tls && { tls }) }));
  };
  const zones = names.map((name) => `${name}.example`);
  const mobileHosts = zones.map((zone) => `mobile.${zone}`);
  const mobile = await endpoint(mobileHosts, mobileAddress);
  const cloudflare = stack.use(
    await startCloudflare({
      zones: zones.map((name) => ({
        name,
        records: [
          addressRecord(`cable.${name}`, cableAddress),
          addressRecord(`mobile.${name}`, mobileAddress),
          ...(options.records?.(name) ?? [
            { type: "CNAME", name: `ingress.${name}`, content: `cable.${name}`, ttl: 60 },
          ]),
        ],
      })),
    }),
  );
  const dns = stack.use(await startDns({ source: cloudflare }));
  const ships = await Promise.all(
    names.map(async (name): Promise<Ship> => {
      const zone = `${name}.example`;
      const { id: zoneId } = cloudflare.zone(zone);
      return { name, zone, zoneId, record: `ingress.${zone}`, cable: await endpoint([`cable.${zone}`], cableAddress) };
    }),
  );
  const scheme = options.tls === undefined ? "http" : "https";
  return new Fleet({ cloudflare, dns, ships, mobile, scheme, stack: stack.move() });
}

function addressRecord(name: string, content: string): RecordDraft {
  return { type: content.includes(":") ? "AAAA" : "A", name, content, ttl: 60 };
}
