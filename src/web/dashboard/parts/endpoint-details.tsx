// All that is known of one endpoint.
import type { HistoryRange } from "../../api/schema/history.ts";
import type { AddressStatus, EndpointStatus } from "../../api/schema/status.ts";
import { daemonNowMs } from "../lib/clock.ts";
import { dateText, durationText, latencyText } from "../lib/time.ts";
import { Actions } from "./actions.tsx";
import { EndpointPast } from "./endpoint-past.tsx";
import { VerdictMark } from "./icons.tsx";
import { Ago, Countdown, For } from "./moments.tsx";
import { familyNames } from "../lib/words.ts";

interface DetailsProps {
  readonly id: string;
  readonly ingress: string;
  readonly endpoint: EndpointStatus;
  readonly range: HistoryRange;
}

export function EndpointDetails({ id, ingress, endpoint, range }: DetailsProps) {
  return (
    <div class="endpoint-details" id={id}>
      <Actions ingress={ingress} endpoint={endpoint} />
      <Facts endpoint={endpoint} />
      <Addresses endpoint={endpoint} />
      <EndpointPast ingress={ingress} endpoint={endpoint.name} range={range} />
    </div>
  );
}

function Facts({ endpoint }: { endpoint: EndpointStatus }) {
  const { target, priority, rank, ttlSeconds, stickyMs, check, heldUntil, override, certificateEnds, resolution } =
    endpoint;
  const { sharesWith } = endpoint;
  return (
    <dl class="pairs">
      <dt>Target</dt>
      <dd class="wrap">
        {target.join(", ")}
        {resolution !== undefined && resolution.kind !== "addresses" && (
          <span class="tone-warn">
            {" "}
            – {resolution.kind === "none" ? "no address" : "the resolvers do not answer"}: {resolution.detail} (
            <Ago at={resolution.at} />)
          </span>
        )}
      </dd>
      {sharesWith !== undefined && (
        <>
          <dt>Addresses</dt>
          <dd class="tone-warn">shared with {sharesWith.join(" and ")}: failover to it gains nothing</dd>
        </>
      )}
      <dt>Rank</dt>
      <dd>
        {rank} (priority {priority})
      </dd>
      <dt>TTL</dt>
      <dd>
        {ttlSeconds === undefined ? "automatic" : durationText(ttlSeconds * 1_000)}
        {stickyMs !== undefined && `, also published for ${durationText(stickyMs)} after a return`}
      </dd>
      <dt>Check</dt>
      <dd class="wrap">
        {check === undefined ? (
          "none: it is assumed up, and used only when no checked endpoint is up"
        ) : (
          <>
            <code>{check.url ?? check.what}</code> every {durationText(check.nowMs)}
            {check.nowMs !== check.intervalMs && ` (${durationText(check.intervalMs)} while its health is settled)`};
            down after {check.fall} failures, up after {check.rise} successes in a row
          </>
        )}
      </dd>
      {heldUntil !== undefined && (
        <>
          <dt>Return</dt>
          <dd>
            possible <Countdown to={heldUntil} />
          </dd>
        </>
      )}
      {override !== undefined && (
        <>
          <dt>Override</dt>
          <dd>
            {override.kind}, ends <Countdown to={override.until} />
          </dd>
        </>
      )}
      {certificateEnds !== undefined && (
        <>
          <dt>Certificate</dt>
          <dd>
            <Certificate ends={certificateEnds} />
          </dd>
        </>
      )}
    </dl>
  );
}

const soonMs = 14 * 86_400_000;

function Certificate({ ends }: { ends: string }) {
  const endsMs = Date.parse(ends);
  const leftMs = endsMs - daemonNowMs();
  return (
    <span class={leftMs < soonMs ? "tone-warn" : ""}>
      {leftMs < 0 ? "expired" : "expires"} {dateText(endsMs)}
      {leftMs >= 0 && `, in ${durationText(leftMs)}`}
      {leftMs < soonMs && ": renew it"}
    </span>
  );
}

function Addresses({ endpoint: { addresses } }: { endpoint: EndpointStatus }) {
  if (addresses.length === 0) return <p class="quiet">No address is known yet.</p>;
  return (
    <section aria-label="Addresses">
      <h4>{addresses.length === 1 ? "Address" : `${addresses.length} addresses`}</h4>
      <ul class="addresses">
        {addresses.map((address) => (
          <AddressLine key={address.address} address={address} />
        ))}
      </ul>
    </section>
  );
}

function AddressLine({ address: it }: { address: AddressStatus }) {
  return (
    <li>
      <div>
        <code>{it.address}</code>
        <p class="quiet">
          {familyNames[it.family]}
          {it.scope === "private" && ", private"}
          {it.isPublished && ", published"}
          {it.isUncheckable && ", cannot be checked from here"}
        </p>
        {it.vanishes !== undefined && (
          <p class="tone-warn">
            no longer in DNS, dropped <Countdown to={it.vanishes} />
          </p>
        )}
      </div>
      <p>
        <VerdictMark verdict={it.verdict} />{" "}
        <span class="quiet">
          <For since={it.since} />: {it.reason}
        </span>
      </p>
      <LastCheck address={it} />
    </li>
  );
}

const results = {
  ok: { tone: "ok", word: "ok" },
  failed: { tone: "bad", word: "failed" },
  inconclusive: { tone: "quiet", word: "inconclusive" },
} as const;

function LastCheck({ address: { lastObservation: seen } }: { address: AddressStatus }) {
  if (seen === undefined) return <p class="quiet">Not checked yet</p>;
  const { tone, word } = results[seen.kind];
  return (
    <p>
      <span class="quiet">Last check</span> <span class={`tone-${tone}`}>{word}</span>{" "}
      <span class="quiet">
        <Ago at={seen.at} />, took {latencyText(seen.tookMs)}
        {seen.detail !== "" && `: ${seen.detail}`}
      </span>
    </p>
  );
}
