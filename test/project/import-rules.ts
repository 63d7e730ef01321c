// Who may import whom: the table of docs/architecture.md, and what speaks against an import.
import { dirname, posix } from "node:path";

/** What decides, what reaches out, and what makes a running daemon of both. */
const daemon = [
  "assembly",
  "channels",
  "channels/registry.ts",
  "checks",
  "checks/registry.ts",
  "cloud",
  "config",
  "config/format",
  "core",
  "daemon.ts",
  "dns",
  "lib",
  "notify",
  "probe",
  "service",
  "store",
  "web",
] as const;

/** What the simulated world is made of. What acts and tells comes to it from assembly/ alone. */
const modelled = daemon.filter((room) => !["cloud", "notify", "service", "web"].includes(room));

/** The ports of this machine. */
const machine = ["runtime/node", "runtime/node/clock.ts"] as const;

/**
 * A folder or file of src/, and what of src/ it may import besides itself. Where two fit, the longer one holds. `NAME/*` is
 * every folder of that one, each a room of its own.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  core: [],
  terminal: [],

  // Adapters: other parts come in as ports.
  config: ["channels", "channels/registry.ts", "checks", "checks/registry.ts", "config/format", "core", "lib"],
  // How keys and values are read from YAML, and what mistakes sound like. It knows no key of the configuration.
  "config/format": ["core", "lib"],
  // What every kind of channel brings. Each kind is a room of its own, which only the registry knows.
  channels: ["config/format", "core", "lib"],
  "channels/*": ["channels", "config/format", "core", "lib"],
  "channels/registry.ts": ["channels", "channels/*"],
  // What every kind of check brings, in the same way.
  checks: ["config/format", "core", "lib"],
  "checks/*": ["checks", "config/format", "core", "lib"],
  "checks/registry.ts": ["checks", "checks/*"],
  probe: ["core", "lib"],
  dns: ["core", "lib"],
  cloud: ["core", "lib"],
  notify: ["channels", "core", "lib"],
  service: ["core", "lib"],
  store: ["core", "lib"],
  web: ["checks", "checks/registry.ts", "core", "lib"],
  // It runs in a browser, and knows the API by the types of its documents.
  "web/dashboard": ["lib/difference.ts", "types of web/api/schema"],
  "daemon.ts": ["core", "lib"],

  // Who makes a daemon, and who runs it in which world: each knows nobody who builds on it.
  assembly: daemon,
  // The ports of a machine with Node. Other worlds have ports of their own.
  "runtime/node": [...daemon, "runtime/node/clock.ts"],
  "runtime/node/clock.ts": ["lib"],
  emulation: ["lib", "runtime/node/clock.ts"],
  // Its buttons are on the dashboard.
  demo: [...daemon, ...machine, "emulation", "terminal", "web/dashboard/demo/document.ts"],
  simulation: [...modelled, "emulation"],
  "what-if": [...daemon, "emulation", "simulation"],
  cli: [...daemon, ...machine, "demo", "emulation", "simulation", "terminal", "what-if"],
  "main.ts": ["assembly", "cli", "lib", "terminal"],
  "launcher.ts": ["signals.ts"],
  "executable.ts": ["signals.ts"],
  "signals.ts": [],
};

/** Packages and modules of Node that a part does without. */
const packages: Readonly<Record<string, { readonly names: RegExp; readonly why: string }>> = {
  core: { names: /./, why: "core/ does no input or output" },
  "daemon.ts": { names: /./, why: "the loop does no input or output" },
  "config/format": { names: /^node:fs/, why: "files are read by runtime/node/" },
  assembly: { names: /^node:/, why: "assembly/ takes what it needs of the machine as ports (assembly/ports.ts)" },
  "web/dashboard": { names: /^node:|^zod\b/, why: "the dashboard runs in a browser, and is small" },
};
const timeOfNode = /^node:(?:timers|perf_hooks)\b/;
/** Those who talk to people and processes need no Clock port. */
const timekeepers = [
  "cli",
  "terminal",
  "demo",
  "emulation",
  "runtime/node",
  "main.ts",
  "launcher.ts",
  "executable.ts",
  "signals.ts",
];

/** What takes the place of a service in the simulated world may be made of the emulated one. */
const fake = /^(?:channels|checks)\/[^/]+\/fake\.ts$/;

export interface Import {
  /** As it is written: "./turn.ts", "zod". */
  readonly specifier: string;
  readonly isType: boolean;
}

/** What speaks against an import by `file`, a path below src/ such as "web/api/api.ts"; `undefined` if nothing does. */
export function objection(file: string, { specifier, isType }: Import): string | undefined {
  const [room, listed] = entryOf(mayImport, file) ?? [];
  if (room === undefined || listed === undefined) return `${file} has no line in the table of import rules`;
  const isTest = file.endsWith(".test.ts");
  const isFake = fake.test(file);
  if (!specifier.startsWith(".")) return isTest ? undefined : objectionToPackage(file, specifier);
  const target = posix.normalize(posix.join(dirname(file), specifier));
  if (target.endsWith(".test.ts")) return `nobody imports a test: ${specifier}`;
  // A test beside its source may also use the emulated world and the kinds of channel and check, and what test/ has for all.
  if (target.startsWith("..")) {
    const isAllowed = target === "../package.json" || (isTest && target.startsWith("../test/"));
    return isAllowed ? undefined : `the product needs nothing outside src/: ${specifier}`;
  }
  const allowed = [
    room,
    ...listed,
    ...(isFake ? ["emulation"] : []),
    ...(isTest
      ? [
          "core",
          "lib",
          "emulation",
          "channels",
          "channels/*",
          "checks",
          "checks/*",
          "runtime/node",
          "runtime/node/clock.ts",
        ]
      : []),
  ];
  // A part with a line of its own is not allowed along with the folder that it is in.
  const there = entryOf(mayImport, target)?.[0] ?? "";
  const isAllowed = allowed.some((entry) => {
    const name = roomFor(entry.replace(/^types of /, ""), target);
    return isWithin(target, name) && isWithin(name, there) && (isType || !entry.startsWith("types of "));
  });
  return isAllowed
    ? undefined
    : `${room} may import ${allowed.slice(1).join(", ") || "nothing else of ours"}: not ${target}`;
}

function objectionToPackage(file: string, name: string): string | undefined {
  const [, banned] = entryOf(packages, file) ?? [];
  if (banned?.names.test(name) === true) return `${banned.why}: not ${name}`;
  const ownsTime = timekeepers.some((keeper) => isWithin(file, keeper));
  return timeOfNode.test(name) && !ownsTime
    ? `time comes in through the Clock port (lib/clock.ts): not ${name}`
    : undefined;
}

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

/** `channels/*` for a file in `channels/telegram/` is `channels/telegram`; any other name is itself. */
function roomFor(name: string, path: string): string {
  if (!name.endsWith("/*")) return name;
  const parent = name.slice(0, -1);
  const [folder, ...rest] = path.startsWith(parent) ? path.slice(parent.length).split("/") : [];
  return folder === undefined || rest.length === 0 ? name : `${parent}${folder}`;
}

/** The line of a table that holds for a path: the longest name that it is within. */
function entryOf<T>(table: Readonly<Record<string, T>>, path: string): readonly [string, T] | undefined {
  const rooms = Object.entries(table).map(([name, entry]) => [roomFor(name, path), entry] as const);
  const fitting = rooms.filter(([name]) => isWithin(path, name));
  return fitting.toSorted(([one], [other]) => other.length - one.length)[0];
}
