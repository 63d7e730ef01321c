// What a check sees of a service in the simulated world. Each kind of check brings one.
import type { CheckTask, Validity } from "../core/model.ts";
import { isWithin } from "./certificate-path.ts";
import { failedByDate, type ProbeResult } from "./verdict.ts";

export interface CheckFake<Task extends CheckTask> {
  /** What speaks against the certificate of a site; `undefined` where nothing does, or the check looks at none. */
  objectionTo(task: Task, certificate: FakeCertificate): ProbeResult | undefined;
  /** What comes of a probe whose connection was accepted. */
  answer(task: Task, condition: ServiceCondition): ProbeResult;
}

export interface FakeCertificate {
  readonly validity: Validity;
  /** The time that it is judged by. */
  readonly wallMs: number;
}

/** Its dates are all that there is to a certificate of the simulated world. */
export function objectionToDates({ validity, wallMs }: FakeCertificate): ProbeResult | undefined {
  return isWithin(validity, wallMs) ? undefined : failedByDate("certificate expired", validity);
}

/**
 * It works, it answers with an error (with a status where it speaks HTTP), or its answer is not the one of the service.
 */
export type ServiceCondition =
  | { readonly kind: "ok" }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "marker" };
