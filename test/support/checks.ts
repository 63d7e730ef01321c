// Checks as tests configure them, and look at them.
import type { HttpTask } from "../../src/checks/http/settings.ts";
import { checkKind } from "../../src/checks/registry.ts";
import type { Foresee } from "../../src/core/advice/task-outlook.ts";
import type { CheckSettings, CheckTask } from "../../src/core/model.ts";

export function httpTask(changes: Partial<HttpTask> = {}): HttpTask {
  return {
    kind: "http",
    url: "https://example.com/healthz",
    status: [[200, 200]],
    contains: undefined,
    ca: undefined,
    ...changes,
  };
}

/** A check over HTTP in the usual rhythm. */
export function httpCheck(changes: Partial<HttpTask> = {}): CheckSettings<HttpTask> {
  return {
    what: httpTask(changes),
    intervalMs: 15_000,
    fastIntervalMs: 2_000,
    timeoutMs: 5_000,
    rise: 3,
    fall: 3,
  };
}

/** What a check does that is known to be one over HTTP. */
export function httpOf(check: { readonly what: CheckTask } | undefined): HttpTask | undefined {
  return check?.what as HttpTask | undefined;
}

export const foresee: Foresee = (task) => checkKind(task.kind).outlook(task);
