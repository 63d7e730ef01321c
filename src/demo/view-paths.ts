// The lines drawn from the endpoints to the arrow at the ingress, heavy where traffic flows. Each endpoint takes three
// rows, with its branch in the first of them. Pure.
import type { ScreenSpan } from "../terminal/screen-text.ts";

/** How many columns the paths take. */
export const pathWidth = 8;

type Weight = "heavy" | "thin";

/** The row that the arrow starts from: never one with a branch in it. */
export function arrowRowOf(endpointCount: number): number {
  return Math.floor((3 * endpointCount - 1) / 2);
}

/** `columns` columns of the branch of an endpoint. */
export function branch(isServing: boolean, columns: number): ScreenSpan {
  return isServing ? drawn("heavy", "━".repeat(columns)) : drawn("thin", "╌".repeat(columns));
}

/**
 * The piece of the paths in one row, `pathWidth` columns wide. `serving`: for each endpoint whether traffic flows to
 * it.
 */
export function pathAt(row: number, serving: readonly boolean[]): readonly ScreenSpan[] {
  const arrowRow = arrowRowOf(serving.length);
  const isServing = serving[row / 3];
  const sides = {
    u: trunkBelow(row - 1, serving),
    d: trunkBelow(row, serving),
    l: isServing === undefined ? undefined : weightOf(isServing),
  };
  const weight = weightOf(Object.values(sides).includes("heavy"));
  const joined = Object.entries({ ...sides, r: row === arrowRow ? weight : undefined })
    // Where traffic flows, only its own way is drawn.
    .filter(([, each]) => each === weight)
    .map(([direction]) => direction);
  const end = row !== arrowRow ? "    " : weight === "heavy" ? "━━▶ " : "──▷ ";
  const start = isServing === undefined ? "   " : branch(isServing, 3);
  return [start, drawn(weight, `${joints[joined.join("")]?.[weight] ?? " "}${end}`)];
}

/** Joints by the directions that they connect: up, down, left, right. */
const joints: Readonly<Record<string, Readonly<Record<Weight, string>>>> = {
  ud: { heavy: "┃", thin: "│" },
  dl: { heavy: "┓", thin: "┐" },
  ul: { heavy: "┛", thin: "┘" },
  udl: { heavy: "┫", thin: "┤" },
  ur: { heavy: "┗", thin: "└" },
  dr: { heavy: "┏", thin: "┌" },
  udr: { heavy: "┣", thin: "├" },
};

/** The trunk between this row and the next; `undefined` where there is none. */
function trunkBelow(row: number, serving: readonly boolean[]): Weight | undefined {
  const arrowRow = arrowRowOf(serving.length);
  if (row < 0 || row >= Math.max(arrowRow, 3 * (serving.length - 1))) return undefined;
  // Traffic flows in it from all branches on the side that the arrow is not on.
  return weightOf(serving.some((is, index) => is && (row < arrowRow ? 3 * index <= row : 3 * index > row)));
}

function weightOf(isFlowing: boolean): Weight {
  return isFlowing ? "heavy" : "thin";
}

function drawn(weight: Weight, text: string): ScreenSpan {
  return { style: weight === "heavy" ? "green" : "dim", text };
}
