import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyIngress } from "../configuration/empty.ts";
import { freshEndpoint } from "../evidence/endpoint.ts";
import type { AddressState, EndpointState, IngressState } from "../model.ts";
import { families } from "../words.ts";
import { changesBetween, listed, withIngresses } from "./ingresses.ts";
import { digestOfAll, overviewOf, placesWhere } from "./overview.ts";
import { ingressDeadlineMs } from "./ingress-deadline.ts";
import { initialState } from "../step.ts";

/** What matters of one address: when it was ok, until when proof is sought, and the like. */
const seenOf = fc.record({
  family: fc.constantFrom(...families),
  lastOkMs: fc.option(fc.nat(50), { nil: undefined }),
  searchUntilMs: fc.option(fc.nat(50), { nil: undefined }),
  isSilent: fc.boolean(),
  isDown: fc.boolean(),
  undatedSinceMs: fc.option(fc.nat(50), { nil: undefined }),
});
const endpointOf = fc.record({ name: fc.constantFrom("cable", "mobile"), seen: fc.array(seenOf, { maxLength: 2 }) });
const endpointsOf = fc.uniqueArray(endpointOf, { selector: ({ name }) => name, maxLength: 2 });
type Shape = (typeof endpointsOf extends fc.Arbitrary<infer T> ? T : never)[number];

const [blank = assert.fail()] = freshEndpoint(
  {
    name: "blank",
    target: { kind: "addresses", addresses: [{ text: "192.0.2.1", family: "ipv4", scope: "public" }] },
    priority: 0,
    ttl: 60,
    resolvers: [],
  },
  0,
  0,
).addresses;

function ingressOf(id: string, shapes: readonly Shape[]): IngressState {
  const endpoints = shapes.map(({ name, seen }): EndpointState => {
    const target = { kind: "addresses", addresses: [] } as const;
    const endpoint = freshEndpoint({ name, target, priority: 0, ttl: 60, resolvers: [] }, 0, 0);
    return { ...endpoint, addresses: seen.map(addressOf) };
  });
  const settings = {
    id,
    record: id,
    publish: "auto",
    holdUpMs: 0,
    reconcileIntervalMs: 1,
    allowPrivate: true,
  } as const;
  return emptyIngress({ ...settings, endpoints: endpoints.map((endpoint) => endpoint.settings) }, endpoints);
}

function addressOf(seen: Shape["seen"][number]): AddressState {
  const { family, lastOkMs, searchUntilMs, isSilent, isDown, undatedSinceMs } = seen;
  const wait = { startedMs: 0, endedMs: 0, detail: "" };
  const validity = { fromWallMs: 0, untilWallMs: 0 };
  return {
    ...blank,
    family,
    lastOkMs,
    health: { ...blank.health, verdict: isDown ? "down" : "up" },
    unproven: searchUntilMs === undefined ? [] : [{ ...wait, untilMs: searchUntilMs, isDoubtful: false }],
    stalled: isSilent ? [{ startedMs: 0, sinceMs: 0, provenMs: undefined }] : [],
    undated: undatedSinceMs === undefined ? [] : [{ ...wait, startedMs: undatedSinceMs, validity }],
  };
}

test("the overview shows what a look at each ingress would", () => {
  const all = fc.array(endpointsOf, { maxLength: 9 });
  const changes = fc.array(fc.tuple(fc.nat(8), endpointsOf), { maxLength: 6 });
  fc.assert(
    fc.property(all, changes, fc.nat(50), (shapes, changed, nowMs) => {
      const first = { ...initialState, ...listed(shapes.map((shape, at) => ingressOf(`${at}.example.com`, shape))) };
      const places = changed.filter(([place]) => place < shapes.length);
      const after = places.reduce(
        (state, [place, shape]) => withIngresses(state, [place], () => ingressOf(`${place}.example.com`, shape)),
        first,
      );
      assert.deepEqual(after.overview, overviewOf(after.ingresses));
      const touched = [...new Set(places.map(([place]) => `${place}.example.com`))].toSorted();
      assert.deepEqual(
        changesBetween(first, after).map((change) => change.after.settings.id),
        touched,
      );
      const digest = digestOfAll(after.overview);
      const dueMs = Math.min(...after.ingresses.map((ingress) => ingressDeadlineMs(ingress) ?? Infinity));
      assert.equal(digest.dueMs, dueMs);
      const due = after.ingresses.flatMap((ingress, at) =>
        (ingressDeadlineMs(ingress) ?? Infinity) <= nowMs ? [at] : [],
      );
      assert.deepEqual(
        placesWhere(after.overview, (part) => part.dueMs <= nowMs),
        due,
      );
      for (const family of families) {
        const endpoints = after.ingresses.flatMap(({ settings, endpoints: own }) =>
          own.map((endpoint) => ({
            by: [settings.id, endpoint.settings.name],
            addresses: endpoint.addresses.filter((address) => address.family === family),
          })),
        );
        const addresses = endpoints.flatMap((endpoint) => endpoint.addresses);
        const { okMs, otherOkMs, okIngress, okEndpoint, isOpen, isWaiting, searchUntilMs } = digest[family];
        const newest = (list: typeof endpoints): number =>
          Math.max(-Infinity, ...list.flatMap((each) => each.addresses.map(({ lastOkMs = -Infinity }) => lastOkMs)));
        assert.equal(okMs, newest(endpoints));
        const others = endpoints.filter(
          ({ by: [ingress, endpoint] }) => ingress !== okIngress || endpoint !== okEndpoint,
        );
        assert.equal(otherOkMs, newest(others));
        const waits = addresses.filter(({ unproven, stalled }) => unproven.length + stalled.length > 0);
        assert.equal(isOpen, waits.length > 0);
        assert.equal(
          isWaiting,
          waits.some(({ unproven, health }) => unproven.length > 0 || health.verdict !== "down"),
        );
        const searches = addresses.flatMap(({ unproven }) => unproven.map(({ untilMs }) => untilMs));
        assert.equal(searchUntilMs, Math.min(Infinity, ...searches));
      }
    }),
  );
});
