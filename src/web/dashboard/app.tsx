// The page: the daemon's own state above, then every ingress, then the journal.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { IngressStatus } from "../api/schema/status.ts";
import { ActingContext, Happened, Missed, type Acting, type Wish } from "./data/context.ts";
import type { LiveConnection, LiveSnapshot } from "./data/live.ts";
import type { EventSource } from "./data/past.ts";
import { lookOf, needsAttention } from "./lib/ingress-look.ts";
import { DaemonBanners, LostBanner, UpdateBanner } from "./parts/banners.tsx";
import { Sign } from "./parts/icons.tsx";
import { Ingresses } from "./parts/ingresses.tsx";
import { Journal } from "./parts/journal.tsx";
import { Ago } from "./parts/moments.tsx";
import { News } from "./parts/news.tsx";
import { TokenDialog } from "./parts/token-dialog.tsx";
import { WishDialog } from "./parts/wish-dialog.tsx";

export interface PageOptions {
  /** What is shown above everything else. */
  readonly lead?: ComponentChildren;
  /** A token that need not be asked for. */
  readonly token?: string;
}

interface AppProps extends PageOptions {
  readonly snapshot: LiveSnapshot;
  readonly retry: () => void;
  readonly news: EventSource;
}

export function App({ snapshot, retry, news, lead, token }: AppProps) {
  const { connection, status, happened, missed } = snapshot;
  const ingresses = status?.ingresses ?? [];
  const records = useStable(ingresses.map(({ record }) => record));
  const { acting, dialog } = useActs(status?.daemon.changesOverHttp, ingresses, token);
  useTitle(connection, ingresses);
  return (
    <Happened.Provider value={happened}>
      <Missed.Provider value={missed}>
        <ActingContext.Provider value={acting}>
          <header class="top">
            <h1>Cloudflare CNAME Switcher</h1>
            {acting.mode === "locked" && (
              <button type="button" class="plain" onClick={acting.unlock}>
                <Sign name="lock" /> Enter token
              </button>
            )}
            <ConnectionMark connection={connection} />
          </header>
          <main class={connection.kind === "lost" ? "is-stale" : ""}>
            {lead}
            <News connection={connection} news={news} />
            {connection.kind === "lost" && <LostBanner connection={connection} retry={retry} />}
            {status === undefined ? (
              connection.kind === "connecting" && <p class="quiet">Asking the daemon…</p>
            ) : (
              <>
                <UpdateBanner version={status.daemon.version} />
                <DaemonBanners daemon={status.daemon} />
                {ingresses.length === 0 && <p class="quiet">No ingress is configured yet.</p>}
                <Ingresses ingresses={ingresses} />
                <Journal ingresses={records} news={news} />
              </>
            )}
          </main>
          {status !== undefined && (
            <footer class="quiet">
              Version {status.daemon.version}, started <Ago at={status.daemon.started} />
              {status.daemon.configuration.loaded !== undefined && (
                <>
                  , configuration loaded <Ago at={status.daemon.configuration.loaded} />
                </>
              )}
            </footer>
          )}
          {dialog}
        </ActingContext.Provider>
      </Missed.Provider>
    </Happened.Provider>
  );
}

function ConnectionMark({ connection }: { connection: LiveConnection }) {
  const words = { connecting: "connecting", live: "live", lost: "not connected" };
  return <p class={`connection is-${connection.kind}`}>{words[connection.kind]}</p>;
}

/** The token, in the memory of this page alone, and the dialog that is open. `known`: a token to begin with. */
function useActs(
  changes: "with-token" | "refused" | undefined,
  ingresses: readonly IngressStatus[],
  known: string | undefined,
) {
  const [token, setToken] = useState(known);
  const [open, setOpen] = useState<Wish | "token">();
  const mode = changes === "with-token" ? (token === undefined ? "locked" : "open") : "refused";
  const acting = useMemo<Acting>(
    () => ({ mode, ask: (wish) => setOpen(wish), unlock: () => setOpen("token") }),
    [mode],
  );
  const close = (): void => setOpen(undefined);
  const takeToken = (taken: string): void => {
    setToken(taken);
    close();
  };
  const forgetToken = (): void => {
    setToken(undefined);
    setOpen("token");
  };
  const ingress = typeof open === "object" ? ingresses.find(({ record }) => record === open.ingress) : undefined;
  const dialog =
    open === "token" ? (
      <TokenDialog close={close} take={takeToken} />
    ) : open !== undefined && ingress !== undefined && token !== undefined ? (
      <WishDialog wish={open} ingress={ingress} token={token} close={close} forgetToken={forgetToken} />
    ) : null;
  return { acting, dialog };
}

/** The same list for as long as it says the same. */
function useStable(list: readonly string[]): readonly string[] {
  const key = JSON.stringify(list);
  return useMemo(() => list, [key]);
}

/** What a tab in the background shows. */
function useTitle(connection: LiveConnection, ingresses: readonly IngressStatus[]): void {
  const worst = ingresses.find(needsAttention) ?? ingresses[0];
  const text =
    connection.kind === "lost"
      ? "No connection"
      : worst === undefined
        ? "CCS"
        : `${worst.selection?.primary ?? lookOf(worst).word} – ${worst.record}${needsAttention(worst) ? ` (${lookOf(worst).word})` : ""}`;
  useEffect(() => {
    document.title = text;
  }, [text]);
}
