// Plays the story that the demo tells, scene by scene, and judges what was seen of it from outside. Knows nothing of
// how it is shown, nor of the daemon's insides, so that it can be played over any daemon.
import { sleep } from "../lib/clock.ts";
import { formatDuration } from "../core/units.ts";
import { scenes, type Scene, type Scenery } from "./scenes.ts";
import type { Way } from "./ways.ts";
import { DemoTally } from "./tally.ts";
import { isSameSight, showSight, type Sight } from "./witness.ts";

export interface StoryOptions {
  /** How cable breaks. */
  readonly way: Way;
  /** Hears the story step by step. */
  readonly tell: (telling: StoryTelling) => void;
  readonly signal: AbortSignal;
  /** Time to read, after each step. */
  readonly pauseMs: number;
  /** How much longer than it must take a change may take until the story has failed. */
  readonly slackMs: number;
}

export type StoryTelling =
  | { readonly kind: "step-began"; readonly step: StoryStep }
  | { readonly kind: "step-ended"; readonly step: StoryStep; readonly outcome: StepOutcome }
  | { readonly kind: "ended"; readonly ending: StoryEnding };

export interface StoryStep {
  /** From 1 to `count`. */
  readonly number: number;
  readonly count: number;
  readonly title: string;
  /** What happens and why, in plain words. */
  readonly text: string;
}

/** What came of a step. */
export type StepOutcome =
  | { readonly kind: "as-told"; readonly words: string }
  /** What did not happen, or should not have. */
  | { readonly kind: "otherwise"; readonly problem: string };

export type StoryEnding =
  | { readonly kind: "well"; readonly words: string }
  | { readonly kind: "badly"; readonly problems: readonly string[] }
  | { readonly kind: "interrupted" };

/** Plays the story once, from whatever state the world is in. Ends early when a step fails or the signal fires. */
export async function playStory(place: Scenery, options: StoryOptions): Promise<StoryEnding> {
  const ending = await play(place, options);
  options.tell({ kind: "ended", ending });
  return ending;
}

const pollMs = 20;

async function play(place: Scenery, { way, tell, signal, pauseMs, slackMs }: StoryOptions): Promise<StoryEnding> {
  using tally = new DemoTally(place.world, place.witness);
  let before: Times = { changedMs: place.clock.nowMs(), cameBackMs: place.clock.nowMs() };
  for (const [index, makeScene] of scenes.entries()) {
    if (signal.aborted) return { kind: "interrupted" };
    const scene = makeScene(place, way);
    const step: StoryStep = { number: index + 1, count: scenes.length, title: scene.title, text: scene.text };
    tell({ kind: "step-began", step });
    const played = await playScene(scene, { place, tally, before, slackMs, signal });
    if (signal.aborted) return { kind: "interrupted" };
    before = played.times;
    tell({ kind: "step-ended", step, outcome: played.outcome });
    if (played.outcome.kind === "otherwise") {
      return { kind: "badly", problems: [`step ${step.number} (${scene.title}): ${played.outcome.problem}`] };
    }
    await sleep(place.clock, pauseMs, signal);
  }
  if (signal.aborted) return { kind: "interrupted" };
  const problems = tally.problemsAtEnd();
  return problems.length > 0 ? { kind: "badly", problems } : { kind: "well", words: tally.words() };
}

/** Times that a later scene refers to. */
interface Times {
  /** When the newest change was seen. */
  readonly changedMs: number;
  /** When cable came back. */
  readonly cameBackMs: number;
}

interface SceneContext {
  readonly place: Scenery;
  readonly tally: DemoTally;
  readonly before: Times;
  readonly slackMs: number;
  readonly signal: AbortSignal;
}

async function playScene(scene: Scene, context: SceneContext): Promise<{ outcome: StepOutcome; times: Times }> {
  const { place, tally, before, slackMs, signal } = context;
  const { clock, witness } = place;
  const startedMs = clock.nowMs();
  const mostMs = scene.takesMs + slackMs;
  const until = async (isTrue: () => boolean | Promise<boolean>): Promise<boolean> => {
    while (!(await isTrue())) {
      if (signal.aborted || clock.nowMs() - startedMs > mostMs) return false;
      await sleep(clock, pollMs, signal);
    }
    return true;
  };

  const isThereAlready = isSameSight(await witness.ask(), scene.expected);
  await scene.act?.();
  let sight: Sight | undefined;
  const isSeen = await until(async () => isSameSight((sight = await witness.ask()), scene.expected));
  const changedMs = clock.nowMs();
  const isReady = isSeen && (await until(scene.isReady ?? (() => true)));
  const isTold = isReady && (scene.writes === "as-needed" || (await until(() => tally.isTold)));

  const cameBackMs = scene.isReturn === true ? startedMs : before.cameBackMs;
  const writes = tally.endStep();
  const problem = ((): string | undefined => {
    const within = `within ${formatDuration(mostMs)}`;
    if (!isSeen) return `expected ${showSight(scene.expected)} in DNS ${within}, but it says ${showSight(sight)}`;
    if (!isReady) return `the daemon was not ready ${within}`;
    if (!isTold) return `no Telegram message reported it ${within}`;
    const expectedWrites = scene.writes === "as-needed" ? (isThereAlready ? 0 : writes) : scene.writes;
    if (writes !== expectedWrites) return `it took ${writes} write requests instead of ${expectedWrites}`;
    const heldMs = changedMs - cameBackMs;
    if (scene.notBefore !== undefined && heldMs < scene.notBefore.ms) {
      return `the record changed ${brief(heldMs)} after cable came back, but ${scene.notBefore.rule}`;
    }
    return undefined;
  })();

  const times = { changedMs, cameBackMs };
  if (problem !== undefined) return { outcome: { kind: "otherwise", problem }, times };
  const words = scene.words({
    sinceStart: brief(changedMs - startedMs),
    sinceChange: brief(changedMs - before.changedMs),
    writes,
  });
  return { outcome: { kind: "as-told", words: `DNS says ${showSight(scene.expected)}. ${words}` }, times };
}

/** A measured time: `483 ms`, `3.2 s`. */
export function brief(durationMs: number): string {
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1_000).toFixed(1)} s`;
}
