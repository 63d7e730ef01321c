// docs/kubernetes.md is right: its commands are ones that kubectl and Helm know, its values are ones that the chart takes, and what
// can be done without a cluster is done as it says.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { runCcs } from "../../support/built-program.ts";
import { run } from "../../support/containers/command.ts";
import {
  exampleOptions,
  folder,
  parseManifests,
  renderChart,
  renderKustomize,
  the,
  type Manifest,
} from "../../support/kubernetes/manifests.ts";
import { kubernetesTools, withoutCluster } from "../../support/kubernetes/tools.ts";
import { commandsIn, examplesIn } from "../../support/walkthrough.ts";

const root = join(import.meta.dirname, "../../..");
const place = mkdtempSync(join(tmpdir(), "ccs-kubernetes-docs-"));
after(() => rmSync(place, { recursive: true, force: true }));

describe("docs/kubernetes.md", () => {
  const examples = examplesIn("docs/kubernetes.md");

  test("has no command with an option that kubectl or Helm does not know", async (t) => {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return;
    const pages = ["docs/kubernetes.md", "docs/start.md", "docs/logs.md", "docs/uninstall.md"];
    const inBlocks = pages.flatMap(examplesIn).filter(({ language }) => language === "sh");
    const inProse = pages.flatMap((page) =>
      [...readFileSync(join(root, page), "utf8").matchAll(/`((?:kubectl|helm) [^`\n]+)`/g)].map(
        ([, command = ""]) => command,
      ),
    );
    const lines = [...inBlocks.flatMap(commandsIn), ...inProse].filter((line) => /^(?:kubectl|helm) /.test(line));
    assert.ok(lines.length > 25, `${lines.length}`);
    for (const line of lines) {
      // What comes after the dashes is for the container.
      const [own = ""] = line.replace(/ +#.*$/, "").split(" -- ");
      const [program, ...words] = own.split(" ");
      const [verb = "", second = ""] = words;
      const path = ["show", "create", "config", "rollout"].includes(verb) ? [verb, second] : [verb];
      if (path.join(" ") === "create secret") path.push("generic");
      const { stdout } = await withoutCluster(program === "helm" ? tools.helm : tools.kubectl, [...path, "--help"]);
      const usage = program === "helm" ? `helm ${path.join(" ")}` : "Usage:";
      assert.ok(stdout.includes(usage), line);
      const global = program === "helm" ? "" : (await withoutCluster(tools.kubectl, ["options"])).stdout;
      for (const option of words.filter((word) => word.startsWith("--"))) {
        const name = option.replace(/=.*/, "");
        assert.match(stdout + global, new RegExp(`${name}[= ,]`), line);
      }
    }
  });

  test("has values that the chart takes, and a configuration in them that ccs takes", async (t) => {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return;
    writeFileSync(join(place, "cloudflare_token"), "a-token\n", { mode: 0o600 });
    const blocks = examples.filter(({ text }) => text.startsWith("# values.yaml"));
    assert.equal(blocks.length, 3);
    for (const { text } of blocks) {
      const values = join(place, "values.yaml");
      writeFileSync(values, text);
      const { config } = parse(text) as { config?: unknown };
      const rest = config === undefined ? exampleOptions : [];
      const manifests = parseManifests(await renderChart(tools.helm, [...rest, "--values", values]));
      const { data = {} } = the("ConfigMap", manifests);
      const file = join(place, "values-config.yml");
      writeFileSync(file, (data["config.yml"] ?? "").replaceAll("/run/secrets", place));
      const { code, stdout, stderr } = await runCcs(["validate", "--config", file]);
      assert.equal(code, 0, stdout + stderr);
    }
  });

  test("makes a Secret with the files that the configurations name", async (t) => {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return;
    const commands = examples.filter(({ language }) => language === "sh").flatMap(commandsIn);
    const [one = "", all = "", ...more] = commands.filter((command) => command.startsWith("kubectl create secret"));
    assert.deepEqual(more, []);
    for (const name of ["cloudflare_token", "telegram_token", "webhook_secret", "http_token"])
      writeFileSync(join(place, name), "a-token\n");
    const keysOf = async (command: string): Promise<readonly string[]> => {
      const line = `${command.replace(/ +#.*$/, "")} --dry-run=client --output=json`;
      const piped = `cat | { ${line.replace(/^kubectl/, tools.kubectl)}; }`;
      const { stdout } = await run("bash", ["-c", piped], {
        cwd: place,
        input: "a-token\n",
        env: { KUBECONFIG: "/nonexistent" },
      });
      const { data, metadata } = JSON.parse(stdout) as Manifest;
      assert.equal(metadata.name, "ccs-tokens");
      assert.equal(Buffer.from(data?.["cloudflare_token"] ?? "", "base64").toString(), "a-token\n");
      return Object.keys(data ?? {});
    };
    assert.deepEqual(await keysOf(one), ["cloudflare_token"]);
    assert.deepEqual(await keysOf(all), ["cloudflare_token", "http_token", "telegram_token", "webhook_secret"]);
  });

  test("has an example to copy that renders where it is copied to", async (t) => {
    const tools = await kubernetesTools(t);
    if (tools === undefined) return;
    const copy = join(place, "deploy/kubernetes");
    cpSync(join(folder, "base"), join(copy, "base"), { recursive: true });
    cpSync(join(folder, "example"), join(copy, "mine"), { recursive: true });
    assert.equal(
      await renderKustomize(tools, join(copy, "mine")),
      readFileSync(join(folder, "rendered/kustomize.yaml"), "utf8"),
    );
  });
});
