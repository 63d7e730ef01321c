// The story as plain lines, for pipes, logs and people who want to read it afterwards. Pure.
import { wrap, type Paint } from "../terminal/screen-text.ts";
import type { FeedEntry } from "./feed.ts";
import type { StepOutcome, StoryTelling } from "./story.ts";
import type { World } from "../emulation/world.ts";

/** What can be tried while the demo runs. */
export interface Places {
  /** How to call this program. */
  readonly program: string;
  readonly dnsPort: number;
  readonly httpUrl: string;
  readonly configPath: string;
  readonly logPath: string;
}

/** How lines are made: where to break them, and what styles become. */
export interface Manner {
  /** Columns; the daemon's own lines are left as they are. */
  readonly width: number;
  readonly paint: Paint;
}

const indent = " ".repeat(5);

/** What is before the story: what there is, and what to try. */
export function openingLines(world: World, places: Places, { width, paint }: Manner): string[] {
  const { cable, mobile } = world;
  const endpoints = [cable, mobile].map(
    ({ name, host, address, server }) => `  ${name.padEnd(8)} ${host.padEnd(22)} ${address}:${server.port}`,
  );
  const commands = commandsToTry(places);
  const longest = Math.max(...commands.map(({ command }) => command.length));
  return [
    paint("bold", "Cloudflare CNAME Switcher: the demo"),
    `Dashboard: ${paint("cyan", `${places.httpUrl}/`)}`,
    "",
    ...wrap(
      "The real daemon, with an emulated Cloudflare, its DNS, a Telegram and two toy endpoints. Everything runs on this " +
        "machine: no account, no token. Lines with a time are the daemon's own log, and messages as they are sent.",
      width,
    ),
    "",
    ...endpoints,
    "",
    "To try in another terminal:",
    ...commands.map(({ command, what }) => `  ${paint("cyan", command.padEnd(longest))}  ${paint("dim", what)}`),
  ];
}

/** What a person can try: commands and an address, and what each shows. */
export function commandsToTry(places: Places): readonly { readonly command: string; readonly what: string }[] {
  const { program, dnsPort, httpUrl, configPath, logPath } = places;
  return [
    { command: `dig @127.0.0.1 -p ${dnsPort} ingress.example.com`, what: "what DNS says" },
    { command: `${program} status --watch -c ${configPath}`, what: "also events, pin, drain, plan" },
    { command: `curl ${httpUrl}/metrics`, what: "also /healthz and /readyz" },
    { command: `tail -f ${logPath}`, what: "the daemon's log" },
    { command: `$EDITOR ${configPath}`, what: "reloaded when you save" },
  ];
}

export function tellingLines(telling: StoryTelling, manner: Manner): string[] {
  const { width, paint } = manner;
  switch (telling.kind) {
    case "step-began": {
      const { number, count, title, text } = telling.step;
      const lines = wrap(text, width - indent.length).map((line) => `${indent}${line}`);
      return ["", paint("bold", `${number}/${count}  ${title}`), ...lines];
    }
    case "step-ended":
      return outcomeLines(telling.outcome, manner);
    case "ended":
      return endingLines(telling, manner);
    default:
      return telling satisfies never;
  }
}

/** `✓ DNS says …`, or `✗` and what did not happen. */
function outcomeLines(outcome: StepOutcome, { width, paint }: Manner): string[] {
  const [mark, words] =
    outcome.kind === "as-told" ? [paint("green", "✓"), outcome.words] : [paint("red", "✗"), outcome.problem];
  return wrap(words, width - indent.length - 2).map((line, index) => `${indent}${index === 0 ? mark : " "} ${line}`);
}

function endingLines({ ending }: StoryTelling & { kind: "ended" }, { width, paint }: Manner): string[] {
  switch (ending.kind) {
    case "well":
      return ["", paint("green", "All went well"), ...wrap(ending.words, width)];
    case "badly":
      return [
        "",
        paint("red", "Something did not go as expected:"),
        ...ending.problems.map((problem) => `  ${problem}`),
      ];
    case "interrupted":
      return ["", "The story was interrupted before its end."];
    default:
      return ending satisfies never;
  }
}

/** The story in short, for afterwards. */
export function recapLines(telling: StoryTelling, manner: Manner): string[] {
  if (telling.kind === "step-began") return [];
  if (telling.kind === "ended") return tellingLines(telling, manner);
  const { number, count, title } = telling.step;
  return [manner.paint("bold", `${number}/${count}  ${title}`), ...outcomeLines(telling.outcome, manner)];
}

/** A line of the log, or the beginning of a message: its headline, and below that mostly the reason. */
export function entryLines(entry: FeedEntry, { paint }: Manner): string[] {
  const at = paint("dim", clockTime(entry.atWallMs));
  if (entry.kind === "log") return [`${indent}${at}  ${entry.text}`];
  const [headline = "", reason, ...rest] = entry.lines;
  // The last line holds time and id alone.
  const more = reason === undefined || rest.length === 0 ? [] : [`${indent}${" ".repeat(22)}${paint("dim", reason)}`];
  return [`${indent}${at}  ${paint("blue", "Telegram:")} ${headline}`, ...more];
}

/** `20:15:31.2`, in the time of this place. */
export function clockTime(wallMs: number): string {
  const date = new Date(wallMs);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${Math.floor(date.getMilliseconds() / 100)}`;
}
