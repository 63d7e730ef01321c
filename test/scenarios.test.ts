// Every file in scenarios/ is a story told to the core, with what follows from it. `npm run scenarios` writes them anew.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { divider, playScenario } from "./support/scenario.ts";

const folder = join(import.meta.dirname, "scenarios");
const isUpdate = process.env["UPDATE_SCENARIOS"] === "1";
const names = readdirSync(folder).flatMap((file) => (file.endsWith(".txt") ? [file.replace(".txt", "")] : []));

for (const name of names) {
  test(`scenario ${name.replaceAll("-", " ")}`, () => {
    const path = join(folder, `${name}.txt`);
    const [events = "", expected = ""] = readFileSync(path, "utf8").split(`${divider}\n`);
    const told = `${playScenario(events).join("\n")}\n`;
    if (isUpdate) writeFileSync(path, `${events}${divider}\n${told}`);
    else assert.equal(told, expected);
  });
}

test("each pair of rules has a story, or properties that hold it", () => {
  const list = readFileSync(join(folder, "README.md"), "utf8").replaceAll(/\n {2}/g, " ");
  const pairs = list.split("\n").flatMap((line): (readonly [rule: string, cells: readonly string[]])[] => {
    const [, rule = "", cells = ""] = /^- \*\*(.+)\*\* with (.+)\.$/.exec(line) ?? [];
    return rule === "" ? [] : [[rule, cells.split("; ")]];
  });
  const [first] = pairs;
  assert.ok(first !== undefined && first[1].length > 10);
  const rules = [first[0], ...first[1].map((cell) => cell.split(": ")[0] ?? "")];
  for (const [index, [rule, cells]] of pairs.entries()) {
    assert.equal(rule, rules[index]);
    assert.deepEqual(
      cells.map((cell) => cell.split(": ")[0]),
      rules.slice(index + 1),
      `the pairs of ${rule}`,
    );
    for (const cell of cells) assert.match(cell, /: (?:`|_)/, `${rule} with ${cell} is held by nothing`);
  }
  const told = [...list.matchAll(/`([a-z0-9-]+)`/g)].map(([, name = ""]) => name);
  assert.deepEqual(
    told.filter((name) => !names.includes(name)),
    [],
    "stories that are no more",
  );
});
