// A name stands for one type in all of src/: what two files call the same is declared once, or has two names.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAst } from "rolldown/parseAst";

const src = join(import.meta.dirname, "../../src");

test("no two files declare types of the same name", () => {
  const files = globSync("**/*.{ts,tsx}", { cwd: src }).filter((file) => !file.endsWith(".test.ts"));
  const declared = files.flatMap((file) =>
    namesIn(readFileSync(join(src, file), "utf8"), file).map((name) => ({ file, name })),
  );
  assert.ok(declared.length > 500, `only ${declared.length} types`);
  const twice = [...Map.groupBy(declared, ({ name }) => name)].filter(([, places]) => places.length > 1);
  assert.deepEqual(
    twice.map(([name, places]) => `${name}: ${places.map(({ file }) => file).join(", ")}`),
    [],
  );
});

test("every form of declaration is seen", () => {
  const text = [
    "interface A {}",
    "export interface B {}",
    "type C = string;",
    "export type D = C;",
    "class E {}",
    "export class F extends E {}",
    "export abstract class G {}",
    "export type { H } from './h.ts';",
    "export const i = 1;",
  ].join("\n");
  assert.deepEqual(namesIn(text, "any.ts"), ["A", "B", "C", "D", "E", "F", "G"]);
});

/** The types that a file declares at its top level. */
function namesIn(text: string, file: string): readonly string[] {
  const { body } = parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }, file);
  return body.flatMap((statement) => {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    switch (declaration?.type) {
      case "TSInterfaceDeclaration":
      case "TSTypeAliasDeclaration":
        return [declaration.id.name];
      case "ClassDeclaration":
        return declaration.id === null ? [] : [declaration.id.name];
      default:
        return [];
    }
  });
}
