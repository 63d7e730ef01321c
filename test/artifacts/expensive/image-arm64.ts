// The container image for 64-bit ARM, built on this machine and run by an emulator: five to ten minutes. It is built from
// the sources once more, so that its layer also shows whether two builds give the same.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { nodeFor } from "../../../scripts/sea.ts";
import {
  imageArchive,
  imageName,
  importBases,
  newStore,
  unpackImage,
  type ImageConfig,
} from "../../support/containers/image.ts";
import { registerEmulator } from "../../support/containers/emulator.ts";
import { imagePrograms, requirePrograms } from "../../support/containers/needs.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "ccs-image-arm64-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("it holds the same layer as the other one, runs without any rights, and its demo passes", async (t) => {
  if (!requirePrograms(t, [...imagePrograms, "qemu-aarch64-static"])) return;
  await using store = newStore();
  await importBases(store, folder, { architecture: "arm64", node: nodeFor("arm64", folder) });
  // Docker's builder and newer ones of buildah know by themselves on what they build, and keep the platforms of stages apart.
  const file = join(folder, "Dockerfile");
  const text = readFileSync(join(root, "Dockerfile"), "utf8");
  writeFileSync(file, text.replace(/^FROM gcr/m, "FROM --platform=linux/arm64 gcr"));
  const platforms = ["--platform", "linux/arm64", "--build-arg", "BUILDPLATFORM=linux/amd64"];
  await store.build(root, imageName, ["--file", file, ...platforms]);
  const archive = join(folder, "image.tar");
  await store.podman(["save", "--format", "docker-archive", "--output", archive, imageName]);
  const { config } = await unpackImage(archive, join(folder, "arm64"));
  const { config: other } = await unpackImage(await imageArchive(), join(folder, "amd64"));
  assert.deepEqual([config.architecture, other.architecture], ["arm64", "amd64"]);
  assert.equal(config.rootfs.diff_ids.length, 2);
  assert.equal(config.rootfs.diff_ids[1], other.rootfs.diff_ids[1], "the layer on top of the base");
  // buildah names the container in which it built.
  const settingsOf = (image: ImageConfig) => ({ ...image.config, Hostname: "" });
  assert.deepEqual(settingsOf(config), settingsOf(other));

  using _ = await registerEmulator();
  const version = await store.runOnce(imageName, ["--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/, version.stderr);
  const machine = ["--entrypoint", '["/nodejs/bin/node","--print","process.arch + process.getuid()"]'];
  assert.equal((await store.runOnce(imageName, [], machine)).stdout, "arm6465532\n");
  const demo = await store.runOnce(imageName, ["demo", "--once"]);
  assert.equal(demo.code, 0, demo.stdout + demo.stderr);
  assert.match(demo.stdout, /All went well/);
});
