// What the files for containers and their documentation promise, as far as it can be seen without building anything;
// `npm run artifacts` builds and runs them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { runCcs } from "../support/built-program.ts";
import { baseName, builderName } from "../support/containers/base-images.ts";
import { commandsIn, examplesIn } from "../support/walkthrough.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly secrets?: readonly string[];
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
}
const compose = parse(read("compose.yaml"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
const examples = examplesIn("docs/docker.md");

test("the Dockerfile builds on what the checks build, as this version, and names no digest that nobody renews", () => {
  const text = read("Dockerfile");
  const bases = [...text.matchAll(/^FROM (?:--\S+ )?(\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(bases, [builderName, baseName]);
  const { version, description } = JSON.parse(read("package.json")) as { version: string; description: string };
  assert.match(text, new RegExp(`^ARG VERSION=${version.replaceAll(".", "\\.")}$`, "m"), "the version of package.json");
  assert.ok(text.includes(`org.opencontainers.image.description="${description}"`));
});

test("the build sees only files that it needs: no secrets, no configuration, no history", () => {
  const lines = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(lines[0], "*", "everything is left out first");
  const admitted = lines.slice(1).map((line) => line.replace(/^!/, ""));
  assert.ok(
    lines.slice(1).every((line) => line.startsWith("!")),
    "and some of it let in again",
  );
  assert.deepEqual(
    admitted.filter((name) => !existsSync(join(root, name))),
    [],
  );
  for (const name of ["config", "secrets", ".git", ".env", "dist", "node_modules"])
    assert.ok(!admitted.includes(name), name);
  const { files } = JSON.parse(read("package.json")) as { files: string[] };
  const missing = files.filter(
    (name) => name !== "dist" && !admitted.some((each) => name === each || name.startsWith(`${each}/`)),
  );
  assert.deepEqual(missing, [], "the package takes these from the checkout");
  const ignored = read(".gitignore").split("\n");
  for (const name of ["/config/", "/secrets/", "/.env", "/compose.override.yaml"])
    assert.ok(ignored.includes(name), `${name} could be committed`);
});

test("Compose starts every container hardened, with its secrets as files and its configuration as a folder", () => {
  for (const [name, service] of Object.entries(compose.services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
    assert.deepEqual([service.cap_add, service.privileged], [undefined, undefined], name);
    for (const secret of service.secrets ?? []) assert.ok(compose.secrets[secret], secret);
  }
  const { ccs, init } = compose.services;
  assert.equal(ccs?.restart, "unless-stopped");
  assert.deepEqual(ccs.volumes, ["./config:/config:ro", "state:/state"]);
  assert.deepEqual(Object.keys(compose.volumes), ["state"]);
  assert.deepEqual(ccs.ports, ["${CCS_PUBLISH:-127.0.0.1:3000}:3000"]);
  assert.deepEqual(init?.volumes, ["./config:/config"]);
  assert.deepEqual(compose.secrets, { cloudflare_token: { file: "./secrets/cloudflare_token" } });
});

test("the documentation's commands are commands of a shell, of ccs, and of services that there are", async () => {
  const blocks = examples.filter(({ language }) => language === "sh");
  for (const { text } of blocks) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""], text);
  }
  const commands = blocks.flatMap(commandsIn);
  const called = new Set<string>();
  for (const command of commands) {
    const [, service, program] = /^docker compose (?:run --rm|exec) (\w+)(?: (.*))?$/.exec(command) ?? [];
    if (service === undefined) continue;
    assert.ok(service in compose.services, command);
    const [name = ""] = (program ?? "").replace(/^ccs /, "").split(" ");
    if (name !== "" && !name.startsWith("-")) called.add(name);
  }
  assert.ok(called.size > 6, [...called].join(" "));
  for (const name of called) assert.equal((await runCcs([name, "--help"])).code, 0, name);
});

test("the documentation's settings are ones that ccs takes", () => {
  const [text = ""] = examples
    .filter(({ heading, language }) => heading === "Tokens as secrets" && language === "yaml")
    .map((example) => example.text);
  const ingress = '\ningresses: [{ record: ingress.example.com, endpoints: [{ target: "192.0.2.1" }] }]\n';
  const readFile = (path: string): Buffer =>
    Buffer.from(
      path.includes("telegram")
        ? "1:token"
        : path.startsWith("/run/secrets/")
          ? "0123456789abcdef0123"
          : text + ingress,
    );
  const loaded = loadConfig({ path: "/config/config.yml", env: { CCS_STATE_DIR: "/state/ccs" }, readFile });
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  assert.deepEqual(loaded.tokenFiles, [
    "/run/secrets/cloudflare_token",
    "/run/secrets/telegram_token",
    "/run/secrets/http_token",
  ]);
});

test("the page about the first start has the same lines", () => {
  const of = (page: string, heading: string) =>
    examplesIn(page)
      .filter((example) => example.heading === heading && example.language === "sh")
      .flatMap(commandsIn);
  const lines = of("docs/docker.md", "Start");
  assert.equal(lines.length, 5);
  assert.deepEqual(of("docs/start.md", "With Docker"), lines);
});

test("what the documentation adds to compose.yaml fits it", () => {
  const overrides = examples.filter(({ language, text }) => language === "yaml" && !text.includes("token_file:"));
  assert.ok(overrides.length >= 3, `${overrides.length}`);
  for (const { text } of overrides) {
    const { services = {}, secrets = {}, ...rest } = parse(text) as Partial<typeof compose> & Record<string, unknown>;
    assert.deepEqual(
      Object.keys(rest).filter((key) => key !== "networks"),
      [],
      text,
    );
    assert.deepEqual(
      Object.keys(services).filter((name) => !(name in compose.services)),
      [],
      text,
    );
    const asked = Object.values(services).flatMap((service) => service.secrets ?? []);
    assert.deepEqual(asked.toSorted(), Object.keys(secrets).toSorted(), text);
  }
});
