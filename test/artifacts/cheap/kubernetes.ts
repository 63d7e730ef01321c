// What is in deploy/kubernetes/: the Helm chart and the kustomize base render, say the same, keep to the rules of Kubernetes, and
// are what is committed in rendered/. With UPDATE_RENDERED=1 that is written instead. kubernetes-pod.ts runs the pod.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runCcs } from "../../support/built-program.ts";
import {
  chart,
  containerIn,
  deploymentIn,
  everyValue,
  exampleOptions,
  folder,
  parseManifests,
  renderChart,
  renderKustomize,
  the,
  type Manifest,
} from "../../support/kubernetes/manifests.ts";
import { kubernetesTools, validatedVersions, withoutCluster } from "../../support/kubernetes/tools.ts";

const place = mkdtempSync(join(tmpdir(), "ccs-kubernetes-"));
after(() => rmSync(place, { recursive: true, force: true }));

const rendered = {
  helm: join(folder, "rendered/helm.yaml"),
  kustomize: join(folder, "rendered/kustomize.yaml"),
};
const readRendered = (name: keyof typeof rendered): readonly Manifest[] =>
  parseManifests(readFileSync(rendered[name], "utf8"));

test("the committed example is what Helm and kustomize render", async (t) => {
  const tools = await kubernetesTools(t);
  if (tools === undefined) return;
  const now = {
    helm: await renderChart(tools.helm, exampleOptions),
    kustomize: await renderKustomize(tools, join(folder, "example")),
  };
  for (const name of ["helm", "kustomize"] as const) {
    if (process.env["UPDATE_RENDERED"] === "1") writeFileSync(rendered[name], now[name]);
    const stale = `not current: UPDATE_RENDERED=1 npm run artifacts -- kubernetes`;
    assert.equal(readFileSync(rendered[name], "utf8"), now[name], `${rendered[name]} is ${stale}`);
  }
  // Line breaks apart, Helm 3 makes the same of it.
  assert.deepEqual(parseManifests(await renderChart(tools.olderHelm, exampleOptions)), readRendered("helm"));
});

test("the chart and the base ask for the very same", () => {
  const own = new Set(["app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"]);
  const comparable = (manifests: readonly Manifest[]): readonly unknown[] =>
    manifests
      // The tool's own labels, and those of the object, which select nothing.
      .map(({ metadata: { name, namespace, labels = {} }, ...rest }) => ({
        ...rest,
        name,
        namespace,
        labels:
          rest.kind === "ConfigMap" ? {} : Object.fromEntries(Object.entries(labels).filter(([key]) => !own.has(key))),
      }))
      .toSorted((one, other) => one.kind.localeCompare(other.kind));
  assert.deepEqual(comparable(readRendered("helm")), comparable(readRendered("kustomize")));
});

for (const name of ["helm", "kustomize"] as const) {
  describe(`the example of ${name}`, () => {
    test("is one daemon, which an upgrade stops before it starts the next", () => {
      const { replicas, strategy, selector, template } = deploymentIn(readRendered(name));
      assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
      assert.deepEqual(template.metadata.labels, selector.matchLabels);
      const policy = the("NetworkPolicy", readRendered(name)).spec as { podSelector: unknown; ingress: unknown };
      assert.deepEqual([policy.podSelector, policy.ingress], [{ matchLabels: selector.matchLabels }, []]);
      const service = the("Service", readRendered(name)).spec as { selector: unknown; type: string };
      assert.deepEqual([service.selector, service.type], [selector.matchLabels, "ClusterIP"]);
    });

    test("keeps to the restricted rules for pods, and has no rights beyond", () => {
      const pod = deploymentIn(readRendered(name)).template.spec;
      assert.deepEqual(
        Object.keys(pod).filter((key) => /^host|^(?:initC|ephemeralC)ontainers$|^serviceAccount/.test(key)),
        [],
      );
      assert.equal(pod.automountServiceAccountToken, false);
      assert.deepEqual(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 65_532,
        runAsGroup: 65_532,
        fsGroup: 65_532,
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      });
      assert.deepEqual(containerIn(readRendered(name)).securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      const kinds = pod.volumes.flatMap(({ name: _, ...volume }) => Object.keys(volume));
      assert.deepEqual(kinds.toSorted(), ["configMap", "emptyDir", "persistentVolumeClaim", "secret"]);
      assert.deepEqual(
        readRendered(name).filter(({ kind }) => /Role|ServiceAccount|Namespace$/.test(kind)),
        [],
      );
    });

    test("is what the image expects", () => {
      const container = containerIn(readRendered(name));
      const dockerfile = readFileSync(join(folder, "../../Dockerfile"), "utf8");
      const command = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? "") as string[];
      assert.deepEqual([container.args, container.command], [command, undefined]);
      assert.ok(dockerfile.includes("USER 65532:65532"));
      assert.ok(dockerfile.includes(`EXPOSE ${container.ports[0]?.containerPort}`));
      const mounts = container.volumeMounts.map(({ mountPath, readOnly }) => `${mountPath} ${readOnly ?? false}`);
      assert.deepEqual(mounts, ["/config true", "/run/secrets true", "/state false", "/tmp false"]);
      assert.deepEqual(
        container.env.map((variable) => variable.name),
        ["TZ"],
        "the rest is set in the image",
      );
      assert.ok(
        dockerfile.includes("CCS_CONFIG=/config/config.yml") && dockerfile.includes("CCS_STATE_DIR=/state/ccs"),
      );
    });

    test("has a configuration that ccs takes", async () => {
      const { data } = the("ConfigMap", readRendered(name));
      assert.deepEqual(Object.keys(data ?? {}), ["config.yml"]);
      const config = join(place, `${name}.yml`);
      writeFileSync(join(place, "cloudflare_token"), "a-token\n", { mode: 0o600 });
      writeFileSync(config, (data?.["config.yml"] ?? "").replaceAll("/run/secrets", place));
      const { code, stdout, stderr } = await runCcs(["validate", "--config", config]);
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout + stderr, /warning/i);
    });
  });
}

test("every version of Kubernetes since the oldest that the chart names takes all of it, strictly", async (t) => {
  const tools = await kubernetesTools(t);
  if (tools === undefined) return;
  const full = join(place, "full.yaml");
  writeFileSync(full, await renderChart(tools.helm, everyValue));
  const wrong = join(place, "wrong.yaml");
  writeFileSync(wrong, readFileSync(rendered.helm, "utf8").replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"));
  for (const version of validatedVersions) {
    const validate = ["--strict", "--kubernetes-version", version];
    const taken = await tools.validate([...validate, rendered.helm, rendered.kustomize, full]);
    assert.equal(taken.code, 0, `${version}: ${taken.stdout}${taken.stderr}`);
    const refused = await tools.validate([...validate, wrong]);
    assert.notEqual(refused.code, 0, version);
    assert.match(refused.stdout + refused.stderr, /readOnlyRootFileSystem/);
  }
});

test("Helm has nothing to say about the chart, whatever is set", async (t) => {
  const tools = await kubernetesTools(t);
  if (tools === undefined) return;
  for (const helm of [tools.helm, tools.olderHelm]) {
    await withoutCluster(helm, ["lint", "--strict", "--quiet", chart]);
    await withoutCluster(helm, ["lint", "--strict", "--quiet", chart, ...everyValue]);
    await withoutCluster(helm, ["lint", "--strict", "--quiet", chart, ...exampleOptions]);
  }
});
