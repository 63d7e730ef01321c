// `ccs service status`: what systemd knows of the service.
import type * as z from "zod";
import type { outputs } from "../outputs.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { Systemd, type Host, type Scope } from "./host.ts";
import { unitName } from "./unit-text.ts";

export type ServiceStatus = z.output<(typeof outputs)["service"]>;

const properties = ["LoadState", "ActiveState", "UnitFileState", "FragmentPath", "StatusText", "NRestarts", "Result"];

export function serviceStatus(host: Host, scope: Scope): ServiceStatus {
  const text = new Systemd(host, scope).control("show", unitName, "--property", properties.join(","));
  const values = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const valueOf = (name: string): string => values.get(name) ?? "";
  const path = valueOf("FragmentPath");
  const state = valueOf("ActiveState");
  return {
    isInstalled: valueOf("LoadState") === "loaded",
    isEnabled: valueOf("UnitFileState") === "enabled",
    isActive: state === "active" || state === "reloading",
    state,
    ...(path !== "" && { unit: path }),
    status: valueOf("StatusText"),
    restarts: Number(valueOf("NRestarts") || 0),
    result: valueOf("Result"),
  };
}

/** The same as lines for people. */
export function serviceLines(status: ServiceStatus, scope: Scope): readonly string[] {
  const { isInstalled, isEnabled, isActive, state, unit, status: text, restarts, result } = status;
  const user = scope === "user" ? " --user" : "";
  if (!isInstalled) return [`not installed: ${scope === "system" ? "sudo " : ""}ccs service install${user}`];
  const by = scope === "user" ? "when the user logs in" : "with the machine";
  const failure = result === "success" || result === "" ? "" : ` (${result})`;
  return [
    isActive ? `running: ${text}` : `not running: ${state}${failure}; see journalctl${user} -u ccs`,
    `  unit      ${unit}`,
    `  starts    ${isEnabled ? by : `not by itself: ${scope === "system" ? "sudo " : ""}systemctl${user} enable ccs`}`,
    `  restarts  ${restarts} after failures`,
  ];
}

export function serviceCode({ isActive }: ServiceStatus): ExitCode {
  return isActive ? exitCodes.ok : exitCodes.notSo;
}
