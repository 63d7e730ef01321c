// Every file in scenarios/ is a story told to the core, with what follows from it. `npm run scenarios` writes them anew.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { divider, playScenario } from "./support/scenario.ts";

const folder = join(import.meta.dirname, "scenarios");
const isUpdate = process.env["UPDATE_SCENARIOS"] === "1";

for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
  test(`scenario ${file.replace(".txt", "").replaceAll("-", " ")}`, () => {
    const path = join(folder, file);
    const [events = "", expected = ""] = readFileSync(path, "utf8").split(`${divider}\n`);
    const told = `${playScenario(events).join("\n")}\n`;
    if (isUpdate) writeFileSync(path, `${events}${divider}\n${told}`);
    else assert.equal(told, expected);
  });
}
