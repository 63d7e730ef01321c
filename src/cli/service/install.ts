// `ccs service install`: looks whether a service could work here, shows what it will write, and writes and starts it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { userInfo } from "node:os";
import { findConfigPath } from "../../config/find.ts";
import { onDisk } from "../../runtime/node/read-file.ts";
import { loadConfig } from "../../config/load.ts";
import { formatProblem } from "../../config/format/problem.ts";
import { shellWord } from "../../lib/text.ts";
import { CommandError, exitCodes, type ExitCode } from "../exit-codes.ts";
import { assertMayChange, on, Systemd, type Host, type Scope } from "./host.ts";
import { assertProgramLasts, whyNoConfig } from "./reach.ts";
import { ourOpening, packagedUnitPath, UnitFile } from "./unit-file.ts";
import { systemPlaces, systemUnit, unitName, userUnit } from "./unit-text.ts";

export interface InstallOptions {
  readonly scope: Scope;
  /** The configuration, as it was named. */
  readonly config?: string | undefined;
  /** Asks no questions. */
  readonly isAgreed: boolean;
}

/** Exit code 0 when the service runs, 1 when it does not, or a person said no. Throws a CommandError. */
export async function installService(host: Host, options: InstallOptions): Promise<ExitCode> {
  const { scope, isAgreed } = options;
  const systemd = new Systemd(host, scope);
  assertMayChange(host, scope, "install");
  const file = new UnitFile(host, scope);
  assertOurs(host, scope, file);
  assertProgramLasts(host, scope);
  const config = usableConfig(host, options);
  const write = scope === "system" ? systemUnit : userUnit;
  const text = write({ program: host.program, config }, ourOpening);

  host.print(`${file.path}:`);
  host.print();
  for (const line of text.trimEnd().split("\n")) host.print(line === "" ? "" : `  ${line}`);
  host.print();
  const steps = [["daemon-reload"], ["enable", unitName], ["restart", unitName]];
  host.print(`That file will be written, and then: ${steps.map((step) => systemd.shown(...step)).join(", ")}`);
  if (!isAgreed && !(await host.ask("Install the service?", true))) {
    host.print("Nothing was written.");
    return exitCodes.notSo;
  }
  file.write(text);
  for (const step of steps.slice(0, 2)) systemd.control(...step);
  return start(host, systemd, file);
}

function start(host: Host, systemd: Systemd, file: UnitFile): ExitCode {
  const { status, stderr } = systemd.try("restart", unitName);
  const again = systemd.scope === "user" ? " --user" : "";
  if (status !== 0) {
    host.warn(`The service is installed (${file.path}), and does not start: ${stderr.trim().split("\n")[0] ?? ""}`);
    for (const line of systemd.journal(10)) host.warn(`  ${line}`);
    host.warn(
      `Mend that and start it by ${systemd.shown("restart", "ccs")}, or remove it: ccs service uninstall${again}`,
    );
    return exitCodes.notSo;
  }
  const said = systemd.try("show", "--property", "StatusText", "--value", unitName).stdout.trim();
  const isAlways = systemd.scope === "system" || lingers(host);
  host.print(`The service runs${isAlways ? ", and starts with the machine" : ""}. ${said}`.trimEnd());
  host.print(`See ${systemd.shown("status", "ccs")}, or ccs service status${again}`);
  if (!isAlways) {
    host.print("It ends when you log out, and starts when you log in. To let it run always: loginctl enable-linger");
  }
  return exitCodes.ok;
}

function assertOurs(host: Host, scope: Scope, file: UnitFile): void {
  const packaged = scope === "system" ? packagedUnitPath(host) : undefined;
  if (packaged !== undefined) {
    const message = `a package has installed the service already (${packaged}): systemctl enable --now ccs`;
    throw new CommandError(exitCodes.unavailable, message);
  }
  const found = file.find();
  if (found.kind !== "foreign") return;
  const now = found.what === "masks the service" ? "systemctl unmask ccs" : "move it away, or keep it and leave this";
  throw new CommandError(exitCodes.unavailable, `${file.path} ${found.what}: ${now}`);
}

/** The absolute path of a configuration that the service can use. Throws a CommandError with every mistake. */
function usableConfig(host: Host, { scope, config }: InstallOptions): string {
  const path = configFor(host, scope, config);
  if (!existsSync(on(host, path))) {
    const sudo = scope === "system" ? "sudo " : "";
    const message = `there is no configuration ${path}: write it first (${sudo}ccs init ${shellWord(path)}), or name one with --config FILE`;
    throw new CommandError(exitCodes.config, message);
  }
  const why = scope === "system" ? whyNoConfig(host, path) : undefined;
  if (why !== undefined) throw new CommandError(exitCodes.unavailable, `${path} ${why}`);
  const loaded = loadConfig({
    path,
    env: serviceEnvironment(host, scope),
    readFile: (each) => onDisk.readFile(on(host, each)),
    listFolder: (each) => onDisk.listFolder(on(host, each)),
  });
  if (loaded.kind === "ok") {
    if (scope === "system") assertStateIsKept(path, loaded.config.stateDir);
    for (const warning of loaded.warnings) host.warn(`warning: ${formatProblem(warning)}`);
    return path;
  }
  const lines = loaded.problems.map(formatProblem);
  const hint = `A service sees no variables of this shell. ${scope === "system" ? tokensHint : "Keep tokens in files (token_file)"}`;
  throw new CommandError(exitCodes.config, [...lines, ...(lines.some(isOfVariable) ? [hint] : [])].join("\n"));
}

/** Without a folder that it may write to, the daemon would run, and forget everything with each restart. */
function assertStateIsKept(path: string, stateDir: string): void {
  if (`${stateDir}/`.startsWith(`${systemPlaces.state}/`)) return;
  const why = `sets state_dir to ${stateDir}, where a service of the system may not write`;
  const message = `${path} ${why}: remove state_dir, and the state is in ${systemPlaces.state}`;
  throw new CommandError(exitCodes.config, message);
}

/** How a service of the system gets its tokens. */
const tokensHint = `Keep the token in ${systemPlaces.credentials}/cloudflare-token, and name it in the configuration as token_file: \${CREDENTIALS_DIRECTORY:-credentials}/cloudflare-token`;

function isOfVariable(line: string): boolean {
  return /\b(?:variable|is not set)\b/.test(line);
}

function configFor(host: Host, scope: Scope, option: string | undefined): string {
  if (option !== undefined) return resolve(option);
  if (scope === "system") return systemPlaces.config;
  // The folder that one happens to be in means nothing to a service.
  const found = findConfigPath(undefined, host.env, (path) => path !== "config.yml" && existsSync(on(host, path)));
  if (found.kind === "found") return resolve(found.path);
  // The first is passed over; the next is in the folder of a user who has a home, as one with a unit has.
  return resolve(found.tried[1] ?? systemPlaces.config);
}

/** What the configuration finds in its environment there. */
function serviceEnvironment(host: Host, scope: Scope): Record<string, string> {
  const { HOME } = host.env;
  if (scope === "user") return HOME === undefined ? {} : { HOME };
  return { CREDENTIALS_DIRECTORY: systemPlaces.credentials, STATE_DIRECTORY: systemPlaces.state };
}

/** Whether this user's services run while no user is logged in. */
function lingers(host: Host): boolean {
  return existsSync(on(host, `/var/lib/systemd/linger/${userInfo().username}`));
}
