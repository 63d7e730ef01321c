// A mix lies in the zone of its ingress: a name that does not is found out before anything is written there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freeCall, ScriptedApi, success, zoneId, type Handler } from "../../test/conformance/scripted-api.ts";
import { CloudError, type IngressName } from "./provider.ts";

const apex = "example.co.uk";

/** One zone, and no record at any name. */
const cloud: Handler = (request, response) => {
  const url = new URL(request.url, "http://x");
  if (url.pathname.endsWith("/dns_records")) return success([])(request, response);
  const zone = { id: zoneId, name: apex, status: "active" };
  if (url.pathname.endsWith(zoneId)) return success(zone)(request, response);
  success(url.searchParams.get("name") === apex ? [zone] : [])(request, response);
};

for (const [how, zone] of [
  ["found by name", {}],
  ["configured by its id", { zone: zoneId }],
] as const) {
  test(`the default name at the apex of a zone with three labels, the zone ${how}`, async () => {
    await using api = await new ScriptedApi().listen();
    api.handler = cloud;
    const provider = api.provider();
    const outside: IngressName = { record: "example-mix.co.uk", mixOf: apex, ...zone };
    assert.deepEqual(await provider.list({ record: apex, ...zone }, freeCall()), []);
    await assert.rejects(provider.list(outside, freeCall()), (error: unknown) => {
      assert.ok(error instanceof CloudError);
      assert.equal(error.kind, "invalid");
      assert.match(error.message, /^example-mix\.co\.uk is not in the zone example\.co\.uk/);
      return true;
    });
    assert.deepEqual(await provider.list({ record: `mix.${apex}`, mixOf: apex, ...zone }, freeCall()), []);
  });
}
