// Performs one request that serves several names, and gives each what it did for that one.
import { messageOf } from "../lib/text.ts";
import type { Attempt, AttemptOutcome, Candidate } from "./attempt.ts";
import type { Purpose } from "./gate.ts";
import { CloudError, type Call, type NameChange } from "./provider.ts";
import type { SharingMeans } from "./shared.ts";
import type { Passenger } from "./sharing.ts";

/** One of those that a request serves. */
export interface Rider {
  readonly passenger: Passenger;
  readonly candidate: Candidate;
  readonly attempt: Attempt;
}

export interface SharedRequest {
  /** Gives the request up. */
  readonly signal: AbortSignal;
  readonly purpose: Purpose;
  /** `undefined`: the zones of these names are to be found first. */
  readonly zone: string | undefined;
}

/**
 * Never rejects: resolves to what happened to each of them, or to a failure of the whole request. Internal errors are
 * reported, and as good as transient failures.
 */
export async function performShared(
  shared: SharingMeans,
  riders: readonly Rider[],
  { signal, purpose, zone }: SharedRequest,
): Promise<CloudError | readonly AttemptOutcome[]> {
  const calls = shared.provider.shared;
  const call = callFor(shared, signal, purpose);
  const names = riders.map(({ candidate }) => candidate.name);
  const changes = riders.flatMap(({ candidate }) => changeOf(candidate) ?? []);
  try {
    if (calls === undefined) return riders.map(() => "again");
    if (zone === undefined) {
      await calls.findZones(names, call);
      return names.map((name) => (calls.zoneOf(name) === undefined ? "apart" : "again"));
    }
    return changes.length > 0 ? await calls.apply(changes, call) : await calls.list(names, call);
  } catch (error) {
    if (error instanceof CloudError) return error;
    shared.onBug(error);
    const message = `internal error; please report it: ${messageOf(error)}`;
    return new CloudError("transient", message, { isAmbiguous: changes.length > 0 });
  }
}

function changeOf({ step, name, known }: Candidate): NameChange | undefined {
  return step.kind === "write" ? { ingress: name, plan: step.plan, known } : undefined;
}

/** The first request has passed the gate already. */
function callFor({ gate }: SharingMeans, signal: AbortSignal, purpose: Purpose): Call {
  let isFirst = true;
  const admit = async (): Promise<void> => {
    if (!isFirst) await gate.admit(signal, purpose);
    isFirst = false;
  };
  return { signal, admit };
}
