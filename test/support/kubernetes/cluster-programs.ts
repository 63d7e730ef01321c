// kube-apiserver and kube-controller-manager. No registry of packages has them as programs, so they are taken from where the
// person who runs the tests has them, or built from their Go modules.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { artifactOnce } from "../artifacts.ts";
import { run } from "../containers/command.ts";
import { findOnPath, requireProgram } from "../programs.ts";

export interface ClusterPrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
}

/** What is built: the newest whose own libraries (k8s.io/*) are v0.34.2. */
const version = "1.34.2";
/** It compiles a good part of an hour where the machine is busy. */
const buildTimeoutMs = 100 * 60_000;

const howToGetThem =
  "there is no kube-apiserver with a kube-controller-manager beside it: name one in CCS_KUBE_APISERVER, or put it into the PATH, " +
  "or install Go 1.24 or newer, which builds both here in half an hour";

/** `undefined`: the test has been skipped, and returns at once. */
export async function clusterPrograms(t: TestContext): Promise<ClusterPrograms | undefined> {
  const etcd = requireProgram(t, "etcd");
  if (etcd === undefined) return undefined;
  const folder = await findOrBuild(t);
  if (folder === undefined) {
    t.skip(howToGetThem);
    return undefined;
  }
  const [apiServer, controllerManager] = ["kube-apiserver", "kube-controller-manager"].map((name) =>
    join(folder, name),
  ) as [string, string];
  return { etcd, apiServer, controllerManager };
}

async function findOrBuild(t: TestContext): Promise<string | undefined> {
  const named = process.env["CCS_KUBE_APISERVER"];
  const found = named ?? findOnPath("kube-apiserver");
  if (found !== undefined) {
    const isWhole = [found, join(dirname(found), "kube-controller-manager")].every((path) => existsSync(path));
    if (isWhole) return dirname(found);
    assert.equal(named, undefined, "CCS_KUBE_APISERVER has to name one that has a kube-controller-manager beside it");
  }
  const go = findOnPath("go");
  if (go === undefined) return undefined;
  t.diagnostic("building kube-apiserver and kube-controller-manager, for half an hour or so");
  return artifactOnce("kubernetes-programs", (folder) => buildBoth(go, folder));
}

async function buildBoth(go: string, folder: string): Promise<string> {
  const env = { GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  const call = (...args: readonly string[]) => run(go, args, { cwd: folder, env, timeoutMs: buildTimeoutMs });
  const { stdout } = await call("mod", "download", "-json", `k8s.io/kubernetes@v${version}`);
  const { GoMod: goMod } = JSON.parse(stdout) as { GoMod: string };
  // Kubernetes names its libraries as v0.0.0, and has them in its own tree; they are published as modules of their own.
  const libraries = [...readFileSync(goMod, "utf8").matchAll(/^\s+(k8s\.io\/[a-z-]+) v0\.0\.0$/gm)];
  assert.ok(libraries.length > 10, goMod);
  const replaced = libraries.map(([, name]) => `replace ${name} => ${name} v0${version.slice(1)}`);
  const commands = ["kube-apiserver", "kube-controller-manager"].map((name) => `k8s.io/kubernetes/cmd/${name}`);
  writeModule(folder, [`require k8s.io/kubernetes v${version}`, ...replaced], commands);
  await call("mod", "tidy");
  // Without it they say that they are v0.0.0, and Helm then refuses every chart that names what it needs.
  const saysVersion = `-X k8s.io/component-base/version.gitVersion=v${version}`;
  await call("build", "-buildvcs=false", "-ldflags", saysVersion, "-o", `${folder}/`, ...commands);
  return folder;
}

/**
 * The PodMonitor's definition for a cluster, made of the Prometheus operator's Go types by the same program with which the
 * operator makes it. `undefined`: there is no Go.
 */
export async function podMonitorDefinition(): Promise<string | undefined> {
  const go = findOnPath("go");
  if (go === undefined) return undefined;
  return artifactOnce("pod-monitor", async (folder) => {
    const types = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring";
    const generator = "sigs.k8s.io/controller-tools";
    const command = `${generator}/cmd/controller-gen`;
    writeModule(folder, [`require ${types} v0.92.1`, `require ${generator} v0.20.1`], [`${types}/v1`, command]);
    const call = (...args: readonly string[]) => run(go, args, { cwd: folder, env: { GOFLAGS: "-mod=mod" } });
    await call("mod", "tidy");
    await call("run", command, "crd", `paths=${types}/v1`, "output:crd:dir=definitions");
    return join(folder, "definitions/monitoring.coreos.com_podmonitors.yaml");
  });
}

/** A Go module of its own that needs these packages. */
function writeModule(folder: string, lines: readonly string[], packages: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "go.mod"),
    ["module example.com/programs", "go 1.24.0", "godebug default=go1.24", ...lines].join("\n"),
  );
  const imports = packages.map((each) => `import _ "${each}"`);
  writeFileSync(join(folder, "programs.go"), ["//go:build tools", "", "package programs", ...imports, ""].join("\n"));
}
