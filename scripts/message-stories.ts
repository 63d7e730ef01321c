// One story of each kind, for docs/messages.md: two lines, cable and mobile, on a day in November.
import type { IngressState, PublishedRecord, Visibility } from "../src/core/model.ts";
import type { Change, Story } from "../src/notify/story.ts";
import { endpointSettings, ingressSettings, publishedRecord } from "../test/support/ingress-world.ts";
import { NarratedWorld } from "../test/support/narrated-world.ts";

export type StoryKind = Story["kind"];

export interface StorySample {
  readonly story: Story;
  /** Monotonic time of the telling, in the world of `wallAtZero`. */
  readonly nowMs: number;
}

const record = "ingress.example.com";
const minuteMs = 60_000;

/** A story of every kind. */
export function storySamples(): { readonly [Kind in StoryKind]: StorySample } {
  const { steady, left, allDown, nowMs, failedMs } = worlds();
  const before = { records: [publishedRecord("CNAME", "cable.example.com")] };
  const change: Change = { ingress: left, sinceMs: failedMs, why: left.selection?.why ?? "", was: ["cable"] };
  const at = (story: Story): StorySample => ({ story, nowMs });
  const untilMs = nowMs + 60 * minuteMs;
  const problem = {
    kind: "transient",
    message: "no answer within 15 s; is the network up?",
    during: "write",
    sinceMs: failedMs,
    newestMs: failedMs,
  } as const;
  const visibility = (status: Visibility["status"], detail: string): Visibility => ({
    writtenAtMs: failedMs,
    status,
    atMs: nowMs,
    detail,
  });
  const [cable] = left.endpoints;
  if (cable === undefined) throw new Error("there is no cable");
  const drained = { kind: "drain", endpoint: "cable", untilMs } as const;
  return {
    started: at({ kind: "started", ingresses: [{ ingress: steady }], blindIn: [] }),
    adopted: at({ kind: "adopted", ingress: steady, why: steady.selection?.why ?? "" }),
    switched: at({ kind: "switched", ...change, recordsBefore: before.records }),
    halfway: at({ kind: "halfway", ...change, ingress: { ...left, selection: steady.selection ?? never() } }),
    undone: at({ kind: "undone", ...change, ingress: unwritten(left, before.records, problem) }),
    stays: at({ kind: "stays", ...change, ingress: steady, considered: "mobile", why: "cable answers again" }),
    repaired: at({
      kind: "repaired",
      ingress: steady,
      sinceMs: failedMs,
      foreignRecords: [publishedRecord("CNAME", "old.example.com")],
    }),
    updated: at({
      kind: "updated",
      by: "write",
      ingress: steady,
      sinceMs: failedMs,
      recordsBefore: [publishedRecord("CNAME", "cable.example.com", 300)],
    }),
    endpoint: at({
      kind: "endpoint",
      ingress: left,
      endpoint: cable,
      status: "down",
      was: "up",
      wasForMs: 20 * minuteMs,
    }),
    "outage-began": at({ kind: "outage-began", ingress: allDown }),
    "outage-ended": at({ kind: "outage-ended", ingress: steady, lastedMs: 4 * minuteMs }),
    "blindness-began": at({ kind: "blindness-began", families: ["ipv4"], sinceMs: failedMs }),
    "blindness-ended": at({ kind: "blindness-ended", families: ["ipv4"], lastedMs: 3 * minuteMs }),
    "override-began": at({
      kind: "override-began",
      ingress: { ...left, overrides: [drained] },
      override: drained,
    }),
    "override-ended": at({ kind: "override-ended", ingress: steady, override: { ...drained, untilMs: nowMs } }),
    "drill-reported": at({
      kind: "drill-reported",
      ingress: steady,
      report: {
        endpoint: "cable",
        startedMs: failedMs,
        endedMs: failedMs + 2 * minuteMs,
        isInterrupted: false,
        noticeMs: 24_000,
        away: passage(["cable"], ["mobile"], failedMs),
        back: passage(["mobile"], ["cable"], failedMs + 2 * minuteMs),
      },
    }),
    "standoff-began": at({
      kind: "standoff-began",
      ingress: { ...steady, undoneAtMs: [failedMs, nowMs], standoff: { untilMs, mayWrite: true } },
    }),
    "standoff-ended": at({ kind: "standoff-ended", ingress: steady }),
    "trouble-began": at({ kind: "trouble-began", ingress: left, problem }),
    "trouble-ended": at({ kind: "trouble-ended", ingress: left, lastedMs: 90_000 }),
    invisible: at({
      kind: "invisible",
      ingress: left,
      visibility: visibility("wrong", "ada.ns.cloudflare.com says CNAME cable.example.com"),
    }),
    "visible-at-last": at({
      kind: "visible-at-last",
      ingress: left,
      visibility: visibility("visible", "all 6 servers agree"),
    }),
    "addresses-shared": at({ kind: "addresses-shared", ingress: steady, endpoint: "mobile", others: ["cable"] }),
    "addresses-left-out": at({
      kind: "addresses-left-out",
      ingress: steady,
      endpoint: "mobile",
      detail: "16 of its 20 IPv4 addresses are used",
    }),
    "mix-blocked": at({
      kind: "mix-blocked",
      ingress: steady,
      record: "ingress-mix.example.com",
      reason: "foreign",
      why: "TXT at ingress-mix.example.com is not a record of ccs",
    }),
    "mix-freed": at({ kind: "mix-freed", ingress: steady, record: "ingress-mix.example.com" }),
    "clock-wrong": at({ kind: "clock-wrong", aheadMs: 65 * minuteMs }),
    "clock-right": at({ kind: "clock-right" }),
    "config-applied": at({
      kind: "config-applied",
      added: ["vpn.example.com"],
      released: [],
      isAfterRejection: false,
    }),
    "config-rejected": at({
      kind: "config-rejected",
      problems: [
        'config.yml:14:17 ingresses[0].endpoints[1].check.rise: expected a whole number from 1 to 1000, got "three"',
      ],
    }),
    "state-moved": at({
      kind: "state-moved",
      text: "Every user of this machine can replace the state in /var/lib/ccs: chmod 700 /var/lib/ccs.",
    }),
    "internal-error": at({ kind: "internal-error", what: "TypeError: x is undefined" }),
    corrupted: at({ kind: "corrupted", why: "TypeError: x is undefined" }),
  };
}

function worlds(): {
  readonly steady: IngressState;
  readonly left: IngressState;
  readonly allDown: IngressState;
  readonly failedMs: number;
  readonly nowMs: number;
} {
  const world = new NarratedWorld();
  const mobile = endpointSettings("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });
  world.settle(ingressSettings(record, [endpointSettings("cable"), mobile]));
  world.pass(20 * minuteMs);
  world.observe("mobile", "ok", 1);
  const steady = world.ingress();
  const failedMs = world.nowMs;
  world.observe("cable", "timeout");
  const left = world.ingress();
  world.observe("mobile", "timeout");
  return { steady, left, allDown: world.ingress(), failedMs, nowMs: failedMs + 5 * minuteMs };
}

/** Decided, but Cloudflare did not take it. */
function unwritten(
  ingress: IngressState,
  records: readonly PublishedRecord[],
  problem: NonNullable<IngressState["cloudProblem"]>,
): IngressState {
  const { published } = ingress;
  if (published === undefined) throw new Error("nothing was read");
  return {
    ...ingress,
    published: { ...published, records, by: "read" },
    visibility: undefined,
    cloudProblem: problem,
  };
}

function passage(from: readonly string[], to: readonly string[], startedMs: number) {
  return {
    from,
    to,
    ttlSeconds: 60,
    decidedMs: startedMs,
    committedMs: startedMs + 240,
    visibleMs: startedMs + 1_300,
    visibility: "visible",
  } as const;
}

function never(): never {
  throw new Error("nobody was selected");
}
