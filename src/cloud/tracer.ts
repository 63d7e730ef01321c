// Follows the state: finds out where the targets lead by the zone's own records, at the start, after a reload, and when
// the addresses of a target change. Reports with events, and is never in anybody's way.
import { Deadline } from "../lib/deadline.ts";
import type { EndpointState, IngressState, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import { forbiddenNames, ownNames } from "../core/records/own-names.ts";
import { waitAfter } from "./pauses.ts";
import type { Shared } from "./shared.ts";
import { CloudError } from "./provider.ts";

/** One call ends after this. */
const timeoutMs = 15_000;

interface Trail {
  /** What the newest look was for, and when it began. */
  doneFor?: string;
  lastMs: number;
  cancel?: () => void;
}

export class Tracer {
  readonly #shared: Shared;
  readonly #trails = new Map<string, Trail>();
  readonly #closing = new AbortController();
  #state: State | undefined;
  /** Looks are made one after the other: they are in no hurry, and the calls are wanted by others. */
  #queue: Promise<void> = Promise.resolve();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  follow(state: State, changes: readonly IngressChange[]): void {
    const before = this.#state;
    this.#state = state;
    if (this.#shared.provider.trace === undefined) return;
    for (const { after } of changes) for (const endpoint of after.endpoints) this.#consider(after, endpoint);
    if (before?.generation !== state.generation) this.#forgetAllBut(state);
  }

  close(): void {
    this.#closing.abort();
    for (const { cancel } of this.#trails.values()) cancel?.();
  }

  #consider(ingress: IngressState, endpoint: EndpointState): void {
    // The records of the ingress come first.
    if (endpoint.settings.target.kind !== "host" || ingress.published === undefined) return;
    const key = keyOf(ingress, endpoint);
    const trail = this.#trails.get(key) ?? { lastMs: -Infinity };
    this.#trails.set(key, trail);
    if (trail.doneFor === purposeOf(endpoint, this.#state) || trail.cancel !== undefined) return;
    const { clock } = this.#shared;
    const dueMs = Math.max(clock.nowMs(), trail.lastMs + ingress.settings.reconcileIntervalMs);
    trail.cancel = clock.setTimer(dueMs - clock.nowMs(), () => {
      this.#queue = this.#queue.then(() => this.#look(key, trail)).catch(this.#shared.onBug);
    });
  }

  async #look(key: string, trail: Trail): Promise<void> {
    delete trail.cancel;
    const found = this.#find(key);
    const { clock, provider, gate, dispatch, onBug, log } = this.#shared;
    if (found === undefined || provider.trace === undefined || this.#closing.signal.aborted) return;
    const { ingress, endpoint, own } = found;
    const { target, name } = endpoint.settings;
    if (target.kind !== "host") return;
    trail.lastMs = clock.nowMs();
    trail.doneFor = purposeOf(endpoint, this.#state);
    using deadline = new Deadline(clock, timeoutMs, this.#closing.signal);
    const { signal } = deadline;
    try {
      const call = { signal, admit: () => gate.admit(signal, "routine") };
      const path = await provider.trace(ingress.settings, target.host, (step) => own.has(step), call);
      const { revision } = endpoint;
      dispatch({ kind: "target-traced", ingress: ingress.settings.id, endpoint: name, revision, path });
      // Its answers count for nothing now, so that none of them would show that it has been mended.
      if (path.some((step) => own.has(step))) delete trail.doneFor;
    } catch (error) {
      // Whoever is told to wait is told for all who use the token.
      if (error instanceof CloudError && error.kind === "rate-limited")
        gate.closeUntil(clock.nowMs() + waitAfter(error));
      // What cannot be read is not known; it is asked for again with the next change.
      if (error instanceof CloudError) log?.debug({ host: target.host }, `could not trace ${target.host}`);
      else onBug(error);
      delete trail.doneFor;
    }
  }

  #find(key: string): { ingress: IngressState; endpoint: EndpointState; own: ReadonlySet<string> } | undefined {
    const ingresses = this.#state?.ingresses ?? [];
    for (const ingress of ingresses) {
      const endpoint = ingress.endpoints.find((each) => keyOf(ingress, each) === key);
      if (endpoint === undefined) continue;
      const own = forbiddenNames(ownNames({ ingresses }), ingress.settings, endpoint.settings.target);
      return { ingress, endpoint, own };
    }
    return undefined;
  }

  #forgetAllBut({ ingresses }: State): void {
    const keys = new Set(ingresses.flatMap((ingress) => ingress.endpoints.map((each) => keyOf(ingress, each))));
    for (const [key, { cancel }] of this.#trails) {
      if (keys.has(key)) continue;
      cancel?.();
      this.#trails.delete(key);
    }
  }
}

function keyOf({ settings }: IngressState, endpoint: EndpointState): string {
  return JSON.stringify([settings.id, endpoint.settings.name, endpoint.revision]);
}

/** Another generation, other addresses, or a name that has stopped being answered are worth another look. */
function purposeOf({ addresses, resolution }: EndpointState, state: State | undefined): string {
  const current = addresses.flatMap(({ text, vanishesAtMs }) => (vanishesAtMs === undefined ? [text] : []));
  const isAnswered = resolution === undefined || resolution.kind === "addresses";
  return [state?.generation ?? 0, isAnswered, ...current].join(" ");
}
