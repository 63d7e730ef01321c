// Makes the documents of the status. That of an ingress is made anew only when something it says has changed, so that a
// new status costs what changed since the last one, and what did not change is the same object.
import type { IngressState, State } from "../../core/model.ts";
import type { Clock } from "../../lib/clock.ts";
import { isoOf, type Now } from "./dates.ts";
import type { RecordsOrigin, RunHistory } from "./run-history.ts";
import type { IngressStatus, Status } from "./schema/status.ts";
import { daemonStatus, type DaemonFacts } from "./status.ts";
import { ingressStatus } from "./status-ingress.ts";

/** The two clocks are read one after the other: less than this between them is no change of the date. */
const steadyMs = 100;

export interface StatusMakerPorts {
  readonly clock: Clock;
  readonly run: RunHistory;
  readonly facts: DaemonFacts;
}

/** A document with all that it was made of. */
interface MadeIngress {
  readonly ingress: IngressState;
  readonly origin: RecordsOrigin | undefined;
  readonly connection: State["connection"];
  readonly aheadMs: number;
  readonly document: IngressStatus;
}

export class StatusMaker {
  readonly #ports: StatusMakerPorts;
  /** By the id of the ingress. */
  #made = new Map<string, MadeIngress>();
  /** By how much the date is ahead of the monotonic clock. */
  #aheadMs: number | undefined;

  constructor(ports: StatusMakerPorts) {
    this.#ports = ports;
  }

  /** The status of the daemon and of all its ingresses, or of those that are named by their ids. */
  make(state: State, ids?: readonly string[]): Status {
    const now = this.#now();
    const isShown = ({ settings: { id } }: IngressState): boolean => ids === undefined || ids.includes(id);
    if (this.#made.size > state.ingresses.length) this.#made = new Map();
    return {
      at: isoOf(now.wallMs),
      daemon: daemonStatus(state, this.#ports.run, this.#ports.facts, now),
      ingresses: state.ingresses.filter(isShown).map((ingress) => this.#ingress(ingress, state.connection, now)),
    };
  }

  #ingress(ingress: IngressState, connection: State["connection"], now: Now): IngressStatus {
    const { id } = ingress.settings;
    const origin = this.#ports.run.originOf(id);
    const aheadMs = now.wallMs - now.nowMs;
    const known = this.#made.get(id);
    const isSame = known?.ingress === ingress && known.origin === origin && known.connection === connection;
    if (isSame && known.aheadMs === aheadMs && !isOver(known.document, now)) return known.document;
    const document = ingressStatus(ingress, origin, connection, now);
    this.#made.set(id, { ingress, origin, connection, aheadMs, document });
    return document;
  }

  /** A time between two readings of the clocks would move every date by a millisecond, to and fro. */
  #now(): Now {
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const aheadMs = clock.wallMs() - nowMs;
    if (this.#aheadMs === undefined || Math.abs(aheadMs - this.#aheadMs) >= steadyMs)
      this.#aheadMs = Math.round(aheadMs);
    return { nowMs, wallMs: nowMs + this.#aheadMs };
  }
}

/** Whether a step that is told as the next one is due by now. */
function isOver({ next: [first] }: IngressStatus, now: Now): boolean {
  return first !== undefined && Date.parse(first.at) <= now.wallMs;
}
