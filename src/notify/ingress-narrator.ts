// Decides what of one ingress deserves a message, so that a failover is told once, when it is done, and not in five
// pieces. Remembers what people were told. Knows no clock: time comes with every turn.
import type { FactOf, IngressState, Selection } from "../core/model.ts";
import { followed, isInSync } from "../core/records/mix.ts";
import { isOutage } from "../core/selection/outage.ts";
import { wantedRecords } from "../core/records/records.ts";
import { hasSameMembers, membersOf } from "../core/members.ts";
import { EndpointNarrator, type IngressFact } from "./endpoint-narrator.ts";
import { Recurring } from "./recurring.ts";
import { endpointsNamedBy } from "./story.ts";
import type { Change, Records, Story } from "./story.ts";
import { VisibilityNarrator } from "./visibility-narrator.ts";

/** A change that is not confirmed after this long is told as undone. */
export const patienceMs = 20_000;

/** Passing trouble with Cloudflare is told when it lasts longer. */
const longTroubleMs = 60_000;

/** A change on its way: from the decision, or another program's edit, until Cloudflare confirms what is wanted. */
interface Pending {
  readonly sinceMs: number;
  readonly from: Selection | undefined;
  readonly was: readonly string[] | undefined;
  /** Undone at this time, it is told. */
  undoneAtMs: number;
  why: string | undefined;
  /** Another primary that was wanted in the meantime. */
  considered: string | undefined;
  recordsBefore: Records | undefined;
  foreignRecords: Records | undefined;
  outageLastedMs: number | undefined;
  /** People know that it is undone. */
  isTold: boolean;
}

/** Follows one ingress from turn to turn. */
export class IngressNarrator {
  #ingress: IngressState;
  #heardMs: number;
  #pending: Pending | undefined;
  #toldTrouble: { readonly sinceMs: number; readonly isLasting: boolean } | undefined;
  readonly #outage: Recurring<"outage" | "served">;
  readonly #mix: Recurring<"blocked" | "free">;
  readonly #visibility = new VisibilityNarrator();
  readonly #endpoints = new EndpointNarrator();
  #recordsAtStart: Records | undefined;

  constructor(ingress: IngressState, nowMs: number) {
    this.#ingress = ingress;
    this.#heardMs = nowMs;
    this.#outage = new Recurring<"outage" | "served">("served", nowMs);
    this.#mix = new Recurring<"blocked" | "free">("free", nowMs);
  }

  /** What the first read found. */
  get recordsAtStart(): Records | undefined {
    return this.#recordsAtStart;
  }

  /** The stories of one turn; `facts` are those of this ingress. Without facts: time has passed. */
  hear(ingress: IngressState, facts: readonly IngressFact[], nowMs: number): Story[] {
    this.#ingress = ingress;
    this.#heardMs = nowMs;
    this.#recordsAtStart ??= ingress.published?.records;
    this.#endpoints.rename(facts);
    const stories = this.#changes(facts, nowMs);
    stories.push(...this.#outages(stories, nowMs), ...this.#standoff(facts, nowMs), ...this.#undone(nowMs));
    const isWhole = stories.length > 0;
    stories.push(
      ...this.#overrides(facts, stories),
      ...this.#reports(facts),
      ...this.#shared(facts),
      ...this.#mixes(facts, nowMs),
    );
    stories.push(...this.#endpoints.hear(ingress, facts, isWhole, nowMs), ...this.#trouble(stories, nowMs));
    return this.#visibility.hear(stories, ingress, nowMs);
  }

  /** What waits for more to be known, to be told now. */
  release(): Story[] {
    return this.#visibility.release();
  }

  /** When `hear` should be called again though nothing happens. */
  get wakeAtMs(): number | undefined {
    const problem = this.#ingress.cloudProblem;
    const times = [this.#outage.wakeAtMs, ...this.#endpoints.wakesAtMs];
    if (this.#pending?.isTold === false) times.push(this.#pending.undoneAtMs);
    times.push(this.#visibility.wakeAtMs);
    if (problem !== undefined && this.#toldTrouble === undefined) times.push(problem.sinceMs + longTroubleMs);
    const coming = times.filter((atMs) => atMs !== undefined).filter((atMs) => atMs > this.#heardMs);
    return coming.length === 0 ? undefined : Math.min(...coming);
  }

  /** Decisions and records: what has begun, what is confirmed. */
  #changes(facts: readonly IngressFact[], nowMs: number): Story[] {
    const decided = facts.find((fact) => fact.kind === "selection-changed");
    const found = facts.find((fact) => fact.kind === "records-changed");
    // The first read tells what is there, not that it changed.
    const changed = found?.by === "write" || found?.from !== undefined ? found : undefined;
    const stories: Story[] = [];
    if (decided?.to.reason === "adopted" && decided.from === undefined) {
      stories.push({ kind: "adopted", ingress: this.#ingress, why: decided.why });
    } else if (decided !== undefined) {
      const pending = (this.#pending = this.#decide(decided.from, nowMs));
      pending.why = decided.why;
      if (decided.to.primary !== pending.from?.primary) pending.considered = decided.to.primary;
    }
    if (changed?.by === "read" && !isInSync(this.#ingress)) {
      this.#pending ??= this.#begin(this.#ingress.selection, nowMs);
      this.#pending.foreignRecords = changed.to;
    }
    if (this.#pending !== undefined && changed?.from !== undefined) this.#pending.recordsBefore ??= changed.from;
    if (this.#pending !== undefined) return [...stories, ...this.#progress(this.#pending, changed, nowMs)];
    if (changed !== undefined) {
      const before = changed.from && { recordsBefore: changed.from };
      stories.push({ kind: "updated", ingress: this.#ingress, sinceMs: nowMs, by: changed.by, ...before });
    }
    return stories;
  }

  #begin(from: Selection | undefined, sinceMs: number): Pending {
    const was = from && membersOf(from);
    return {
      sinceMs,
      from,
      was,
      undoneAtMs: sinceMs + patienceMs,
      why: undefined,
      considered: undefined,
      recordsBefore: undefined,
      foreignRecords: undefined,
      outageLastedMs: undefined,
      isTold: false,
    };
  }

  /** A decision joins what is pending; but one that comes over another program's edit counts from now. */
  #decide(from: Selection | undefined, nowMs: number): Pending {
    const pending = this.#pending;
    if (pending === undefined) return this.#begin(from, nowMs);
    if (pending.why !== undefined) return pending;
    return { ...pending, sinceMs: nowMs, undoneAtMs: nowMs + patienceMs, isTold: false };
  }

  /** What a pending change has come to. */
  #progress(pending: Pending, changed: FactOf<"records-changed"> | undefined, nowMs: number): Story[] {
    const change = this.#changeOf(pending);
    if (!this.#isDone(pending)) {
      if (changed?.by !== "write") return [];
      // An earlier decision was carried out while a newer one was already made.
      const was = endpointsNamedBy(followed(this.#ingress, changed.to), this.#ingress.endpoints);
      const { why } = pending;
      this.#pending = { ...this.#begin(undefined, nowMs), was, why };
      return [{ kind: "halfway", ...change }];
    }
    this.#pending = undefined;
    const isSame = pending.from !== undefined && hasSameMembers(pending.from, this.#ingress.selection);
    if (!isSame) return [{ kind: "switched", ...change }];
    if (pending.foreignRecords !== undefined) return [{ kind: "repaired", ...change }];
    if (pending.recordsBefore !== undefined) return [{ kind: "updated", by: changed?.by ?? "write", ...change }];
    const considered = pending.considered ?? pending.from.primary;
    return [{ kind: "stays", considered, ...change }];
  }

  /** Whether the records say what the newest decision asks for. While nothing is asked: whether it is what it was. */
  #isDone({ from, foreignRecords }: Pending): boolean {
    if (wantedRecords(this.#ingress) !== undefined) return isInSync(this.#ingress);
    return foreignRecords === undefined && from !== undefined && hasSameMembers(from, this.#ingress.selection);
  }

  #changeOf({ sinceMs, why, was, recordsBefore, foreignRecords, outageLastedMs }: Pending): Change {
    return {
      ingress: this.#ingress,
      sinceMs,
      why,
      was,
      recordsBefore,
      foreignRecords,
      outageLastedMs,
    };
  }

  #outages(stories: Story[], nowMs: number): Story[] {
    const ingress = this.#ingress;
    const status = isOutage(ingress) ? "outage" : "served";
    if (status === "served" && this.#outage.isTold("outage")) {
      // Its end is told together with the change of records that it brings about.
      const outageLastedMs = this.#outage.ageMs(nowMs);
      const coming = this.#comingChange;
      if (coming !== undefined) coming.outageLastedMs = outageLastedMs;
      if (coming !== undefined || addTo(stories, { outageLastedMs })) {
        this.#outage.noteAsTold(status, nowMs);
        return [];
      }
    }
    const telling = this.#outage.observe(status, nowMs);
    if (telling === undefined) return [];
    const quiet = telling.quietUntilMs === undefined ? {} : { quietUntilMs: telling.quietUntilMs };
    if (status === "outage") return [{ kind: "outage-began", ingress, ...quiet }];
    const lasted = telling.wasForMs === undefined ? {} : { lastedMs: telling.wasForMs };
    return [{ kind: "outage-ended", ingress, ...lasted, ...quiet }];
  }

  /**
   * A pending change of which people will hear soon. While repair is paused, the alarm has told all there is to tell.
   */
  get #comingChange(): Pending | undefined {
    const isPaused = this.#ingress.standoff?.mayWrite === false;
    return isPaused || this.#pending?.isTold === true ? undefined : this.#pending;
  }

  /**
   * A change that takes long, or that cannot be made, is told before it is done. While no endpoint is up, nothing is
   * made.
   */
  #undone(nowMs: number): Story[] {
    const pending = this.#comingChange;
    if (pending === undefined || isOutage(this.#ingress)) return [];
    if (nowMs < pending.undoneAtMs && !isLasting(this.#ingress)) return [];
    pending.isTold = true;
    return [{ kind: "undone", ...this.#changeOf(pending) }];
  }

  #standoff(facts: readonly IngressFact[], nowMs: number): Story[] {
    const fact = facts.find(({ kind }) => kind === "standoff-began" || kind === "standoff-ended");
    if (fact?.kind !== "standoff-began" && fact?.kind !== "standoff-ended") return [];
    // The repair that follows has time from now on.
    if (this.#pending !== undefined) this.#pending.undoneAtMs = nowMs + patienceMs;
    return [{ kind: fact.kind, ingress: this.#ingress }];
  }

  /**
   * A manual override that moves something is told by what it moves; but where people know already that a change is not
   * done yet, it may be long before they hear of it again.
   */
  #overrides(facts: readonly IngressFact[], stories: readonly Story[]): Story[] {
    const isToldLater = this.#pending?.isTold !== true || stories.some(({ kind }) => kind === "undone");
    if (isToldLater && facts.some(({ kind }) => kind === "selection-changed")) return [];
    const words = facts.flatMap((fact) => {
      if (fact.kind !== "override-began" && fact.kind !== "override-ended") return [];
      return [{ kind: fact.kind, ingress: this.#ingress, override: fact.override }];
    });
    const began = words.filter(({ kind }) => kind === "override-began");
    return began.length > 0 ? began : words;
  }

  /** Of two that share with each other, one is told. */
  #shared(facts: readonly IngressFact[]): Story[] {
    const shared = facts.filter((fact) => fact.kind === "addresses-shared");
    return shared
      .filter(({ endpoint }, index) => !shared.slice(0, index).some(({ others }) => others.includes(endpoint)))
      .map(({ kind, endpoint, others }) => ({ kind, ingress: this.#ingress, endpoint, others }));
  }

  /** What is told as it is, whatever else happens. */
  #reports(facts: readonly IngressFact[]): Story[] {
    const ingress = this.#ingress;
    return facts.flatMap((fact): Story[] => {
      if (fact.kind === "drill-reported") return [{ kind: fact.kind, ingress, report: fact.report }];
      if (fact.kind !== "addresses-left-out") return [];
      return [{ kind: fact.kind, ingress, endpoint: fact.endpoint, detail: fact.detail }];
    });
  }

  /** That there is no mix is told once, until one was written since. */
  #mixes(facts: readonly IngressFact[], nowMs: number): Story[] {
    const blocked = facts.find((fact) => fact.kind === "mix-blocked");
    const freed = facts.find((fact) => fact.kind === "mix-freed");
    const written = facts.find((fact) => fact.kind === "mix-changed" && fact.by === "write" && fact.to.length > 0);
    const ingress = this.#ingress;
    // Whether Cloudflare takes a mix that it refused before is seen when the next one is written.
    if (written !== undefined && blocked === undefined) this.#mix.noteAsTold("free", nowMs);
    if (blocked !== undefined && this.#mix.observe("blocked", nowMs) !== undefined) {
      const { kind, record, reason, why } = blocked;
      return [{ kind, ingress, record, reason, why }];
    }
    if (freed === undefined || this.#mix.observe("free", nowMs) === undefined) return [];
    return [{ kind: freed.kind, ingress, record: freed.record }];
  }

  /** Trouble with Cloudflare: what a person must correct at once, what passes by itself only when it lasts. */
  #trouble(stories: Story[], nowMs: number): Story[] {
    const ingress = this.#ingress;
    const problem = ingress.cloudProblem;
    const told = this.#toldTrouble;
    if (problem === undefined) {
      this.#toldTrouble = undefined;
      if (told === undefined) return [];
      const lastedMs = nowMs - told.sinceMs;
      return addTo(stories, { troubleLastedMs: lastedMs }) ? [] : [{ kind: "trouble-ended", ingress, lastedMs }];
    }
    const lasting = isLasting(ingress);
    if (told !== undefined && (told.isLasting || !lasting)) return [];
    const isToldElsewhere = stories.some(({ kind }) => kind === "undone");
    if (!isToldElsewhere && !lasting && nowMs < problem.sinceMs + longTroubleMs) return [];
    this.#toldTrouble = { sinceMs: problem.sinceMs, isLasting: lasting };
    return isToldElsewhere ? [] : [{ kind: "trouble-began", ingress, problem }];
  }
}

/** Adds to the story of a change that came to its end what ended with it. False when there is no such story. */
function addTo(stories: Story[], more: Pick<Change, "outageLastedMs" | "troubleLastedMs">): boolean {
  const index = stories.findIndex(({ kind }) => kind === "switched" || kind === "repaired" || kind === "stays");
  const story = stories[index];
  if (story === undefined) return false;
  stories[index] = { ...story, ...more };
  return true;
}

/** Whether there is trouble with Cloudflare that does not pass by itself. */
export function isLasting({ cloudProblem }: IngressState): boolean {
  return cloudProblem !== undefined && cloudProblem.kind !== "transient" && cloudProblem.kind !== "rate-limited";
}
