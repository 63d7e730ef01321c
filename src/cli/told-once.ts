// What of the journal people are shown: an endpoint with one address changes together with it, and is told of once.
import type { EventDocument } from "../web/api/schema/events.ts";
import type { Status } from "../web/api/schema/status.ts";

/**
 * Takes events, the oldest first, and shows them without the lines on addresses that the endpoint's own line repeats.
 */
export class ToldOnce {
  readonly #show: (event: EventDocument) => void;
  #alone: ReadonlySet<string>;
  /** Of a lone address: shown unless the endpoint's line, which follows at once, says the same. */
  #held: EventDocument | undefined;

  constructor(status: Status, show: (event: EventDocument) => void) {
    this.#show = show;
    this.#alone = aloneIn(status);
  }

  /** Nothing more comes of the moment before, since which endpoints may have gained or lost addresses. */
  learn(status: Status): void {
    this.flush();
    this.#alone = aloneIn(status);
  }

  take(event: EventDocument): void {
    if (this.#held !== undefined && isSameSaid(this.#held, event)) this.#held = undefined;
    this.flush();
    if (event.kind === "address-health-changed" && this.#alone.has(keyOf(event))) this.#held = event;
    else this.#show(event);
  }

  /** Nothing more comes. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#show(held);
  }
}

function isSameSaid(ofAddress: EventDocument, next: EventDocument): boolean {
  return (
    next.kind === "endpoint-health-changed" &&
    keyOf(next) === keyOf(ofAddress) &&
    next.fact["to"] === ofAddress.fact["to"] &&
    next.fact["reason"] === ofAddress.fact["reason"]
  );
}

/** The endpoints that have one address. */
function aloneIn({ ingresses }: Status): ReadonlySet<string> {
  return new Set(
    ingresses.flatMap(({ record: ingress, endpoints }) =>
      endpoints
        .filter(({ addresses }) => addresses.length === 1)
        .map(({ name: endpoint }) => keyOf({ ingress, endpoint })),
    ),
  );
}

function keyOf({ ingress, endpoint }: Pick<EventDocument, "ingress" | "endpoint">): string {
  return JSON.stringify([ingress, endpoint]);
}
