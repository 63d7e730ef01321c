// A configuration of several files: which are read, in which order, and where mistakes are.
import assert from "node:assert/strict";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { manyIngresses } from "../../test/support/many-endpoints.ts";
import { formatProblem } from "./format/problem.ts";
import { loadConfig } from "./load.ts";

type Files = Readonly<Record<string, string>>;

const head = "cloudflare: { token: 0123456789abcdef0123456789abcdef }\nstate_dir: state\n";

function ingress(name: string, more = ""): string {
  return `ingresses:\n  - record: ${name}.example.com\n    endpoints: [{ target: ${name}.example.net${more} }]\n`;
}

/** Loads `/etc/ccs/config.yml`, whose text is `head` and `main`, with the files beside it. */
function load(main: string, files: Files, path = "/etc/ccs/config.yml") {
  const all = new Map(Object.entries({ "config.yml": head + main, ...files }).map(([name, text]) => [at(name), text]));
  const failure = (code: string): Error => Object.assign(new Error(code), { code });
  const isFolder = (folder: string): boolean => [...all.keys()].some((each) => each.startsWith(`${folder}/`));
  return loadConfig({
    path,
    env: { PART: "conf.d" },
    readFile: (file) => {
      const text = all.get(resolve("/etc/ccs", file));
      if (text === undefined) throw failure(isFolder(file) ? "EISDIR" : "ENOENT");
      return Buffer.from(text);
    },
    listFolder: (folder) => {
      if (all.has(folder)) throw failure("ENOTDIR");
      if (!isFolder(folder)) throw failure("ENOENT");
      // A folder has no order of its own.
      return [...all.keys()]
        .filter((each) => dirname(each) === folder)
        .map((each) => each.slice(folder.length + 1))
        .toReversed();
    },
  });
}

function at(name: string): string {
  return resolve("/etc/ccs", name);
}

function records(main: string, files: Files): readonly string[] {
  const result = load(main, files);
  assert.deepEqual(result.kind === "invalid" ? result.problems.map(formatProblem) : [], []);
  assert.ok(result.kind === "ok");
  return result.config.ingresses.map(({ record }) => record.replace(".example.com", ""));
}

function problems(main: string, files: Files): readonly string[] {
  const result = load(main, files);
  const found = result.kind === "invalid" ? result.problems : result.warnings;
  return found.map((problem) => formatProblem(problem).replaceAll("/etc/ccs/", ""));
}

test("a folder's files are read by name, after the ingresses of the file itself", () => {
  const files = { "conf.d/20-b.yml": ingress("b"), "conf.d/10-a.yaml": ingress("a"), "conf.d/3.yml": ingress("c") };
  assert.deepEqual(records(`${ingress("z")}include: conf.d\n`, files), ["z", "a", "b", "c"]);
  assert.deepEqual(records("include: ${PART}/\n", files), ["a", "b", "c"]);
});

test("hidden files, backups and other files of a folder are left out", () => {
  const left = [".a.yml", ".a.yml.swp", ".#a.yml", "#a.yml#", "a.yml~", "a.yml.bak", "a.yml.dpkg-old", "a.yml.rpmsave"];
  const files = Object.fromEntries([...left, "README.md", "a.json", "4913"].map((name) => [`conf.d/${name}`, "\t!"]));
  assert.deepEqual(records("include: conf.d\n", { ...files, "conf.d/a.yml": ingress("a") }), ["a"]);
});

test("single files, a star, and lists of them", () => {
  const files = {
    "conf.d/a.yml": ingress("a"),
    "conf.d/b.yaml": ingress("b"),
    "conf.d/.c.yml": "!",
    "home.conf": ingress("h"),
    "customer-1.yml": ingress("k"),
    "customer-10.yml": ingress("l"),
  };
  assert.deepEqual(records("include: home.conf\n", files), ["h"]);
  assert.deepEqual(records("include: conf.d/*.yml\n", files), ["a"]);
  assert.deepEqual(records('include: [home.conf, "/etc/ccs/cust*r-*.yml", conf.d]\n', files), [
    "h",
    "k",
    "l",
    "a",
    "b",
  ]);
  assert.deepEqual(records('include: ["*.yml"]\n', files), ["k", "l"]);
  assert.deepEqual(records(`${ingress("z")}include: conf.d/*x*.yml\n`, files), ["z"]);
});

test("what cannot be included says why", () => {
  const files = { "conf.d/a.yml": ingress("a"), "other/README": "x" };
  const expected = "expected the path of a folder or a file";
  assert.deepEqual(problems("include: [conf.d, absent]\n", files), [
    `config.yml:3:19 include[1]: ${expected}, but there is no such folder or file; relative paths begin at /etc/ccs`,
  ]);
  assert.deepEqual(problems("include: config.yml\n", files), [
    `config.yml:3:10 include: ${expected}, got the file itself`,
  ]);
  assert.deepEqual(problems("include: [conf.d/a.yml, conf.d]\n", files), [
    `config.yml:3:25 include[1]: ${expected}, got /conf.d/a.yml a second time: name each file once`.replace(
      "/conf",
      "conf",
    ),
  ]);
  assert.deepEqual(problems('include: "*/a.yml"\n', files), [
    `config.yml:3:10 include: ${expected}, got "*/a.yml": a * is only possible after the last /`,
  ]);
  assert.deepEqual(problems("include: other\n", files), [
    "config.yml:3:10 include: expected at least one file with ingresses",
  ]);
  assert.deepEqual(problems("include:\n", files), [
    "config.yml:3:1 include: expected the path of a folder or a file, got nothing: give it a value or remove it",
  ]);
});

test("each mistake is in its own file, and all are told", () => {
  const files = {
    "conf.d/a.yml": `${ingress("a")}  - record: a2.example.com\n    endpoints: [{ target: x.example.net, prioritty: 1 }]\n`,
    "conf.d/b.yml": "ingresses:\n\t- a\n",
    "conf.d/c.yml": "",
    "conf.d/d.yml": "notify: []\ninclude: conf.d\ningresses: []\n",
    "conf.d/e.yml": ingress("e", ", target: 10.0.0.1"),
  };
  assert.deepEqual(problems(`${ingress("z", ", ttl: 1s")}include: conf.d\n`, files), [
    'config.yml:5:47 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got "1s"',
    "conf.d/a.yml:5:42 ingresses[1].endpoints[0].prioritty: unknown key, did you mean priority?",
    "conf.d/b.yml:2:1: expected spaces at the beginning of the line, got a tab, which YAML does not allow there",
    "conf.d/d.yml:1:1 notify: it belongs in config.yml, which includes this file",
    "conf.d/d.yml:2:1 include: it belongs in config.yml, which includes this file",
    "conf.d/d.yml:3:12 ingresses: expected a list of ingresses, got an empty list",
    "conf.d/e.yml:3:42 ingresses[0].endpoints[0].target: expected each key once, got one that is already on line 3",
    "conf.d/c.yml: the file is empty: it needs at least ingresses",
  ]);
});

test("what two files have names both places", () => {
  const files = {
    "conf.d/a.yml": ingress("a"),
    "conf.d/b.yml": ingress("b") + ingress("a").replace("ingresses:\n", ""),
  };
  assert.deepEqual(problems("include: conf.d\n", files), [
    "conf.d/b.yml:4:13 ingresses[1].record: expected each record once, got the record of ingresses[0] in conf.d/a.yml:2:5",
  ]);
  assert.deepEqual(problems(`${ingress("b")}include: conf.d\n`, { "conf.d/b.yml": ingress("b") }), [
    "conf.d/b.yml:2:13 ingresses[0].record: expected each record once, got the record of ingresses[0] in config.yml:4:5",
  ]);
  const mix = (name: string): string =>
    `ingresses:\n  - record: ${name}.example.com\n    mix_record: m.example.com\n    endpoints: [{ target: x.example.net }]\n`;
  assert.deepEqual(problems("include: conf.d\n", { "conf.d/a.yml": mix("a"), "conf.d/b.yml": mix("b") }), [
    "conf.d/b.yml:3:17 ingresses[0].mix_record: expected each mix_record once, got the one of ingresses[0] in conf.d/a.yml:2:5",
  ]);
  assert.deepEqual(
    problems("include: conf.d\n", {
      "conf.d/a.yml": "ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com }] }]",
      "conf.d/b.yml": "ingresses: [{ record: b.example.com, endpoints: [{ target: a.example.com }] }]",
    }),
    [
      "conf.d/b.yml:1:60 ingresses[0].endpoints[0].target: expected a name that does not lead back to the record, got the record of an ingress that does",
    ],
  );
});

test("defaults reach into included files, and a warning names the file", () => {
  const files = { "conf.d/a.yml": ingress("a", ", sticky: 30d"), "conf.d/b.yml": ingress("b") };
  const result = load("include: conf.d\ndefaults: { ttl: 5m }\n", files);
  assert.ok(result.kind === "ok");
  assert.deepEqual(
    result.config.ingresses.map(({ endpoints }) => endpoints[0]?.ttl),
    [300, 300],
  );
  assert.match(
    result.warnings.map(formatProblem)[0] ?? "",
    /^\/etc\/ccs\/conf.d\/a.yml:3:50 ingresses\[0\].endpoints\[0\].sticky: /,
  );
  assert.deepEqual(result.watchedFiles, ["config.yml", "conf.d/a.yml", "conf.d/b.yml"].map(at));
  const check = { "conf.d/a.yml": ingress("a", ", check: { url: 'http://e.example/' }") };
  assert.deepEqual(problems("include: conf.d\ndefaults: { check: { interval: 1s, fast_interval: 2s } }\n", check), [
    "config.yml:4:51 defaults.check.fast_interval: expected at most the interval of 1s, got 2s, for ingresses[0].endpoints[0].check.fast_interval in conf.d/a.yml:3:49",
  ]);
});

test("a relative path names files as it was given itself", () => {
  const result = load("include: conf.d\n", { "conf.d/a.yml": "a" }, "config.yml");
  assert.equal(result.kind, "invalid");
});

test("all files together are no larger than one may be", () => {
  const part = manyIngresses(1_000).padEnd(3 * 1_024 * 1_024, "#");
  const files = {
    "conf.d/a.yml": part,
    "conf.d/b.yml": manyIngresses(1_000, { from: 1_000 }).padEnd(part.length, "#"),
  };
  assert.equal(records("include: conf.d\n", files).length, 200);
  assert.deepEqual(problems("include: conf.d\n", { ...files, "conf.d/c.yml": part }), [
    "conf.d/c.yml: the files of a configuration have at most 8 MB together",
  ]);
});
