// An ingress is found by its id, and people know it by its record: whatever its id is, they are shown the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApiSite, record } from "../../../test/support/api-site.ts";
import { eventually } from "../../../test/support/eventually.ts";

/** What happens at a site, in one step. */
type Happening = (site: ApiSite) => void | Promise<unknown>;

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.tuple(fc.constantFrom("cable", "mobile"), fc.constantFrom("ok" as const, "timeout" as const)).map(
    ([endpoint, what]) =>
      ({ world }: ApiSite) =>
        world.observe(endpoint, what),
  ),
  fc.constantFrom(1_000, 60_000, 3_600_000).map(
    (durationMs) =>
      ({ world }: ApiSite) =>
        world.pass(durationMs),
  ),
  fc.tuple(fc.constantFrom("pin", "drain", "drill"), fc.constantFrom("cable", "mobile")).map(
    ([kind, endpoint]) =>
      (site: ApiSite) =>
        site.post(`/api/v1/${kind}`, { ingress: record, endpoint }),
  ),
  fc.constant((site: ApiSite) => site.post("/api/v1/resume", { ingress: record })),
  fc.constant(({ world }: ApiSite) => world.fail()),
);

const paths = [
  "status",
  "events?limit=200",
  `events?limit=200&ingress=${record}`,
  `events?limit=200&ingress=${record}&endpoint=cable`,
  `history?ingress=${record}&range=1h`,
  `history?ingress=${record}&range=24h&endpoint=mobile`,
];

/** All that the API shows of a story of an ingress with this id. */
async function shownOf(id: string, story: readonly Happening[]): Promise<readonly unknown[]> {
  await using site = await ApiSite.start();
  using reader = await site.stream();
  site.settle(id);
  const answers: unknown[] = [];
  for (const happen of story) answers.push(await happen(site));
  // Otherwise it depends on the machine's load whether what waits is written yet.
  site.recorder.flush();
  const documents: string[] = [];
  for (const path of paths) {
    const { status, text } = await site.get(`/api/v1/${path}`);
    assert.equal(status, 200, text);
    documents.push(text);
  }
  const { newestId } = site.recorder;
  const events = await eventually("all events", () => {
    const told = reader.of("event");
    return told.at(-1)?.id === newestId ? told : undefined;
  });
  assert.deepEqual(site.bugs, []);
  return [answers.map((answer) => (answer as { text?: string } | undefined)?.text), documents, events];
}

test("whatever the id of an ingress is, the API shows it by its record", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 8 }), async (story) => {
      const [shown, usual] = [await shownOf("home", story), await shownOf(record, story)];
      assert.deepEqual(shown, usual);
      assert.doesNotMatch(JSON.stringify(shown), /home/);
    }),
    { numRuns: 12 },
  );
});

test("the id of an ingress is no name to ask by", async () => {
  await using site = await ApiSite.start();
  site.settle("home");
  for (const path of ["events?ingress=home", "history?ingress=home"]) {
    assert.equal((await site.get(`/api/v1/${path}`)).status, 404, path);
  }
  assert.equal((await site.post("/api/v1/pin", { ingress: "home", endpoint: "cable" })).status, 404);
});
