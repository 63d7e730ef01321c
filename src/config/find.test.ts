// Where the file is looked for.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../test/support/state-folder.ts";
import { findConfigPath } from "./find.ts";

const nothing = (): boolean => false;
const everything = (): boolean => true;

test("what is named is taken, whether or not it is there", () => {
  assert.deepEqual(findConfigPath("a.yml", { CCS_CONFIG: "b.yml" }, nothing), { kind: "found", path: "a.yml" });
  assert.deepEqual(findConfigPath(undefined, { CCS_CONFIG: "b.yml" }, nothing), { kind: "found", path: "b.yml" });
});

test("otherwise the first usual place where a file is", () => {
  const etc = "/etc/ccs/config.yml";
  assert.deepEqual(findConfigPath(undefined, { CCS_CONFIG: "" }, everything), { kind: "found", path: "config.yml" });
  assert.deepEqual(
    findConfigPath(undefined, {}, (path) => path === etc),
    { kind: "found", path: etc },
  );
  const longer = "/etc/cloudflare-cname-switcher/config.yml";
  assert.deepEqual(
    findConfigPath(undefined, {}, (path) => path === longer),
    { kind: "found", path: longer },
  );
  const own = "/home/ada/.config/cloudflare-cname-switcher/config.yml";
  assert.deepEqual(
    findConfigPath(undefined, { HOME: "/home/ada" }, (path) => path === own),
    { kind: "found", path: own },
  );
  const xdg = "/xdg/cloudflare-cname-switcher/config.yml";
  const env = { HOME: "/home/ada", XDG_CONFIG_HOME: "/xdg" };
  assert.deepEqual(
    findConfigPath(undefined, env, (path) => path === xdg),
    { kind: "found", path: xdg },
  );
});

test("a link to nothing is meant to be the file", (t) => {
  const home = temporaryFolder(t);
  const folder = join(home, ".config/cloudflare-cname-switcher");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "config.yml");
  assert.notDeepEqual(findConfigPath(undefined, { HOME: home }), { kind: "found", path });
  symlinkSync("/nowhere/config.yml", path);
  assert.deepEqual(findConfigPath(undefined, { HOME: home }), { kind: "found", path });
});

test("when there is none, all that was tried is told, and what to do", () => {
  const found = findConfigPath(undefined, { HOME: "/home/ada" }, nothing);
  assert.equal(
    found.kind === "missing" && found.message,
    "no configuration file found: tried config.yml, /home/ada/.config/cloudflare-cname-switcher/config.yml, " +
      "/etc/ccs/config.yml, /etc/cloudflare-cname-switcher/config.yml; create one with ccs init, name one with --config FILE or CCS_CONFIG, or try ccs without one: ccs demo",
  );
});
