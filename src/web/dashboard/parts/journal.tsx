// The journal: what happened and why, the newest first.
import { useState } from "preact/hooks";
import type { EventDocument } from "../../api/schema/events.ts";
import { useJournal, type EventSource } from "../data/past.ts";
import { memo } from "../lib/memo.tsx";
import { dayAndTimeText, fullText } from "../lib/time.ts";
import { Sign } from "./icons.tsx";
import { Ago } from "./moments.tsx";

interface JournalProps {
  readonly ingresses: readonly string[];
  readonly news: EventSource;
}

export const Journal = memo(function Journal({ ingresses, news }: JournalProps) {
  const [chosen, choose] = useState<string>();
  const ingress = chosen !== undefined && ingresses.includes(chosen) ? chosen : undefined;
  const { events, isLoading, problem, older } = useJournal(ingress, news);
  const [isDetailed, setDetailed] = useState(false);
  const shown = isDetailed ? events : events.filter(({ importance }) => importance !== "low");
  return (
    <section class="card journal" aria-label="Journal">
      <div class="card-head">
        <h3>Journal</h3>
        {ingresses.length > 1 && (
          <select
            aria-label="Ingress"
            value={ingress ?? ""}
            onChange={({ currentTarget: { value } }) => choose(value === "" ? undefined : value)}
          >
            <option value="">all ingresses</option>
            {ingresses.map((record) => (
              <option key={record} value={record}>
                {record}
              </option>
            ))}
          </select>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isDetailed}
            onChange={({ currentTarget: { checked } }) => setDetailed(checked)}
          />
          every detail
        </label>
      </div>
      {problem !== undefined && <p class="tone-bad">{problem}</p>}
      {shown.length === 0 && problem === undefined && (
        <p class="quiet">{isLoading ? "Loading…" : "Nothing important has happened yet."}</p>
      )}
      <ol class="events">
        {shown.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      {older !== undefined && (
        <button type="button" class="plain" disabled={isLoading} onClick={older}>
          {isLoading ? "Loading…" : "Older"}
        </button>
      )}
    </section>
  );
});

const Entry = memo(function Entry({ event: { at, importance, text } }: { event: EventDocument }) {
  return (
    <li class={`event is-${importance}`}>
      <span class="event-time">
        <Ago at={at} />
        <time class="quiet" dateTime={at} title={fullText(Date.parse(at))}>
          {dayAndTimeText(Date.parse(at))}
        </time>
      </span>
      <span class="event-text">
        {importance === "high" && (
          <span class="event-mark tone-warn">
            <Sign name="alert" />
            <span class="out-of-sight">Important: </span>
          </span>
        )}
        {text}
      </span>
    </li>
  );
});
