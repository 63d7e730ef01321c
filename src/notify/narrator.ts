// Decides what deserves a message: first one summary after the start, then the stories of each ingress and of the
// configuration. Knows no clock: time comes with every turn.
import { findIngress } from "../core/find.ts";
import type { Fact, FactOf, IngressState, State } from "../core/model.ts";
import type { IngressChange } from "../core/overview/ingresses.ts";
import type { Turn } from "../core/turn.ts";
import { isInSync } from "../core/records/mix.ts";
import { isOutage } from "../core/selection/outage.ts";
import { BlindnessNarrator } from "./blindness-narrator.ts";
import type { IngressFact } from "./endpoint-narrator.ts";
import { IngressNarrator, isLasting } from "./ingress-narrator.ts";
import type { Records, Story } from "./story.ts";
import { DueTimes } from "../lib/due-times.ts";
import { families } from "../core/words.ts";

/** What happened; without facts and with `before` equal to `after`: time has passed. */
export type Happened = Omit<Turn, "event">;

/** The summary after the start waits no longer than this for the first verdicts. */
const startPatienceMs = 60_000;

const notInSummary: ReadonlySet<Story["kind"]> = new Set<Story["kind"]>(["addresses-left-out", "mix-blocked"]);

/** Turns facts into stories, and remembers what was told. */
export class Narrator {
  readonly #ingresses = new Map<string, IngressNarrator>();
  /** When those should be heard again that wait for time to pass. */
  readonly #wakes = new DueTimes();
  /** Of which there is nothing to say yet in the summary after the start. */
  readonly #unsettled = new Set<string>();
  #blindness: BlindnessNarrator | undefined;
  #startedMs: number | undefined;
  #isStarted = false;
  /** What the summary does not speak of, and is told right after it. */
  readonly #early: Story[] = [];
  #toldProblems: string | undefined;

  /** The stories of one turn, in the order of telling. */
  hear({ facts, before, after, changes, atMs }: Happened): Story[] {
    if (after.generation > 0) this.#startedMs ??= atMs;
    const configStories = this.#configuration(facts, before, after);
    this.#blindness ??= new BlindnessNarrator(atMs);
    const blindnessStories = this.#blindness.hear(after, atMs);
    const own = Map.groupBy(facts.filter(isOfIngress), ({ ingress }) => ingress);
    const ingressStories = this.#concerned(after, changes, [...own.keys()], atMs).flatMap((ingress) =>
      this.#hear(ingress, own.get(ingress.settings.id) ?? [], atMs),
    );
    if (before.generation !== after.generation) ingressStories.push(...this.#releaseGone(after));
    const clockStories = facts.filter((fact) => fact.kind === "clock-wrong" || fact.kind === "clock-right");
    if (this.#isStarted) return [...configStories, ...blindnessStories, ...clockStories, ...ingressStories];
    this.#early.push(...clockStories, ...ingressStories.filter(({ kind }) => notInSummary.has(kind)));
    if (!this.#canStart(facts, atMs)) return [];
    this.#isStarted = true;
    // The summary tells of it.
    this.release();
    const summary: Story = {
      kind: "started",
      ingresses: after.ingresses.map((ingress) => ({ ingress, ...this.#replaced(ingress) })),
      blindIn: families.filter((family) => after.connection[family].blindSinceMs !== undefined),
    };
    return [summary, ...configStories.filter(({ kind }) => kind === "config-rejected"), ...this.#early.splice(0)];
  }

  /** What waits for more to be known, to be told now. */
  release(): Story[] {
    const stories = [...this.#ingresses].flatMap(([id, narrator]) => {
      const released = narrator.release();
      this.#wakes.set(id, narrator.wakeAtMs);
      return released;
    });
    return this.#isStarted ? stories : [];
  }

  /** When `hear` should be called again though nothing happens. */
  get wakeAtMs(): number | undefined {
    const times = [this.#blindness?.wakeAtMs, this.#wakes.firstMs];
    if (!this.#isStarted && this.#startedMs !== undefined) times.push(this.#startedMs + startPatienceMs);
    const known = times.filter((atMs) => atMs !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /**
   * The ingresses that changed, that something is said of, or that wait for this moment; in the order of the
   * configuration.
   */
  #concerned(
    state: State,
    changes: readonly IngressChange[],
    told: readonly string[],
    atMs: number,
  ): readonly IngressState[] {
    const due = this.#wakes.dueBy(atMs);
    const changed = changes.map(({ after }) => after.settings.id);
    if (due.length + told.length === 0 && changed.length < 2) return changes.map(({ after }) => after);
    const places = new Set([...changed, ...told, ...due].map((id) => state.overview.places.get(id) ?? -1));
    return [...places].toSorted((a, b) => a - b).flatMap((place) => state.ingresses[place] ?? []);
  }

  #hear(ingress: IngressState, facts: readonly IngressFact[], atMs: number): readonly Story[] {
    const { id } = ingress.settings;
    const narrator = this.#ingresses.get(id) ?? new IngressNarrator(ingress, atMs);
    this.#ingresses.set(id, narrator);
    const stories = narrator.hear(ingress, facts, atMs);
    this.#wakes.set(id, narrator.wakeAtMs);
    // It only matters for the summary after the start.
    if (this.#isStarted || isSettled(ingress)) this.#unsettled.delete(id);
    else this.#unsettled.add(id);
    return stories;
  }

  #releaseGone(state: State): readonly Story[] {
    const gone = [...this.#ingresses].filter(([id]) => findIngress(state, id) === undefined);
    return gone.flatMap(([id, narrator]) => {
      this.#ingresses.delete(id);
      this.#unsettled.delete(id);
      this.#wakes.set(id, undefined);
      return narrator.release();
    });
  }

  #configuration(facts: readonly Fact[], before: State, after: State): Story[] {
    const stories: Story[] = [];
    if (facts.some(({ kind }) => kind === "config-applied")) {
      const isAfterRejection = before.rejectedConfig !== undefined;
      this.#toldProblems = undefined;
      const added = facts.flatMap((fact) =>
        fact.kind === "ingress-added" ? [recordsOf(after, fact.ingress).record] : [],
      );
      const released = facts.flatMap((fact) =>
        fact.kind === "ingress-released" ? [{ ...recordsOf(before, fact.ingress), ...primaryOf(fact) }] : [],
      );
      // A new configuration of the same ingresses is no news to the one who wrote it, unless one was rejected before.
      if (isAfterRejection || added.length + released.length > 0) {
        stories.push({ kind: "config-applied", added, released, isAfterRejection });
      }
    }
    const { rejectedConfig } = after;
    if (rejectedConfig !== undefined && facts.some(({ kind }) => kind === "config-rejected")) {
      // The same mistakes are told once, however often the file is read.
      const problems = JSON.stringify(rejectedConfig.problems);
      if (problems !== this.#toldProblems) stories.push({ kind: "config-rejected", problems: rejectedConfig.problems });
      this.#toldProblems = problems;
    }
    return stories;
  }

  /** Whether there is something to say of every ingress, something urgent of one, or no more patience. */
  #canStart(facts: readonly Fact[], atMs: number): boolean {
    if (this.#startedMs === undefined) return false;
    const isUrgent = facts.some(
      (fact) =>
        fact.kind === "ingress-outage-began" ||
        fact.kind === "config-rejected" ||
        (fact.kind === "selection-changed" && fact.from !== undefined),
    );
    return isUrgent || atMs >= this.#startedMs + startPatienceMs || this.#unsettled.size === 0;
  }

  /** What was there before the start, if it is not there any more. */
  #replaced(ingress: IngressState): { recordsAtStart?: Records } {
    const recordsAtStart = this.#ingresses.get(ingress.settings.id)?.recordsAtStart;
    const now = ingress.published?.records;
    if (recordsAtStart === undefined || JSON.stringify(recordsAtStart) === JSON.stringify(now)) return {};
    return { recordsAtStart };
  }
}

function isOfIngress(fact: Fact): fact is IngressFact {
  return "ingress" in fact;
}

/**
 * Whether the start is over for an ingress: first verdicts in, and the records as they should be or known to be stuck.
 */
function isSettled(ingress: IngressState): boolean {
  if (isLasting(ingress)) return true;
  if (ingress.endpoints.some(({ health }) => health.verdict === "unknown")) return false;
  return isInSync(ingress) && (ingress.selection !== undefined || isOutage(ingress));
}

function primaryOf({ primary }: FactOf<"ingress-released">): { primary?: string } {
  return primary === undefined ? {} : { primary };
}

function recordsOf(state: State, id: string): { record: string; records?: Records } {
  const ingress = findIngress(state, id);
  const records = ingress?.published?.records;
  return { record: ingress?.settings.record ?? id, ...(records && { records }) };
}
