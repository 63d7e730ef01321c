// The generated pages are current, and the JSON Schema says the same as the program.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isMap, isSeq, parse, parseDocument, type YAMLMap } from "yaml";
import { z } from "zod";
import { configJsonSchema } from "./json-schema.ts";
import { configSchema } from "./schema.ts";
import { unwrap } from "./format/schemas.ts";

const repository = join(import.meta.dirname, "../..");

function generate(...options: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [join(repository, "scripts/generate-docs.ts"), ...options], {
    encoding: "utf8",
  });
  return { status, stderr: stderr.trim() };
}

test("the generated pages and files are current", () => {
  assert.deepEqual(generate("--check"), { status: 0, stderr: "" });
});

test("a page that is not current is noticed, and written anew", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "ccs-docs-"));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const each of ["docs", "deploy"]) cpSync(join(repository, each), join(folder, each), { recursive: true });
  const page = join(folder, "docs/configuration.md");
  const current = readFileSync(page, "utf8");
  writeFileSync(page, current.replace("fast_interval", "fast_intervall"));
  assert.deepEqual(generate("--check", folder), {
    status: 1,
    stderr: "docs/configuration.md is not current: run npm run docs",
  });
  assert.equal(generate(folder).status, 0);
  assert.equal(readFileSync(page, "utf8"), current);
});

/** The mappings that a value may be or hold. */
function sectionsIn(schema: z.ZodType): readonly z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema];
  if (schema instanceof z.ZodArray) return sectionsIn(schema.element as z.ZodType);
  if (!(schema instanceof z.ZodUnion)) return [];
  const options = schema.options as readonly z.ZodType[];
  // Where there is a list, the other form is an older one.
  return (schema instanceof z.ZodDiscriminatedUnion ? options : options.slice(0, 1)).flatMap(sectionsIn);
}

test("every key has a description, and every value an example", () => {
  const missing: string[] = [];
  let count = 0;
  const visit = (schema: z.ZodObject, path: string): void => {
    for (const [key, wrapped] of Object.entries(schema.shape) as [string, z.ZodType][]) {
      const { inner } = unwrap(wrapped);
      const at = `${path}${key}`;
      count++;
      const { description, examples } = wrapped.meta() ?? {};
      if (description === undefined) missing.push(`${at}: description`);
      const sections = sectionsIn(inner);
      for (const section of sections) visit(section, `${at}.`);
      if (sections.length === 0 && !Array.isArray(examples)) missing.push(`${at}: example`);
      if (inner.meta()?.expects === undefined) missing.push(`${at}: what it expects`);
    }
  };
  visit(configSchema, "");
  assert.deepEqual(missing, []);
  assert.ok(count > 35, `${count}`);
});

/** Keys that the example lacks in a section. One that several sections share is shown by one of them, the first. */
function absentFrom(text: string): readonly string[] {
  const shown = new Set<string>();
  const absent = new Map<string, string>();
  const visit = (schema: z.ZodObject, instances: readonly YAMLMap[], path: string): void => {
    for (const [key, wrapped] of Object.entries(schema.shape) as [string, z.ZodType][]) {
      const values = instances.flatMap((instance) => instance.get(key, true) ?? []);
      const [first = 0] = instances[0]?.range ?? [];
      const before = /(?:^ *#.*\n)* *(?:- )?$/m.exec(text.slice(0, first));
      const from = before?.index ?? first;
      const until = Math.max(...instances.map(({ range }) => range?.[2] ?? 0));
      const isTold = new RegExp(`^ *# (?:${key}:|.*\`${key}[\`:])`, "m").test(text.slice(from, until));
      // Where a kind goes without saying.
      const isUsual = key === "kind" && instances.length > 0;
      const meaning = `${key}: ${wrapped.meta()?.description}`;
      if (values.length > 0 || isTold || isUsual) shown.add(meaning);
      else if (!absent.has(meaning)) absent.set(meaning, `${path}${key}`);
      const sections = sectionsIn(unwrap(wrapped).inner);
      const maps = values.flatMap((value) => (isSeq(value) ? value.items : [value])).filter(isMap);
      for (const section of sections) {
        const kind = kindOf(section);
        const own = maps.filter((map) => (map.get("kind") ?? kindOf(sections[0])) === kind);
        visit(section, own, `${path}${key}${kind === "" ? "" : `(${kind})`}.`);
      }
    }
  };
  const { contents } = parseDocument(text);
  assert.ok(isMap(contents));
  visit(configSchema, [contents], "");
  return absent
    .entries()
    .flatMap(([meaning, key]) => (shown.has(meaning) ? [] : [key]))
    .toArray();
}

/** The kind that a section is for; empty where there is only one. */
function kindOf(section: z.ZodObject | undefined): string {
  const kind = section?.shape["kind"] as z.ZodType | undefined;
  const inner = kind && unwrap(kind).inner;
  return inner instanceof z.ZodLiteral ? String(inner.value) : "";
}

test("the example with every key has every key, each in its section", () => {
  const full = readFileSync(join(repository, "examples/full.yml"), "utf8");
  assert.deepEqual(absentFrom(full), []);
  const [here = "", there = ""] = [/^ +send: .*\n/m, /^ +headers:\n.*\n/m].map((lines) => lines.exec(full)?.[0]);
  assert.deepEqual(absentFrom(full.replace(here, "")), ["ingresses.endpoints.check(tcp).send"]);
  assert.deepEqual(absentFrom(full.replace(there, "")), ["notify(webhook).headers"]);
});

test("the JSON Schema takes the examples and refuses what is not in it", () => {
  const { anyOf, ...rest } = configJsonSchema();
  // Zod takes unknown keys wherever one part of a schema does, so that its parts are looked at one by one.
  const schema = z.fromJSONSchema(rest);
  const need = z.fromJSONSchema({ type: "object", anyOf: anyOf as [] });
  for (const name of ["config.yml", "full.yml"]) {
    const text = readFileSync(join(repository, "examples", name), "utf8");
    assert.deepEqual(schema.safeParse(parse(text)).error?.issues ?? [], [], name);
  }
  const good = {
    cloudflare: { token: "T" },
    ingresses: [{ record: "a.example.com", endpoints: [{ target: "b.example.com" }] }],
  };
  const fits = (file: unknown): boolean => schema.safeParse(file).success;
  assert.equal(fits(good), true);
  assert.equal(fits({ ...good, colour: "green" }), false);
  assert.equal(fits({ ingresses: good.ingresses }), false);
  assert.equal(need.safeParse(good).success, true);
  assert.equal(need.safeParse({ ...good, ingresses: undefined, include: "conf.d" }).success, true);
  assert.equal(need.safeParse({ cloudflare: good.cloudflare }).success, false);
  assert.equal(fits({ ...good, include: ["conf.d"], defaults: { check: { kind: "tcp", rise: 2 } } }), true);
  assert.equal(fits({ ...good, defaults: { check: { rise: 0 } } }), false);
  assert.equal(fits({ ...good, defaults: { priority: 1 } }), false);
  const withCheck = (check: unknown): unknown => ({
    ...good,
    ingresses: [{ record: "a.example.com", endpoints: [{ target: "b.example.com", check }] }],
  });
  assert.equal(fits(withCheck({ url: "https://c.example.com/", rise: 2 })), true);
  assert.equal(fits(withCheck({ url: "https://c.example.com/", rise: "${RISE}" })), true);
  assert.equal(fits(withCheck({ url: "https://c.example.com/", rise: "two" })), false);
  assert.equal(fits(withCheck({ url: "https://c.example.com/", rise: 0 })), false);
  assert.equal(fits(withCheck({ rise: 2 })), false);
});
