// Performs one attempt: a read or a write, whose every request passes the gate.
import type { PublishedRecord } from "../core/model.ts";
import { messageOf } from "../lib/text.ts";
import type { Attempt, Step } from "./attempt.ts";
import type { Purpose } from "./gate.ts";
import { CloudError, type Call, type IngressName } from "./provider.ts";
import type { Shared } from "./shared.ts";

/** What an attempt is made with. */
export interface Means {
  readonly shared: Shared;
  readonly name: IngressName;
  /** The records that the plan is about. */
  readonly known: readonly PublishedRecord[];
  /** How urgent the attempt is now. */
  readonly purpose: () => Purpose;
  /** Is told about each further request. */
  readonly spend: (purpose: Purpose) => void;
}

/**
 * Never rejects: whatever is thrown that is no expected failure is an internal error, and as good as a transient one.
 */
export async function performAttempt(
  attempt: Attempt,
  step: Step,
  means: Means,
): Promise<readonly PublishedRecord[] | CloudError> {
  const { shared, name, known } = means;
  const call = callFor(attempt, means);
  try {
    return step.kind === "read"
      ? await shared.provider.list(name, call)
      : await shared.provider.apply(name, step.plan, known, call);
  } catch (error) {
    if (error instanceof CloudError) return error;
    shared.onBug(error);
    const message = `internal error; please report it: ${messageOf(error)}`;
    return new CloudError("transient", message, { isAmbiguous: step.kind === "write" });
  }
}

/** The first request has passed the gate already, when the attempt was started. */
function callFor(attempt: Attempt, { purpose, spend }: Means): Call {
  const { signal } = attempt.abort;
  let isFirst = true;
  const admit = async (): Promise<void> => {
    if (isFirst) {
      isFirst = false;
      return;
    }
    attempt.isWaiting = true;
    await attempt.gate.admit(signal, purpose());
    attempt.isWaiting = false;
    spend(purpose());
  };
  return { signal, admit };
}
