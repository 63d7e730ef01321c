// What deploy/kubernetes/ promises, as far as it can be seen without Helm; `npm run artifacts -- kubernetes kubernetes-values
// kubernetes-pod` renders it, validates it and runs the pod.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { credentialNames } from "../../src/cli/service/unit-text.ts";
import { commandsIn, examplesIn } from "../support/walkthrough.ts";
import { containerIn, deploymentIn, folder, parseManifests, the } from "../support/kubernetes/manifests.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
const examples = examplesIn("docs/kubernetes.md");

test("chart, base and rendered examples are of the version of package.json", () => {
  const chart = parse(read("chart/Chart.yaml")) as Record<string, string>;
  assert.deepEqual([chart["version"], chart["appVersion"], chart["description"]], [version, version, description]);
  assert.equal((parse(read("chart/values.yaml")) as { image: { tag: string } }).image.tag, "", "the chart's own");
  const [base] = parseManifests(read("base/deployment.yaml"));
  assert.equal(base && containerIn([base]).image, `cloudflare-cname-switcher:${version}`);
  for (const name of ["helm", "kustomize"]) {
    const { image } = containerIn(parseManifests(read(`rendered/${name}.yaml`)));
    assert.equal(image, `registry.example.com/cloudflare-cname-switcher:${version}`, name);
  }
  assert.equal(
    read("rendered/helm.yaml").match(/helm\.sh\/chart: .*/)?.[0],
    `helm.sh/chart: cloudflare-cname-switcher-${version}`,
  );
});

test("the base has exactly one replica, and selects no pods but its own", () => {
  const manifests = globSync("base/*.yaml", { cwd: folder }).flatMap((name) => parseManifests(read(name)));
  const { replicas, strategy } = deploymentIn(manifests);
  assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
  const { podSelector } = the("NetworkPolicy", manifests).spec as { podSelector: { matchLabels?: object } };
  // kustomize adds labels to a selector that has some; an empty one would stay empty, and mean every pod.
  assert.ok(Object.keys(podSelector.matchLabels ?? {}).length > 0);
  const files = globSync("base/*.yaml", { cwd: folder }).map((name) => name.slice("base/".length));
  const { resources } = parse(read("base/kustomization.yaml")) as { resources: string[] };
  assert.deepEqual(resources.toSorted(), files.filter((name) => name !== "kustomization.yaml").toSorted());
});

test("each value has its type, and its default is one that the schema knows", () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly additionalProperties?: unknown;
  }
  const schema = JSON.parse(read("chart/values.schema.json")) as Schema;
  const compare = (values: Readonly<Record<string, unknown>>, { properties = {} }: Schema, path: string): void => {
    const known = Object.keys(properties).filter((name) => path !== "" || name !== "global");
    assert.deepEqual(Object.keys(values).toSorted(), known.toSorted(), path);
    for (const [name, inner] of Object.entries(properties)) {
      const value = values[name];
      if (inner.properties === undefined || inner.additionalProperties !== false || name === "files") continue;
      compare((value ?? {}) as Record<string, unknown>, inner, `${path}.${name}`);
    }
  };
  const { resources, ...values } = parse(read("chart/values.yaml")) as Record<string, unknown>;
  assert.ok(typeof resources === "object");
  const { resources: _, ...properties } = schema.properties ?? {};
  compare(values, { properties }, "");
  assert.equal(schema.additionalProperties, false);
});

test("the chart takes every secret that the packaged service reads, each as a file of its own", () => {
  const { properties } = JSON.parse(read("chart/values.schema.json")) as {
    properties: { tokens: { properties: Record<string, { description: string }> } };
  };
  const { tokens } = properties;
  assert.deepEqual(
    Object.values(tokens.properties).map(({ description: told }) => told.match(/^\/run\/secrets\/(\w+)/)?.[1]),
    credentialNames.map((name) => name.replaceAll("-", "_")),
  );
  const keys = read("chart/templates/_tokens.tpl");
  for (const name of credentialNames) assert.match(keys, new RegExp(`^\\w+: ${name.replaceAll("-", "_")}$`, "m"));
});

test("the documentation names objects, values and paths that there are", () => {
  const text = readFileSync(join(root, "docs/kubernetes.md"), "utf8");
  const manifests = parseManifests(read("rendered/helm.yaml"));
  for (const { kind, metadata } of manifests) {
    assert.ok(text.includes(kind) && text.includes(`\`${metadata.name}\``), `${kind} ${metadata.name}`);
  }
  const { volumes } = deploymentIn(manifests).template.spec;
  assert.ok(text.includes(`\`${volumes.find(({ secret }) => secret !== undefined)?.secret?.secretName}\``));
  const commands = examples.filter(({ language }) => language === "sh").flatMap(commandsIn);
  assert.ok(commands.length > 25, `${commands.length}`);
  for (const [, resource = ""] of commands.join("\n").matchAll(/\b(deployment\/\S+)/g))
    assert.equal(resource, "deployment/ccs");
  const values = parse(read("chart/values.yaml")) as Record<string, unknown>;
  for (const [, path = ""] of commands.join("\n").matchAll(/--set(?:-file)? (\S+?)=/g)) {
    const [section = "", name = section] = path.split(".");
    const inner = name === section ? values : (values[section] as Record<string, unknown>);
    assert.ok(name in inner, path);
  }
});
