// The picture: endpoints on the left, the ingress on the right, and between them the ways that visitors take now.
import type { EndpointStatus, IngressStatus } from "../../api/schema/status.ts";
import { memo } from "../lib/memo.tsx";
import { countsText, foremost } from "../lib/order.ts";
import { HostName } from "./host-name.tsx";
import { VerdictIcon, looks } from "./icons.tsx";
import { shownVerdict } from "../lib/seen.ts";
import { overridden } from "../lib/words.ts";

const mostShown = 6;
/** Of one row, in the units of the drawing. */
const rowHeight = 48;

export const Picture = memo(function Picture({ ingress }: { ingress: IngressStatus }) {
  const { endpoints, record, isInSync, published } = ingress;
  const shown = foremost(endpoints, mostShown);
  const rest = endpoints.filter((endpoint) => !shown.includes(endpoint));
  const rows = shown.length + (rest.length > 0 ? 1 : 0);
  return (
    <section class="card picture" aria-label="Active endpoint">
      <h3>Active endpoint</h3>
      <div class="picture-grid">
        <ul class="picture-endpoints">
          {shown.map((endpoint) => (
            <li key={endpoint.name} class={`node is-${wayOf(endpoint)}`}>
              <VerdictIcon verdict={shownVerdict(endpoint)} />
              <span class="node-name">{endpoint.name}</span>
              <span class="node-role">{roleText(endpoint, isInSync)}</span>
            </li>
          ))}
          {rest.length > 0 && (
            <li class="node is-rest">
              <span class="node-role">
                and {rest.length} more: {countsText(rest)}
              </span>
            </li>
          )}
        </ul>
        <div class="picture-middle">
          <svg
            class="picture-ways"
            viewBox={`0 0 100 ${rows * rowHeight}`}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            {shown
              .map((endpoint, row) => ({ way: wayOf(endpoint), row, name: endpoint.name }))
              // What is lit lies above the others.
              .toSorted((a, b) => Number(isLit(a.way)) - Number(isLit(b.way)))
              .map(({ way, row, name }) => (
                <path key={name} class={`way way-${way}${isInSync ? "" : " is-pending"}`} d={wayPath(row, rows)} />
              ))}
          </svg>
        </div>
        <div class="picture-ingress node">
          <span class="node-name">
            <HostName name={record} />
          </span>
          <span class="node-role">{published === undefined ? "not read yet" : typesText(ingress)}</span>
        </div>
      </div>
    </section>
  );
});

type PathKind = "primary" | "sticky" | "broken" | "ready" | "unsure";

function wayOf(endpoint: EndpointStatus): PathKind {
  if (endpoint.role !== "none") return endpoint.role;
  const verdict = shownVerdict(endpoint);
  if (verdict === "down") return "broken";
  return verdict === "up" || verdict === "suspect" ? "ready" : "unsure";
}

function isLit(way: PathKind): boolean {
  return way === "primary" || way === "sticky";
}

function roleText(endpoint: EndpointStatus, isInSync: boolean): string {
  const { role, override } = endpoint;
  const verdict = shownVerdict(endpoint);
  const word = override === undefined ? [] : [overridden[override.kind]];
  const health = verdict === "up" ? [] : [looks[verdict].word];
  const serves = role === "primary" ? [isInSync ? "active" : "pending"] : role === "sticky" ? ["also published"] : [];
  const words = [...serves, ...word, ...health];
  return words.length === 0 ? "standby" : words.join(", ");
}

function wayPath(row: number, rows: number): string {
  const from = (row + 0.5) * rowHeight;
  const to = (rows * rowHeight) / 2;
  return `M0 ${from}C55 ${from} 45 ${to} 100 ${to}`;
}

function typesText({ published }: IngressStatus): string {
  const types = [...new Set(published?.records.map(({ type }) => type))];
  return types.length === 0 ? "no record" : types.join(" and ");
}
