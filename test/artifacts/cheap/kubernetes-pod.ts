// The pod of rendered/helm.yaml, run with the image that the Dockerfile makes, on volumes laid out as on a node of a cluster: with
// no more rights than it asks for it starts, loads what Kubernetes puts in the place of its configuration and its tokens, answers
// the probes, and finds its history again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test, type TestContext } from "node:test";
import { imageArchive, newStore } from "../../support/containers/image.ts";
import type { ImageStore } from "../../support/containers/image-store.ts";
import { canRun, imagePrograms, requirePrograms } from "../../support/containers/needs.ts";
import { eventually } from "../../support/eventually.ts";
import { deploymentIn, folder, parseManifests, the } from "../../support/kubernetes/manifests.ts";
import { openToGroup, Pod } from "../../support/kubernetes/pod.ts";
import type { Program } from "../../support/programs.ts";

const needed: readonly Program[] = [...imagePrograms, "nsenter"];
const manifests = parseManifests(readFileSync(join(folder, "rendered/helm.yaml"), "utf8"));
const spec = deploymentIn(manifests).template.spec;
const exampleConfig = the("ConfigMap", manifests).data ?? {};

describe("the pod", { concurrency: 1 }, () => {
  const place = mkdtempSync(join(tmpdir(), "ccs-pod-"));
  let store: ImageStore | undefined;
  let pod: Pod | undefined;
  before(async () => {
    if (!canRun(needed)) return;
    store = newStore();
    await store.podman(["load", "--input", await imageArchive()]);
    mkdirSync(join(place, "volumes"));
    pod = new Pod(spec, store, join(place, "volumes"));
  });
  after(async () => {
    await store?.[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  });

  /** `undefined`: the test has been skipped. */
  function thePod(t: TestContext): Pod | undefined {
    return requirePrograms(t, needed) ? pod : undefined;
  }
  const isSaid = async (it: Pod, what: RegExp): Promise<void> => {
    let said = "";
    const look = async (): Promise<boolean> => what.test((said = await it.logs()));
    await eventually(String(what), look, { explain: () => `\n${said}` });
  };
  /** The Secret, with the keys that docs/kubernetes.md gives it. */
  const tokens = (cloudflare: string, telegram?: string) => ({
    "secret/ccs-tokens": {
      cloudflare_token: `${cloudflare}\n`,
      ...(telegram !== undefined && { telegram_token: `${telegram}\n` }),
    },
  });

  test("starts with the example's configuration, is alive, and is not ready before it knows anything", async (t) => {
    const it = thePod(t);
    if (it === undefined) return;
    await it.start({ "configMap/ccs-config": exampleConfig, ...tokens("not-the-token") });
    const { livenessProbe, readinessProbe } = it.container;
    await eventually("it is alive", async () => (await it.probe(livenessProbe)).status === 200, {
      timeoutMs: 60_000,
    });
    const { status, text } = await it.probe(readinessProbe);
    assert.equal(status, 503);
    assert.match(text, /ingress\.example\.com: its records are not known yet/);
  });

  test("loads what Kubernetes puts in the place of its configuration and its tokens, and is ready then", async (t) => {
    const it = thePod(t);
    if (it === undefined) return;
    // In its own network, which leads nowhere else.
    const script = join(import.meta.dirname, "../../support/kubernetes/world-child.ts");
    const child = spawn("nsenter", [...it.network, process.execPath, script], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "exit");
    try {
      const [line] = (await once(createInterface(child.stdout), "line")) as [string];
      const world = JSON.parse(line) as Record<"config" | "cloudflare" | "telegram", string>;
      it.update(tokens("still-not-the-token", world.telegram));
      it.update({ "configMap/ccs-config": { "config.yml": world.config } });
      await isSaid(it, /Invalid access token/);
      it.update(tokens(world.cloudflare, world.telegram));
      await isSaid(it, /"found: CNAME/);
      const { readinessProbe } = it.container;
      await eventually("it is ready", async () => (await it.probe(readinessProbe)).status === 200);
      // What the documentation tells people to type.
      assert.match((await it.exec(["ccs", "status"])).text, /cable/);
      assert.equal((await it.exec(["ccs", "health"])).code, 0);
      const checked = await it.exec(["ccs", "validate", "/dev/stdin"], world.config);
      assert.equal(checked.code, 0, checked.text);
      const refused = await it.exec(["ccs", "validate", "/dev/stdin"], world.config.replace("hold_up", "hold_upp"));
      assert.equal(refused.code, 78, refused.text);
      assert.match(refused.text, /hold_upp/);
      it.update({ "configMap/ccs-config": { "config.yml": "ingresses: 7\n" } });
      await isSaid(it, /configuration rejected/);
      assert.equal((await it.probe(readinessProbe)).status, 200, "the configuration before still counts");
      it.update({ "configMap/ccs-config": exampleConfig });
    } finally {
      child.stdin.end();
      await ended;
    }
  });

  test("says nothing of tokens or state that others could read or replace, and ends by SIGTERM", async (t) => {
    const it = thePod(t);
    if (it === undefined) return;
    assert.doesNotMatch(
      await it.logs(),
      /can read the token|may read the token|can replace the state|Cannot keep state/,
    );
    const { uid, mode } = statSync(join(place, "volumes/state/ccs"));
    assert.deepEqual([uid, mode & 0o777], [65_532, 0o700]);
    assert.equal(await it.stop(), 0);
  });

  test("finds its history again, also where the volume was opened to its group", async (t) => {
    const it = thePod(t);
    if (it === undefined) return;
    await openToGroup(join(place, "volumes/state"), spec.securityContext.fsGroup);
    await it.start({ "configMap/ccs-config": exampleConfig, ...tokens("not-the-token") });
    const events = await eventually("the journal", async () => {
      const { code, text } = await it.exec(["ccs", "events"]);
      return code === 0 && text;
    });
    assert.match(events, /cable/);
    assert.doesNotMatch(await it.logs(), /Cannot keep state|moved aside/);
    assert.equal(await it.stop(), 0);
  });

  test("without its Secret's key it says what is missing, and without its ConfigMap's", async (t) => {
    const it = thePod(t);
    if (it === undefined || store === undefined) return;
    for (const [objects, says] of [
      [
        { "configMap/ccs-config": exampleConfig, "secret/ccs-tokens": { other: "" } },
        /cloudflare\.token_file: .*there is no such file/,
      ],
      [{ "configMap/ccs-config": { "ccs.yml": "" }, ...tokens("a") }, /config\.yml/],
    ] as const) {
      await it.start(objects);
      assert.equal(await store.podman(["wait", it.container.name]), "78");
      assert.match(await it.logs(), says);
      assert.equal(await it.stop(), 78);
    }
  });
});
