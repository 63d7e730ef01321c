// What can be wrong with the world, each by itself: either endpoint, the monitor's own connection, Cloudflare, and a
// record that somebody edited by hand.
import type { EndpointName, WayName } from "../web/dashboard/demo/document.ts";
import { wayOf, ways } from "./ways.ts";
import { ingressName, type World } from "../emulation/world.ts";

/** Where a record of this type leads when another program edited it: names and addresses for documentation. */
const elsewhere: Readonly<Record<string, string>> = {
  CNAME: "elsewhere.example.net",
  A: "192.0.2.99",
  AAAA: "2001:db8::99",
};

export class Troubles {
  readonly #world: World;
  /** How the endpoints behave behind a connection that is cut. */
  #hidden: Readonly<Record<EndpointName, WayName>> | undefined;
  #isCloudflareDown = false;

  constructor(world: World) {
    this.#world = world;
  }

  get isCut(): boolean {
    return this.#hidden !== undefined;
  }

  get isCloudflareDown(): boolean {
    return this.#isCloudflareDown;
  }

  wayOf(name: EndpointName): WayName {
    return this.#hidden?.[name] ?? wayOf(this.#world[name].server.behaviour).name;
  }

  async setWay(name: EndpointName, way: WayName): Promise<void> {
    if (this.#hidden === undefined) await this.#world[name].server.behave(ways[way].behaviour);
    else this.#hidden = { ...this.#hidden, [name]: way };
  }

  /** From the monitor nothing answers any more, or everything that answered before does again. */
  async setCut(isCut: boolean): Promise<void> {
    if (isCut === this.isCut) return;
    const { cable, mobile, anchor, dns, telegram } = this.#world;
    const hidden = this.#hidden ?? { cable: this.wayOf("cable"), mobile: this.wayOf("mobile") };
    this.#hidden = isCut ? hidden : undefined;
    this.#setCloudflare();
    dns.faults.clear();
    telegram.faults.clear();
    if (isCut) {
      // The ingress is still answered for: those who look at it from outside have connections of their own.
      dns.faults.always({ kind: "silent" }, ({ name }) => name !== ingressName);
      telegram.faults.always({ kind: "drop" });
    }
    await Promise.all([
      cable.server.behave(isCut ? { kind: "hang" } : ways[hidden.cable].behaviour),
      mobile.server.behave(isCut ? { kind: "hang" } : ways[hidden.mobile].behaviour),
      anchor.behave({ kind: isCut ? "refuse" : "ok" }),
    ]);
  }

  setCloudflareDown(isDown: boolean): void {
    if (isDown === this.#isCloudflareDown) return;
    this.#isCloudflareDown = isDown;
    this.#setCloudflare();
  }

  /** Points the ingress elsewhere, as another program would. Returns where to. */
  editRecord(): string {
    const { records, cloudflare } = this.#world;
    const record = records.find(({ type }) => type in elsewhere);
    if (record === undefined) return "nowhere, as there is no record";
    const content = elsewhere[record.type] ?? record.content;
    cloudflare.hand.edit(record.id, { content });
    return content;
  }

  /** Nothing is wrong any more, but for what was written into the zone. */
  async mendAll(): Promise<void> {
    await this.setCut(false);
    this.setCloudflareDown(false);
    await Promise.all([this.setWay("cable", "ok"), this.setWay("mobile", "ok")]);
  }

  #setCloudflare(): void {
    const { faults } = this.#world.cloudflare;
    if (this.isCut) faults.always({ kind: "drop-before-commit" });
    else if (this.#isCloudflareDown) faults.always({ kind: "unavailable", status: 503 });
    else faults.clear();
  }
}
