// The page: the daemon's own state above, then every ingress.
import type { Connection, Snapshot } from "./data/live.ts";
import { DaemonBanners, LostBanner } from "./parts/banners.tsx";
import { Ingress } from "./parts/ingress.tsx";

interface AppProps {
  readonly snapshot: Snapshot;
  readonly retry: () => void;
}

export function App({ snapshot: { connection, status }, retry }: AppProps) {
  return (
    <>
      <header class="top">
        <h1>Cloudflare CNAME Switcher</h1>
        <ConnectionMark connection={connection} />
      </header>
      <main class={connection.kind === "lost" ? "is-stale" : ""}>
        {connection.kind === "lost" && <LostBanner connection={connection} retry={retry} />}
        {status === undefined ? (
          connection.kind === "connecting" && <p class="quiet">Asking the daemon…</p>
        ) : (
          <>
            <DaemonBanners daemon={status.daemon} />
            {status.ingresses.map((ingress) => (
              <Ingress key={ingress.record} ingress={ingress} />
            ))}
          </>
        )}
      </main>
      {status !== undefined && <footer class="quiet">Version {status.daemon.version}</footer>}
    </>
  );
}

function ConnectionMark({ connection }: { connection: Connection }) {
  const words = { connecting: "connecting", live: "live", lost: "not connected" };
  return <p class={`connection is-${connection.kind}`}>{words[connection.kind]}</p>;
}
