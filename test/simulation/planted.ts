// Known defects, as patches of the source. Each is planted into a copy of the tree, and the simulator run on that copy has to
// find it. A patch that no longer applies is an error: the defect would not be there, and nothing would be proven.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Outcome, SeedOptions } from "./simulate.ts";

export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  /** Exactly one place in the file. */
  readonly from: string;
  readonly to: string;
  /** The invariants of which at least one must be seen broken. */
  readonly breaks: readonly string[];
  /** A seed that was seen to find it; it is tried first. */
  readonly seed: number;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "records are deleted first, in a call of their own",
    file: "src/cloud/cloudflare.ts",
    from: "const body = batchBody(ingress, plan);",
    to: `const whole = batchBody(ingress, plan);
    if (plan.deletes.length > 0) {
      await this.#requests.send({ operation: "batch", record: ingress.record, call }, BatchResult, (options) =>
        this.#client.dns.records.batch({ zone_id: zone.id, deletes: plan.deletes.map(({ id }) => ({ id })) }, options),
      );
    }
    const { deletes: _, ...body } = whole as typeof whole & { deletes?: unknown };`,
    breaks: ["1"],
    seed: 1,
  },
  {
    name: "a failed update is not tried again",
    file: "src/cloud/ingress-reconciler.ts",
    from: `      case "transient":
      case "stale":
        return soonestMs;`,
    to: `      case "transient":
      case "stale":
        return soonestMs + 86_400_000;`,
    breaks: ["10"],
    seed: 16,
  },
  {
    name: "AAAA records are forgotten",
    file: "src/core/endpoint.ts",
    from: "  return addresses.filter(\n    ({ health, isUncheckable }) =>",
    to: '  return addresses.filter(({ family }) => family === "ipv4").filter(\n    ({ health, isUncheckable }) =>',
    breaks: ["10"],
    seed: 2,
  },
  {
    name: "one failure is down",
    file: "src/core/health.ts",
    from: `    case "suspect":
      if (failuresInRow >= fall)`,
    to: `    case "suspect":
      if (failuresInRow >= 1)`,
    breaks: ["4/6/15/23"],
    seed: 1,
  },
  {
    name: "an endpoint that is only recovering is elected",
    file: "src/core/selection.ts",
    from: 'return endpoint.health.verdict === "up" && isFresh(endpoint, nowMs);',
    to: 'return endpoint.health.verdict === "up" || endpoint.health.verdict === "recovering" || endpoint.health.verdict === "unknown";',
    breaks: ["5", "7"],
    seed: 20,
  },
  {
    name: "state is lost on reload",
    file: "src/core/step.ts",
    from: "return isSame ? { ...known, settings } : freshEndpoint(settings, known.revision + 1, nowMs);",
    to: "return isSame && nowMs < 0 ? { ...known, settings } : freshEndpoint(settings, known.revision + 1, nowMs);",
    breaks: ["14"],
    seed: 14,
  },
  {
    name: "failures count without proof of connection",
    file: "src/core/proof.ts",
    from: 'return provenMs >= endedMs ? "counts" : "waits";',
    to: 'return provenMs >= endedMs || nowOrNever ? "counts" : "waits";\n}\nconst nowOrNever = true;\nexport function unused(): void {',
    breaks: ["4", "4/6/15/23"],
    seed: 11,
  },
  {
    name: "returns do not wait",
    file: "src/core/selection.ts",
    from: "endpoint.heldUntilMs === undefined && ",
    to: "",
    breaks: ["8"],
    seed: 1,
  },
  {
    name: "the highest TTL of the members is taken",
    file: "src/core/records.ts",
    from: "const lowest = Math.min(",
    to: "const lowest = Math.max(",
    breaks: ["2"],
    seed: 1,
  },
  {
    name: "stickiness never ends",
    file: "src/core/selection.ts",
    from: "return untilMs > nowMs && !isOut",
    to: "return !isOut",
    breaks: ["10", "20"],
    seed: 1,
  },
  {
    name: "Retry-After is not heeded",
    file: "src/cloud/ingress-reconciler.ts",
    from: "return Math.min(retryAfterMs ?? longestWaitMs, longestWaitMs);",
    to: "return Math.min(retryAfterMs ?? longestWaitMs, 1_000);",
    breaks: ["12"],
    seed: 31,
  },
  {
    name: "drift is never looked for",
    file: "src/cloud/ingress-reconciler.ts",
    from: "const routineMs = this.#lastSeenMs + ingress.settings.reconcileIntervalMs;",
    to: "const routineMs = this.#lastSeenMs + ingress.settings.reconcileIntervalMs * 1_000;",
    breaks: ["10"],
    seed: 29,
  },
  {
    name: "messages are forgotten before they are sent",
    file: "src/notify/outbox.ts",
    from: "const toldDropped = this.#dropped;",
    to: "const toldDropped = this.#dropped;\n    this.#withStore((store) => store.remove(this.#name, [message.id]));",
    breaks: ["16"],
    seed: 1,
  },
  {
    name: "the newest message is sent first",
    file: "src/notify/outbox.ts",
    from: "    this.#endSilence();\n    const [message] = this.#queue;",
    to: "    this.#endSilence();\n    const message = this.#queue.at(-1);",
    breaks: ["16"],
    seed: 11,
  },
  {
    name: "foreign text is not escaped",
    file: "src/notify/message.ts",
    from: 'return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");',
    to: "return content;",
    breaks: ["16"],
    seed: 22,
  },
  {
    name: "new addresses are not taken in",
    file: "src/probe/watch.ts",
    from: "if (resolution === this.#reported && resolution.kind",
    to: 'if (this.#reported?.kind === "addresses" && resolution.kind',
    breaks: ["10"],
    seed: 46,
  },
  {
    name: "every reconcile writes",
    file: "src/core/records.ts",
    from: "return record.proxied === want.proxied && (",
    to: "return want.ttlSeconds < 0 && record.proxied === want.proxied && (",
    breaks: ["11", "12", "10"],
    seed: 1,
  },
  {
    name: "one server that agrees is enough",
    file: "src/dns/verifier.ts",
    from: "if (agreeing.length > 0 && !hasDoubt) {",
    to: "if (agreeing.length > 0 || (hasDoubt && agreeing.length > 99)) {",
    breaks: ["verified"],
    seed: 2,
  },
  {
    name: "a server that says nothing is an alarm",
    file: "src/dns/verifier.ts",
    from: 'return { status: "silent", detail: listed(heard.filter(({ word }) => word.kind !== "agrees")) };',
    to: 'return { status: "wrong", detail: listed(heard.filter(({ word }) => word.kind !== "agrees")) };',
    breaks: ["verified"],
    seed: 146,
  },
  {
    name: "a person's word never ends",
    file: "src/core/overrides.ts",
    from: "untilMs > nowMs && ingress",
    to: "untilMs > nowMs - 86_400_000 && ingress",
    breaks: ["overrides", "20"],
    seed: 171,
  },
  {
    name: "nothing is remembered across a restart",
    file: "src/cli/memory.ts",
    from: "if (saved === undefined) return;",
    to: "if (saved === undefined || saved.ingresses.length < 99) return;",
    breaks: ["13"],
    seed: 171,
  },
  {
    name: "records are replaced in place of being changed",
    file: "src/core/records.ts",
    from: "spare.findIndex((record) => record.type === want.type)",
    to: "spare.findIndex((record) => record.type === want.type && want.ttlSeconds < 0)",
    breaks: ["1"],
    seed: 2,
  },
  {
    name: "a quarrel goes on for ever",
    file: "src/core/published.ts",
    from: "const mostUndone = 2;",
    to: "const mostUndone = 2_000;",
    breaks: ["19"],
    seed: 129,
  },
  {
    name: "addresses that are down stay in the mix",
    file: "src/core/endpoint.ts",
    from: "({ health, isUncheckable }) => isServing(health.verdict) || (isUncheckable && !isOut(health.verdict)),",
    to: "({ health, isUncheckable }) => isServing(health.verdict) || isUncheckable || isOut(health.verdict),",
    breaks: ["17"],
    seed: 2,
  },
  {
    name: "what is sticky is forgotten with the process",
    file: "src/store/saved.ts",
    from: "sticky: source.sticky.map(({ endpoint, untilMs }) => ({ endpoint, untilWallMs: dateOf(untilMs) })),",
    to: "sticky: source.sticky.slice(99).map(({ endpoint, untilMs }) => ({ endpoint, untilWallMs: dateOf(untilMs) })),",
    breaks: ["13"],
    seed: 53,
  },
];

/** The tree with the defect, ready to be run; `run` plays a seed on it. */
export class PlantedTree implements Disposable {
  readonly #folder: string;

  constructor(bug: PlantedBug, root: string) {
    this.#folder = mkdtempSync(join(tmpdir(), "ccs-planted-"));
    for (const part of ["src", "test/simulation"]) {
      cpSync(join(root, part), join(this.#folder, part), {
        recursive: true,
        filter: (path) => !path.endsWith(".test.ts"),
      });
    }
    cpSync(join(root, "package.json"), join(this.#folder, "package.json"));
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"));
    const path = join(this.#folder, bug.file);
    const text = readFileSync(path, "utf8");
    if (text.split(bug.from).length !== 2) {
      this[Symbol.dispose]();
      throw new Error(`the patch "${bug.name}" does not apply to ${bug.file}: bring it up to date`);
    }
    writeFileSync(
      path,
      text.replace(bug.from, () => bug.to),
    );
  }

  async simulate(seed: number, options: SeedOptions = {}): Promise<Outcome> {
    const url = pathToFileURL(join(this.#folder, "test/simulation/simulate.ts")).href;
    const module = (await import(url)) as { simulate: (seed: number, options: SeedOptions) => Promise<Outcome> };
    return module.simulate(seed, options);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
