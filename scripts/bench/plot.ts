// A plot of cost against size, both logarithmic, as an SVG that can be read on white and on black.
import type { BenchPoint } from "./measure.ts";

const [width, height] = [640, 360];
const margin = { left: 70, right: 24, top: 36, bottom: 48 };

/** Powers of ten around all of these. */
function decadesOf(values: readonly number[]): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) => 10 ** (first + index));
}

export function plotOf(points: readonly BenchPoint[]): string {
  const sizes = decadesOf(points.map(({ size }) => size));
  const costs = decadesOf(points.map(({ microseconds }) => microseconds));
  const x = (size: number): number => at(size, sizes, [margin.left, width - margin.right]);
  const y = (cost: number): number => at(cost, costs, [height - margin.bottom, margin.top]);
  const across = sizes.map((size) => line([x(size), margin.top, x(size), height - margin.bottom]));
  const along = costs.map((cost) => line([margin.left, y(cost), width - margin.right, y(cost)]));
  const path = points.map(({ size, microseconds }) => `${x(size).toFixed(1)},${y(microseconds).toFixed(1)}`).join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#808080">
<title>Processor time of the loop for one check, against the number of endpoints</title>
${[...across, ...along].join("\n")}
${sizes.map((size) => label(x(size), height - margin.bottom + 20, size.toLocaleString("en"))).join("\n")}
${costs.map((cost) => label(margin.left - 8, y(cost) + 4, cost.toLocaleString("en"), "end")).join("\n")}
${label(width / 2, height - 8, "endpoints")}
${label(margin.left - 58, 20, "µs of the processor for one check that succeeds, the loop alone", "start")}
<polyline points="${path}" fill="none" stroke="#d9730d" stroke-width="2.5"/>
${points.map(({ size, microseconds }) => `<circle cx="${x(size).toFixed(1)}" cy="${y(microseconds).toFixed(1)}" r="4" fill="#d9730d"/>`).join("\n")}
</svg>
`;
}

/** Where a value is between the first and the last of `decades`, on the way from one pixel to the other. */
function at(value: number, decades: readonly number[], [from, to]: readonly [number, number]): number {
  const [first, last] = [Math.log10(decades[0] ?? 1), Math.log10(decades.at(-1) ?? 10)];
  return from + ((to - from) * (Math.log10(value) - first)) / (last - first);
}

function line([x1, y1, x2, y2]: readonly [number, number, number, number]): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#808080" stroke-opacity="0.3"/>`;
}

function label(x: number, y: number, text: string, anchor = "middle"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${text}</text>`;
}
