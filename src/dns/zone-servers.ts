// The authoritative servers of the zones that hold our records: who they are, and what each shows at a name. All who
// ask them share the limits here, and what is remembered about them.
import type { IngressSettings } from "../core/model.ts";
import { Slots } from "../lib/slots.ts";
import type { Answers } from "./comparison.ts";
import type { Exchange } from "./exchange.ts";
import { NameServerFinder, type FoundServers, type NameServerPorts } from "./name-servers.ts";

/** How long one server may take to answer. Silence delays nothing for longer. */
export const answerTimeoutMs = 1_500;
/** Many ingresses can be written at once, and file descriptors are needed for probes. */
const mostQuestionsAtOnce = 32;
const mostSearchesAtOnce = 4;

export class ZoneServers {
  readonly #exchange: Exchange;
  readonly #finder: NameServerFinder;
  readonly #questions = new Slots(mostQuestionsAtOnce);
  readonly #searches = new Slots(mostSearchesAtOnce);
  #configured: readonly string[] | undefined;

  /** `nameservers`: whom to ask, each `ip:port`; the zone's own when missing. */
  constructor(ports: NameServerPorts, nameservers?: readonly string[]) {
    this.#exchange = ports.exchange;
    this.#finder = new NameServerFinder(ports);
    this.#configured = nameservers;
  }

  /** Asks these servers from now on. */
  use(nameservers: readonly string[] | undefined): void {
    this.#configured = nameservers;
  }

  /** The servers of the zone that holds the record of this ingress. Never rejects. */
  async of(settings: IngressSettings, signal: AbortSignal): Promise<FoundServers> {
    const configured = this.#configured;
    if (configured === undefined) {
      const found = await this.#searches.run(signal, () => this.#finder.find(settings, signal));
      return found ?? { kind: "none", detail: "cancelled" };
    }
    return { kind: "found", zone: "", servers: configured.map((address) => ({ address, label: address })) };
  }

  /** What the server at this address shows at the name, of both types of address. Never rejects. */
  async ask(address: string, name: string, signal: AbortSignal): Promise<Answers> {
    const ask = async (type: "A" | "AAAA"): Promise<Answers["A"]> => {
      const options = { timeoutMs: answerTimeoutMs, signal, isRecursive: false };
      const reply = await this.#questions.run(signal, () => this.#exchange(address, { name, type }, options));
      return reply ?? { kind: "silent", detail: "was cancelled" };
    };
    const [A, AAAA] = await Promise.all([ask("A"), ask("AAAA")]);
    return { A, AAAA };
  }

  /** None of them answered: they may be others by now, or, where they named others, those of a zone further down. */
  doubt(settings: IngressSettings, isReferral: boolean): void {
    if (isReferral) this.#finder.goDeeper(settings);
    else this.#finder.forget(settings);
  }
}
