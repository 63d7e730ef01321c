// One line of cells for each endpoint over the time of a simulation: who served, who could have, and who was down.
import { styled } from "../terminal/terminal.ts";
import type { PlayedIngress } from "../what-if/play.ts";
import { formatTime } from "../what-if/times.ts";

const mostNameColumns = 20;

/** A scale, a line for each endpoint, and a legend, in `width` columns. */
export function stripLines(ingress: Strip, lengthMs: number, width: number): readonly string[] {
  const nameColumns = Math.min(mostNameColumns, Math.max(...ingress.endpoints.map((name) => name.length)));
  const cells = width - nameColumns - 4;
  const lines = ingress.endpoints.map((name) => {
    const shown = name.length > nameColumns ? `${name.slice(0, nameColumns - 1)}…` : name.padEnd(nameColumns);
    const strip = Array.from({ length: cells }, (_, index) => {
      const fromMs = (index * lengthMs) / cells;
      return cellOf(ingress, name, fromMs, fromMs + lengthMs / cells);
    });
    return `  ${shown}  ${strip.join("")}`;
  });
  return [`  ${" ".repeat(nameColumns)}  ${styled("dim", scaleOf(lengthMs, cells))}`, ...lines, `  ${legend()}`];
}

export type Strip = Pick<PlayedIngress, "endpoints" | "served" | "beliefs">;

function cellOf({ served, beliefs }: Strip, endpoint: string, fromMs: number, toMs: number): string {
  const isServing = during(served, fromMs, toMs).some(({ endpoints }) => endpoints.includes(endpoint));
  const own = beliefs.filter((belief) => belief.endpoint === endpoint);
  // Nothing is known at the start.
  const isUp = own.length === 0 || during(own, fromMs, toMs).every(({ verdict }) => verdict === "up");
  if (isServing) return isUp ? styled("green", "━") : styled("red", "╳");
  return styled("dim", isUp ? "─" : "·");
}

/** The entries that hold at some time between the two, the one before the first included. */
function during<Item extends { readonly atMs: number }>(
  items: readonly Item[],
  fromMs: number,
  toMs: number,
): readonly Item[] {
  return items.filter(({ atMs }, index) => atMs < toMs && (items[index + 1]?.atMs ?? Infinity) > fromMs);
}

function scaleOf(lengthMs: number, cells: number): string {
  const marks = cells >= 48 ? 4 : 2;
  let scale = "";
  for (let mark = 0; mark < marks; mark += 1) {
    scale += markOf((mark * lengthMs) / marks).padEnd(Math.round(((mark + 1) * cells) / marks) - scale.length);
  }
  const end = markOf(lengthMs);
  return scale.slice(0, cells - end.length) + end;
}

/** Without seconds where there are none. */
function markOf(atMs: number): string {
  return formatTime(Math.round(atMs / 1_000) * 1_000).replace(/^(\d+:\d\d):00$/, "$1");
}

function legend(): string {
  return [
    `${styled("green", "━")} serves`,
    `${styled("red", "╳")} active, not up`,
    `${styled("dim", "─")} up`,
    `${styled("dim", "·")} not up`,
  ].join("   ");
}
