// The live view of the demo as lines for a terminal of a given size. Pure: state, story and time in, text out.
import type { IngressState } from "../core/model.ts";
import { ranked } from "../core/members.ts";
import { cut, filledUp, painted, widthOf, type ScreenLine, type Paint, type Style } from "../terminal/screen-text.ts";
import type { FeedEntry } from "./feed.ts";
import type { Way } from "./ways.ts";
import { pictureLines } from "./view-picture.ts";
import { storyLines, type StoryStatus } from "./view-story.ts";
import { clockTime, commandsToTry, type Places } from "./view-plain.ts";
import type { Sight } from "./witness.ts";

/** All that is shown. */
export interface Shown {
  /** Missing while the daemon starts. */
  readonly ingress: IngressState | undefined;
  readonly sight: Sight | undefined;
  readonly story: StoryStatus;
  /** Oldest first. */
  readonly entries: readonly FeedEntry[];
  readonly places: Places;
  /** Missing where there is no keyboard. */
  readonly keys?: DemoKeys;
  readonly nowMs: number;
}

/** What keys would do now. */
export interface DemoKeys {
  /** How the next endpoint is broken. */
  readonly way: Way;
  readonly isBroken: { readonly cable: boolean; readonly mobile: boolean };
  /** Whether endpoints may be broken and repaired; otherwise the story plays undisturbed. */
  readonly isOpen: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** At most `rows` lines of at most `columns` columns, apart from what `paint` adds. */
export function renderView(shown: Shown, size: Size, paint: Paint): string[] {
  const { columns, rows } = size;
  const header = headerLines(shown.places, columns);
  const middle = middleLines(shown, columns);
  const story = storyLines(shown.story, columns);
  const keys = keyLines(shown.keys, columns);
  // The rest of the height goes round: what matters most is served first.
  let left = rows - header.length - middle.length - story.length - keys.length;
  const take = (most: number): number => {
    const taken = Math.max(0, Math.min(left, most));
    left -= taken;
    return taken;
  };
  const feedRows = take(3);
  const tryRows = take(2);
  const gaps = take(5);
  const moreTryRows = take(3);
  const gap = (rank: number): ScreenLine[] => (gaps >= rank ? [[]] : []);
  const body = [
    ...header,
    ...gap(1),
    ...middle,
    ...gap(3),
    ...story,
    ...gap(2),
    ...feedLines(shown.entries, feedRows + take(Infinity)),
    ...gap(4),
    ...tryLines(shown.places, columns, tryRows + moreTryRows),
    ...gap(5),
  ];
  const lines = [...body.slice(0, Math.max(0, rows - keys.length)), ...keys].slice(0, rows);
  return lines.map((line) => painted(cut(line, columns), paint));
}

/** The address of the dashboard is at the top: most of what there is to see is there. */
function headerLines({ httpUrl }: Places, columns: number): ScreenLine[] {
  const left: ScreenLine = [{ style: "bold", text: "Cloudflare CNAME Switcher" }, " · demo"];
  const right = "emulated, on this machine alone";
  const space = columns - widthOf(left) - right.length;
  const address: ScreenLine = ["Dashboard: ", { style: ["bold", "cyan"], text: `${httpUrl}/` }];
  const whole: ScreenLine = [...address, { style: "dim", text: "  to watch, and to break things with buttons" }];
  return [
    space < 2 ? left : [...left, " ".repeat(space), { style: "dim", text: right }],
    widthOf(whole) <= columns ? whole : address,
  ];
}

function middleLines({ ingress, sight, nowMs }: Shown, columns: number): ScreenLine[] {
  if (ingress === undefined) return [["The daemon is starting …"], ...Array.from({ length: 6 }, () => [])];
  return [...pictureLines({ ingress, sight, nowMs }, columns), countdownLine(ingress, nowMs)];
}

const barWidth = 12;

/** What time alone will bring next: the return to a better endpoint, or the end of a mix. */
function countdownLine(ingress: IngressState, nowMs: number): ScreenLine {
  const countdown = countdownOf(ingress);
  if (countdown === undefined) return [];
  const { what, rule, fromMs, untilMs } = countdown;
  const leftMs = Math.max(0, untilMs - nowMs);
  const filled = Math.round(barWidth * Math.min(1, leftMs / Math.max(1, untilMs - fromMs)));
  const bar: ScreenLine = [
    { style: "cyan", text: "▰".repeat(filled) },
    { style: "dim", text: "▱".repeat(barWidth - filled) },
  ];
  return [...bar, `  ${what} in `, { style: "bold", text: `${Math.ceil(leftMs / 1_000)} s` }, `  (${rule})`];
}

function countdownOf(
  ingress: IngressState,
): { what: string; rule: string; fromMs: number; untilMs: number } | undefined {
  const { selection, endpoints } = ingress;
  const [sticky] = selection?.sticky ?? [];
  if (selection !== undefined && sticky !== undefined) {
    const what = `${sticky.endpoint} is no longer published`;
    return { what, rule: "sticky", fromMs: selection.sinceMs, untilMs: sticky.untilMs };
  }
  const order = ranked(endpoints);
  const better = order.slice(
    0,
    Math.max(
      0,
      order.findIndex(({ settings }) => settings.name === selection?.primary),
    ),
  );
  const held = better.find(({ heldUntilMs }) => heldUntilMs !== undefined);
  if (held?.heldUntilMs === undefined) return undefined;
  const what = `traffic returns to ${held.settings.name}`;
  return { what, rule: "hold_up", fromMs: held.health.sinceMs, untilMs: held.heldUntilMs };
}

const levelStyles: Readonly<Partial<Record<string, Style>>> = { warn: "yellow", error: "red", fatal: "red" };

/** The newest entries, the last one at the bottom. With room enough, the newest message in full. */
function feedLines(entries: readonly FeedEntry[], rows: number): ScreenLine[] {
  const newestMessage = rows >= 12 ? entries.findLast(({ kind }) => kind === "message") : undefined;
  const lines = entries.slice(-rows).flatMap((entry): ScreenLine[] => {
    const at: ScreenLine = [{ style: "dim", text: clockTime(entry.atWallMs) }, "  "];
    if (entry.kind === "log") {
      const style = levelStyles[entry.level];
      return [[...at, style === undefined ? entry.text : { style, text: entry.text }]];
    }
    const [headline = "", ...details] = entry.lines;
    const more =
      entry === newestMessage ? details.map((text): ScreenLine => [" ".repeat(22), { style: "dim", text }]) : [];
    return [[...at, { style: "blue", text: "Telegram: " }, headline], ...more];
  });
  return filledUp(rows === 0 ? [] : lines.slice(-rows), rows);
}

function tryLines(places: Places, columns: number, rows: number): ScreenLine[] {
  const commands = commandsToTry(places).slice(0, rows);
  const longest = Math.max(...commands.map(({ command }) => command.length));
  const lines = commands.map(({ command, what }, index) => {
    const start: ScreenLine = [index === 0 ? "Try  " : "     ", { style: "cyan", text: command }];
    return {
      start,
      whole: [...start, " ".repeat(longest - command.length + 2), { style: "dim" as const, text: what }],
    };
  });
  const hasRoom = lines.every(({ whole }) => widthOf(whole) <= columns);
  return lines.map(({ start, whole }) => (hasRoom ? whole : start));
}

/** One line; where it is too narrow for that, as many as it takes. */
function keyLines(keys: DemoKeys | undefined, columns: number): ScreenLine[] {
  if (keys === undefined) return [];
  const toggle = (name: "cable" | "mobile"): string => `${keys.isBroken[name] ? "repair" : "break"} ${name}`;
  const open = [
    ["c", toggle("cable")],
    ["m", toggle("mobile")],
    ["h", `how: ${keys.way.name}`],
    ["s", "story"],
  ] as const;
  const all = [...(keys.isOpen ? open : []), ["q", "quit"] as const];
  const airy = all.flatMap(([name, what]): ScreenLine => [{ style: "inverse", text: ` ${name} ` }, ` ${what}   `]);
  if (widthOf(airy) <= columns) return [airy];
  const lines: ScreenLine[] = [];
  for (const [name, what] of all) {
    const last = lines.at(-1);
    const item: ScreenLine = [{ style: "inverse", text: name }, ` ${what} `];
    if (last !== undefined && widthOf(last) + widthOf(item) <= columns) lines[lines.length - 1] = [...last, ...item];
    else lines.push(item);
  }
  return lines;
}
