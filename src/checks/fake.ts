// What a check sees of a service in the simulated world. Each kind of check brings one.
import type { CheckTask } from "../core/model.ts";
import type { ProbeResult } from "./verdict.ts";

export interface CheckFake<Task extends CheckTask> {
  /** Whether it has a certificate that the check looks at. */
  hasCertificate(task: Task): boolean;
  /** What comes of a probe whose connection was accepted. */
  answer(task: Task, condition: ServiceCondition): ProbeResult;
}

/**
 * It works, it answers with an error (with a status where it speaks HTTP), or its answer is not the one of the service.
 */
export type ServiceCondition =
  | { readonly kind: "ok" }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "marker" };
