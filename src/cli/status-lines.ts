// The status of the daemon as lines for a terminal: who serves and why, what DNS says, everybody's health, what comes
// next.
import { widthOf, wrap, type ScreenLine, type ScreenSpan, type Style } from "../terminal/screen-text.ts";
import type {
  DaemonStatus,
  EndpointStatus,
  IngressStatus,
  PublishedDocument,
  Status,
  VisibilityDocument,
} from "../web/api/schema/status.ts";
import { clockError, formatDuration } from "../core/units.ts";
import { ago, ahead, timeOf } from "./times.ts";
import { contentText, familyNames, overridden, recordsText } from "../core/words.ts";

/** What is shown of the health of every address, beside that of the endpoints. */
export interface Detail {
  readonly addresses: boolean;
}

/** Lines of at most `width` columns, unless a name is longer. */
export function statusLines(status: Status, width: number, detail: Detail): readonly ScreenLine[] {
  const wallMs = Date.parse(status.at);
  const page = new StatusPage(width);
  for (const [index, ingress] of status.ingresses.entries()) {
    if (index > 0) page.add();
    addIngress(page, ingress, { wallMs, detail });
  }
  if (status.ingresses.length === 0) page.add("No ingress is configured.");
  page.add();
  addDaemon(page, status.daemon, wallMs);
  return page.lines;
}

interface StatusView {
  readonly wallMs: number;
  readonly detail: Detail;
}

function addIngress(page: StatusPage, ingress: IngressStatus, { wallMs, detail }: StatusView): void {
  const { record, selection, published, visibility, mix, overrides, endpoints, next } = ingress;
  const members =
    selection === undefined ? [] : [selection.primary, ...selection.sticky.map(({ endpoint }) => endpoint)];
  const who = members.length === 0 ? "no endpoint is selected yet" : members.join(" and ");
  page.add(bold(record), "  →  ", { style: ["bold", colourOf(ingress)], text: who });
  page.item("DNS says", publishedText(published));
  if (published !== undefined) page.item("", dnsDetail(published, visibility, wallMs));
  if (mix?.record !== undefined && mix.state !== "blocked")
    page.item("mix", `${mix.record}: ${mix.text}${mixSince(mix, wallMs)}`);
  if (selection !== undefined) page.item("because", `${selection.why}, since ${timeOf(selection.since, wallMs)}`);
  for (const warning of warningsOf(ingress, wallMs)) page.warn(warning);
  for (const { kind, endpoint, until } of overrides) {
    page.warn(`${endpoint} is ${overridden[kind]}${kind === "drill" ? "" : " manually"}; ends ${ahead(until, wallMs)}`);
  }
  page.add();
  page.table(
    ["endpoint", "role", "health", "for", "why"],
    endpoints.flatMap((endpoint) => rowsOf(endpoint, ingress.isInSync, { wallMs, detail })),
  );
  // Reading the records is routine.
  const steps = next.filter(({ kind }) => kind !== "records-read");
  if (steps.length > 0) page.add();
  const whens = steps.map(({ at }) => ahead(at, wallMs));
  const width = Math.max(0, ...whens.map((when) => when.length));
  for (const [index, { what }] of steps.entries()) page.item(whens[index] ?? "", what, width);
}

function colourOf(ingress: IngressStatus): "green" | "yellow" | "red" {
  const isKnown = ingress.endpoints.some((endpoint) => verdictOf(endpoint) !== "unknown");
  if (!isKnown) return "yellow";
  return isReached(ingress) ? "green" : "red";
}

/** While this machine is offline, what was last known of an endpoint is no verdict of now. */
function verdictOf({ verdict, isUnseen }: EndpointStatus): EndpointStatus["verdict"] {
  return isUnseen ? "unknown" : verdict;
}

function publishedText(published: PublishedDocument | undefined): string {
  if (published === undefined) return "unknown: the records have not been read yet";
  if (published.records.length === 0) return "no record";
  return recordsText(published.records);
}

function dnsDetail(
  { since, by, confirmed }: PublishedDocument,
  visibility: VisibilityDocument | undefined,
  wallMs: number,
): string {
  const whom = by === "us" ? "written by ccs" : "found as it is";
  const when = since === undefined ? "" : ` ${past(since, wallMs)}`;
  const seen = visibility === undefined ? undefined : visibilityText(visibility);
  return [`${whom}${when}`, ...(seen === undefined ? [] : [seen]), `last checked ${past(confirmed, wallMs)}`].join(
    "; ",
  );
}

function past(moment: string, wallMs: number): string {
  const text = ago(moment, wallMs);
  return text === "0 s" ? "just now" : `${text} ago`;
}

/** Since when the failback waits: the other states say no more than when they end, among what comes next. */
function mixSince({ since }: NonNullable<IngressStatus["mix"]>, wallMs: number): string {
  return since === undefined ? "" : `, since ${timeOf(since, wallMs)}`;
}

function visibilityText({ status, tookMs }: VisibilityDocument): string {
  switch (status) {
    case "checking":
      return "checking the authoritative servers";
    case "visible":
      return `visible${tookMs === undefined ? "" : ` after ${formatDuration(tookMs)}`}`;
    case "wrong":
      return "the authoritative servers show something else";
    case "silent":
      return "not verified: the authoritative servers do not answer";
    case "proxied":
      return "proxied, so it cannot be verified from outside";
    default:
      return status satisfies never;
  }
}

/** Whether an endpoint is up and, where a person pinned one endpoint, whether that one is not down. */
export function isReached(ingress: IngressStatus): boolean {
  return ingress.isServed && pinnedAndDown(ingress) === undefined;
}

/** The name of the endpoint that is active because of a pin, though it is down. */
function pinnedAndDown({ selection, overrides, endpoints }: IngressStatus): string | undefined {
  const isPinned = overrides.some(({ kind, endpoint }) => kind === "pin" && endpoint === selection?.primary);
  const active = endpoints.find(({ name }) => name === selection?.primary);
  return isPinned && active?.verdict === "down" ? active.name : undefined;
}

function warningsOf(ingress: IngressStatus, wallMs: number): string[] {
  const { isServed, isInSync, published, trouble, standoff, visibility, isMixRefused, mix, wanted, endpoints } =
    ingress;
  const pinned = pinnedAndDown(ingress);
  const warnings: string[] = [];
  const areAllDown = !isServed && endpoints.every((endpoint) => verdictOf(endpoint) !== "unknown");
  if (areAllDown && published !== undefined)
    warnings.push(`all endpoints are down${isInSync ? ": the record stays as it is" : ""}`);
  else if (pinned !== undefined) warnings.push(`no service: ${pinned} is pinned and down`);
  if (trouble !== undefined) warnings.push(`Cloudflare, since ${timeOf(trouble.since, wallMs)}: ${trouble.message}`);
  if (standoff !== undefined) warnings.push(standoff.message);
  else if (published !== undefined && !isInSync && wanted !== undefined) {
    warnings.push(`not in sync: it should say ${wanted.map(contentText).join(", ")}`);
  }
  if (visibility?.status === "wrong")
    warnings.push(`the authoritative servers show something else: ${visibility.detail}`);
  if (mix?.state === "blocked" || mix?.state === "none") warnings.push(mix.text);
  else if (isMixRefused) warnings.push("Cloudflare rejected the mix, so only the primary is published");
  for (const { name, sharesWith } of ingress.endpoints) {
    if (sharesWith === undefined) continue;
    warnings.push(`${name} has the same addresses as ${sharesWith.join(" and ")}: failover to it gains nothing`);
  }
  return warnings;
}

const looks: Readonly<Record<EndpointStatus["verdict"], { readonly sign: string; readonly style: Style }>> = {
  up: { sign: "●", style: "green" },
  suspect: { sign: "◐", style: "yellow" },
  recovering: { sign: "◐", style: "yellow" },
  down: { sign: "✗", style: "red" },
  unknown: { sign: "○", style: "dim" },
};

const roles = { primary: "active", sticky: "also published", none: "standby" } as const;

function rowsOf(
  endpoint: EndpointStatus,
  isInSync: boolean,
  { wallMs, detail }: StatusView,
): readonly (readonly ScreenSpan[])[] {
  const { name, isDegraded, isUnseen, since, addresses } = endpoint;
  const verdict = verdictOf(endpoint);
  const { sign, style } = looks[verdict];
  const health = isDegraded && !isUnseen ? `${verdict}, degraded` : verdict;
  const own: readonly ScreenSpan[] = [
    name,
    roleOf(endpoint, isInSync),
    { style, text: `${sign} ${health}` },
    isUnseen ? "" : ago(since, wallMs),
    reasonOf(endpoint),
  ];
  if (!detail.addresses) return [own];
  const more = addresses.map((address): readonly ScreenSpan[] => {
    const look = looks[address.verdict];
    const seen = address.lastObservation;
    const result =
      seen === undefined ? "not probed yet" : seen.kind === "ok" ? formatDuration(seen.tookMs) : seen.detail;
    return [
      dim(`  ${address.address}`),
      dim(address.isPublished ? "published" : ""),
      address.isUncheckable
        ? { style: "dim", text: "○ uncheckable" }
        : { style: look.style, text: `${look.sign} ${address.verdict}` },
      dim(ago(address.since, wallMs)),
      dim(result),
    ];
  });
  return [own, ...more];
}

function roleOf({ role, override }: EndpointStatus, isInSync: boolean): string {
  if (role === "none" && override !== undefined) return overridden[override.kind];
  return role === "primary" && !isInSync ? "pending" : roles[role];
}

function reasonOf({ check, verdict, reason, isUnseen }: EndpointStatus): string {
  if (isUnseen) return verdict === "unknown" ? "not known while offline" : `not known while offline; was ${verdict}`;
  return check === undefined && verdict !== "down" ? "not checked" : reason;
}

function addDaemon(page: StatusPage, daemon: DaemonStatus, wallMs: number): void {
  const { version, started, missing, blind, clock, configuration, notifications, state } = daemon;
  for (const { family, since } of blind) {
    page.warn(
      `this machine appears to be offline (${familyNames[family]}) since ${timeOf(since, wallMs)}: failover is suspended`,
    );
  }
  if (clock !== undefined) {
    page.warn(`the clock of the daemon's machine is ${clockError(clock.aheadMs)} compared with Cloudflare's clock`);
  }
  const { rejected } = configuration;
  if (rejected !== undefined) {
    page.warn(`the configuration was rejected ${ago(rejected.at, wallMs)} ago; the previous one stays in force:`);
    for (const problem of rejected.problems) page.item("", problem);
  }
  for (const { channel, queued } of notifications) {
    if (queued > 0) page.warn(`${queued} ${queued === 1 ? "message waits" : "messages wait"} to be sent to ${channel}`);
  }
  if (!state.isKept) page.warn(unkept(state));
  if (missing.length > 0) page.warn(`not ready yet: ${missing.join("; ")}`);
  page.add(dim(`ccs ${version}, running for ${ago(started, wallMs)}`));
}

function unkept({ path }: DaemonStatus["state"]): string {
  if (path === undefined) return "none of this would survive a restart: the state folder cannot be used";
  return `the latest changes would not survive a restart: ${path} cannot be written now; the daemon's log says why`;
}

function bold(text: string): ScreenSpan {
  return { style: "bold", text };
}

function dim(text: string): ScreenSpan {
  return { style: "dim", text };
}

const labelWidth = 10;

/** Lines as they are put together. */
class StatusPage {
  readonly lines: ScreenLine[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  add(...spans: readonly ScreenSpan[]): void {
    this.lines.push(spans);
  }

  /** A label, and text next to it. */
  item(label: string, text: string, leastWidth = 0): void {
    const width = Math.max(labelWidth, leastWidth);
    const [first = "", ...rest] = wrap(text, this.#width - width - 3);
    this.add("  ", dim(label.padEnd(width)), " ", first);
    for (const line of rest) this.add(" ".repeat(width + 3), line);
  }

  warn(text: string): void {
    const [first = "", ...rest] = wrap(text, this.#width - 4);
    this.add("  ", { style: "yellow", text: `! ${first}` });
    for (const line of rest) this.add("    ", { style: "yellow", text: line });
  }

  /** The last column takes what room there is, over several lines if need be. */
  table(heading: readonly string[], rows: readonly (readonly ScreenSpan[])[]): void {
    const all = [heading.map(dim), ...rows];
    const widths = heading.slice(0, -1).map((_, column) => Math.max(...all.map((row) => widthOf([row[column] ?? ""]))));
    const before = widths.reduce((sum, width) => sum + width + 2, 2);
    for (const row of all) {
      const cells = widths.flatMap((width, column): ScreenSpan[] => {
        const cell = row[column] ?? "";
        return [cell, " ".repeat(width - widthOf([cell]) + 2)];
      });
      const last = row[heading.length - 1] ?? "";
      const text = typeof last === "string" ? last : last.text;
      const [first = "", ...rest] = wrap(text, Math.max(20, this.#width - before));
      const painted = (line: string): ScreenSpan => (typeof last === "string" ? line : { ...last, text: line });
      this.add("  ", ...cells, painted(first));
      for (const line of rest) this.add(" ".repeat(before), painted(line));
    }
  }
}
