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

/**
 * A defect that one test has to see: a unit, a scenario, a property, or a whole daemon where it lies in how the parts are
 * put together. Tests in `test/e2e` get a program that is built with the patch.
 */
export interface BugForTest extends Patch {
  readonly name: string;
  /** The test's file, from the root of the repository, and its name. The cheapest one that fails for this reason. */
  readonly test: readonly [file: string, name: string];
}

/** Where a defect lies: `core`, `cloud`, … */
export function roomOf({ file }: Patch): string {
  const [, room = ""] = file.split("/");
  // The loop has a file to itself, and belongs to what puts the parts together.
  return room.endsWith(".ts") ? "assembly" : room;
}

/** The first defect of each room: those that every run of the tests plants. */
export function oneOfEachRoom<Bug extends Patch>(bugs: readonly Bug[]): Bug[] {
  return bugs.filter((bug) => bugs.find((other) => roomOf(other) === roomOf(bug)) === bug);
}
