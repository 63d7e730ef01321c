// Decides what of the endpoints of one ingress deserves a message of its own, and remembers what was told of each.
import type { EndpointState, Fact, IngressState } from "../core/model.ts";
import { endpointNamed } from "../core/members.ts";
import { turnDeadlineMs } from "../core/selection/outage.ts";
import { Recurring } from "./recurring.ts";
import { statusOf, type Story, type ToldStatus } from "./story.ts";

/**
 * A primary that goes down is told alone when no endpoint takes over for this long: the next one may just be on trial.
 */
const successionMs = 5_000;

/** A fact about one ingress. */
export type IngressFact = Extract<Fact, { readonly ingress: string }>;

export class EndpointNarrator {
  readonly #endpoints = new Map<string, Recurring<ToldStatus>>();
  /** The primary is down, and until this time another endpoint may take over. In the past: none did. */
  #successionEndsMs: number | undefined;

  /** `isToldElsewhere`: a message about the whole ingress comes in the same turn. */
  hear(ingress: IngressState, facts: readonly IngressFact[], isToldElsewhere: boolean, nowMs: number): Story[] {
    // A message about the whole ingress names the health of every endpoint; a decision will be told in one soon.
    const isInSuccession = this.#watchSuccession(ingress, nowMs);
    const isMerged = isToldElsewhere || facts.some(({ kind }) => toldForAll.has(kind));
    const stories = ingress.endpoints.flatMap((endpoint): Story[] => {
      const status = statusOf(endpoint);
      const recurring = this.#recurringOf(endpoint, nowMs);
      // An endpoint becomes unknown by a new configuration; who wrote that needs no message.
      if (isMerged || status === "unknown") {
        recurring.noteAsTold(status, nowMs);
        return [];
      }
      if (isInSuccession && endpoint.settings.name === ingress.selection?.primary) return [];
      // Who is up while others still have their turn is told with the end of the outage, in a few seconds.
      if (turnDeadlineMs(ingress) !== undefined) return [];
      const telling = recurring.observe(status, nowMs);
      return telling === undefined ? [] : [{ kind: "endpoint", ingress, endpoint, status, ...telling }];
    });
    const names = new Set(ingress.endpoints.map(({ settings }) => settings.name));
    for (const name of this.#endpoints.keys()) if (!names.has(name)) this.#endpoints.delete(name);
    return stories;
  }

  /** What people were told of an endpoint was of the same one, whatever it is called. */
  rename(facts: readonly IngressFact[]): void {
    const renames = facts.filter((fact) => fact.kind === "endpoint-renamed");
    const told = renames.map(({ from, to }) => [to, this.#endpoints.get(from)] as const);
    for (const { from } of renames) this.#endpoints.delete(from);
    for (const [name, recurring] of told) if (recurring !== undefined) this.#endpoints.set(name, recurring);
  }

  /** When it should be heard again though nothing happens: all the times, in no order. */
  get wakesAtMs(): readonly (number | undefined)[] {
    return [this.#successionEndsMs, ...[...this.#endpoints.values()].map(({ wakeAtMs }) => wakeAtMs)];
  }

  /** Whether the primary went down just now, and its successor may yet be found. */
  #watchSuccession(ingress: IngressState, nowMs: number): boolean {
    const primary = endpointNamed(ingress, ingress.selection?.primary);
    if (primary === undefined || statusOf(primary) !== "down") {
      this.#successionEndsMs = undefined;
      return false;
    }
    this.#successionEndsMs ??= nowMs + successionMs;
    return nowMs < this.#successionEndsMs;
  }

  #recurringOf({ settings }: EndpointState, nowMs: number): Recurring<ToldStatus> {
    const known = this.#endpoints.get(settings.name) ?? new Recurring<ToldStatus>("unknown", nowMs);
    this.#endpoints.set(settings.name, known);
    return known;
  }
}

/** What is told, sooner or later, in a message that names the health of every endpoint. */
const toldForAll: ReadonlySet<Fact["kind"]> = new Set([
  "selection-changed",
  "ingress-outage-began",
  "ingress-outage-ended",
]);
