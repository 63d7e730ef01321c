// What a container prints when it is started without a configuration that it may read.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { asOrdinaryUser, temporaryFolder } from "../../test/support/state-folder.ts";
import { missingInContainer } from "./container.ts";

const container = { CCS_CONTAINER: "1" };

function firstLine(path: string): string | undefined {
  return missingInContainer(path, container, 65_532)?.split("\n")[0];
}

test("says whether nothing is mounted, or a folder without the file, or one with a file of another name", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "config/config.yml");
  const mounted = "/proc/config.yml";
  assert.equal(firstLine(path), `there is no configuration: nothing is mounted at ${folder}/config`);
  mkdirSync(join(folder, "config"));
  assert.equal(firstLine(path), `there is no configuration: nothing is mounted at ${folder}/config`);
  assert.equal(firstLine(mounted), "there is no configuration: the folder at /proc has no config.yml in it");
  writeFileSync(join(folder, "config/config.yaml"), "");
  writeFileSync(join(folder, "config/notes.txt"), "");
  assert.equal(
    firstLine(path),
    `there is no configuration: ${folder}/config holds config.yaml, but no config.yml; rename it, or name it in CCS_CONFIG`,
  );
});

test("says how to write one, what to mount, and how to see it work without one", (t) => {
  const said = missingInContainer(join(temporaryFolder(t), "config.yml"), container, 65_532) ?? "";
  for (const command of ["docker compose run --rm init", "--volume ./config:", " demo --once", "docs/docker.md"])
    assert.ok(said.includes(command), said);
});

test("says whose the folder has to be when it may not be read", (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "config.yml");
  writeFileSync(path, "", { mode: 0o600 });
  asOrdinaryUser(folder, () => {
    chmodSync(folder, 0o000);
    const said = missingInContainer(path, container, 65_534) ?? "";
    chmodSync(folder, 0o700);
    assert.match(
      said,
      /^the user of this container \(65534\) may not read \S+config\.yml\n[^]*chown -R 65534:65534 config$/,
    );
  });
});

test("does so as well in a folder that may be entered and not be read", (t) => {
  const folder = temporaryFolder(t);
  asOrdinaryUser(folder, () => {
    chmodSync(folder, 0o300);
    const said = firstLine(join(folder, "config.yml"));
    chmodSync(folder, 0o700);
    assert.match(said ?? "", /^there is no configuration: /);
  });
});

test("says nothing of a file that can be read, nor outside of a container", (t) => {
  const path = join(temporaryFolder(t), "config.yml");
  assert.equal(missingInContainer(path, {}, 1_000), undefined);
  assert.equal(missingInContainer(path, { CCS_CONTAINER: "" }, 1_000), undefined);
  writeFileSync(path, "");
  assert.equal(missingInContainer(path, container, 1_000), undefined);
});
