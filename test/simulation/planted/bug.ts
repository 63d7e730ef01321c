// What a planted bug is: a known defect as a patch of the source, and who has to notice it.
import type { Patch } from "./plant.ts";
import type { Story } from "./story.ts";

/** A defect that the simulator has to see. */
export interface PlantedBug extends Patch {
  /** Goes on where "sees it when …" ends. */
  readonly name: string;
  /** Breaks nothing without the patch. */
  readonly story: Story;
  /** The invariants of which one must be seen broken, before any other. */
  readonly breaks: readonly string[];
}

/** A defect beyond the simulated world, which a test of the real thing has to see. */
export interface BugForTest extends Patch {
  readonly name: string;
  /** The test's file, from the root of the repository, and its name. */
  readonly test: readonly [file: string, name: string];
}
