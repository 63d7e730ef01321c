// One ingress: what DNS says, who serves and why, its endpoints, what happened, and what will happen next.
import { useState } from "preact/hooks";
import type { HistoryRange } from "../../api/schema/history.ts";
import type { IngressStatus } from "../../api/schema/status.ts";
import { useActing } from "../data/context.ts";
import { useHistory } from "../data/past.ts";
import { lookOf } from "../lib/ingress-look.ts";
import { memo } from "../lib/memo.tsx";
import { countsText } from "../lib/order.ts";
import { IngressBanners } from "./banners.tsx";
import { Endpoints } from "./endpoints.tsx";
import { HostName } from "./host-name.tsx";
import { Sign } from "./icons.tsx";
import { Ago, Countdown, For } from "./moments.tsx";
import { Next } from "./next.tsx";
import { Picture } from "./picture.tsx";
import { Published } from "./published.tsx";
import { Served } from "./served.tsx";
import { overridden } from "../lib/words.ts";

interface IngressProps {
  readonly ingress: IngressStatus;
  /** Whether it can be folded, and is at first. */
  readonly folding: "never" | "open" | "folded";
}

export const Ingress = memo(function Ingress({ ingress, folding }: IngressProps) {
  const { record, endpoints } = ingress;
  const [isOpen, setOpen] = useState(folding !== "folded");
  const id = `ingress-${record}`;
  const isShown = folding === "never" || isOpen;
  return (
    <section class={`ingress${isShown ? "" : " is-folded"}`} aria-labelledby={id}>
      <header class="ingress-head">
        <h2 id={id}>
          {folding === "never" ? (
            <HostName name={record} />
          ) : (
            <button type="button" class="fold" aria-expanded={isShown} onClick={() => setOpen(!isOpen)}>
              <Sign name="chevron" /> <HostName name={record} />
            </button>
          )}
        </h2>
        <Look ingress={ingress} />
        {!isShown && <span class="quiet">{countsText(endpoints)}</span>}
        <Summary ingress={ingress} isShort={!isShown} />
      </header>
      {isShown && <Whole ingress={ingress} />}
    </section>
  );
});

function Whole({ ingress }: { ingress: IngressStatus }) {
  const [range, choose] = useState<HistoryRange>("24h");
  const past = useHistory(ingress.record, range);
  return (
    <>
      <IngressBanners ingress={ingress} resume={<ResumeAll ingress={ingress.record} label="Resume repair…" />} />
      <Overrides ingress={ingress} />
      <div class="ingress-grid">
        <Picture ingress={ingress} />
        <div class="side">
          <Published ingress={ingress} />
          <Next steps={ingress.next} />
        </div>
        <Endpoints ingress={ingress} past={past} range={range} />
        <Served past={past} range={range} choose={choose} />
      </div>
    </>
  );
}

function Look({ ingress }: { ingress: IngressStatus }) {
  const { tone, word } = lookOf(ingress);
  return (
    <span class={`pill tone-${tone}`}>
      <Sign name={{ ok: "check", warn: "alert", bad: "alert", quiet: "info" }[tone] as "check" | "alert" | "info"} />
      {word}
    </span>
  );
}

function Summary({ ingress: { selection, isInSync }, isShort }: { ingress: IngressStatus; isShort: boolean }) {
  if (selection === undefined)
    return <p class="summary quiet">No endpoint is selected yet: the records stay as they are.</p>;
  const { primary, sticky, why, since } = selection;
  return (
    <p class="summary">
      <strong>{primary}</strong>{" "}
      {isInSync ? (
        <>
          has been active <For since={since} />
        </>
      ) : (
        <>
          was selected <Ago at={since} />, but DNS does not say so
        </>
      )}
      {sticky.length > 0 && ` (also published: ${sticky.map(({ endpoint }) => endpoint).join(", ")})`}
      {!isShort && `: ${why}`}
    </p>
  );
}

/** What people said about it, with the time that is left. */
function Overrides({ ingress: { overrides, record } }: { ingress: IngressStatus }) {
  if (overrides.length === 0) return null;
  return (
    <div class="overrides">
      <Sign name="pin" />
      <ul>
        {overrides.map(({ kind, endpoint, until }) => (
          <li key={`${kind} ${endpoint}`}>
            <strong>{endpoint}</strong> is {overridden[kind]}; ends <Countdown to={until} />
          </li>
        ))}
      </ul>
      <ResumeAll ingress={record} label="Resume all…" />
    </div>
  );
}

function ResumeAll({ ingress, label }: { ingress: string; label: string }) {
  const { mode, ask, unlock } = useActing();
  if (mode === "refused") return null;
  return (
    <button type="button" onClick={() => (mode === "locked" ? unlock() : ask({ kind: "resume", ingress }))}>
      {mode === "locked" && <Sign name="lock" />} {label}
    </button>
  );
}
