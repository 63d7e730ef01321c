// What one answer for several names says of each of them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { freeCall, json, ScriptedApi, success, zoneId, type Handler } from "../../test/conformance/scripted-api.ts";
import type { Plan } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";
import { CloudError, type NameChange, type NameOutcome, type SharedCalls } from "./provider.ts";

const names = ["a.example.com", "b.example.com", "c.example.com"] as const;
const ingresses = names.map((record) => ({ record, zone: zoneId }));

const idOf = (name: string): string => name.charAt(0).repeat(32);
const live = (name: string, more: object = {}): object => ({
  id: idOf(name),
  name,
  type: "CNAME",
  content: "old.example.net",
  ttl: 60,
  proxied: false,
  comment: recordComment,
  ...more,
});

const changes = ingresses.map((ingress): NameChange => {
  const record = { type: "CNAME", ttlSeconds: 60, proxied: false } as const;
  const id = idOf(ingress.record);
  const plan: Plan = { deletes: [], patches: [{ ...record, id, content: "new.example.net" }], posts: [] };
  return { ingress, plan, known: [{ ...record, id, content: "old.example.net" }] };
});

async function withApi(handler: Handler, work: (shared: SharedCalls, api: ScriptedApi) => Promise<void>) {
  await using api = await new ScriptedApi().listen();
  api.handler = handler;
  const { shared } = api.provider();
  await work(shared, api);
}

const page = (records: readonly object[], total: number | null = records.length): Handler =>
  json({ success: true, errors: [], messages: [], result: records, result_info: { total_count: total } });

const told = (outcomes: readonly NameOutcome[]): string[] =>
  outcomes.map((outcome) => {
    if (outcome === "apart") return "apart";
    return outcome instanceof CloudError ? outcome.kind : outcome.map(({ content }) => content).join(" ");
  });

describe("a batch of several plans", () => {
  const answers: readonly (readonly [claim: string, patches: readonly object[], outcomes: readonly string[]])[] = [
    [
      "is confirmed for each, whatever the order",
      names.toReversed().map((name) => live(name, { content: "new.example.net" })),
      ["new.example.net", "new.example.net", "new.example.net"],
    ],
    [
      "is unknown only for the name that the answer lacks",
      [names[0], names[2]].map((name) => live(name, { content: "new.example.net" })),
      ["new.example.net", "transient", "new.example.net"],
    ],
    [
      "is unknown only for the name that the answer shows unchanged",
      names.map((name, index) => live(name, index === 0 ? {} : { content: "new.example.net" })),
      ["transient", "new.example.net", "new.example.net"],
    ],
    [
      "is unknown for two names whose ids are exchanged",
      names.map((name, index) =>
        live(name, { content: "new.example.net", id: idOf(names[[1, 0, 2][index] ?? 0] ?? "") }),
      ),
      ["transient", "transient", "new.example.net"],
    ],
  ];
  for (const [claim, patches, outcomes] of answers) {
    test(claim, () =>
      withApi(success({ patches }), async (shared, { requests }) => {
        const got = await shared.apply(changes, freeCall());
        assert.deepEqual(told(got), outcomes);
        assert.equal(requests.length, 1);
        for (const [index, outcome] of got.entries()) {
          if (outcome instanceof CloudError) {
            assert.ok(outcome.isAmbiguous);
            assert.ok(outcome.message.includes(names[index] ?? "?"), outcome.message);
          }
        }
      }),
    );
  }

  test("leaves out a plan that is not safe", () =>
    withApi(
      success({ patches: names.map((name) => live(name, { content: "new.example.net" })) }),
      async (shared, api) => {
        const unsafe = { ...changes[1], known: [] } as unknown as NameChange;
        const got = await shared.apply([changes[0] as NameChange, unsafe, changes[2] as NameChange], freeCall());
        assert.deepEqual(told(got), ["new.example.net", "apart", "new.example.net"]);
        const body = api.requests[0]?.body as { patches: readonly { name: string }[] } | undefined;
        assert.deepEqual(
          body?.patches.map(({ name }) => name),
          [names[0], names[2]],
        );
      },
    ));

  test("that is refused is told in the words for each name", () =>
    withApi(json({ success: false, errors: [{ code: 9021, message: "TTL" }] }, 400), async (shared) => {
      await assert.rejects(shared.apply(changes, freeCall()), (error: unknown) => {
        assert.ok(error instanceof CloudError);
        assert.equal(error.kind, "invalid");
        assert.match(error.about("b.example.com").message, /^could not write b\.example\.com: HTTP 400, 9021 "TTL"/);
        return true;
      });
    }));
});

describe("a list for several names", () => {
  const lists: readonly (readonly [claim: string, handler: Handler, outcomes: readonly string[]])[] = [
    [
      "gives each its own records",
      page([
        live("c.example.com", { content: "c.net" }),
        live("a.example.com"),
        live("A.example.com.", { id: "7", type: "TXT" }),
        live("b.example.com"),
      ]),
      ["old.example.net", "old.example.net", "c.net"],
    ],
    [
      "tells what is in the way of one to that one alone",
      page([
        live("a.example.com"),
        live("b.example.com", { type: "NS" }),
        live("c.example.com", { meta: { read_only: true } }),
      ]),
      ["old.example.net", "obstacle", "obstacle"],
    ],
    [
      "is not believed where it does not show all",
      page(
        names.map((name) => live(name)),
        5_000,
      ),
      ["apart", "apart", "apart"],
    ],
    [
      "is not believed where it does not say how many there are",
      page(
        names.map((name) => live(name)),
        null,
      ),
      ["apart", "apart", "apart"],
    ],
    [
      "is not believed of a name with an entry that makes no sense",
      page([live("a.example.com"), { name: "b.example.com" }, live("c.example.com")]),
      ["old.example.net", "apart", "old.example.net"],
    ],
  ];
  for (const [claim, handler, outcomes] of lists) {
    test(claim, () =>
      withApi(handler, async (shared, { requests }) => {
        assert.deepEqual(told(await shared.list(ingresses, freeCall())), outcomes);
        assert.equal(requests.length, 1);
      }),
    );
  }

  test("says nothing of an empty name while nothing proves that the zone is the right one", () =>
    withApi(
      (request, response) =>
        (request.url.includes("dns_records")
          ? page([live("a.example.com")])
          : json({ success: false, errors: [] }, 500))(request, response),
      async (shared) => {
        assert.deepEqual(told(await shared.list(ingresses, freeCall())), ["old.example.net", "apart", "apart"]);
      },
    ));
});
