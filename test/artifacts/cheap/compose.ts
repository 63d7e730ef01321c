// docs/docker.md as a person follows it: its commands, one after the other, with Docker's engine and Compose, from an empty folder to
// the last one, which takes everything away again. What cannot be run here is listed, with the reason.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { attempt, type Ended } from "../../support/containers/command.ts";
import { DockerEngine } from "../../support/containers/docker-engine.ts";
import { imageArchive, imageName } from "../../support/containers/image.ts";
import { canRun, imagePrograms, requirePrograms } from "../../support/containers/needs.ts";
import { commandsIn, examplesIn } from "../../support/walkthrough.ts";
import { eventually } from "../../support/eventually.ts";
import type { Program } from "../../support/programs.ts";
import { checkQuestion, noCheck } from "../../support/check-question.ts";
import { choose, keys, PseudoTerminal } from "../../support/pseudo-terminal.ts";

const root = join(import.meta.dirname, "../../..");
const needed: readonly Program[] = [...imagePrograms, "dockerd", "docker-compose", "ip", "script"];
const user = 65_532;

/** Under these headings is what needs another machine, the internet, or a user of their own; and why. */
const notRun: Readonly<Record<string, string>> = {
  "git pull": "there is no newer version",
  "docker compose build --pull": "there is no registry; the image comes from the check `image`, by the same Dockerfile",
  "docker build --tag cloudflare-cname-switcher .": "as above",
  "docker build --platform linux/arm64 --tag cloudflare-cname-switcher .":
    "the check `image-arm64` does it with buildah",
  "docker save cloudflare-cname-switcher | ssh nas sudo docker load": "there is no other machine",
};
/** Podman without root needs a user with ranges of subordinate ids; what its containers do is in the check `image`. */
const isOfPodman = (command: string): boolean => command.startsWith("podman ");

const examples = examplesIn("docs/docker.md");
const commandsUnder = (heading: string): string[] =>
  examples.filter((example) => example.heading === heading && example.language === "sh").flatMap(commandsIn);
const yamlUnder = (heading: string): readonly string[] =>
  examples.filter((example) => example.heading === heading && example.language === "yaml").map(({ text }) => text);

describe("docs/docker.md", { concurrency: 1 }, () => {
  const done = new Set<string>();
  let engine: DockerEngine | undefined;
  let place = "";
  before(async () => {
    if (!canRun(needed)) return;
    place = mkdtempSync(join(tmpdir(), "ccs-compose-"));
    engine = await DockerEngine.start(mkdtempSync(join(tmpdir(), "ccs-docker-")));
    await engine.shell(`docker load --input ${await imageArchive()}`);
    await engine.shell(`docker tag localhost/${imageName} ${imageName}`);
    copyFileSync(join(root, "compose.yaml"), join(place, "compose.yaml"));
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    if (place !== "") rmSync(place, { recursive: true, force: true });
  });

  function docker(): DockerEngine {
    if (engine === undefined) throw new Error("Docker's engine does not run");
    return engine;
  }

  /** Does what the document says, as a person in that folder. */
  function follow(command: string, input = ""): Promise<Ended> {
    done.add(command);
    // What Node gives a program as its standard input is no pipe, and cannot be opened by name.
    const line = input === "" ? command : `cat | {\n${command}\n}`;
    return docker().shell(line, { cwd: place, input });
  }

  /** For what never ends by itself, or ends with the state of things. */
  function watch(command: string, seconds: number): Promise<Ended> {
    done.add(command);
    const args = [String(seconds), "bash", "-c", command];
    return attempt("timeout", ["--kill-after", "2", ...args], { cwd: place, env: docker().env });
  }

  function log(): Promise<string> {
    return docker()
      .shell("docker compose logs --no-color ccs", { cwd: place })
      .then(({ stdout }) => stdout);
  }

  function writeConfig(config: unknown): void {
    const path = join(place, "config/config.yml");
    writeFileSync(path, stringify(config));
    chownSync(path, user, user);
  }

  test("five lines lead from an empty folder to a healthy daemon", async (t) => {
    if (!requirePrograms(t, needed)) return;
    const [folders = "", token = "", init = "", up = "", status = "", ...more] = commandsUnder("Start");
    assert.deepEqual(more, [], "five lines");
    await follow(folders);
    await follow(token, "a-token-of-cloudflare\n");
    await answerInit(init);
    const { uid, mode } = statSync(join(place, "config/config.yml"));
    assert.deepEqual([uid, mode & 0o777], [user, 0o600]);
    assert.match(
      readFileSync(join(place, "config/config.yml"), "utf8"),
      /token_file: \/run\/secrets\/cloudflare_token/,
    );
    await follow(up);
    await isHealthy();
    assert.match((await watch(status, 30)).stdout, /ingress\.example\.com/);
    assert.equal(await docker().get("http://127.0.0.1:3000/healthz"), '{"status":"alive"}');
  });

  test("the configuration is checked and explained", async (t) => {
    if (!requirePrograms(t, needed)) return;
    for (const command of commandsUnder("The configuration")) {
      const { code, stdout, stderr } = await watch(command, 120);
      // doctor and plan say that Cloudflare cannot be reached from here.
      assert.ok(
        code === 0 || (/doctor|plan/.test(command) && code !== undefined && [1, 69].includes(code)),
        `${command}: ${code} ${stdout} ${stderr}`,
      );
    }
  });

  test("all tokens come from secrets, and a new token in the place of the old one is taken", async (t) => {
    if (!requirePrograms(t, needed)) return;
    const [http = "", telegram = "", replace = "", recreate = "", ...more] = commandsUnder("Tokens as secrets");
    assert.deepEqual(more, []);
    await follow(http);
    await follow(telegram, "123456:a-token-of-telegram\n");
    const [config = "", override = ""] = yamlUnder("Tokens as secrets");
    writeFileSync(join(place, "compose.override.yaml"), override);
    const written = parse(readFileSync(join(place, "config/config.yml"), "utf8")) as Record<string, unknown>;
    writeConfig({ ...written, ...(parse(config) as object) });
    await docker().shell("docker compose up --detach", { cwd: place });
    await docker().shell("docker compose run --rm ccs validate", { cwd: place });
    await isHealthy();
    await follow(replace, "another-token-of-cloudflare\n");
    await eventually("the new token is taken", async () => (await log()).includes('"generation":2'), {
      timeoutMs: 30_000,
    });
    await follow(recreate);
    await isHealthy();
    assert.doesNotMatch(await log(), /may read the token/);
    // With its token, the API changes something.
    const secret = readFileSync(join(place, "secrets/http_token"), "utf8").trim();
    assert.match(secret, /^[0-9a-f]{32}$/);
  });

  test("the commands for every day work", async (t) => {
    if (!requirePrograms(t, needed)) return;
    for (const command of commandsUnder("Logs and commands")) {
      const { code, stdout, stderr } = await watch(command, 8);
      const isEndless = /--follow|--watch/.test(command);
      assert.equal(code, isEndless ? 124 : 0, `${command}: ${stdout} ${stderr}`);
      if (!command.includes("resume")) assert.notEqual(stdout, "", command);
    }
    assert.match((await docker().shell("docker compose ps", { cwd: place })).stdout, /healthy/);
  });

  test("it is upgraded", async (t) => {
    if (!requirePrograms(t, needed)) return;
    for (const command of commandsUnder("Upgrade and rollback").filter((each) => !(each in notRun)))
      await follow(command);
  });

  test("the history comes back from a copy", async (t) => {
    if (!requirePrograms(t, needed)) return;
    const events = (): Promise<string> =>
      docker()
        .shell("docker compose exec ccs ccs events", { cwd: place })
        .then(({ stdout }) => stdout);
    const commands = commandsUnder("Backup");
    const restore = commands.indexOf("docker compose stop ccs", 1);
    const known = await events();
    assert.notEqual(known, "");
    for (const command of commands.slice(0, restore)) await follow(command);
    await docker().shell("docker compose down --volumes", { cwd: place });
    for (const command of commands.slice(restore)) await follow(command);
    await isHealthy();
    const [first = ""] = known.trim().split("\n");
    assert.ok((await events()).includes(first), first);
    assert.doesNotMatch(await log(), /Cannot keep state|moved aside/);
  });

  test("the other settings are ones that Compose takes", async (t) => {
    if (!requirePrograms(t, needed)) return;
    const path = join(place, "compose.override.yaml");
    for (const yaml of yamlUnder("Podman")) {
      writeFileSync(path, yaml);
      await docker().shell("docker compose config", { cwd: place });
    }
    rmSync(path);
    const { stdout } = await docker().shell("docker compose config", {
      cwd: place,
      env: { TZ: "Europe/Berlin", CCS_PUBLISH: "0.0.0.0:3001", CCS_IMAGE: "registry.example.com/ccs:1" },
    });
    for (const setting of ["TZ: Europe/Berlin", "0.0.0.0:3001:3000/tcp", "image: registry.example.com/ccs:1"])
      assert.ok(stdout.includes(setting), stdout);
  });

  test("nothing is left of it in the end", async (t) => {
    if (!requirePrograms(t, needed)) return;
    for (const command of commandsUnder("Uninstall")) await follow(command);
    assert.equal((await docker().shell("docker ps --all --quiet")).stdout, "");
    assert.equal((await docker().shell("docker volume ls --quiet")).stdout, "");
    assert.ok(existsSync(join(place, "config/config.yml")));
  });

  test("it runs without Compose", async (t) => {
    if (!requirePrograms(t, needed)) return;
    const [, start = "", health = "", stop = "", ...more] = commandsUnder("Without Compose");
    assert.deepEqual(more, []);
    await follow(start);
    await eventually("it answers", async () => (await watch(health, 20)).code === 0);
    await follow(stop);
    assert.equal((await docker().shell("docker inspect --format '{{.State.ExitCode}}' ccs")).stdout.trim(), "0");
  });

  test("every command of the document has been run, or is listed here", (t) => {
    if (!requirePrograms(t, needed)) return;
    const all = examples.filter(({ language }) => language === "sh").flatMap(commandsIn);
    assert.ok(all.length > 30, `${all.length}`);
    assert.deepEqual(
      all.filter((command) => !done.has(command) && !(command in notRun) && !isOfPodman(command)),
      [],
    );
  });

  async function isHealthy(): Promise<void> {
    const look = async (): Promise<boolean> =>
      (await docker().shell("docker compose ps", { cwd: place })).stdout.includes("(healthy)");
    await eventually("Docker calls it healthy", look, { timeoutMs: 120_000 });
  }

  /** As a person answers whose machine cannot reach Cloudflare. */
  async function answerInit(command: string): Promise<void> {
    done.add(command);
    const line = `stty cols 100 rows 40; exec ${command}`;
    const child = spawn("script", ["--quiet", "--flush", "--return", "--command", line, "/dev/null"], {
      cwd: place,
      env: { ...process.env, ...docker().env, SHELL: "/bin/sh", TERM: "xterm-256color" },
    });
    await using terminal = new PseudoTerminal(child);
    await terminal.answer(/name should ccs manage|name shall point/, `ingress.example.com${keys.enter}`);
    await terminal.answer(/Continue as it is/, choose("Continue as it is"));
    for (const address of ["192.0.2.1", "198.51.100.1"]) {
      await terminal.answer(/should this endpoint be called|do you call this line/, keys.enter);
      await terminal.answer(/What is the target of|Where does .* lead/, address + keys.enter);
      await terminal.answer(checkQuestion(), noCheck);
    }
    await terminal.answer(/After a return from/, keys.enter);
    await terminal.answer(/[Aa]nother endpoint\?|One more endpoint/, keys.enter);
    await terminal.answer(/Where should ccs send you messages[^]*Nowhere/, choose("Nowhere"));
    assert.equal(await terminal.ended(), 0, terminal.text);
    assert.match(terminal.text, /docker compose up --detach/);
  }
});
