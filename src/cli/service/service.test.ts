// `ccs service` on a machine made up in a folder, with a systemctl that notes what it is asked. On a machine with
// systemd it is tried by test/artifacts.
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { CommandError, exitCodes } from "../exit-codes.ts";
import { outputs } from "../outputs.ts";
import type { Finished, Host } from "./host.ts";
import { installService, type InstallOptions } from "./install.ts";
import { serviceLines, serviceStatus } from "./status.ts";
import { uninstallService, type UninstallOptions } from "./uninstall.ts";

const unitPath = "/etc/systemd/system/ccs.service";
const configPath = "/etc/ccs/config.yml";
const done: Finished = { status: 0, stdout: "", stderr: "" };

const configText = `cloudflare:
  token_file: \${CREDENTIALS_DIRECTORY:-credentials}/cloudflare-token
ingresses:
  - record: ingress.example.com
    endpoints:
      - target: primary.example.com
        check: { url: "https://primary.example.com/" }
`;

class Machine implements Host {
  readonly root: string;
  userId: number | undefined = 0;
  env: Record<string, string> = { HOME: "/home/ada", XDG_RUNTIME_DIR: "/run/user/1000" };
  program: readonly string[] = ["/usr/bin/ccs"];
  answer: boolean | undefined;
  /** What systemctl says to its first word but `--user`. */
  answers: Record<string, Finished> = {};
  readonly calls: string[] = [];
  readonly lines: string[] = [];
  readonly questions: string[] = [];

  constructor(t: TestContext) {
    this.root = mkdtempSync(join(tmpdir(), "ccs-machine-"));
    t.after(() => rmSync(this.root, { recursive: true, force: true }));
    chmodSync(this.root, 0o755);
    mkdirSync(join(this.root, "run/systemd/system"), { recursive: true });
    mkdirSync(join(this.root, "etc/systemd/system"), { recursive: true });
    this.put("/usr/bin/ccs", "", 0o755);
    this.put(configPath, configText);
    this.put("/etc/ccs/credentials/cloudflare-token", "a-token\n", 0o600);
  }

  put(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
    chmodSync(join(this.root, path), mode);
  }

  /** Everything that is on it. */
  get files(): readonly string[] {
    return globSync("**/*", { cwd: this.root }).toSorted();
  }

  text(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  run = (command: string, args: readonly string[]): Finished => {
    this.calls.push([command, ...args].join(" "));
    return this.answers[args.find((word) => word !== "--user") ?? ""] ?? done;
  };

  print = (line = ""): void => void this.lines.push(line);

  warn = (line: string): void => void this.lines.push(`! ${line}`);

  ask = async (question: string, usual: boolean): Promise<boolean> => {
    this.questions.push(`${question} ${usual ? "[Y/n]" : "[y/N]"}`);
    return this.answer ?? assert.fail("nobody should have been asked");
  };

  install(options: Partial<InstallOptions> = {}): Promise<number> {
    return installService(this, { scope: "system", isAgreed: true, ...options });
  }

  uninstall(options: Partial<UninstallOptions> = {}): Promise<number> {
    return uninstallService(this, { scope: "system", isAgreed: true, isStateKept: false, ...options });
  }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CommandError) return `${error.exitCode} ${error.message}`;
    throw error;
  }
  return assert.fail("it was not refused");
}

test("shows the unit and the commands, asks, and then writes exactly what it has shown", async (t) => {
  const machine = new Machine(t);
  const before = machine.files;
  machine.answer = false;
  assert.equal(await machine.install({ isAgreed: false }), exitCodes.notSo);
  assert.deepEqual(machine.files, before);
  assert.deepEqual(machine.calls, []);
  const shown = machine.lines.filter((line) => line.startsWith("  ")).map((line) => line.slice(2));
  machine.answer = true;
  machine.answers = { show: { ...done, stdout: "ingress.example.com: cable is active\n" } };
  assert.equal(await machine.install({ isAgreed: false }), exitCodes.ok);
  const text = machine.text(unitPath);
  assert.deepEqual(
    text.split("\n").filter((line) => line !== ""),
    shown,
  );
  assert.match(text, /^ExecStart=\/usr\/bin\/ccs run --config \/etc\/ccs\/config\.yml$/m);
  assert.deepEqual(machine.calls.slice(0, 3), [
    "systemctl daemon-reload",
    "systemctl enable ccs.service",
    "systemctl restart ccs.service",
  ]);
  assert.ok(
    machine.lines.includes("The service runs, and starts with the machine. ingress.example.com: cable is active"),
  );
  assert.deepEqual(machine.questions, ["Install the service? [Y/n]", "Install the service? [Y/n]"]);
});

test("is undone without a trace; configuration and tokens stay", async (t) => {
  const machine = new Machine(t);
  const before = machine.files;
  await machine.install();
  // As systemd would.
  mkdirSync(join(machine.root, "var/lib/ccs"), { recursive: true });
  machine.answer = false;
  const between = machine.files;
  assert.equal(await machine.uninstall({ isAgreed: false }), exitCodes.notSo);
  assert.deepEqual(machine.questions, ["Remove the service? [y/N]"], "Enter alone removes nothing");
  assert.deepEqual(machine.files, between);
  machine.calls.length = 0;
  assert.equal(await machine.uninstall(), exitCodes.ok);
  assert.deepEqual(machine.calls, [
    "systemctl disable --now ccs.service",
    "systemctl clean --what=state ccs.service",
    "systemctl daemon-reload",
    "systemctl reset-failed ccs.service",
  ]);
  rmSync(join(machine.root, "var"), { recursive: true });
  assert.deepEqual(machine.files, before);
  assert.equal(await machine.uninstall(), exitCodes.notSo);
  assert.match(machine.lines.at(-1) ?? "", /^There is no service to remove: no \/etc\/systemd\/system\/ccs\.service/);
});

test("leaves the state to the service of a package that was installed later", async (t) => {
  const machine = new Machine(t);
  await machine.install();
  machine.put("/usr/lib/systemd/system/ccs.service", "");
  machine.put("/var/lib/ccs/ccs.db", "");
  machine.calls.length = 0;
  assert.equal(await machine.uninstall(), exitCodes.ok);
  assert.ok(!machine.calls.some((call) => call.includes("clean")), machine.calls.join("\n"));
  assert.ok(machine.lines.some((line) => line.startsWith("Configuration, tokens and state stay.")));
  assert.match(
    machine.lines.at(-1) ?? "",
    /^To use that of the package \(\/usr\/lib\/\S+\): sudo systemctl enable --now ccs$/,
  );
});

test("keeps the state when told to", async (t) => {
  const machine = new Machine(t);
  await machine.install();
  mkdirSync(join(machine.root, "var/lib/ccs"), { recursive: true });
  machine.calls.length = 0;
  await machine.uninstall({ isStateKept: true });
  assert.ok(!machine.calls.some((call) => call.includes("clean")));
});

test("a user's own service is in the user's folders, needs no root, and goes without a trace", async (t) => {
  const machine = new Machine(t);
  machine.userId = 1000;
  machine.program = ["/home/ada/node", "/home/ada/ccs.js"];
  const own = "/home/ada/.config/cloudflare-cname-switcher/config.yml";
  machine.put(own, configText.replace("${CREDENTIALS_DIRECTORY:-credentials}/", ""), 0o600);
  machine.put(`${dirname(own)}/cloudflare-token`, "a-token", 0o600);
  const before = machine.files;
  assert.equal(await machine.install({ scope: "user" }), exitCodes.ok);
  const text = machine.text("/home/ada/.config/systemd/user/ccs.service");
  assert.match(text, new RegExp(`^ExecStart=/home/ada/node /home/ada/ccs\\.js run --config ${own}$`, "m"));
  assert.doesNotMatch(text, /DynamicUser|StateDirectory|LoadCredential/);
  assert.equal(machine.calls[0], "systemctl --user daemon-reload");
  assert.match(machine.lines.at(-1) ?? "", /loginctl enable-linger$/);
  assert.ok(!machine.lines.some((line) => line.includes("starts with the machine")));
  assert.equal(await machine.uninstall({ scope: "user" }), exitCodes.ok);
  assert.deepEqual(machine.files, before);
});

test("what stands in the way is said, with what to do, and nothing is written", async (t) => {
  const cases: readonly (readonly [string, (machine: Machine) => Partial<InstallOptions> | void, RegExp])[] = [
    [
      "no systemd",
      ({ root }) => rmSync(join(root, "run/systemd"), { recursive: true }),
      /^69 this machine was not started by systemd, so that no service can be installed: start `ccs run` by /,
    ],
    [
      "no root",
      (machine) => void (machine.userId = 1000),
      /^69 only root may install a service of the system: sudo ccs service install, or install one of your own: .* --user$/,
    ],
    [
      "no systemd of the user",
      (machine) => {
        delete machine.env["XDG_RUNTIME_DIR"];
        return { scope: "user" };
      },
      /^69 systemd does not run for this user here: log in as this user itself/,
    ],
    [
      "a unit that ccs did not write",
      (machine) => machine.put(unitPath, "[Service]\nExecStart=/opt/ccs\n"),
      /^69 \/etc\/systemd\/system\/ccs\.service was not written by `ccs service install`: move it away/,
    ],
    [
      "a masked unit",
      ({ root }) => symlinkSync("/dev/null", join(root, unitPath)),
      /^69 \/etc\/systemd\/system\/ccs\.service masks the service: systemctl unmask ccs$/,
    ],
    [
      "a link to a unit elsewhere",
      ({ root }) => symlinkSync("/opt/ccs.service", join(root, unitPath)),
      /^69 \/etc\/systemd\/system\/ccs\.service is a link to \/opt\/ccs\.service: /,
    ],
    [
      "a package's unit",
      (machine) => machine.put("/usr/lib/systemd/system/ccs.service", ""),
      /^69 a package has installed the service already \(\/usr\/lib\/systemd\/system\/ccs\.service\): systemctl enable --now ccs$/,
    ],
    [
      "the cache of npx",
      (machine) => {
        machine.program = ["/usr/bin/ccs", "/root/.npm/_npx/4c7f/node_modules/x/dist/ccs.js"];
        return undefined;
      },
      /^69 \/root\/\.npm\/_npx\/\S+ is in the cache of npx, which is emptied now and then: install ccs for the whole machine/,
    ],
    [
      "a home folder",
      (machine) => void (machine.program = ["/home/ada/.nvm/node", "/usr/lib/ccs.js"]),
      /^69 \/home\/ada\/\.nvm\/node is in a home folder, which a service of the system does not see: install ccs/,
    ],
    [
      "a temporary folder",
      (machine) => void (machine.program = ["/tmp/ccs"]),
      /^69 \/tmp\/ccs is in a folder for temporary files/,
    ],
    [
      "a program that others cannot read",
      ({ root }) => chmodSync(join(root, "usr/bin"), 0o700),
      /^69 \/usr\/bin\/ccs cannot be read by the service's own user, since \/usr\/bin is closed to other users: install/,
    ],
    [
      "a program that systemd refuses",
      (machine) => void (machine.program = ["/opt/it's/ccs"]),
      /^69 \/opt\/it's\/ccs has a quote or a backslash in its path/,
    ],
    [
      "no configuration",
      ({ root }) => rmSync(join(root, configPath)),
      /^78 there is no configuration \/etc\/ccs\/config\.yml: write it first \(sudo ccs init \/etc\/ccs\/config\.yml\)/,
    ],
    [
      "a configuration that only root can read",
      ({ root }) => chmodSync(join(root, configPath), 0o600),
      /^69 \/etc\/ccs\/config\.yml cannot be read by the service's own user, since it is closed to other users: keep the tokens in \/etc\/ccs\/credentials, .* chmod 644 \/etc\/ccs\/config\.yml$/,
    ],
    [
      "a configuration in a home folder",
      (machine) => {
        machine.put("/home/ada/config.yml", configText);
        return { config: "/home/ada/config.yml" };
      },
      /^69 \/home\/ada\/config\.yml is in a home folder/,
    ],
    [
      "a folder that others cannot enter",
      ({ root }) => chmodSync(join(root, "etc/ccs"), 0o700),
      /^69 \/etc\/ccs\/config\.yml cannot be read by the service's own user, since \/etc\/ccs is closed to other users: chmod o\+x \/etc\/ccs$/,
    ],
    [
      "a folder elsewhere that others cannot enter",
      (machine) => {
        machine.put("/srv/my ccs/config.yml", configText);
        chmodSync(join(machine.root, "srv/my ccs"), 0o750);
        return { config: "/srv/my ccs/config.yml" };
      },
      /closed to other users: chmod o\+x '\/srv\/my ccs', or keep the configuration in \/etc\/ccs\/config\.yml$/,
    ],
    [
      "a state folder that the service cannot write to",
      (machine) => machine.put(configPath, `state_dir: /srv/ccs\n${configText}`),
      /^78 \/etc\/ccs\/config\.yml sets state_dir to \/srv\/ccs, where a service of the system may not write: remove state_dir, and the state is in \/var\/lib\/ccs$/,
    ],
    [
      "a link to a configuration in a home folder",
      (machine) => {
        machine.put("/home/ada/config.yml", configText);
        rmSync(join(machine.root, configPath));
        symlinkSync("../../home/ada/config.yml", join(machine.root, configPath));
      },
      /^69 \/etc\/ccs\/config\.yml leads to \/home\/ada\/config\.yml, which is in a home folder/,
    ],
    [
      "no configuration of the user's own, with an empty variable for its folder",
      (machine) => {
        machine.env["XDG_CONFIG_HOME"] = "";
        rmSync(join(machine.root, configPath));
        return { scope: "user" };
      },
      /^78 there is no configuration \/home\/ada\/\.config\/cloudflare-cname-switcher\/config\.yml: write it first \(ccs init \/home/,
    ],
    [
      "a token in a variable",
      (machine) => {
        machine.env["CLOUDFLARE_API_TOKEN"] = "set in this shell";
        const text = configText.replace(/token_file: \S+/, "token: ${CLOUDFLARE_API_TOKEN}");
        return machine.put(configPath, text);
      },
      /^78 \/etc\/ccs\/config\.yml:2:\d+ cloudflare\.token: .*CLOUDFLARE_API_TOKEN.*\nA service sees no variables of this shell\. Keep the token in \/etc\/ccs\/credentials\/cloudflare-token, /,
    ],
    [
      "a missing token",
      ({ root }) => rmSync(join(root, "etc/ccs/credentials"), { recursive: true }),
      /^78 \/etc\/ccs\/config\.yml:2:\d+ cloudflare\.token_file: expected the path of a file with the token, but there is no such file/,
    ],
  ];
  for (const [name, prepare, expected] of cases) {
    const machine = new Machine(t);
    const options = prepare(machine) ?? {};
    const before = machine.files;
    assert.match(await refusal(machine.install(options)), expected, name);
    assert.deepEqual(machine.files, before, name);
    assert.deepEqual(machine.calls, [], name);
  }
});

test("neither is what somebody else wrote removed", async (t) => {
  const machine = new Machine(t);
  machine.put(unitPath, "[Service]\n");
  assert.match(await refusal(machine.uninstall()), /^69 .*ccs\.service was not written by .*: it is left alone$/);
  rmSync(join(machine.root, unitPath));
  machine.put("/usr/lib/systemd/system/ccs.service", "");
  assert.match(await refusal(machine.uninstall()), /came with a package: sudo apt remove cloudflare-cname-switcher$/);
  machine.userId = 1000;
  assert.equal(
    await refusal(machine.uninstall()),
    "69 only root may uninstall a service of the system: sudo ccs service uninstall",
  );
  assert.deepEqual(machine.calls, []);
});

test("installing again writes the unit anew and starts the service again", async (t) => {
  const machine = new Machine(t);
  await machine.install();
  machine.put("/opt/ccs", "", 0o755);
  machine.program = ["/opt/ccs"];
  await machine.install();
  assert.match(machine.text(unitPath), /^ExecStart=\/opt\/ccs run/m);
  assert.equal(machine.calls.filter((call) => call === "systemctl restart ccs.service").length, 2);
});

test("everybody may read the unit, whatever the umask", async (t) => {
  const machine = new Machine(t);
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  await machine.install();
  assert.equal(statSync(join(machine.root, unitPath)).mode & 0o777, 0o644);
});

test("a service that does not start is said, with the end of its log", async (t) => {
  const machine = new Machine(t);
  machine.answers = {
    restart: { status: 1, stdout: "", stderr: "Job for ccs.service failed.\nSee …\n" },
    "--unit": { ...done, stdout: "error: the port is taken\n" },
  };
  assert.equal(await machine.install(), exitCodes.notSo);
  assert.deepEqual(machine.lines.slice(-3), [
    `! The service is installed (${unitPath}), and does not start: Job for ccs.service failed.`,
    "!   error: the port is taken",
    "! Mend that and start it by systemctl restart ccs, or remove it: ccs service uninstall",
  ]);
  const failing = new Machine(t);
  failing.answers = { enable: { status: 1, stdout: "", stderr: "Read-only file system\n" } };
  assert.equal(await refusal(failing.install()), "69 systemctl enable ccs.service failed: Read-only file system");
});

test("status says what systemd knows, for people and as its schema says", (t) => {
  const machine = new Machine(t);
  machine.userId = 1000;
  const show = (text: string): void => void (machine.answers = { show: { ...done, stdout: text } });
  show(
    "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nFragmentPath=\nStatusText=\nNRestarts=0\nResult=success\n",
  );
  const absent = outputs.service.parse(serviceStatus(machine, "system"));
  assert.deepEqual([absent.isInstalled, absent.isActive, absent.unit], [false, false, undefined]);
  assert.deepEqual(serviceLines(absent, "system"), ["not installed: sudo ccs service install"]);
  show(
    `LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nFragmentPath=${unitPath}\n` +
      "StatusText=ingress.example.com: cable is active\nNRestarts=2\nResult=success\n",
  );
  const running = outputs.service.parse(serviceStatus(machine, "system"));
  assert.deepEqual(serviceLines(running, "system"), [
    "running: ingress.example.com: cable is active",
    `  unit      ${unitPath}`,
    "  starts    with the machine",
    "  restarts  2 after failures",
  ]);
  show(
    "LoadState=loaded\nActiveState=failed\nUnitFileState=disabled\nFragmentPath=/x\nStatusText=\nNRestarts=0\nResult=exit-code\n",
  );
  const failed = serviceStatus(machine, "user");
  assert.deepEqual(serviceLines(failed, "user").slice(0, 3), [
    "not running: failed (exit-code); see journalctl --user -u ccs",
    "  unit      /x",
    "  starts    not by itself: systemctl --user enable ccs",
  ]);
  assert.equal(serviceLines({ ...failed, isEnabled: true }, "user")[2], "  starts    when the user logs in");
  assert.ok(!existsSync(join(machine.root, unitPath)));
});
