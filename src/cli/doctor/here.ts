// The doctor's look at this machine: the configuration file, Node, the state folder, and its own ways out to the net.
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { channelKinds } from "../../channels/registry.ts";
import type { LoadResult } from "../../config/load.ts";
import { exposedFiles } from "../../runtime/node/secrecy.ts";
import { formatProblem } from "../../config/format/problem.ts";
import type { Environment } from "../../config/format/variables.ts";
import type { Family } from "../../core/model.ts";
import { Deadline } from "../../lib/deadline.ts";
import type { Clock } from "../../lib/clock.ts";
import { parseIp, parseSocket } from "../../lib/ip.ts";
import type { Anchor, Reach } from "../../probe/anchors.ts";
import { hasRoute } from "../../checks/route.ts";
import { strangersIn } from "../../store/guard.ts";
import { isStateLocked } from "../../store/lock.ts";
import { kindOf } from "../../store/paths.ts";
import { ok, unknown, warning, wrong, type Finding } from "../../lib/finding.ts";
import { families, familyNames } from "../../core/words.ts";

const leastNode = 24;
const leastFreeBytes = 100_000_000;
const anchorTimeoutMs = 3_000;

export function inspectNode(version: string): Finding {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  if (major >= leastNode) return ok("Node", version);
  return wrong("Node", `${version} is too old`, `install Node ${leastNode} or newer`);
}

/**
 * Whether the environment names a proxy that Node does not use: it asks to be told
 * (https://nodejs.org/api/cli.html#node_use_env_proxy1).
 */
export function inspectProxy(env: Environment): readonly Finding[] {
  const [name] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].filter((key) => (env[key] ?? "") !== "");
  if (name === undefined) return [];
  const calls = `calls to Cloudflare and to channels (${channelKinds.map(({ title }) => title).join(", ")})`;
  const scope = "checks, DNS and reference hosts are always reached directly";
  if (env["NODE_USE_ENV_PROXY"] === "1") {
    return [ok("proxy", `${calls} go through the one in ${name}; ${scope}`)];
  }
  const remedy = `also set NODE_USE_ENV_PROXY=1 if they should go through it; ${scope}`;
  return [warning("proxy", `${name} is set, and ${calls} do not use it`, remedy)];
}

/** One finding for each mistake; for a good file, whether it tells its secrets to others. */
export function inspectFile(path: string, loaded: LoadResult): readonly Finding[] {
  if (loaded.kind === "invalid") {
    return loaded.problems.map((problem) =>
      wrong("configuration", formatProblem(problem), "correct it, then run ccs doctor again"),
    );
  }
  const format =
    loaded.format === "original" ? ", in the original's format (ccs migrate converts it to the current format)" : "";
  const warnings = loaded.warnings.map((problem) => warning("configuration", formatProblem(problem)));
  return [ok("configuration", `${path} is valid${format}`), ...warnings, ...inspectSecrecy(path, loaded)];
}

function inspectSecrecy(path: string, loaded: Extract<LoadResult, { kind: "ok" }>): readonly Finding[] {
  return exposedFiles(path, loaded, process.getuid?.()).map(({ detail, remedy }) =>
    warning("configuration", detail, remedy),
  );
}

/** Creates nothing: a folder that is not there yet only has to be possible. */
export function inspectState(folder: string): readonly Finding[] {
  const subject = "state folder";
  const present = nearestFolder(folder);
  const remedy = "allow the user that runs ccs to write there, or set state_dir (CCS_STATE_DIR)";
  try {
    accessSync(present, constants.W_OK | constants.X_OK);
  } catch {
    return [wrong(subject, `${folder} is not writable: this user may not write to ${present}`, remedy)];
  }
  return [
    ok(subject, present === folder ? `${folder} can be written` : `${folder} will be created`),
    ...strangers(folder),
    ...oddities(folder),
    ...room(present),
    running(folder),
  ];
}

function strangers(folder: string): readonly Finding[] {
  const found = strangersIn(folder, process.getuid?.());
  return found === undefined ? [] : [warning("state folder", found, "then check what is in it")];
}

/** What is no file where only our files should be. A daemon moves the first two aside when it starts. */
function oddities(folder: string): readonly Finding[] {
  return ["ccs.db", "ccs.lock"].flatMap((name) => {
    const kind = kindOf(join(folder, name));
    if (kind === "file" || kind === "nothing") return [];
    return [
      warning("state folder", `${join(folder, name)} is ${kind}, and ccs keeps its state in a file`, "move it away"),
    ];
  });
}

/** The folder itself, or the first above it that is there. */
export function nearestFolder(folder: string): string {
  let path = folder;
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

function room(folder: string): readonly Finding[] {
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize >= leastFreeBytes) return [];
    return [
      warning(
        "state folder",
        `only ${Math.floor((bavail * bsize) / 1e6)} MB are free`,
        "free some space: queued messages are stored there",
      ),
    ];
  } catch {
    return [];
  }
}

function running(folder: string): Finding {
  const isLocked = isStateLocked(folder);
  if (isLocked === undefined)
    return unknown("daemon", `unknown whether one is running: ${folder}/ccs.lock cannot be read`);
  return ok(
    "daemon",
    isLocked ? "a daemon is running with this state folder" : "no daemon is running with this state folder",
  );
}

/**
 * Whether there is a way out in each family, and whether the reference hosts answer. `used`: the families of the
 * endpoints' addresses, as far as they are known. A family that leads nowhere is no fault while no endpoint uses it.
 */
export async function inspectWaysOut(
  anchors: readonly string[],
  ports: WayPorts,
  used: Promise<ReadonlySet<Family>>,
): Promise<readonly Finding[]> {
  const sockets = anchors.flatMap((text) => parseSocket(text, 443) ?? []);
  const ways = await Promise.all(families.map((family) => wayOut(family, sockets, ports)));
  const isCutOff = ways.every(({ kind }) => kind === "none");
  if (isCutOff)
    return [
      wrong(
        "connection",
        "this machine has no route to the internet, neither over IPv4 nor over IPv6",
        "check its network connection",
      ),
    ];
  const needed = await used;
  return ways.map((way) => {
    const { kind, family, finding } = way;
    const isDeadEnd = kind === "some" && finding.level === "wrong" && !way.isReached;
    const isSpare = !needed.has(family) && ways.some(({ isReached }) => isReached);
    return isDeadEnd && isSpare ? leadsNowhere(family) : finding;
  });
}

interface WayPorts {
  readonly clock: Clock;
  readonly reach: Reach;
  /** Whether this machine has a route; the kernel is asked by default. */
  readonly hasRoute?: typeof hasRoute;
}

interface FamilyRoute {
  readonly kind: "none" | "some";
  readonly family: Family;
  /** A reference host answers. */
  readonly isReached: boolean;
  readonly finding: Finding;
}

/** A default route that a router announced without having one itself, most often. */
function leadsNowhere(family: Family): Finding {
  const name = familyNames[family];
  const detail = `this machine has a route, but no reference host answers over ${name}: it seems to lead nowhere`;
  return warning(name, detail, `fine while no endpoint has an ${name} address, as now; otherwise correct the route`);
}

/** Any address of the net at large: the kernel is asked for the way, and nothing is sent. */
const farAway = { ipv4: "1.1.1.1", ipv6: "2606:4700:4700::1111" } as const;

async function wayOut(
  family: Family,
  anchors: readonly Anchor[],
  { clock, reach, hasRoute: asked = hasRoute }: WayPorts,
): Promise<FamilyRoute> {
  const target = parseIp(farAway[family]);
  const ours = anchors.filter(({ address }) => address.family === family);
  const [isRouted, ...answers] = await Promise.all([
    target !== undefined && asked(target),
    ...ours.map((anchor) => doesAnswer(anchor, { clock, reach })),
  ]);
  // Anchors in one's own network answer without any way out.
  if (!isRouted && !answers.includes(true)) return { kind: "none", family, isReached: false, finding: noWay(family) };
  const silent = ours.filter((_, index) => answers[index] !== true);
  return {
    kind: "some",
    family,
    isReached: answers.includes(true),
    finding: ofAnchors(familyNames[family], ours.length, silent),
  };
}

function ofAnchors(name: string, asked: number, silent: readonly Anchor[]): Finding {
  if (asked === 0) {
    const detail =
      "no reference host in this family: when all endpoints stop answering, ccs cannot tell whether they or this machine are offline";
    return warning(name, detail, `add ${name} addresses to anchors`);
  }
  if (silent.length === 0)
    return ok(name, asked === 1 ? "the reference host answers" : `all ${asked} reference hosts answer`);
  const some = silent.map(({ address, port }) => `${address.text} port ${port}`).join(", ");
  if (silent.length * 2 < asked) {
    return warning(
      name,
      `no answer from ${some}; the other reference hosts answer`,
      "if this lasts, replace it in anchors",
    );
  }
  const remedy =
    "check this machine's connection and its firewall (TCP, out, port 443), or set anchors to hosts that it can reach";
  return wrong(name, `no connection to most reference hosts (${some})`, remedy);
}

/** Without IPv4 hardly anything works; without IPv6 a lot does. */
function noWay(family: Family): Finding {
  const detail = `this machine has no route to the internet over ${familyNames[family]}: endpoints are not checked over it`;
  if (family === "ipv6") return warning("IPv6", detail, "fine while no endpoint depends on IPv6");
  return warning("IPv4", detail, "check its network connection");
}

async function doesAnswer(anchor: Anchor, { clock, reach }: Pick<WayPorts, "clock" | "reach">): Promise<boolean> {
  using deadline = new Deadline(clock, anchorTimeoutMs);
  return await reach(anchor, deadline.signal);
}
