// What a machine needs for tests with containers.
import type { TestContext } from "node:test";
import { findProgram, requireProgram, type Program } from "../programs.ts";

/** Makes base images, builds the image and runs it. */
export const imagePrograms: readonly Program[] = ["buildah", "podman", "runc", "mmdebstrap"];

/** Whether this machine can do it: it takes root, and these programs. */
export function canRun(programs: readonly Program[]): boolean {
  return process.geteuid?.() === 0 && programs.every((program) => findProgram(program) !== undefined);
}

/** The same for one test, which is marked as skipped otherwise (or fails, in CI), and has to return. */
export function requirePrograms(t: TestContext, programs: readonly Program[]): boolean {
  if (process.geteuid?.() !== 0) {
    t.skip("only root can make images of Debian packages");
    return false;
  }
  return programs.every((program) => requireProgram(t, program) !== undefined);
}
