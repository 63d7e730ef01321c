// Where `ccs init` keeps tokens that were typed; on a terminal it is tried by test/e2e/init.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { composedTelegram } from "../../channels/telegram/init.ts";
import { exampleComposition } from "../../config/compose.ts";
import { placeSecrets } from "./secrets.ts";

test("in a container they are in the file: it is given no variable that a person could set", async () => {
  const token = { kind: "literal", value: "1:typed" } as const;
  const channel = composedTelegram(token, "123456");
  const answers = { ...exampleComposition, token, channels: [channel] };
  const { composition, variables, files } = await placeSecrets(answers, "in-container", "/config/config.yml");
  assert.deepEqual([composition.token, composition.channels], [token, [channel]]);
  assert.equal(composition.httpToken?.kind, "literal");
  assert.deepEqual([variables, [...files]], [[], []]);
});
