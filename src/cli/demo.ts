// `ccs demo`: the ordinary daemon in an emulated world, and a story that shows what it is good for.
import { Controls } from "../demo/controls.ts";
import { controlsExtra } from "../demo/controls-routes.ts";
import { Director } from "../demo/director.ts";
import { nextWay } from "../demo/ways.ts";
import { openStage, type Stage } from "../demo/stage.ts";
import { playStory, type StoryEnding, type StoryTelling } from "../demo/story.ts";
import { LiveView } from "../demo/view-live.ts";
import { entryLines, openingLines, recapLines, tellingLines, type Manner, type Places } from "../demo/view-plain.ts";
import type { Tempo, World } from "../emulation/world.ts";
import { printLine, styled } from "../terminal/terminal.ts";
import { openInBrowser } from "./browser.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Register } from "./registration.ts";
import { typedName } from "./typed-name.ts";

export const registerDemo: Register = (program, run) => {
  program
    .command("demo")
    .option("--open", "open the dashboard in the browser")
    .option("--once", "stop after the story; exit code 1 if any of it did not happen as told")
    .addHelpText("after", "\nExamples:\n  $ ccs demo          until Ctrl-C\n  $ ccs demo --once   for a pipe, or CI")
    .action((options: { once?: true; open?: true }) =>
      run(() => demoCommand({ isOnce: options.once === true, isOpening: options.open === true })),
    );
};

export interface DemoOptions {
  /** Ends after the story. */
  readonly isOnce: boolean;
  /** Opens the dashboard in the person's browser. */
  readonly isOpening?: boolean;
  /** Called before the story begins: what a test does to the world. */
  readonly prepare?: (world: World) => void;
  /** How long a change may take beyond what the rules say; 10 s by default. */
  readonly slackMs?: number;
  readonly print?: (line: string) => void;
}

/** Real lines are watched for minutes; here everything happens within seconds. */
const tempo = { interval: "400ms", fastInterval: "100ms", timeout: "1s", rise: 2, fall: 2, reconcile: "10s" };
const brisk = { tempo: { ...tempo, holdUp: "3s", sticky: "4s" } satisfies Tempo, pauseMs: 1_000, restMs: 20_000 };
/** For people who watch: time to read, and countdowns that are worth showing. */
const calm = { tempo: { ...tempo, holdUp: "6s", sticky: "8s" } satisfies Tempo, pauseMs: 3_500, restMs: 12_000 };

const messagePollMs = 50;
const mostWidth = 100;

/**
 * Plays the story again and again until SIGINT, SIGTERM or a key, and ends with 0; people may take over by keys, and by
 * buttons beside the dashboard. With `isOnce` it ends after the story:
 * with 0 when all of it happened as told, else with 1.
 */
export async function demoCommand(options: DemoOptions): Promise<ExitCode> {
  const { isOnce, isOpening = false, prepare, slackMs = 10_000, print } = options;
  const isLive = process.stdout.isTTY && process.env["TERM"] !== "dumb" && print === undefined;
  const pace = isLive && !isOnce ? calm : brisk;
  using end = new End();
  const held: { controls?: Controls } = {};
  // The story that is told once is nobody's to disturb.
  await using stage = await openStage(pace.tempo, isOnce ? undefined : controlsExtra(() => held.controls));
  prepare?.(stage.world);
  using _ = takeMessages(stage);
  const told: StoryTelling[] = [];
  const tell = (telling: StoryTelling): void => {
    if (isOnce) told.push(telling);
    // What came before it is shown before it.
    stage.feed.takeMessages(stage.world.telegram, stage.clock.wallMs());
    controls.tell(telling);
    view.tell?.(telling);
  };
  const story = { tell, signal: end.signal, slackMs, pauseMs: pace.pauseMs };
  const director = new Director(stage, { ...story, restMs: pace.restMs });
  using controls = new Controls(stage, director);
  held.controls = controls;
  const view = isLive ? showLive({ stage, controls, end, isOpen: !isOnce }) : showPlainly(stage, print ?? printLine);
  if (isOpening) openInBrowser(`${stage.httpUrl}/`);
  let ending: StoryEnding | undefined;
  try {
    if (isOnce) ending = await playStory(stage, { ...story, way: nextWay() });
    else await director.playOn();
  } finally {
    view[Symbol.dispose]();
  }
  if (isLive) {
    // What was on the screen is gone with it.
    for (const line of told.flatMap((telling) => recapLines(telling, manner()))) printLine(line);
    if (!isOnce) printLine("The demo has ended. It leaves nothing behind.");
  }
  return ending === undefined || ending.kind === "well" ? exitCodes.ok : exitCodes.notSo;
}

interface DemoView extends Disposable {
  tell?(telling: StoryTelling): void;
}

function showPlainly(stage: Stage, print: (line: string) => void): DemoView {
  const printAll = (lines: readonly string[]): void => lines.forEach((line) => print(line));
  printAll(openingLines(stage.world, placesOf(stage), manner()));
  stage.feed.onEntry((entry) => printAll(entryLines(entry, manner())));
  return { tell: (telling) => printAll(tellingLines(telling, manner())), [Symbol.dispose]: () => {} };
}

function manner(): Manner {
  // Node's types do not know that there are no columns where there is no terminal.
  const columns: number | undefined = process.stdout.columns;
  return { width: Math.min(mostWidth, columns ?? mostWidth), paint: styled };
}

function showLive(parts: { stage: Stage; controls: Controls; end: End; isOpen: boolean }): DemoView {
  const { stage, controls, end, isOpen } = parts;
  return new LiveView({
    stage,
    controls,
    isOpen,
    places: () => placesOf(stage),
    paint: styled,
    output: process.stdout,
    input: process.stdin.isTTY ? process.stdin : undefined,
    onQuit: () => end.now(),
  });
}

function placesOf({ world, httpUrl, configPath, logPath }: Stage): Places {
  return { program: typedName(process.env, process.argv[1]), dnsPort: world.dns.port, httpUrl, configPath, logPath };
}

/** The emulated Telegram is looked at often, so that its messages stand among the lines of the log in order. */
function takeMessages({ feed, world, clock }: Stage): Disposable {
  const timer = setInterval(() => feed.takeMessages(world.telegram, clock.wallMs()), messagePollMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const patienceMs = 2_000;
const parentLookMs = 500;

/**
 * The wish to end, from wherever it comes: a signal, a key, a reader of our output who has gone, or an npm that died.
 */
class End implements Disposable {
  readonly #controller = new AbortController();
  readonly #parentId = process.ppid;
  readonly #parentLooks: NodeJS.Timeout | undefined;
  #wishedMs: number | undefined;

  constructor() {
    for (const signal of endSignals) process.on(signal, this.now);
    // Stays for good: what is still written after the reader has gone fails one by one.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      this.now();
    });
    // `npm run` passes a signal on to its shell alone, which dies and leaves us behind with the terminal.
    if (process.env["npm_lifecycle_event"] === undefined) return;
    this.#parentLooks = setInterval(() => {
      if (process.ppid !== this.#parentId) this.now();
    }, parentLookMs).unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the demo. A second wish some time later finds that it hangs, and ends the process. */
  readonly now = (): void => {
    this.#wishedMs ??= performance.now();
    this.#controller.abort();
    if (performance.now() - this.#wishedMs > patienceMs) process.exit(exitCodes.notSo);
  };

  [Symbol.dispose](): void {
    for (const signal of endSignals) process.off(signal, this.now);
    clearInterval(this.#parentLooks);
  }
}
