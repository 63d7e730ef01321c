// What is asked about the check of an endpoint, by which kinds of check have questions.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckQuestions, EarlierCheck } from "../../checks/kind.ts";
import { checkKinds } from "../../checks/registry.ts";
import { askCheck, type CheckAsker } from "./check.ts";

const composed = (kind: string) => ({ kind, keys: [], answers: {} });

/** A kind that notes with what it is asked again. */
function kindOf(kind: string, label: string): { kind: string; init: CheckQuestions; before: unknown[] } {
  const before: (EarlierCheck | undefined)[] = [];
  const ask: CheckQuestions["ask"] = async (_asker, _target, earlier) => {
    before.push(earlier);
    return composed(kind);
  };
  return { kind, before, init: { label, hint: "for a trial", ask, example: () => composed(kind) } };
}

/** Takes what Enter alone would take, or `choice`, and notes what is asked. */
function personWho(choice?: string): CheckAsker & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    askYes: async (message, initial) => {
      asked.push(message);
      return choice === undefined ? initial : choice !== "";
    },
    askChoice: async (message, options, initial) => {
      asked.push(`${message} ${options.map(({ label }) => label).join(", ")}`);
      return options.find(({ value }) => value === (choice ?? initial))?.value ?? assert.fail();
    },
    askText: async () => assert.fail("asks for a text"),
    askSecret: async () => assert.fail("asks for a secret"),
    findOut: async () => assert.fail("finds something out"),
    say: () => {},
  };
}

const http = kindOf("http", "HTTP or HTTPS");
const tls = kindOf("tls", "TLS");
const silent = { kind: "tcp" };
const cable = { name: "cable", target: "cable.example.com", earlier: undefined };
const again = (kind: string) => ({ ...cable, earlier: { ...cable, check: composed(kind) } });

test("one kind that has questions is offered", async () => {
  for (const [choice, kind] of [
    [undefined, "http"],
    ["", undefined],
  ] as const) {
    const person = personWho(choice);
    assert.equal((await askCheck(person, [silent, http], cable))?.kind, kind);
    assert.deepEqual(person.asked, ["Check cable over HTTP or HTTPS?"]);
  }
  assert.equal(await askCheck(personWho(), [silent], cable), undefined);
});

test("several are a choice, the first one by default", async () => {
  const person = personWho();
  assert.equal((await askCheck(person, [http, silent, tls], cable))?.kind, "http");
  assert.deepEqual(person.asked, ["How should cable be checked? Over HTTP or HTTPS, Over TLS, Not at all"]);
  assert.equal((await askCheck(personWho("tls"), [http, tls], cable))?.kind, "tls");
  assert.equal(await askCheck(personWho(""), [http, tls], cable), undefined);
});

test("when it is asked again, the kind from before is taken, and it alone is told what was answered", async () => {
  assert.equal((await askCheck(personWho(), [http, tls], again("tls")))?.kind, "tls");
  assert.deepEqual(tls.before.at(-1), { target: cable.target, check: composed("tls") });
  assert.equal((await askCheck(personWho("http"), [http, tls], again("tls")))?.kind, "http");
  assert.equal(http.before.at(-1), undefined);
  assert.equal(await askCheck(personWho(), [http, tls], { ...cable, earlier: cable }), undefined);
});

test("the kinds that have questions have labels of their own", () => {
  const labels = checkKinds.flatMap(({ init }) => (init === undefined ? [] : [init.label]));
  assert.ok(labels.length > 0);
  assert.equal(new Set(labels).size, labels.length);
});
