// Changes of the file are seen however they are made, and each is told once.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { httpOf } from "../../../test/support/checks.ts";
import { createAuthority } from "../../../test/support/certificates.ts";
import type { Clock } from "../../lib/clock.ts";
import type { LoadResult } from "../../config/load.ts";
import { formatProblem } from "../../config/format/problem.ts";
import type { OnLoad } from "../../assembly/ports.ts";
import type { FileStamp } from "./read-file.ts";
import { watchConfig, type WatchOptions } from "./watch-config.ts";

const file = (name: string): string =>
  `cloudflare: { token: T }\ningresses: [{ record: a.example.com, endpoints: [{ name: ${name}, target: b.example.com }] }]\n`;

/** A clock that stands still until it is told to go on. */
class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}

/** What a load came to, in a word: the first endpoint's name, or the first problem. */
function gist(result: LoadResult): string {
  if (result.kind === "ok") return result.config.ingresses[0]?.endpoints[0]?.name ?? "none";
  return formatProblem({ ...(result.problems[0] ?? assert.fail()), file: "config.yml" });
}

interface OtherWatch extends Partial<WatchOptions> {
  /** Hears in place of what is listed. */
  readonly onLoad?: OnLoad;
}

function watched(context: TestContext, path: string, { onLoad, ...options }: OtherWatch = {}) {
  const clock = new ManualClock();
  const heard: string[] = [];
  const news: string[] = [];
  const blindSpots: string[] = [];
  const watcher = watchConfig({
    path,
    env: {},
    clock,
    onBlindSpot: (message) => blindSpots.push(message),
    ...options,
  });
  const listed: OnLoad = (result, what) => {
    heard.push(gist(result));
    news.push(what);
  };
  watcher.start(onLoad ?? listed);
  context.after(() => watcher.close());
  return { clock, heard, news, blindSpots, watcher };
}

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ccs-watch-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function start(context: TestContext, options: OtherWatch = {}) {
  const folder = folderFor(context);
  const path = join(folder, "config.yml");
  writeFileSync(path, file("one"));
  return { folder, path, ...watched(context, path, options) };
}

test("what the file says at the start is there at once, and is not told again", (context) => {
  const { watcher, heard, clock } = start(context);
  assert.equal(gist(watcher.first), "one");
  clock.advance(60_000);
  assert.deepEqual(heard, []);
});

test("a write in place is told within two seconds", (context) => {
  const { path, heard, clock } = start(context);
  writeFileSync(path, file("two"));
  clock.advance(2_000);
  assert.deepEqual(heard, ["two"]);
  clock.advance(60_000);
  assert.deepEqual(heard, ["two"]);
});

test("a file that an editor writes beside and renames is told within two seconds", (context) => {
  const { folder, path, heard, clock } = start(context);
  for (const name of ["two", "tri"]) {
    writeFileSync(join(folder, "new"), file(name));
    renameSync(join(folder, "new"), path);
    clock.advance(2_000);
  }
  assert.deepEqual(heard, ["two", "tri"]);
});

test("a change that keeps size, times and inode is seen all the same", (context) => {
  const { path, heard, clock } = start(context);
  const time = new Date(1_700_000_000_000);
  utimesSync(path, time, time);
  const before = statSync(path);
  writeFileSync(path, file("two"));
  utimesSync(path, time, time);
  const after = statSync(path);
  assert.deepEqual([after.size, after.mtimeMs, after.ino], [before.size, before.mtimeMs, before.ino]);
  clock.advance(2_000);
  assert.deepEqual(heard, ["two"]);
});

test("the symlink swap of Kubernetes is told once", (context) => {
  const folder = folderFor(context);
  for (const [version, name] of [
    ["v1", "one"],
    ["v2", "two"],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "config.yml"), file(name));
  }
  symlinkSync("v1", join(folder, "..data"));
  symlinkSync("..data/config.yml", join(folder, "config.yml"));
  const { watcher, heard, clock } = watched(context, join(folder, "config.yml"));
  assert.equal(gist(watcher.first), "one");
  symlinkSync("v2", join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  rmSync(join(folder, "v1"), { recursive: true });
  clock.advance(2_000);
  assert.deepEqual(heard, ["two"]);
});

test("a file that is gone is told once, and its return once", (context) => {
  const { path, heard, clock } = start(context);
  unlinkSync(path);
  clock.advance(60_000);
  const gone = "config.yml: the configuration cannot be read: there is no such file";
  assert.deepEqual(heard, [gone]);
  writeFileSync(path, file("one"));
  clock.advance(2_000);
  assert.deepEqual(heard, [gone, "one"]);
});

test("a file that is gone for a moment and comes back as it was is no news", (context) => {
  const { path, heard, clock } = start(context);
  unlinkSync(path);
  clock.advance(500);
  writeFileSync(path, file("one"));
  clock.advance(60_000);
  assert.deepEqual(heard, []);
});

test("a file that is only touched is no news", (context) => {
  const { path, heard, clock } = start(context);
  utimesSync(path, new Date(0), new Date(0));
  writeFileSync(path, file("one"));
  clock.advance(60_000);
  assert.deepEqual(heard, []);
});

// Half a file may be wrong, or right with half of the endpoints.
for (const half of [file("two").slice(0, 60), file("half")]) {
  test(`a file that is half-written, ${half === file("half") ? "and right" : "and wrong"}, is told when it stays as it is`, (context) => {
    const { path, heard, clock } = start(context);
    writeFileSync(path, half);
    clock.advance(500);
    assert.deepEqual(heard, []);
    writeFileSync(path, file("two"));
    clock.advance(1_500);
    assert.deepEqual(heard, ["two"]);
  });
}

test("a signal takes a file that is right as written whole, and one that is wrong as half-written", (context) => {
  const { path, heard, clock, watcher } = start(context);
  writeFileSync(path, file("two"));
  watcher.reload();
  assert.deepEqual(heard, ["two"]);
  clock.advance(2_000);
  writeFileSync(path, file("tri").slice(0, 60));
  watcher.reload();
  assert.deepEqual(heard, ["two"]);
  writeFileSync(path, file("tri"));
  clock.advance(2_000);
  assert.deepEqual(heard, ["two", "tri"]);
});

test("a wrong file is told once, and the good one after it", (context) => {
  const { path, heard, clock } = start(context);
  writeFileSync(path, `${file("two")}colour: green\n`);
  clock.advance(60_000);
  const wrong =
    "config.yml:3:1 colour: unknown key: the keys here are cloudflare, ingresses, include, defaults, notify, http, timezone, state_dir, anchors";
  assert.deepEqual(heard, [wrong]);
  writeFileSync(path, file("one"));
  clock.advance(2_000);
  assert.deepEqual(heard, [wrong, "one"]);
});

test("a new secret in its file is told, and so is its absence", (context) => {
  const folder = folderFor(context);
  const path = join(folder, "config.yml");
  writeFileSync(path, file("one").replace("token: T", "token_file: token"));
  writeFileSync(join(folder, "token"), "first\n");
  const { heard, clock } = watched(context, path, {
    onLoad: (result) => heard.push(result.kind === "ok" ? result.config.cloudflare.token.reveal() : gist(result)),
  });
  writeFileSync(join(folder, "token"), "second\n");
  clock.advance(2_000);
  unlinkSync(join(folder, "token"));
  clock.advance(2_000);
  writeFileSync(join(folder, "token"), "third\n");
  clock.advance(2_000);
  const gone =
    "config.yml:1:27 cloudflare.token_file: expected the path of a file with the token, but there is no such file; " +
    `relative paths begin at ${folder}`;
  assert.deepEqual(heard, ["second", gone, "third"]);
});

test("new authorities in their file are told", async (context) => {
  const folder = folderFor(context);
  const path = join(folder, "config.yml");
  const withCheck = file("one").replace(
    /target: ([\w.]+)/,
    "target: $1, check: { url: https://c.example.com/, ca_file: ca.pem }",
  );
  writeFileSync(path, withCheck);
  const authorities = [await createAuthority("One"), await createAuthority("Two")].map(({ ca }) => ca);
  writeFileSync(join(folder, "ca.pem"), authorities[0] ?? "");
  const seen: (readonly string[] | undefined)[] = [];
  const { clock, watcher } = watched(context, path, {
    onLoad: (result) => {
      if (result.kind === "ok") seen.push(httpOf(result.config.ingresses[0]?.endpoints[0]?.check)?.ca);
    },
  });
  assert.equal(watcher.first.kind, "ok");
  writeFileSync(join(folder, "ca.pem"), authorities[1] ?? "");
  clock.advance(2_000);
  assert.deepEqual(
    seen.map((ca) => ca?.map((pem) => new X509Certificate(pem).subject)),
    [["CN=Two"]],
  );
});

test("a secret's file that the new configuration names is watched from then on", (context) => {
  const { folder, path, heard, clock } = start(context);
  writeFileSync(path, file("two").replace("token: T", "token_file: token"));
  clock.advance(2_000);
  assert.equal(heard.length, 1);
  writeFileSync(join(folder, "token"), "T\n");
  clock.advance(2_000);
  assert.deepEqual(heard.slice(1), ["two"]);
});

test("asked to reload, it tells even what did not change, and that it did not", (context) => {
  const { path, heard, news, clock, watcher } = start(context);
  watcher.reload();
  assert.deepEqual(heard, ["one"]);
  clock.advance(2_000);
  writeFileSync(path, "wrong");
  watcher.reload();
  clock.advance(3_000);
  assert.equal(heard.length, 2);
  watcher.reload();
  clock.advance(3_000);
  assert.deepEqual(heard[2], heard[1]);
  assert.equal(heard.length, 3);
  assert.deepEqual(news, ["unchanged", "changed", "unchanged"]);
});

test("however often it is asked, it loads twice a second at most, and once more at the end", (context) => {
  let reads = 0;
  const { path, heard, clock, watcher } = start(context, {
    readFile: (each) => {
      reads += 1;
      return readFileSync(each);
    },
    pollMs: 3_600_000,
  });
  reads = 0;
  for (let count = 0; count < 2_000; count += 1) {
    watcher.reload();
    clock.advance(2.5);
  }
  assert.ok(reads <= 11, `${reads} reads`);
  writeFileSync(path, file("two"));
  watcher.reload();
  clock.advance(2_000);
  assert.equal(heard.at(-1), "two");
});

for (const code of ["EMFILE", "ENFILE", "EIO"]) {
  test(`${code} for a while is no news, neither when it begins nor when it ends; one that lasts is told once`, (context) => {
    let isFailing = false;
    const { path, heard, clock, watcher } = start(context, {
      readFile: (each) => {
        if (isFailing) throw Object.assign(new Error(code), { code });
        return readFileSync(each);
      },
    });
    isFailing = true;
    clock.advance(20_000);
    watcher.reload();
    clock.advance(5_000);
    isFailing = false;
    clock.advance(5_000);
    assert.deepEqual(heard, ["one"], "what was asked for is answered, and that is all");
    isFailing = true;
    clock.advance(29_000);
    writeFileSync(path, file("two"));
    assert.equal(heard.length, 1);
    clock.advance(60_000);
    assert.equal(heard.length, 2);
    assert.match(heard[1] ?? "", /the configuration cannot be read/);
    isFailing = false;
    clock.advance(2_000);
    assert.deepEqual(heard.slice(2), ["two"]);
  });
}

test("a file that was replaced behind a mount cannot be seen any more, and that is told once", (context) => {
  const folder = folderFor(context);
  const path = join(folder, "config.yml");
  writeFileSync(path, file("one"));
  // An open descriptor keeps the old file alive without a name, as a mount of the file alone does.
  const descriptor = openSync(path, "r");
  context.after(() => closeSync(descriptor));
  const mounted = `/proc/self/fd/${descriptor}`;
  const { heard, blindSpots, clock } = watched(context, mounted);
  clock.advance(1_000);
  assert.deepEqual(blindSpots, []);
  writeFileSync(join(folder, "new"), file("two"));
  renameSync(join(folder, "new"), path);
  clock.advance(60_000);
  assert.deepEqual(blindSpots, [
    `${mounted} was replaced outside, and its new content is not visible inside the container: mount the folder that it is in, not only the ` +
      `file, and restart`,
  ]);
  assert.deepEqual(heard, []);
});

test("closed, it looks no more", (context) => {
  const { path, heard, clock, watcher } = start(context);
  watcher.close();
  assert.equal(clock.waiting, 0);
  writeFileSync(path, file("two"));
  watcher.reload();
  clock.advance(60_000);
  assert.deepEqual(heard, []);
});

test("closed while it tells, it looks no more either", (context) => {
  const { path, heard, clock, watcher } = start(context, {
    onLoad: () => {
      heard.push("told");
      watcher.close();
    },
  });
  writeFileSync(path, file("two"));
  clock.advance(60_000);
  assert.deepEqual(heard, ["told"]);
  assert.equal(clock.waiting, 0);
});

const included = (name: string, record = "a"): string =>
  `ingresses: [{ record: ${record}.example.com, endpoints: [{ name: ${name}, target: t.example.com }] }]\n`;

/** All endpoints of each load, or its first problem. */
function startIncluding(context: TestContext, files: Readonly<Record<string, string>>) {
  const folder = folderFor(context);
  mkdirSync(join(folder, "conf.d"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, "conf.d", name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  const path = join(folder, "config.yml");
  writeFileSync(path, "cloudflare: { token: T }\ninclude: conf.d\n");
  const loads: (readonly string[])[] = [];
  const onLoad: OnLoad = (result) => {
    if (result.kind === "ok")
      loads.push(result.config.ingresses.flatMap(({ endpoints }) => endpoints.map(({ name }) => name)));
    else loads.push(result.problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, "")));
  };
  return { folder, path, write, loads, ...watched(context, path, { onLoad }) };
}

test("a file that is added to an included folder, changed, renamed or removed is noticed", (context) => {
  const { folder, write, loads, clock } = startIncluding(context, { "b.yml": included("one") });
  write("a.yml", included("zero", "z"));
  clock.advance(2_000);
  write("b.yml", included("two"));
  clock.advance(2_000);
  renameSync(join(folder, "conf.d/a.yml"), join(folder, "conf.d/c.yml"));
  clock.advance(2_000);
  unlinkSync(join(folder, "conf.d/b.yml"));
  clock.advance(2_000);
  write("d.yml", "ingresses: 5\n");
  clock.advance(2_000);
  unlinkSync(join(folder, "conf.d/d.yml"));
  clock.advance(60_000);
  const wrong = "conf.d/d.yml:1:12 ingresses: expected a list of ingresses, got a number: start each entry with a dash";
  assert.deepEqual(loads, [["zero", "one"], ["zero", "two"], ["two", "zero"], ["zero"], [wrong], ["zero"]]);
});

test("what editors leave in an included folder is no news", (context) => {
  const { write, loads, clock } = startIncluding(context, { "b.yml": included("one") });
  for (const name of [".b.yml.swp", "b.yml~", "#b.yml#", "4913", "b.yml.bak"]) write(name, "anything");
  clock.advance(60_000);
  assert.deepEqual(loads, []);
});

test("an included folder that is swapped by its link is noticed, as Kubernetes does it", (context) => {
  const { folder, loads, clock } = startIncluding(context, {});
  const inMount = (name: string): string => join(folder, "conf.d", name);
  const version = (number: number, files: Readonly<Record<string, string>>): void => {
    mkdirSync(inMount(`..v${number}`));
    for (const [name, text] of Object.entries(files)) writeFileSync(inMount(`..v${number}/${name}`), text);
    symlinkSync(`..v${number}`, inMount("..data_tmp"));
    renameSync(inMount("..data_tmp"), inMount("..data"));
  };
  version(1, { "a.yml": included("one") });
  symlinkSync("..data/a.yml", inMount("a.yml"));
  clock.advance(2_000);
  version(2, { "a.yml": included("two"), "b.yml": included("three", "b") });
  symlinkSync("..data/b.yml", inMount("b.yml"));
  clock.advance(2_000);
  version(3, { "a.yml": included("four") });
  unlinkSync(inMount("b.yml"));
  clock.advance(60_000);
  assert.deepEqual(loads, [["one"], ["two", "three"], ["four"]]);
});

test("an included folder that goes away and comes back is told", (context) => {
  const { folder, loads, clock } = startIncluding(context, { "b.yml": included("one") });
  renameSync(join(folder, "conf.d"), join(folder, "away"));
  clock.advance(5_000);
  renameSync(join(folder, "away"), join(folder, "conf.d"));
  clock.advance(60_000);
  const where = `; relative paths begin at ${folder}`;
  const gone = "config.yml:2:10 include: expected the path of a folder or a file, but there is no such folder or file";
  assert.deepEqual(loads, [[gone + where], ["one"]]);
});

test("of many files, those that were not written since are not read again, and a write is noticed all the same", (context) => {
  const folder = folderFor(context);
  mkdirSync(join(folder, "conf.d"));
  const path = join(folder, "config.yml");
  writeFileSync(path, "cloudflare: { token: T }\ninclude: conf.d\n");
  const fileOf = (index: number): string => join(folder, `conf.d/${index}.yml`);
  for (let index = 0; index < 100; index += 1) writeFileSync(fileOf(index), included("one", `r${index}`));
  let reads = 0;
  const readFile = (name: string): Uint8Array => {
    reads += 1;
    return readFileSync(name);
  };
  // As if all was written long ago, by the watcher's clock.
  const stampOf = (name: string): FileStamp => ({ text: String(statSync(name).mtimeMs), changedMs: -10_000 });
  const { heard, clock } = watched(context, path, { readFile, stampOf });
  clock.advance(2_000);
  reads = 0;
  clock.advance(60_000);
  assert.equal(reads, 0);
  writeFileSync(fileOf(0), included("two", "r0"));
  utimesSync(fileOf(0), 1, 1);
  clock.advance(2_000);
  assert.deepEqual(heard, ["two"]);
});

test("of many files, one that was written just now is read again until two writes would have two stamps", (context) => {
  const folder = folderFor(context);
  const path = join(folder, "config.yml");
  const long = `# ${"x".repeat(300_000)}\n`;
  writeFileSync(path, file("one") + long);
  const { heard, clock } = watched(context, path, {
    readFile: (each) => readFileSync(each),
    stampOf: () => ({ text: "same", changedMs: 0 }),
  });
  clock.advance(1_000);
  writeFileSync(path, file("two") + long);
  clock.advance(60_000);
  assert.deepEqual(heard, ["two"]);
});
