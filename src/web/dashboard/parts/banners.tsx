// What needs a person's attention, above everything else: each says what is wrong, since when, and what to do.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DaemonStatus, IngressStatus } from "../../api/schema/status.ts";
import type { LiveConnection } from "../data/live.ts";
import { readerNowMs, useTicking } from "../lib/clock.ts";
import { agoText, clockText, countdownText, durationText, fullText } from "../lib/time.ts";
import { Sign } from "./icons.tsx";
import { Ago, Countdown, For } from "./moments.tsx";
import { isMonitorOffline, shownVerdict } from "../lib/seen.ts";
import { familyNames } from "../lib/words.ts";

interface BannerProps {
  readonly tone: "bad" | "warn" | "info";
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
  readonly action?: ComponentChildren;
}

function Banner({ tone, title, children, action }: BannerProps) {
  return (
    <div class={`banner tone-${tone}`}>
      <Sign name={tone === "info" ? "info" : "alert"} />
      <div class="banner-text">
        <strong>{title}</strong>
        {children}
      </div>
      {action}
    </div>
  );
}

/** The daemon does not answer: what the page shows is of the past. */
export function LostBanner({
  connection,
  retry,
}: {
  connection: LiveConnection & { kind: "lost" };
  retry: () => void;
}) {
  const { sinceMs, why, retryAtMs } = connection;
  const ago = useTicking(() => agoText(readerNowMs() - sinceMs));
  const again = useTicking(() =>
    retryAtMs === undefined ? "Trying again now…" : `Trying again in ${countdownText(retryAtMs - readerNowMs())}.`,
  );
  return (
    <Banner
      tone="bad"
      title="No connection to the daemon"
      action={
        <button type="button" onClick={retry}>
          Try now
        </button>
      }
    >
      <p>
        Since{" "}
        <time dateTime={new Date(sinceMs).toISOString()} title={fullText(sinceMs)}>
          {clockText(sinceMs)} ({ago})
        </time>
        : {why}. This page shows the state from before. <span class="countdown">{again}</span>
      </p>
    </Banner>
  );
}

/** The page is of an older version than the daemon is by now. */
export function UpdateBanner({ version }: { version: string }) {
  const [first] = useState(version);
  if (first === version) return null;
  return (
    <Banner
      tone="info"
      title="The daemon was updated"
      action={
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      }
    >
      <p>
        It is now version {version}, and this page is from version {first}.
      </p>
    </Banner>
  );
}

/** What concerns the daemon as a whole. */
export function DaemonBanners({ daemon }: { daemon: DaemonStatus }) {
  const { blind, clock, configuration, notifications, isReady, missing, state } = daemon;
  const waiting = notifications.filter(({ queued }) => queued > 0);
  return (
    <>
      {configuration.rejected !== undefined && (
        <Banner tone="bad" title="The new configuration was rejected">
          <p>
            Rejected <Ago at={configuration.rejected.at} />. The previous one stays in force. Correct this and save the
            file; it is reloaded automatically:
          </p>
          <ul class="problems">
            {configuration.rejected.problems.map((problem) => (
              <li key={problem}>
                <code>{problem}</code>
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {blind.map(({ family, since }) => (
        <Banner key={family} tone="warn" title={`This machine appears to be offline (${familyNames[family]})`}>
          <p>
            Neither endpoints nor reference hosts have answered <For since={since} />, so failover is suspended, and the
            health of the endpoints is not known. Check the connection of the daemon's machine.
          </p>
        </Banner>
      ))}
      {clock !== undefined && (
        <Banner tone="bad" title="The clock of this machine is wrong">
          <p>
            It is {durationText(Math.abs(clock.aheadMs))} {clock.aheadMs > 0 ? "ahead" : "behind"} compared with
            Cloudflare's clock. No endpoint is marked down because of it, but new connections to Cloudflare may fail,
            and times are wrong: set the clock by NTP.
          </p>
        </Banner>
      )}
      {waiting.map(({ channel, queued }) => (
        <Banner key={channel} tone="info" title="Messages are waiting">
          <p>
            {queued} {queued === 1 ? "message is" : "messages are"} waiting to be sent by {channel}, and will be sent as
            soon as possible.
          </p>
        </Banner>
      ))}
      {!isReady && (
        <Banner tone="info" title="Starting">
          <p>No decision is made until this is known: {listText(missing)}.</p>
        </Banner>
      )}
      {!state.isKept && state.path !== undefined && (
        <Banner tone="warn" title="The state cannot be written">
          <p>
            The latest decisions, messages and history are kept in memory, and would be lost at a restart. The daemon
            keeps trying to write <code>{state.path}</code>; its log says what is wrong.
          </p>
        </Banner>
      )}
      {!state.isKept && state.path === undefined && (
        <Banner tone="info" title="History is kept in memory only">
          <p>It is lost at a restart: the state folder cannot be used. The daemon's log says why.</p>
        </Banner>
      )}
    </>
  );
}

/** What concerns one ingress. */
export function IngressBanners({ ingress, resume }: { ingress: IngressStatus; resume?: ComponentChildren }) {
  const { standoff, trouble, isServed, isMixRefused, mix, visibility, endpoints, published } = ingress;
  const areKnown = endpoints.every((endpoint) => shownVerdict(endpoint) !== "unknown");
  // An offline machine cannot reach Cloudflare either, and says so above.
  const isExplained = isMonitorOffline(endpoints) && trouble?.kind === "transient";
  return (
    <>
      {!isServed && areKnown && (
        <Banner tone="bad" title="No endpoint is up">
          <p>
            {published?.records.length === 0
              ? "There is no record either: the last good one is put back."
              : "The record stays as it is, since no other endpoint would be better."}
          </p>
        </Banner>
      )}
      {trouble !== undefined && !isExplained && (
        <Banner
          tone={trouble.kind === "transient" || trouble.kind === "rate-limited" ? "warn" : "bad"}
          title={trouble.during === "read" ? "The records cannot be read" : "The records cannot be written"}
        >
          <p>
            {trouble.message} (<Ago at={trouble.since} />)
          </p>
        </Banner>
      )}
      {standoff !== undefined && (
        <Banner tone="bad" title="Another program keeps overwriting the record" action={resume}>
          <p>
            {standoff.message} Automatic repair resumes <Countdown to={standoff.until} />.
          </p>
        </Banner>
      )}
      {visibility?.status === "wrong" && (
        <Banner tone="bad" title="The name servers show something else">
          <p>{visibility.detail}</p>
        </Banner>
      )}
      {mix?.state === "blocked" && (
        <Banner tone="warn" title="No mix is possible for now">
          <p>{sentence(mix.text)}</p>
        </Banner>
      )}
      {isMixRefused && mix === undefined && (
        <Banner tone="warn" title="Cloudflare rejected the mix">
          <p>So only the primary is published.</p>
        </Banner>
      )}
    </>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** More would push everything else off the screen. */
const mostMissing = 5;

function listText(missing: readonly string[]): string {
  const rest = missing.length - mostMissing;
  return [...missing.slice(0, mostMissing), ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}
