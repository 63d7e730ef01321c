// What DNS says about an ingress now, since when, and whether the world can see it.
import type { RecordDocument } from "../../api/schema/parts.ts";
import type { IngressStatus, VisibilityDocument } from "../../api/schema/status.ts";
import { memo } from "../lib/memo.tsx";
import { durationText, latencyText } from "../lib/time.ts";
import { HostName } from "./host-name.tsx";
import { Sign } from "./icons.tsx";
import { Ago, For } from "./moments.tsx";

export const Published = memo(function Published({ ingress }: { ingress: IngressStatus }) {
  const { published, visibility, isInSync, wanted, mix } = ingress;
  return (
    <section class="card published" aria-label="What DNS says">
      <h3>DNS says</h3>
      {published === undefined && <p class="quiet">Not read yet.</p>}
      {published?.records.length === 0 && <p>There is no record at this name.</p>}
      {published !== undefined && published.records.length > 0 && <Records records={published.records} />}
      {!isInSync && wanted !== undefined && (
        <div class="wanted">
          <p class="tone-warn">
            <Sign name="alert" /> Out of sync. It should say:
          </p>
          <Records records={wanted} />
        </div>
      )}
      {published !== undefined && (
        <p class="facts">
          {published.since !== undefined && (
            <span>
              {published.by === "others" ? "Changed outside ccs" : "Written"} <Ago at={published.since} />
            </span>
          )}
          {visibility !== undefined && <Visible visibility={visibility} />}
          <span>
            Confirmed <Ago at={published.confirmed} />
          </span>
        </p>
      )}
      {mix !== undefined && <Mix mix={mix} />}
    </section>
  );
});

/** The second name, and its records unless they only wait to be used again. */
function Mix({ mix: { record, state, text, since, records } }: { mix: NonNullable<IngressStatus["mix"]> }) {
  const tone = state === "pointed-to" ? "tone-ok" : state === "blocked" ? "tone-warn" : "quiet";
  return (
    <div class="mix">
      <h3>Mix</h3>
      <p>
        {record !== undefined && (
          <>
            <HostName name={record} />:{" "}
          </>
        )}
        <span class={tone}>{text}</span>
        {since !== undefined && (
          <>
            {" "}
            <For since={since} />
          </>
        )}
      </p>
      {records.length > 0 && state !== "kept" && <Records records={records} />}
    </div>
  );
}

function Records({ records }: { records: readonly RecordDocument[] }) {
  return (
    <ul class="records">
      {records.map(({ type, content, ttlSeconds, proxied }) => (
        <li key={`${type} ${content}`}>
          <span class="record-type">{type}</span>
          <span class="record-content">
            <HostName name={content} />
          </span>
          <span class="record-ttl" title="How long resolvers may keep it">
            {ttlSeconds === 1 ? "automatic TTL" : `TTL ${durationText(ttlSeconds * 1_000)}`}
            {proxied && ", proxied"}
          </span>
        </li>
      ))}
    </ul>
  );
}

const sight = {
  checking: { tone: "quiet", text: "Asking the name servers…" },
  visible: { tone: "ok", text: "Visible" },
  wrong: { tone: "bad", text: "The name servers show something else" },
  silent: { tone: "quiet", text: "Not verified: the name servers do not answer" },
  proxied: { tone: "quiet", text: "Cannot be verified: proxied" },
} as const;

function Visible({ visibility: { status, tookMs, detail } }: { visibility: VisibilityDocument }) {
  const { tone, text } = sight[status];
  return (
    <span class={`tone-${tone}`} title={detail}>
      {status === "visible" && <Sign name="check" />} {text}
      {status === "visible" && tookMs !== undefined && ` ${latencyText(tookMs)} after the write`}
    </span>
  );
}
