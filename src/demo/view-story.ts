// What the live view says about the story: the step at hand, what came of it, or that a person has taken over. Pure.
import { filledUp, wrap, type ScreenLine, type Style } from "../terminal/screen-text.ts";
import type { StoryEnding, StepOutcome, StoryStep } from "./story.ts";

export type StoryStatus =
  | { readonly kind: "starting" }
  | { readonly kind: "step"; readonly step: StoryStep; readonly outcome?: StepOutcome }
  | { readonly kind: "ended"; readonly ending: StoryEnding }
  /** A person has taken over. `echo`: what came of the newest key. */
  | { readonly kind: "aside"; readonly echo?: string };

/** Characters that the words of the story take at most, with some slack for where lines break. */
export const longestText = 177;
const longestOutcome = 115;

/** Always of the same height at the same width, so that nothing below it jumps. */
export function storyLines(story: StoryStatus, columns: number): ScreenLine[] {
  const [textRows, outcomeRows] = [Math.ceil(longestText / columns), Math.ceil(longestOutcome / columns)];
  const { title, text, outcome } = wordsOf(story);
  const body = text === "" ? [] : wrap(text, columns, textRows).map((line): ScreenLine => [line]);
  const [mark, style, result] = outcome ?? ["", "dim", ""];
  const results = wrap(`${mark} ${result}`.trim(), columns, outcomeRows).map((line): ScreenLine => [
    { style, text: line },
  ]);
  return [
    [{ style: "bold", text: title }],
    ...filledUp([...body, ...results].slice(0, textRows + outcomeRows), textRows + outcomeRows),
  ];
}

interface StoryWords {
  readonly title: string;
  readonly text: string;
  readonly outcome?: readonly [mark: string, style: Style, words: string];
}

function wordsOf(story: StoryStatus): StoryWords {
  switch (story.kind) {
    case "starting":
      return { title: "Starting", text: "An emulated Cloudflare, its DNS, a Telegram, two endpoints, and the daemon." };
    case "step": {
      const { step, outcome } = story;
      const title = `Story ${step.number}/${step.count}: ${step.title}`;
      if (outcome === undefined) return { title, text: step.text };
      return outcome.kind === "as-told"
        ? { title, text: step.text, outcome: ["✓", "green", outcome.words] }
        : { title, text: step.text, outcome: ["✗", "red", outcome.problem] };
    }
    case "ended":
      return endingWords(story.ending);
    case "aside": {
      const text = "The story is paused. Break and repair whatever you like; s starts it again.";
      const title = "You are in control";
      return story.echo === undefined ? { title, text } : { title, text, outcome: ["→", "cyan", story.echo] };
    }
    default:
      return story satisfies never;
  }
}

function endingWords(ending: StoryEnding): StoryWords {
  switch (ending.kind) {
    case "well":
      return { title: "All went well", text: `${ending.words} It will start again in a moment.` };
    case "badly":
      return { title: "Something did not go as expected", text: "", outcome: ["✗", "red", ending.problems.join("; ")] };
    case "interrupted":
      return { title: "The story was interrupted", text: "" };
    default:
      return ending satisfies never;
  }
}
