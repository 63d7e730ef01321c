// All that is known of one endpoint.
import type { AddressStatus, EndpointStatus } from "../../api/schema/status.ts";
import { daemonNowMs } from "../lib/clock.ts";
import { dateText, durationText, latencyText } from "../lib/time.ts";
import { VerdictMark } from "./icons.tsx";
import { Ago, Countdown, For } from "./moments.tsx";

interface DetailsProps {
  readonly id: string;
  readonly ingress: string;
  readonly endpoint: EndpointStatus;
}

export function EndpointDetails({ id, endpoint }: DetailsProps) {
  return (
    <div class="endpoint-details" id={id}>
      <Facts endpoint={endpoint} />
      <Addresses endpoint={endpoint} />
    </div>
  );
}

function Facts({ endpoint }: { endpoint: EndpointStatus }) {
  const { target, priority, rank, ttlSeconds, stickyMs, check, heldUntil, override, certificateEnds, resolution } =
    endpoint;
  return (
    <dl class="pairs">
      <dt>Target</dt>
      <dd class="wrap">
        {target.join(", ")}
        {resolution !== undefined && resolution.kind !== "addresses" && (
          <span class="tone-warn">
            {" "}
            – {resolution.kind === "none" ? "no address" : "the resolvers do not say"}: {resolution.detail} (
            <Ago at={resolution.at} />)
          </span>
        )}
      </dd>
      <dt>Rank</dt>
      <dd>
        {rank} (priority {priority})
      </dd>
      <dt>TTL</dt>
      <dd>
        {ttlSeconds === undefined ? "automatic" : durationText(ttlSeconds * 1_000)}
        {stickyMs !== undefined && `, stays in the mix for ${durationText(stickyMs)} after a return`}
      </dd>
      <dt>Check</dt>
      <dd class="wrap">
        {check === undefined ? (
          "none: it is believed up, and serves when no checked one can"
        ) : (
          <>
            <code>{check.url}</code> every {durationText(check.nowMs)}
            {check.nowMs !== check.intervalMs && ` (${durationText(check.intervalMs)} when all is quiet)`}; down after{" "}
            {check.fall} failures, up after {check.rise} good ones in a row
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
      {leftMs < 0 ? "ended" : "ends"} {dateText(endsMs)}
      {leftMs >= 0 && `, in ${durationText(leftMs)}`}
      {leftMs < soonMs && ": renew it"}
    </span>
  );
}

function Addresses({ endpoint: { addresses } }: { endpoint: EndpointStatus }) {
  if (addresses.length === 0) return <p class="quiet">No address is known yet.</p>;
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label="Addresses">
      <table>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Believed</th>
            <th scope="col">Last check</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {addresses.map((address) => (
            <AddressLine key={address.address} address={address} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AddressLine({ address: it }: { address: AddressStatus }) {
  const seen = it.lastObservation;
  return (
    <tr>
      <th scope="row">
        <code>{it.address}</code>
        <span class="quiet">
          {" "}
          {it.family === "ipv4" ? "IPv4" : "IPv6"}
          {it.scope === "private" && ", private"}
          {it.isPublished && ", published"}
          {it.isUncheckable && ", cannot be checked from here"}
        </span>
        {it.vanishes !== undefined && (
          <span class="tone-warn">
            {" "}
            gone from DNS, forgotten <Countdown to={it.vanishes} />
          </span>
        )}
      </th>
      <td>
        <VerdictMark verdict={it.verdict} />{" "}
        <span class="quiet">
          <For since={it.since} />: {it.reason}
        </span>
      </td>
      <td>
        {seen === undefined ? (
          <span class="quiet">none yet</span>
        ) : (
          <>
            <span class={{ ok: "tone-ok", failed: "tone-bad", inconclusive: "tone-quiet" }[seen.kind]}>
              {seen.kind === "inconclusive" ? "proves nothing" : seen.kind}
            </span>{" "}
            <span class="quiet">
              <Ago at={seen.at} />: {seen.detail}
            </span>
          </>
        )}
      </td>
      <td>{seen === undefined ? "–" : latencyText(seen.tookMs)}</td>
    </tr>
  );
}
