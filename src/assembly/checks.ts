// What performs the checks of a configuration, each by its kind.
import type { CheckPorts } from "../checks/kind.ts";
import { checkKind } from "../checks/registry.ts";
import type { Probe } from "../core/probing.ts";

export function createProbe(ports: CheckPorts): Probe {
  return (check, address, options) => checkKind(check.what.kind).probe(check, address, { ...ports, ...options });
}
