// The buttons of the demo: what can be broken and mended, how the story goes on meanwhile, and what came of the newest
// deed.
import { Sign } from "../parts/icons.tsx";
import { useDemo } from "./controls.ts";
import type { ControlsDocument, Deed, EndpointName, StoryDocument, WayName } from "./document.ts";

type Act = (deed: Deed) => void;

export function DemoPanel() {
  const { controls, isAway, act } = useDemo();
  return (
    <section class="demo" aria-label="Demo">
      {controls === undefined ? (
        <p class="quiet">The demo is about to start…</p>
      ) : (
        <Panel controls={isAway ? { ...controls, story: { kind: "starting" } } : controls} act={act} />
      )}
    </section>
  );
}

function Panel({ controls, act }: { controls: ControlsDocument; act: Act }) {
  const { story, endpoints, isCut, isCloudflareDown, token } = controls;
  return (
    <>
      <Story story={story} act={act} />
      <div class="demo-desk">
        {endpoints.map(({ name, way }) => (
          <Switch key={name} name={name} way={way} act={act} />
        ))}
        <div class="demo-row" role="group" aria-label="elsewhere">
          <span class="demo-label">elsewhere</span>
          <span class="demo-buttons">
            <Toggle isOn={isCut} act={() => act({ deed: "connection", isCut: !isCut })}>
              Cut the monitor’s connection
            </Toggle>
            <Toggle isOn={isCloudflareDown} act={() => act({ deed: "cloudflare", isDown: !isCloudflareDown })}>
              Cloudflare unavailable
            </Toggle>
            <button type="button" onClick={() => act({ deed: "edit-record" })}>
              Edit the record by hand
            </button>
          </span>
        </div>
      </div>
      <p class="quiet demo-hint">
        Everything is emulated on this machine. Pin, drain and drill work as well: open an endpoint below. The token of
        this demo, <code>{token}</code>, has already been entered.
      </p>
    </>
  );
}

function Story({ story, act }: { story: StoryDocument; act: Act }) {
  const { title, text, outcome } = wordsOf(story);
  return (
    <div class="demo-story">
      <div class="demo-title">
        <h2>
          <span class="tag tag-primary">Demo</span> {title}
        </h2>
        {story.kind === "aside" && (
          <button type="button" onClick={() => act({ deed: "story" })}>
            Repair everything, play the story
          </button>
        )}
      </div>
      <p>{text}</p>
      <p class={`demo-outcome tone-${outcome?.tone ?? "quiet"}`} aria-live="polite">
        {outcome !== undefined && (
          <>
            <Sign name={outcome.sign} /> {outcome.words}
          </>
        )}
      </p>
    </div>
  );
}

interface PanelWords {
  readonly title: string;
  readonly text: string;
  readonly outcome?: {
    readonly sign: "check" | "alert" | "chevron";
    readonly tone: "ok" | "bad" | "info";
    readonly words: string;
  };
}

function wordsOf(story: StoryDocument): PanelWords {
  switch (story.kind) {
    case "starting":
      return {
        title: "The story starts",
        text:
          "After some outages the daemon is restarted, because it would otherwise hold traffic back longer each time. " +
          "If this takes long, check whether the demo is still running in its terminal.",
      };
    case "step": {
      const { number, count, title, text, outcome } = story;
      const told = { title: `Story ${number}/${count}: ${title}`, text };
      if (outcome === undefined) return told;
      return { ...told, outcome: { ...signOf(outcome.isAsTold), words: outcome.words } };
    }
    case "ended": {
      const text = "It will start again in a moment. Break something yourself at any time.";
      const title = story.isWell ? "All went well" : "Something did not go as expected";
      return { title, text, outcome: { ...signOf(story.isWell), words: story.words } };
    }
    case "aside": {
      const text = "The story is paused. Break and repair whatever you like, and see the effect below.";
      const title = "You are in control";
      if (story.echo === undefined) return { title, text };
      return { title, text, outcome: { sign: "chevron", tone: "info", words: story.echo } };
    }
    default:
      return story satisfies never;
  }
}

function signOf(isGood: boolean): { sign: "check" | "alert"; tone: "ok" | "bad" } {
  return isGood ? { sign: "check", tone: "ok" } : { sign: "alert", tone: "bad" };
}

const wayLabels: readonly (readonly [WayName, string])[] = [
  ["ok", "works"],
  ["slow", "slow"],
  ["refuse", "refuses"],
  ["hang", "hangs"],
  ["503", "503"],
];

/** One endpoint, and the ways in which it may behave: one of them is on. */
function Switch({ name, way, act }: { name: EndpointName; way: WayName; act: Act }) {
  return (
    <div class="demo-row" role="group" aria-label={name}>
      <span class="demo-label">{name}</span>
      <span class="demo-switch">
        {wayLabels.map(([each, label]) => (
          <button
            key={each}
            type="button"
            class={each === "ok" ? "is-good" : each === "slow" ? "is-slow" : "is-bad"}
            aria-pressed={each === way}
            onClick={() => act({ deed: "endpoint", endpoint: name, way: each })}
          >
            {label}
          </button>
        ))}
      </span>
    </div>
  );
}

function Toggle({ isOn, act, children }: { isOn: boolean; act: () => void; children: string }) {
  return (
    <button type="button" class="is-bad" aria-pressed={isOn} onClick={act}>
      {children}
    </button>
  );
}
