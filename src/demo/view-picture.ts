// The picture in the middle of the live view: endpoints on the left, the ingress on the right, and between them the
// paths that DNS shows to the world. Pure.
import type { EndpointState, IngressState } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import { cut, fitted, widthOf, type ScreenLine } from "../terminal/screen-text.ts";
import { arrowRowOf, branch, pathAt, pathWidth } from "./view-paths.ts";
import { showTtl, type Sight } from "./witness.ts";

const longestName = 14;
const mostLeftWidth = 56;
/** Less than this for an endpoint, and its reason begins further left. */
const narrow = 34;
/** `○ recovering for 59s`, and a little more. */
const verdictWidth = 22;

export interface PictureParts {
  readonly ingress: IngressState;
  /** What DNS says of it; `undefined` when it does not answer. */
  readonly sight: Sight | undefined;
  readonly nowMs: number;
}

/** Three lines of exactly `width` columns for each endpoint. */
export function pictureLines({ ingress, sight, nowMs }: PictureParts, width: number): ScreenLine[] {
  const { endpoints, settings } = ingress;
  const serving = endpoints.map((endpoint) => serves(endpoint, sight));
  const rightWidth = Math.min(longestRight(ingress), Math.floor(width / 2));
  const leftWidth = Math.max(0, Math.min(mostLeftWidth, width - pathWidth - rightWidth));
  const left = endpoints.flatMap((endpoint, index): ScreenLine[] => {
    const [name, reason] = endpointLines(endpoint, endpoints, nowMs, leftWidth - 1);
    const text: ScreenLine = [...cut(name, leftWidth - 1), " "];
    const rest = Math.max(0, leftWidth - widthOf(text));
    return [[...text, branch(serving[index] === true, rest)], cut(reason, leftWidth), []];
  });
  const right: ScreenLine[] = [[{ style: "bold", text: settings.record }], ...sightLines(sight)];
  const arrowRow = arrowRowOf(endpoints.length);
  return left.map((line, row) => [
    ...fitted(line, leftWidth),
    ...pathAt(row, serving),
    ...fitted(right[row - arrowRow] ?? [], Math.max(0, width - pathWidth - leftWidth)),
  ]);
}

const looks = {
  unknown: { style: "dim", mark: "?", word: "unknown" },
  up: { style: "green", mark: "●", word: "up" },
  suspect: { style: "yellow", mark: "●", word: "suspect" },
  down: { style: "red", mark: "✗", word: "down" },
  recovering: { style: "yellow", mark: "○", word: "recovering" },
} as const;

/** Its name and health, and below that the reason. */
function endpointLines(
  { settings, health }: EndpointState,
  all: readonly EndpointState[],
  nowMs: number,
  width: number,
): readonly [name: ScreenLine, reason: ScreenLine] {
  const nameWidth = Math.min(longestName, longestOf(all.map((each) => each.settings.name)));
  const hostWidth = longestOf(all.map(hostOf));
  const { style, mark, word } = looks[health.verdict];
  const words = health.isDegraded ? `${word}, degraded` : word;
  const since = wholeSeconds(Math.floor(Math.max(0, nowMs - health.sinceMs) / 1_000));
  const name: ScreenLine = [...fitted([{ style: "bold", text: settings.name }], nameWidth), "  "];
  const host: ScreenLine = [...fitted([hostOf({ settings })], hostWidth), "  "];
  // For all endpoints or for none, whatever their verdicts are.
  const hasRoom = nameWidth + hostWidth + 4 + verdictWidth <= width;
  return [
    [...name, ...(hasRoom ? host : []), { style, text: `${mark} ${words}` }, ` for ${since}`],
    [" ".repeat(width < narrow ? 2 : nameWidth + 2), { style: "dim", text: health.reason }],
  ];
}

function wholeSeconds(seconds: number): string {
  return seconds === 0 ? "0 s" : formatDuration(seconds * 1_000);
}

function hostOf({ settings: { target } }: Pick<EndpointState, "settings">): string {
  return target.kind === "host" ? target.host : "";
}

/** The most that the right side needs, whatever is active, so that nothing moves when that changes. */
function longestRight({ settings, endpoints }: IngressState): number {
  return longestOf([settings.record, ...endpoints.map((endpoint) => `CNAME ${hostOf(endpoint)}`)]) + 1;
}

function longestOf(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => widthOf([text])));
}

function sightLines(sight: Sight | undefined): ScreenLine[] {
  if (sight === undefined) return [[{ style: "red", text: "DNS does not answer" }]];
  if (sight.length === 0) return [[{ style: "red", text: "no record" }]];
  const shown = sight.slice(0, sight.length > 2 ? 1 : 2).map(({ type, content }): ScreenLine => [`${type} ${content}`]);
  const left = sight.length - shown.length;
  const more: ScreenLine[] = left === 0 ? [] : [[`and ${left} more`]];
  return [...shown, ...more, [{ style: "dim", text: showTtl(sight) }]];
}

/** Whether the records that DNS shows lead to this endpoint. */
function serves({ settings: { target }, addresses }: EndpointState, sight: Sight | undefined): boolean {
  return (sight ?? []).some(({ type, content }) =>
    type === "CNAME"
      ? target.kind === "host" && target.host === content
      : addresses.some(({ text }) => text === content),
  );
}
