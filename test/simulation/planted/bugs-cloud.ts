// Defects in how records get to Cloudflare.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, minuteMs, type Story } from "./story.ts";

/** The return from the secondary needs records of another type. */
const stickyReturn: Story = {
  world: { publish: "addresses", endpoints: [{}, { stickyMs: 2 * minuteMs }] },
  faults: [isDown(0, 5, 10)],
  ...calm(10, 22),
};

/** A failover, and a return that Cloudflare does not take at first. */
const troubledReturn: Story = {
  faults: [isDown(0, 5, 10), { kind: "api", how: "unavailable", ...during(10, 13) }],
  ...calm(13, 22),
};

export const cloudBugs: readonly PlantedBug[] = [
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
    story: stickyReturn,
    breaks: ["1"],
  },
  {
    name: "a failed update is not tried again",
    file: "src/cloud/pauses.ts",
    from: `    case "transient":
    case "stale":
      return soonestMs;`,
    to: `    case "transient":
    case "stale":
      return soonestMs + 86_400_000;`,
    story: troubledReturn,
    breaks: ["10"],
  },
  {
    name: "a body is sent again though its outcome is not known",
    file: "src/cloud/after-attempt.ts",
    from: 'if (attempt.kind === "write" || !isUnlucky) memory.mustRead = true;',
    to: "if (!isUnlucky) memory.mustRead = true;",
    story: {
      faults: [isDown(0, 5, 10), { kind: "api", how: "drop-after-commit", strikes: "writes", ...during(5, 7) }],
      ...calm(10, 17),
    },
    breaks: ["11"],
  },
  {
    name: "Retry-After is not heeded",
    file: "src/cloud/pauses.ts",
    from: "return Math.min(retryAfterMs ?? longestWaitMs, longestWaitMs);",
    to: "return Math.min(retryAfterMs ?? longestWaitMs, 1_000);",
    story: { faults: [{ kind: "api", how: "rate-limited", ...during(4.9, 7) }, isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["12"],
  },
  {
    name: "what servers show is never looked at",
    file: "src/dns/drift-watch.ts",
    from: "if (isLookedAt(watched.ingress)) await",
    to: "if (isLookedAt(watched.ingress) && startedMs < 0) await",
    story: { faults: [{ kind: "edit", what: "content", atMs: 5 * minuteMs + 10_000 }], ...calm(10, 17) },
    breaks: ["drift"],
  },
  {
    name: "what servers show is a reason to read, and none to put right",
    file: "src/cloud/lane.ts",
    from: "isDoubted: ({ drift }) => drift !== undefined,",
    to: "isDoubted: () => false,",
    story: { faults: [{ kind: "edit", what: "remove", atMs: 5 * minuteMs + 10_000 }], ...calm(10, 17) },
    breaks: ["drift"],
  },
  {
    name: "the records are never read as a routine",
    file: "src/cloud/next-attempt.ts",
    from: "isDoubted ? 0 : lastSeenMs + ingress.settings.reconcileIntervalMs;",
    to: "isDoubted ? 0 : lastSeenMs + ingress.settings.reconcileIntervalMs * 1_000;",
    story: {
      // While servers say nothing, nothing else finds it.
      faults: [
        { kind: "edges", how: "silent", ...during(4, 12) },
        { kind: "edit", what: "content", atMs: 5 * minuteMs },
      ],
      ...calm(5, 12),
    },
    breaks: ["10"],
  },
  {
    name: "every reconcile writes",
    file: "src/core/records/plan.ts",
    from: "return record.proxied === want.proxied && (",
    to: "return want.ttlSeconds < 0 && record.proxied === want.proxied && (",
    story: { faults: [], ...calm(1, 8) },
    breaks: ["11"],
  },
  {
    name: "records are replaced instead of changed in place",
    file: "src/core/records/plan.ts",
    from: "const index = spare.findIndex((record) => record.type === want.type);",
    to: "const index = spare.findIndex(() => want.ttlSeconds < 0);",
    story: { faults: [isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["1"],
  },
  {
    name: "one server that shows it makes a write visible",
    file: "src/dns/verifier.ts",
    from: "if (agreeing.length > 0 && !hasDoubt) {",
    to: "if (agreeing.length > 0) {",
    story: {
      faults: [isDown(0, 5, 10)],
      ...calm(10, 17),
    },
    breaks: ["verified"],
  },
  {
    name: "a server that says nothing is an alarm",
    file: "src/dns/verifier.ts",
    from: 'return { status: "silent", detail: listed(heard.filter(({ word }) => word.kind !== "agrees")) };',
    to: 'return { status: "wrong", detail: listed(heard.filter(({ word }) => word.kind !== "agrees")) };',
    story: { faults: [{ kind: "edges", how: "silent", ...during(4, 10) }, isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["verified"],
  },
  {
    name: "of a record that is listed twice, one is removed",
    file: "src/cloud/answers.ts",
    from: "return [...new Map(entries.toReversed().map((entry) => [entry.id, entry])).values()].toReversed();",
    to: "return entries;",
    story: { faults: [{ kind: "api", how: "odd-twice", ...during(4.9, 12) }, isDown(0, 6, 10)], ...calm(12, 20) },
    breaks: ["bug"],
  },
  {
    name: "a TTL that is written as a text is none",
    file: "src/cloud/answers.ts",
    from: "ttl: z.coerce.number().pipe(z.int().min(1)).catch(automaticTtl),",
    to: "ttl: z.int().min(1).catch(automaticTtl),",
    story: { faults: [{ kind: "api", how: "odd-fields", ...during(4.9, 30) }], ...calm(30, 40) },
    breaks: ["11"],
  },
];
