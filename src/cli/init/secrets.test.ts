// Where `ccs init` keeps tokens that were typed; on a terminal it is tried by test/e2e/init.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleComposition } from "../../config/compose.ts";
import { placeSecrets } from "./secrets.ts";

test("in a container they are in the file: it is given no variable that a person could set", async () => {
  const token = { kind: "literal", value: "1:typed" } as const;
  const answers = { ...exampleComposition, token, telegram: { token, chatId: "123456" } };
  const { composition, variables, files } = await placeSecrets(answers, "in-container", "/config/config.yml");
  assert.deepEqual([composition.token, composition.telegram?.token], [token, token]);
  assert.equal(composition.httpToken?.kind, "literal");
  assert.deepEqual([variables, [...files]], [[], []]);
});
