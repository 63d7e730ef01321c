// `ccs service uninstall`: says what it will remove, ends the service, and removes all that installing brought.
import { existsSync } from "node:fs";
import { CommandError, exitCodes, type ExitCode } from "../exit-codes.ts";
import { assertMayChange, on, Systemd, type Host, type Scope } from "./host.ts";
import { packagedUnitPath, UnitFile } from "./unit-file.ts";
import { systemPlaces, unitName } from "./unit-text.ts";

export interface UninstallOptions {
  readonly scope: Scope;
  readonly isStateKept: boolean;
  /** Asks no questions. */
  readonly isAgreed: boolean;
}

/** Exit code 0 when nothing is left, 1 when there was nothing, or a person said no. Throws a CommandError. */
export async function uninstallService(host: Host, options: UninstallOptions): Promise<ExitCode> {
  const { scope, isStateKept, isAgreed } = options;
  const systemd = new Systemd(host, scope);
  assertMayChange(host, scope, "uninstall");
  const file = new UnitFile(host, scope);
  const found = file.find();
  if (found.kind === "foreign") {
    throw new CommandError(exitCodes.unavailable, `${file.path} ${found.what}: it is left alone`);
  }
  if (found.kind === "none") return nothing(host, scope, file);

  // A package that was installed later has a service of its own, with the same state.
  const packaged = scope === "system" ? packagedUnitPath(host) : undefined;
  const isStateToGo = scope === "system" && packaged === undefined && !isStateKept;
  const isCleaning = isStateToGo && existsSync(on(host, systemPlaces.state));
  host.print(`The service is ended, and ${file.path} is removed.`);
  if (isCleaning)
    host.print(`So is ${systemPlaces.state}, with the history, overrides and unsent messages (--keep-state keeps it).`);
  const stays = isStateToGo ? "Configuration and tokens stay" : "Configuration, tokens and state stay";
  host.print(`${stays}. The DNS records stay as they are.`);
  if (!isAgreed && !(await host.ask("Remove the service?", false))) {
    host.print("Nothing was removed.");
    return exitCodes.notSo;
  }
  systemd.control("disable", "--now", unitName);
  // systemd knows where the state really is while it knows the unit.
  if (isCleaning) systemd.control("clean", "--what=state", unitName);
  file.remove(scope);
  systemd.control("daemon-reload");
  // It may remember a failure, or nothing at all.
  systemd.try("reset-failed", unitName);
  host.print("The service is removed.");
  if (packaged !== undefined) host.print(`To use that of the package (${packaged}): sudo systemctl enable --now ccs`);
  return exitCodes.ok;
}

function nothing(host: Host, scope: Scope, file: UnitFile): ExitCode {
  const packaged = scope === "system" ? packagedUnitPath(host) : undefined;
  if (packaged !== undefined) {
    const message = `${packaged} came with a package: sudo apt remove cloudflare-cname-switcher`;
    throw new CommandError(exitCodes.unavailable, message);
  }
  const other = scope === "system" ? "; one of a user's own is removed with --user" : "";
  host.print(`There is no service to remove: no ${file.path}${other}.`);
  return exitCodes.notSo;
}
