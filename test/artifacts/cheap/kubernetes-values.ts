// The values of the Helm chart: each that is set reaches what it is for, and a wrong one is refused in words that say what to do.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, describe, test, type TestContext } from "node:test";
import { parse } from "yaml";
import { attempt, run } from "../../support/containers/command.ts";
import {
  chart,
  containerIn,
  deploymentIn,
  parseManifests,
  renderChart,
  the,
  type Manifest,
} from "../../support/kubernetes/manifests.ts";
import { kubernetesTools, withoutCluster } from "../../support/kubernetes/tools.ts";

const place = mkdtempSync(join(tmpdir(), "ccs-values-"));
after(() => rmSync(place, { recursive: true, force: true }));

/** What is needed, as little as there can be. */
const config = "config.cloudflare.token_file=/run/secrets/cloudflare_token";
const least = ["--set", config, "--set", "existingSecret=ccs-tokens"];

async function render(t: TestContext, options: readonly string[]): Promise<readonly Manifest[] | undefined> {
  const tools = await kubernetesTools(t);
  return tools === undefined ? undefined : parseManifests(await renderChart(tools.helm, options));
}

describe("a wrong value is refused", () => {
  const original = join(chart, "../../../examples/original.yml");
  const long = "x".repeat(20);
  const refusals: readonly [options: readonly string[], says: RegExp][] = [
    [[], /There is no (token|configuration)/],
    [["--set", "existingSecret=a"], /There is no configuration: add --set-file config=config\.yml/],
    [["--set", config], /There is no token: name a Secret with the key cloudflare_token in existingSecret/],
    [["--set", "existingConfigMap=a", ...least], /either config or existingConfigMap, not both/],
    [["--set", "existingConfigMap=a,files.a=b,existingSecret=a"], /put them into the ConfigMap that existingConfigMap/],
    [["--set", "tokens.http=0123456789abcdef", ...least], /either tokens or existingSecret, not both/],
    [
      ["--set", "config.cloudflare.token=secret", ...least],
      /: put it into the Secret, and write token_file: .* in place of cloudflare\.token/,
    ],
    [
      ["--set", "config.http.token=secret", ...least],
      /: put it into the Secret, and write token_file: .* in place of http\.token/,
    ],
    [
      ["--set", "config.notify.telegram.token=1:a", ...least],
      /: put it into the Secret, and write token_file: .* in place of notify\.telegram\.token/,
    ],
    [
      ["--set", "config.notify[0].kind=telegram", "--set", "config.notify[0].token=1:a", ...least],
      /: put it into the Secret, and write token_file: .* in place of notify\[0\]\.token/,
    ],
    [
      ["--set", "config.notify[0].kind=webhook", "--set", "config.notify[0].secret=a", ...least],
      /: put it into the Secret, and write secret_file: .* in place of notify\[0\]\.secret/,
    ],
    [["--set", "existingSecret=a", "--set-string", "config=a: [b"], /config is not YAML/],
    [["--set", "existingSecret=a", "--set-string", "config=cloudflare: { token: secret }"], /must hold no token/],
    [["--set-file", `config=${original}`, "--set", "existingSecret=a"], /run `ccs migrate`.*in place of \w+\.token/],
    [["--set", "replicas=2", ...least], /additional properties? .?replicas|replicas is not allowed/i],
    [["--set", "replicaCount=2", ...least], /replicaCount/],
    [["--set", "config=7,existingSecret=a"], /config/],
    [["--set", "tokens.http=short", "--set", config], /http/],
    [["--set", "existingSecret=A B", "--set", config], /existingSecret/],
    [["--set", `files.config\\.yml=${long}`, ...least], /files/],
    [["--set", "files.a/b=text", ...least], /files/],
    [["--set", "image.tag=latest:1", ...least], /tag/],
    [["--set", "image.digest=sha256:12", ...least], /digest/],
    [["--set", "image.pullPolicy=Sometimes", ...least], /pullPolicy/],
    [["--set", "files.a=7", ...least], /files/],
    [["--set", "image.repository=", ...least], /repository/],
    [["--set", "env[0].name=BIND_ADDRESS,env[0].value=127.0.0.1:3000", ...least], /env/],
    [["--set", "env[0].value=1", ...least], /env/],
    [["--set", "state.size=large", ...least], /size/],
    [["--set", "state.accessMode=ReadWriteMany", ...least], /accessMode/],
    [["--set", "service.port=70000", ...least], /port/],
    [["--set", "service.type=LoadBalancer", ...least], /type/],
    [["--set", "networkPolicy.from={monitoring}", ...least], /from/],
    [["--set", "podMonitor.interval=30", ...least], /interval/],
    [["--set", "podMonitor.enable=true", ...least], /enable/],
    [["--set", "resources.limits.memory=much", ...least], /memory/],
    [["--set", "securityContext.runAsUser=0", ...least], /securityContext/],
    [["--set-json", 'podLabels={"app.kubernetes.io/name":"other"}', ...least], /podLabels/],
  ];
  for (const [options, says] of refusals) {
    test(options.join(" ") || "nothing at all", async (t) => {
      const tools = await kubernetesTools(t);
      if (tools === undefined) return;
      for (const helm of [tools.helm, tools.olderHelm]) {
        const { code, stdout, stderr } = await attempt(helm, ["template", "ccs", chart, ...options]);
        assert.notEqual(code, 0, stdout);
        assert.match(stderr, says);
      }
    });
  }
});

test("a release whose name no Service may have is refused", async (t) => {
  const tools = await kubernetesTools(t);
  if (tools === undefined) return;
  for (const helm of [tools.helm, tools.olderHelm]) {
    const { code, stdout, stderr } = await attempt(helm, ["template", "2nd", chart, ...least]);
    assert.notEqual(code, 0, stdout);
    assert.match(stderr, /The release is called 2nd, .*: take a name that begins with a letter/);
  }
});

describe("a value that is set reaches what it is for", () => {
  test("the configuration as text, byte by byte, with its comments, and further files", async (t) => {
    const text =
      "   # Indented, for once.\n   cloudflare: {token_file: /run/secrets/cloudflare_token} # {{ not a template }}\n\n\n";
    const file = join(place, "odd.yml");
    writeFileSync(file, text);
    const pem = join(place, "home-ca.pem");
    writeFileSync(pem, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const options = ["--set-file", `config=${file}`, "--set-file", `files.home-ca\\.pem=${pem}`];
    const manifests = await render(t, [...options, "--set", "existingSecret=a"]);
    if (manifests === undefined) return;
    assert.deepEqual(the("ConfigMap", manifests).data, {
      "config.yml": text,
      "home-ca.pem": readFileSync(pem, "utf8"),
    });
  });

  test("the configuration as a map, and a variable where a token would be", async (t) => {
    const options = ["--set", "config.cloudflare.token=${CLOUDFLARE_API_TOKEN}", "--set", "existingSecret=a"];
    const manifests = await render(t, options);
    if (manifests === undefined) return;
    const { data } = the("ConfigMap", manifests);
    assert.deepEqual(parse(data?.["config.yml"] ?? ""), { cloudflare: { token: "${CLOUDFLARE_API_TOKEN}" } });
  });

  test("tokens as files of a Secret, and only those that are set", async (t) => {
    const odd = 'a"b\\c: # {{ d }}';
    const manifests = await render(t, [
      "--set",
      config,
      "--set-json",
      `tokens=${JSON.stringify({ cloudflare: odd, webhook: "whsec_a", http: "0".repeat(16) })}`,
    ]);
    if (manifests === undefined) return;
    assert.deepEqual(the("Secret", manifests).stringData, {
      cloudflare_token: odd,
      webhook_secret: "whsec_a",
      http_token: "0".repeat(16),
    });
    const { volumes } = deploymentIn(manifests).template.spec;
    assert.deepEqual(volumes.find(({ name }) => name === "tokens")?.secret, {
      secretName: "ccs-tokens",
      defaultMode: 0o440,
    });
  });

  test("what a person keeps is used, and nothing is made in its place", async (t) => {
    const options = ["--set", "existingSecret=own-secret,existingConfigMap=own-config,state.existingClaim=own-claim"];
    const manifests = await render(t, options);
    if (manifests === undefined) return;
    assert.deepEqual(manifests.map(({ kind }) => kind).toSorted(), ["Deployment", "NetworkPolicy", "Service"]);
    const volumes = JSON.stringify(deploymentIn(manifests).template.spec.volumes);
    for (const name of ["own-secret", "own-config", "own-claim"]) assert.ok(volumes.includes(`"${name}"`), name);
  });

  test("without a volume the state is in the pod", async (t) => {
    const manifests = await render(t, [...least, "--set", "state.enabled=false"]);
    if (manifests === undefined) return;
    assert.ok(!manifests.some(({ kind }) => kind === "PersistentVolumeClaim"));
    const { volumes } = deploymentIn(manifests).template.spec;
    assert.deepEqual(volumes.find(({ name }) => name === "state")?.emptyDir, { sizeLimit: "1Gi" });
  });

  test("the image by tag and by digest, from the chart's own version on", async (t) => {
    const { version } = JSON.parse(readFileSync(join(chart, "../../../package.json"), "utf8")) as { version: string };
    const digest = `sha256:${"1".repeat(64)}`;
    const cases: readonly (readonly [string, string])[] = [
      ["image.pullPolicy=Always", `cloudflare-cname-switcher:${version}`],
      ["image.repository=r.example.com:5000/a/b,image.tag=1.2.3", "r.example.com:5000/a/b:1.2.3"],
      [`image.tag=1.2.3,image.digest=${digest}`, `cloudflare-cname-switcher@${digest}`],
    ];
    for (const [option, image] of cases) {
      const manifests = await render(t, [...least, "--set", option]);
      if (manifests === undefined) return;
      assert.equal(containerIn(manifests).image, image);
    }
  });

  test("the release's name is that of everything in it, and two releases share nothing", async (t) => {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return;
    const { stdout } = await withoutCluster(tools.helm, ["template", "dns.two", chart, ...least]);
    const manifests = parseManifests(stdout);
    assert.deepEqual([...new Set(manifests.map(({ metadata }) => metadata.name))].toSorted(), [
      "dns-two",
      "dns-two-config",
      "dns-two-state",
    ]);
    assert.equal(deploymentIn(manifests).selector.matchLabels["app.kubernetes.io/instance"], "dns.two");
  });

  test("no other pod may connect but those that are named", async (t) => {
    const from = [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }];
    const named = await render(t, [...least, "--set-json", `networkPolicy.from=${JSON.stringify(from)}`]);
    const open = await render(t, [...least, "--set", "networkPolicy.enabled=false"]);
    if (named === undefined || open === undefined) return;
    const { ingress } = the("NetworkPolicy", named).spec as { ingress: unknown };
    assert.deepEqual(ingress, [{ from, ports: [{ port: "http", protocol: "TCP" }] }]);
    assert.ok(!open.some(({ kind }) => kind === "NetworkPolicy"));
  });
});

test("the PodMonitor is off by default, and one that the Prometheus operator takes when it is on", async (t) => {
  const off = await render(t, least);
  const on = await render(t, [...least, "--set", "podMonitor.enabled=true,podMonitor.labels.release=prometheus"]);
  if (off === undefined || on === undefined) return;
  assert.ok(!off.some(({ kind }) => kind === "PodMonitor"));
  const monitor = the("PodMonitor", on);
  assert.equal(monitor.metadata.labels?.["release"], "prometheus");
  assert.deepEqual(monitor.spec, {
    selector: { matchLabels: deploymentIn(on).selector.matchLabels },
    podMetricsEndpoints: [
      { port: "http", path: "/metrics", interval: "30s", relabelings: [{ targetLabel: "job", replacement: "ccs" }] },
    ],
  });
  // The operator's own definition, as a package of npm has it.
  writeFileSync(join(place, "package.json"), '{ "private": true }');
  const quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", ...quiet, "@kubernetes-models/prometheus-operator@6.0.0"], { cwd: place });
  const file = join(
    place,
    "node_modules/@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor.js",
  );
  const { PodMonitor } = (await import(pathToFileURL(file).href)) as {
    PodMonitor: new (manifest: unknown) => { validate: () => void };
  };
  new PodMonitor(monitor).validate();
  assert.throws(() =>
    new PodMonitor({ ...monitor, spec: { selector: {}, podMetricsEndpoints: [{ port: 7 }] } }).validate(),
  );
});

describe("what Helm says after the installation", () => {
  async function notes(t: TestContext, options: readonly string[]): Promise<string | undefined> {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return undefined;
    const install = ["install", "home", chart, "--namespace", "dns", "--dry-run=client", ...options];
    return /^NOTES:\n([^]*)$/m.exec((await withoutCluster(tools.helm, install)).stdout)?.[1];
  }

  test("names the commands for this release, and fits a terminal", async (t) => {
    const text = await notes(t, least);
    if (text === undefined) return;
    for (const command of [
      "exec --namespace=dns deployment/home -- ccs status",
      "port-forward --namespace=dns deployment/home 3000",
    ])
      assert.ok(text.includes(`kubectl ${command}`), text);
    assert.match(text, /The tokens come from the Secret ccs-tokens\./);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  });

  test("says when Prometheus would be kept out, and when the history is not kept", async (t) => {
    const text = await notes(t, [...least, "--set", "podMonitor.enabled=true,state.enabled=false"]);
    if (text === undefined) return;
    assert.match(text, /Prometheus cannot reach the pod/);
    assert.match(text, /are lost with the pod/);
    assert.doesNotMatch((await notes(t, least)) ?? "", /Prometheus|lost/);
  });
});
