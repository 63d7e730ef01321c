// What people read is in plain words. These are the phrases that native readers stumbled over; a few may slip in, but their share
// stays small in each area. Say instead: the active endpoint, "all endpoints are down", "no other endpoint can take over",
// "another program", "automatic repair is paused", "this machine appears to be offline", "(default: …)", "expires in".
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { areas, textsOf } from "../support/texts.ts";

const idioms: readonly RegExp[] = [
  // programs and endpoints are not people
  /\b(?:no|some)body\b/,
  /\bwhoever\b/,
  /\b(?:of|to|by) whom\b|\bwhom it\b/,
  /\bperson's word\b|\bword about\b|\bwas said about\b/,
  /\bhears? of\b/,
  // what is, is: it does not stand, rest or go on
  /\bst(?:ands?|ood|anding) in\b/,
  /\bwhat stands\b|\bstands (?:there|at|by)\b/,
  /\brepair (?:that )?rest|\brests for\b|\brested\b/,
  /\bg(?:o|oes|oing) on\b|\bwent on\b/,
  /\bserves? alone\b|\balone serves?\b|\bbeside it\b/,
  /\bis to (?:serve|point|stand)\b/,
  /\bholds? up no\b/,
  // health and connection
  /\bin doubt\b/,
  /\bprov(?:e|es|ed|ing) nothing\b/,
  /\bbelieved (?:up|down)\b/,
  /\bgiven up\b/,
  /\boks\b|\bgood ones\b/,
  /\branks? (?:before|after|first)\b/,
  /\bdecided for\b/,
  /\bundo(?:es|ing) our\b|\bquarrel\b/,
  // whether a person or a program did it is not known
  /\b(?:changed|edited|removed) by another program\b|\banother program changed\b/,
  // defaults, formats, unknowns
  /\bunless (?:told|given)\b/,
  /\bin the present (?:one|form)\b/,
  /\b(?:not found|finding) out\b/,
  /\bmake?s? no sense\b/,
  /\bwithout an end\b/,
  /\b(?:can|could) be had\b/,
  /\bno way out\b|\bthe world asks\b/,
  // old-fashioned
  /\bshall\b/,
  /\banew\b|\bafresh\b/,
  /\bmend(?:s|ed)?\b/,
  /\bput(?:s)? right\b/,
  /\bso (?:many|much) (?:of|at most|failures|good|in a row)\b|\bfor so long\b/,
  /\b(?:bug|trouble|fault|connection)s? of ours\b|\bour own connection\b/,
].map((pattern) => new RegExp(pattern, "i"));

const mostShare = 0.02;

function idiomIn(text: string): string | undefined {
  return idioms.map((idiom) => idiom.exec(text)?.[0]).find((found) => found !== undefined);
}

describe("the share of texts with an idiom is below 2 %", () => {
  for (const area of areas) {
    test(area, (t) => {
      const texts = textsOf(area);
      const found = texts.flatMap(({ place, text }) => {
        const idiom = idiomIn(text);
        return idiom === undefined ? [] : [`${place}: “${idiom}” in: ${text.slice(0, 120)}`];
      });
      const share = found.length / texts.length;
      t.diagnostic(`${found.length} of ${texts.length} (${(share * 100).toFixed(1)} %)`);
      assert.ok(texts.length > 100, "texts are found at all");
      assert.ok(share < mostShare, `${found.length} of ${texts.length} texts:\n${found.slice(0, 400).join("\n")}`);
    });
  }
});

test("the list knows the texts that people stumbled over", () => {
  const before = [
    "take pins, drains and drills back, and let a repair that rests go on",
    "play an outage of one endpoint on the real record, and report; exit code 1 when nobody stood in",
    "say what the configuration amounts to: times, costs, and what stands out; asks nobody",
    "print a file of the original tool's format in the present one",
    "our own connection is in doubt: failures prove nothing now",
    "Nobody can serve ingress.example.com: every endpoint is down",
    "not found out, for Cloudflare could not be reached",
    "a user's token, active, without an end",
    "Where shall the tokens stand?",
    "one that is refused holds up no other",
    "decided for mobile: cable is down",
    "ingress.example.com was changed by another program and has been repaired",
  ];
  for (const text of before) assert.notEqual(idiomIn(text), undefined, text);
});
