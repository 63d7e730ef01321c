// The endpoints of an ingress, one line each, the whole of it when opened. Of many, those worth looking at come first.
import { useState } from "preact/hooks";
import type { History, HistoryRange } from "../../api/schema/history.ts";
import type { EndpointStatus, IngressStatus } from "../../api/schema/status.ts";
import type { Loaded } from "../data/past.ts";
import { useOwnId } from "../lib/own-id.ts";
import { memo } from "../lib/memo.tsx";
import { countsText, foremost } from "../lib/order.ts";
import { latencyText } from "../lib/time.ts";
import { shownReason, shownVerdict } from "../lib/seen.ts";
import { Availability } from "./availability.tsx";
import { EndpointDetails } from "./endpoint-details.tsx";
import { Sign, VerdictMark } from "./icons.tsx";
import { For } from "./moments.tsx";

const mostShown = 8;

const roleWords = { primary: "active", sticky: "also published" } as const;

interface EndpointsProps {
  readonly ingress: IngressStatus;
  readonly past: Loaded<History>;
  readonly range: HistoryRange;
}

export const Endpoints = memo(function Endpoints({ ingress, past, range }: EndpointsProps) {
  const { endpoints } = ingress;
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? endpoints.toSorted((a, b) => a.rank - b.rank) : foremost(endpoints, mostShown);
  return (
    <section class="card endpoints" aria-label="Endpoints">
      <div class="card-head">
        <h3>Endpoints</h3>
        <p class="quiet">{endpoints.length === 0 ? "none" : countsText(endpoints)}</p>
      </div>
      <ul class="endpoint-list">
        {shown.map((endpoint) => (
          <EndpointRow
            key={endpoint.name}
            endpoint={endpoint}
            ingress={ingress.record}
            isInSync={ingress.isInSync}
            history={past.kind === "ok" ? past.value : undefined}
            range={range}
          />
        ))}
      </ul>
      {endpoints.length > mostShown && (
        <button type="button" class="plain" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the first ${mostShown}` : `Show all ${endpoints.length}`}
        </button>
      )}
    </section>
  );
});

interface RowProps {
  readonly ingress: string;
  readonly isInSync: boolean;
  readonly endpoint: EndpointStatus;
  readonly history: History | undefined;
  readonly range: HistoryRange;
}

const EndpointRow = memo(function EndpointRow({ endpoint, ingress, isInSync, history, range }: RowProps) {
  const [isOpen, setOpen] = useState(false);
  const { name, target, since, role, override, isDegraded, isUnseen } = endpoint;
  const past = history?.endpoints.find((each) => each.name === name);
  const id = useOwnId();
  return (
    <li class={`endpoint${isOpen ? " is-open" : ""}`}>
      <button
        type="button"
        class="endpoint-line"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Sign name="chevron" />
        <span class="endpoint-name">
          <span class="name">{name}</span>
          {role !== "none" && (
            <span class={`tag tag-${role}`}>{role === "primary" && !isInSync ? "pending" : roleWords[role]}</span>
          )}
          {override !== undefined && <span class="tag tag-override">{override.kind}</span>}
          <span class="endpoint-target">{target.join(", ")}</span>
        </span>
        <span class="endpoint-health">
          <VerdictMark verdict={shownVerdict(endpoint)} />
          {!isUnseen && (
            <span class="quiet">
              <For since={since} />
            </span>
          )}
          {isDegraded && !isUnseen && <span class="tag tag-degraded">one family down</span>}
          <span class="endpoint-reason">{shownReason(endpoint)}</span>
        </span>
        <span class="endpoint-past">
          {history !== undefined && past !== undefined && <Availability history={history} past={past} />}
        </span>
        <span class="endpoint-latency">
          <span class="out-of-sight">last check took </span>
          {lastLatency(endpoint)}
        </span>
      </button>
      {isOpen && <EndpointDetails id={id} ingress={ingress} endpoint={endpoint} range={range} />}
    </li>
  );
});

/** Of the newest good probe of the slowest address. */
function lastLatency({ addresses }: EndpointStatus): string {
  const took = addresses.flatMap(({ lastObservation }) =>
    lastObservation?.kind === "ok" ? [lastObservation.tookMs] : [],
  );
  return took.length === 0 ? "–" : latencyText(Math.max(...took));
}
