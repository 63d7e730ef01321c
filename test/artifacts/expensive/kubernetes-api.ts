// The chart and the manifests in a real control plane: etcd, API server and controllers. It is up in half a minute; the programs
// take half an hour to build where there are none (test/support/kubernetes/cluster-programs.ts).
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { clusterPrograms, podMonitorDefinition } from "../../support/kubernetes/cluster-programs.ts";
import { Cluster, patience } from "../../support/kubernetes/cluster.ts";
import {
  chart,
  deploymentIn,
  everyValue,
  folder,
  parseManifests,
  type Manifest,
  type PodSpec,
} from "../../support/kubernetes/manifests.ts";
import { configIn, onlyThese, podOf, statusOf } from "../../support/kubernetes/in-cluster.ts";
import { kubernetesTools } from "../../support/kubernetes/tools.ts";
import { commandsIn, examplesIn } from "../../support/walkthrough.ts";

/** The folder in which a person works: what docs/kubernetes.md uses of a checkout, and their own files. */
const place = mkdtempSync(join(tmpdir(), "ccs-kubernetes-api-"));
after(() => rmSync(place, { recursive: true, force: true }));
cpSync(folder, join(place, "deploy/kubernetes"), { recursive: true });
const config = readFileSync(join(folder, "example/config.yml"), "utf8");
writeFileSync(join(place, "config.yml"), config);
for (const name of ["cloudflare_token", "telegram_token", "webhook_secret", "http_token"])
  writeFileSync(join(place, name), `${name}-${"0".repeat(16)}\n`);

/** Asks the API server whether it would take these manifests, each field of them. */
const createStrictly = "kubectl create --dry-run=server --validate=strict --filename=-";

const install = `--set-file config=config.yml --set existingSecret=ccs-tokens`;

test("in a real cluster", async (t) => {
  const programs = await clusterPrograms(t);
  const tools = programs && (await kubernetesTools(t));
  if (tools === undefined || programs === undefined) return;
  await using cluster = await Cluster.start(programs, tools);
  t.diagnostic((await cluster.run("kubectl version")).stdout.replaceAll("\n", ", "));
  for (const helm of ["helm", "helm-older"]) {
    t.diagnostic((await cluster.run(`${helm} version --short`)).stdout.trim());
    await t.test(`${helm}: installed, upgraded, rolled back and uninstalled`, () => lifeOf(cluster, helm));
  }
  await t.test("a release by the older Helm is upgraded by the newer one", () => newerHelm(cluster));
  await t.test("everything that a value can add is taken", () => takesEveryValue(cluster));
  await t.test("kustomize's manifests are taken strictly, and a wrong field is refused", () => strictly(cluster));
  await t.test("the restricted rules let the pod in, and not without what its manifest says", () =>
    restricted(cluster),
  );
  await t.test("the PodMonitor needs the operator's definition, and fits it", (each) => podMonitor(each, cluster));
  await t.test("docs/kubernetes.md, with Helm", (each) => walkWithHelm(each, cluster));
  await t.test("docs/kubernetes.md, with kubectl alone", (each) => walkWithKubectl(each, cluster));
});

async function lifeOf(cluster: Cluster, helm: string): Promise<void> {
  await cluster.useNamespace(helm);
  // What a person made is not the chart's to remove.
  await cluster.run("kubectl create secret generic ccs-tokens --from-file=cloudflare_token", { cwd: place });
  const before = await cluster.objectsIn(helm);
  const { stdout, stderr } = await cluster.run(`${helm} install home ${chart} ${install}`, { cwd: place });
  assert.doesNotMatch(stderr, /warning/i);
  assert.match(stdout, /STATUS: deployed/);
  assert.match(stdout, /The tokens come from the Secret ccs-tokens\./);
  assert.equal(await statusOf(cluster, helm, "home"), "deployed 1");
  await podOf(cluster);
  assert.equal(await configIn(cluster, "home-config"), config);
  await cluster.run(`${helm} upgrade home ${chart} --reuse-values --set timeZone=Europe/Berlin`);
  assert.equal(await statusOf(cluster, helm, "home"), "deployed 2");
  const zone = (name: string) => (spec: PodSpec) =>
    spec.containers[0]?.env.find((variable) => variable.name === "TZ")?.value === name;
  await podOf(cluster, zone("Europe/Berlin"));
  await cluster.run(`${helm} rollback home`);
  assert.equal(await statusOf(cluster, helm, "home"), "deployed 3");
  await podOf(cluster, zone("Etc/UTC"));
  await cluster.run(`${helm} uninstall home`);
  await onlyThese(cluster, helm, before);
}

async function newerHelm(cluster: Cluster): Promise<void> {
  await cluster.useNamespace("newer-helm");
  await cluster.run(`helm-older install ccs ${chart} ${install}`, { cwd: place });
  // Each program that changes a field owns it; a backup changes this one.
  await cluster.run("kubectl scale deployment/ccs --replicas=0");
  await cluster.run(`helm upgrade ccs ${chart} --reset-then-reuse-values --set timeZone=Europe/Berlin`);
  assert.equal(await statusOf(cluster, "helm", "ccs"), "deployed 2");
  await podOf(cluster);
}

async function takesEveryValue(cluster: Cluster): Promise<void> {
  await cluster.useNamespace("every-value");
  await cluster.run("kubectl create priorityclass high --value=1000");
  const before = await cluster.objectsIn("every-value");
  const options = everyValue.map((each) => `'${each}'`).join(" ");
  for (const name of ["ccs", "dns.two", "x".repeat(53)]) {
    const template = `helm template ${name} ${chart} ${options} --namespace=every-value`;
    await cluster.run(createStrictly, { input: (await cluster.run(template)).stdout });
    await cluster.run(`helm install ${name} ${chart} ${options}`);
    await podOf(cluster);
    await cluster.run(`helm uninstall ${name}`);
    await onlyThese(cluster, "every-value", before);
  }
  // A Service may not be called so; nothing is made of it.
  const { code, stderr } = await cluster.try(`helm install 2nd ${chart} ${install}`, { cwd: place });
  assert.notEqual(code, 0);
  assert.match(stderr, /The release is called 2nd, .*: take a name that begins with a letter/);
  await onlyThese(cluster, "every-value", before);
  const kept = "existingSecret=own,existingConfigMap=own,state.existingClaim=own";
  await cluster.run("kubectl create configmap own --from-file=config.yml", { cwd: place });
  await cluster.run("kubectl create secret generic own --from-file=cloudflare_token", { cwd: place });
  const claim = readFileSync(join(folder, "base/persistentvolumeclaim.yaml"), "utf8").replace("ccs-state", "own");
  await cluster.run("kubectl apply --filename=-", { input: claim });
  await cluster.run(`helm install ccs ${chart} --set ${kept}`);
  await podOf(cluster);
  await cluster.run("helm uninstall ccs");
  await onlyThese(cluster, "every-value", [...before, "configmap/own", "secret/own", "persistentvolumeclaim/own"]);
}

async function strictly(cluster: Cluster): Promise<void> {
  await cluster.useNamespace("kustomize");
  const apply = "kubectl apply --validate=strict --kustomize";
  const { stderr } = await cluster.run(`${apply} ${join(folder, "base")}`);
  // With `warn=restricted`, so the API server would also say what the rules for pods forbid.
  assert.equal(stderr, "");
  // It names a ConfigMap and a Secret that are not there: that keeps the pod from running, not from being made.
  await podOf(cluster);
  const copy = join(place, "wrong");
  mkdirSync(copy);
  cpSync(join(folder, "base"), copy, { recursive: true });
  const file = join(copy, "deployment.yaml");
  const right = readFileSync(file, "utf8");
  const wrongs: readonly (readonly [string, string, RegExp])[] = [
    [
      "readOnlyRootFilesystem",
      "readOnlyRootFileSystem",
      /strict decoding error: unknown field "\S+readOnlyRootFileSystem"/,
    ],
    [
      "automountServiceAccountToken: false",
      "automountServiceAccountToken: 7",
      /automountServiceAccountToken:7.*unrecognized type: bool/,
    ],
    ["replicas: 1", "replicas: -1", /spec\.replicas: Invalid value: -1/],
  ];
  for (const [text, instead, says] of wrongs) {
    assert.ok(right.includes(text), text);
    writeFileSync(file, right.replace(text, instead));
    const refused = await cluster.try(`${apply} ${copy}`);
    assert.notEqual(refused.code, 0, instead);
    assert.match(refused.stderr, says);
  }
}

async function restricted(cluster: Cluster): Promise<void> {
  await cluster.useNamespace("restricted");
  for (const name of ["helm", "kustomize"]) {
    const manifests = parseManifests(readFileSync(join(folder, `rendered/${name}.yaml`), "utf8"));
    const { metadata, spec } = deploymentIn(manifests).template;
    const [container] = spec.containers;
    assert.ok(container !== undefined);
    const create = (pod: unknown): ReturnType<Cluster["try"]> => {
      const manifest = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name }, spec: pod };
      return cluster.try("kubectl create --filename=-", { input: JSON.stringify(manifest) });
    };
    const { code, stdout, stderr } = await create(spec);
    assert.deepEqual([code, stdout, stderr], [0, `pod/${name} created\n`, ""]);
    await cluster.run(`kubectl delete pod ${name}`);
    const { runAsNonRoot: _, ...root } = spec.securityContext;
    const { seccompProfile: __, ...unconfined } = spec.securityContext;
    const { allowPrivilegeEscalation: ___, ...escalating } = container.securityContext;
    const { capabilities: ____, ...capable } = container.securityContext;
    const withoutAll = {
      ...spec,
      securityContext: undefined,
      containers: [{ ...container, securityContext: undefined }],
    };
    const refusals: readonly (readonly [unknown, RegExp])[] = [
      [withoutAll, /allowPrivilegeEscalation .*unrestricted capabilities.*runAsNonRoot.*seccompProfile/],
      [{ ...spec, securityContext: root }, /runAsNonRoot != true/],
      [{ ...spec, securityContext: unconfined }, /seccompProfile/],
      [{ ...spec, containers: [{ ...container, securityContext: escalating }] }, /allowPrivilegeEscalation != false/],
      [{ ...spec, containers: [{ ...container, securityContext: capable }] }, /unrestricted capabilities/],
    ];
    for (const [pod, says] of refusals) {
      const refused = await create(pod);
      assert.equal(refused.code, 1, String(says));
      assert.match(refused.stderr, /\(Forbidden\).*violates PodSecurity "restricted:latest"/);
      assert.match(refused.stderr, says);
    }
  }
}

async function podMonitor(t: TestContext, cluster: Cluster): Promise<void> {
  await cluster.useNamespace("monitored");
  const before = await cluster.objectsIn("monitored");
  const on = `${install} --set podMonitor.enabled=true,podMonitor.labels.release=prometheus`;
  for (const helm of ["helm", "helm-older"]) {
    const { code, stderr } = await cluster.try(`${helm} install ccs ${chart} ${on}`, { cwd: place });
    assert.notEqual(code, 0);
    // docs/kubernetes.md says what it means.
    assert.match(stderr, /no matches for kind "PodMonitor".*\nensure CRDs are installed first/);
    await onlyThese(cluster, "monitored", before);
  }
  const definition = await podMonitorDefinition();
  if (definition === undefined) {
    t.skip("only Go can make the operator's definition of a PodMonitor");
    return;
  }
  await cluster.run(`kubectl create --filename=${definition}`);
  const isKnown = async (): Promise<boolean> => (await cluster.try("kubectl get podmonitors")).code === 0;
  await eventually("the cluster to know what a PodMonitor is", isKnown, patience);
  const { stdout: manifests } = await cluster.run(`helm template ccs ${chart} ${on} --namespace=monitored`, {
    cwd: place,
  });
  await cluster.run(createStrictly, { input: manifests });
  const wrong = await cluster.try(createStrictly, { input: manifests.replace("relabelings:", "relabeling:") });
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /strict decoding error: unknown field "spec\.podMetricsEndpoints\[0\]\.relabeling"/);
  for (const helm of ["helm", "helm-older"]) {
    await cluster.run(`${helm} install ccs ${chart} ${on}`, { cwd: place });
    const { stdout } = await cluster.run("kubectl get podmonitor ccs --output=json");
    assert.equal((JSON.parse(stdout) as Manifest).metadata.labels?.["release"], "prometheus");
    await cluster.run(`${helm} upgrade ccs ${chart} --reuse-values --set podMonitor.enabled=false`);
    assert.equal((await cluster.run("kubectl get podmonitors --output=name")).stdout, "");
    await cluster.run(`${helm} uninstall ccs`);
    await onlyThese(cluster, "monitored", before);
  }
}

/** Those are for a node, which there is none of here, or for the machine on which an image is built. */
const notHere = /^kubectl (?:rollout|exec|logs|port-forward) |^(?:image=|docker |git )/;

const examples = examplesIn("docs/kubernetes.md");

/** What a section tells people to type, as it stands, as far as it can be done here. */
async function follow(t: TestContext, cluster: Cluster, heading: string): Promise<void> {
  const here = examples.filter((each) => each.heading === heading && each.language === "sh").flatMap(commandsIn);
  assert.ok(here.length > 0, heading);
  for (const command of here.filter((each) => !notHere.test(each))) {
    t.diagnostic(command);
    await cluster.run(command, { cwd: place, input: "a-token\n" });
  }
}

async function follows(cluster: Cluster, command: string): Promise<void> {
  const text = readFileSync(join(folder, "../../docs/kubernetes.md"), "utf8");
  assert.ok(text.includes(`\`${command}\``), command);
  await cluster.run(command, { cwd: place });
}

async function keysOfSecret(cluster: Cluster): Promise<readonly string[]> {
  const { stdout } = await cluster.run("kubectl get secret ccs-tokens --output=json");
  return Object.keys((JSON.parse(stdout) as Manifest).data ?? {}).toSorted();
}

async function walkWithHelm(t: TestContext, cluster: Cluster): Promise<void> {
  await follow(t, cluster, "Before you start");
  assert.deepEqual(await keysOfSecret(cluster), ["cloudflare_token"]);
  const before = await cluster.objectsIn("ccs");
  const files = examples.filter(({ text }) => text.startsWith("# values.yaml"));
  writeFileSync(join(place, "values.yaml"), files[0]?.text ?? "");
  await follow(t, cluster, "With Helm");
  await podOf(cluster);
  assert.notEqual(await configIn(cluster), config);
  await follow(t, cluster, "The configuration");
  assert.equal(await configIn(cluster), config);
  await follow(t, cluster, "Tokens");
  assert.deepEqual(await keysOfSecret(cluster), ["cloudflare_token", "http_token", "telegram_token", "webhook_secret"]);
  for (const { heading, text } of files.slice(1)) {
    if (text.includes("podMonitor") && (await cluster.try("kubectl get podmonitors")).code !== 0) continue;
    writeFileSync(join(place, "values.yaml"), text);
    const { stderr } = await cluster.run(
      "helm upgrade ccs deploy/kubernetes/chart --reset-then-reuse-values --values values.yaml",
      { cwd: place },
    );
    assert.equal(stderr, "", heading);
  }
  await follow(t, cluster, "Logs and commands");
  await follow(t, cluster, "Upgrade and rollback");
  await follows(cluster, "helm rollback ccs");
  await follow(t, cluster, "Backup");
  await podOf(cluster);
  await cluster.run("helm uninstall ccs");
  await onlyThese(cluster, "ccs", before);
  await cluster.run("helm install ccs deploy/kubernetes/chart --values values.yaml " + install, { cwd: place });
  await follow(t, cluster, "Uninstall");
  assert.match((await cluster.try("kubectl get namespace ccs")).stderr, /not found/);
}

async function walkWithKubectl(t: TestContext, cluster: Cluster): Promise<void> {
  await follow(t, cluster, "Before you start");
  const before = await cluster.objectsIn("ccs");
  await follow(t, cluster, "With kubectl alone");
  const pod = await podOf(cluster);
  writeFileSync(join(place, "deploy/kubernetes/mine/config.yml"), `# Changed.\n${config}`);
  await follows(cluster, "kubectl apply --kustomize deploy/kubernetes/mine");
  assert.equal(await configIn(cluster), `# Changed.\n${config}`);
  assert.equal((await podOf(cluster)).metadata.name, pod.metadata.name, "the pod stays");
  await follow(t, cluster, "Tokens");
  await follow(t, cluster, "Backup");
  await podOf(cluster);
  await follows(cluster, "kubectl delete --kustomize deploy/kubernetes/mine");
  await onlyThese(cluster, "ccs", before);
  await cluster.run("kubectl delete namespace ccs");
}
