// Loads what happened, when a part that shows it is on the page: the history of a range, and the journal.
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import type { EventDocument, Events } from "../../api/schema/events.ts";
import type { History, HistoryRange } from "../../api/schema/history.ts";
import { later } from "../lib/clock.ts";
import { getEvents, getHistory, type Answer } from "./api.ts";
import { Happened, Missed } from "./context.ts";

export type Loaded<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "failed"; readonly text: string };

/** Charts move on by themselves this often, and soon after something happened. */
const refreshMs = 60_000;
const gatherMs = 700;
const pageSize = 40;
/** A page of the journal that could not be had is asked for again after this. */
const againMs = 5_000;

/** What happened in a range: to one endpoint with its series, or in short to all of them. */
export function useHistory(ingress: string, range: HistoryRange, endpoint?: string): Loaded<History> {
  const happened = useContext(Happened);
  const [loaded, setLoaded] = useState<{ readonly key: string; readonly state: Loaded<History> }>();
  const key = JSON.stringify([ingress, range, endpoint]);
  const shownKey = loaded?.key;
  useEffect(() => {
    let isWanted = true;
    let cancel = (): void => undefined;
    const load = async (): Promise<void> => {
      const answer = await getHistory({ ingress, range, endpoint });
      if (!isWanted) return;
      cancel = later(refreshMs, () => void load());
      // A failure does not wipe away what was shown: that the daemon is gone is said elsewhere.
      setLoaded((old) => (answer.kind !== "ok" && old?.key === key ? old : { key, state: loadedOf(answer) }));
    };
    cancel = later(shownKey === key ? gatherMs : 0, () => void load());
    return () => {
      isWanted = false;
      cancel();
    };
    // What is shown already only decides how soon it is asked for.
  }, [key, happened]);
  return loaded?.key === key ? loaded.state : { kind: "loading" };
}

export interface ShownJournal {
  readonly events: readonly EventDocument[];
  readonly isLoading: boolean;
  /** Why the newest page could not be loaded. */
  readonly problem: string | undefined;
  /** Loads the page after the last; missing at the end. */
  readonly older: (() => void) | undefined;
}

/** The journal, the newest first: a page at first, more when asked, and everything new by itself. */
export function useJournal(ingress: string | undefined, news: EventSource): ShownJournal {
  const [pages, setPages] = useState<Events>();
  const [problem, setProblem] = useState<string>();
  const [isLoading, setLoading] = useState(true);
  const [failures, setFailures] = useState(0);
  const missed = useContext(Missed);
  const wanted = useRef(ingress);
  wanted.current = ingress;
  // What happened while a page was on its way may not be on it.
  const early = useRef<readonly EventDocument[]>([]);

  const load = useCallback(
    async (before?: number): Promise<void> => {
      setLoading(true);
      const answer = await getEvents({ limit: pageSize, ingress, before });
      if (wanted.current !== ingress) return;
      setLoading(false);
      setProblem(answer.kind === "ok" ? undefined : problemText(answer));
      if (answer.kind !== "ok") return setFailures((count) => count + 1);
      setPages((old) => {
        if (old !== undefined && before !== undefined) return joined(old, answer.value);
        const known = old !== undefined && isContinued(old, answer.value) ? old : undefined;
        return newest(newest(known, answer.value), { events: [...early.current] });
      });
    },
    [ingress],
  );

  useEffect(() => {
    setPages(undefined);
    early.current = [];
    void load();
  }, [load]);
  useEffect(() => {
    return failures === 0 ? undefined : later(againMs, () => void load());
  }, [failures, load]);
  // What was missed is on the newest page, and it may be that of another journal.
  useEffect(() => {
    if (missed === 0) return;
    early.current = [];
    void load();
  }, [missed]);
  useEffect(
    () =>
      news((event) => {
        if (ingress !== undefined && event.ingress !== ingress) return;
        early.current = [...early.current, event].slice(-pageSize);
        // Before the first page there is nothing to put it on top of.
        setPages((old) => old && newest(old, { events: [event] }));
      }),
    [ingress, news],
  );

  const { events = [], before } = pages ?? {};
  return {
    events,
    isLoading,
    problem,
    older: before === undefined ? undefined : () => void load(before),
  };
}

/**
 * Whether this newest page belongs to the journal that is shown. A daemon whose state was removed begins another one,
 * which counts its events from the start again.
 */
function isContinued(old: Events, page: Events): boolean {
  const moments = new Map(old.events.map(({ id, at }) => [id, at]));
  const [newestShown, newestOfPage] = [old.events[0], page.events[0]];
  if (newestShown === undefined) return true;
  if (newestOfPage === undefined) return false;
  const isContradicted = page.events.some(({ id, at }) => (moments.get(id) ?? at) !== at);
  // A page that was asked for before the newest event came ends with one that is known.
  return !isContradicted && (newestOfPage.id > newestShown.id || moments.has(newestOfPage.id));
}

/** Calls back with each new event; what it returns ends that. */
export type EventSource = (hear: (event: EventDocument) => void) => () => void;

/** The newest page before those known, or alone where there is a gap between them. */
function newest(old: Events | undefined, page: Events): Events {
  if (old === undefined) return page;
  const known = new Set(old.events.map(({ id }) => id));
  const fresh = page.events.filter(({ id }) => !known.has(id));
  const isConnected = page.before === undefined || fresh.length < page.events.length;
  if (!isConnected) return page;
  if (fresh.length === 0) return old;
  return { ...old, events: [...fresh, ...old.events].toSorted((a, b) => b.id - a.id) };
}

function joined(old: Events, page: Events): Events {
  const known = new Set(old.events.map(({ id }) => id));
  const events = [...old.events, ...page.events.filter(({ id }) => !known.has(id))];
  return { events, before: page.before };
}

function loadedOf<T>(answer: Answer<T>): Loaded<T> {
  return answer.kind === "ok" ? answer : { kind: "failed", text: problemText(answer) };
}

function problemText(answer: Exclude<Answer<unknown>, { kind: "ok" }>): string {
  return answer.kind === "refused" ? answer.problem.error : `The daemon does not answer: ${answer.detail}`;
}
