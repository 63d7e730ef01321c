// What a kind of channel brings: the keys of its entry in `notify`, how it delivers, what `ccs doctor` looks at and
// what `ccs init` asks. Each kind is a folder here and a line of the registry. Elsewhere a kind is named only by what
// is about it alone: the format of the original program, which tells on Telegram, the demo and the emulation.
import type { z } from "zod";
import type { Report } from "../config/format/problem.ts";
import type { Environment } from "../config/format/variables.ts";
import type { ComposedKey } from "../config/format/composed.ts";
import type { Keys } from "../config/format/key.ts";
import type { Asker } from "../lib/asker.ts";
import type { Clock } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { Finding } from "../lib/finding.ts";
import type { Secret } from "../lib/secret.ts";
import type { Channel } from "./channel.ts";
import type { ChannelFake } from "./fake.ts";

/** Secrets by the name of their key; one that was not given is `undefined`. */
export type Secrets = Readonly<Record<string, Secret | undefined>>;

/** What a channel needs of the world. */
export interface ChannelPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
}

export interface ChannelKind<Own extends Keys = Keys, Settings extends object = object> {
  /** The value of `kind` in the file, and the channel's name unless it is given another. */
  readonly kind: string;
  /** As people write it: `Telegram`. */
  readonly title: string;
  /** What it does, for the reference. */
  readonly description: string;
  /** What an entry has to have, to end "expected …". */
  readonly expects: string;
  /** All keys but those that every kind has: `kind`, `name` and `initial_silence`. */
  readonly keys: Own;
  /** Which of the keys are secrets; `NAME_file` takes the path of a file in place of `NAME`. */
  readonly secrets: Readonly<Record<string, SecretKey>>;
  /** Variables of the environment that take the place of a key. */
  readonly environment: readonly OverridingVariable[];
  /** Files from before `notify` was a list have it as a section: `notify: { telegram: … }`. */
  readonly hasSection?: true;
  /** Checks what the single keys cannot know. Paths are names of keys. */
  check?(section: Readonly<Record<string, unknown>>, report: Report): void;
  /** The settings of a section without mistakes. Plain data and secrets. */
  complete(section: z.output<z.ZodObject<Own>>, secrets: Secrets): Settings;
  /** Tells what is allowed but unwise. Paths are names of keys. */
  warn?(settings: Settings, report: Report): void;
  open(settings: Settings, ports: ChannelPorts): Channel;
  /** What `ccs doctor` says. Sends nothing that people see, unless `isTestSent`. */
  inspect(
    settings: Settings,
    ports: ChannelPorts,
    options: { readonly isTestSent: boolean },
  ): Promise<readonly Finding[]>;
  /** What `ccs init` asks. */
  readonly init: ChannelQuestions;
  /** What takes the place of its service in the simulated world. */
  readonly fake: ChannelFake<Settings>;
}

interface SecretKey {
  readonly schema: z.ZodType<Secret>;
  readonly need: "required" | "optional";
  /** The environment variable that holds it in files that ccs writes. */
  readonly variable: string;
}

interface OverridingVariable {
  readonly name: string;
  readonly key: string;
  readonly schema: z.ZodType;
  /** For the reference. */
  readonly meaning: string;
}

/** A channel as the configuration has it. */
export interface ChannelConfig {
  readonly kind: string;
  /** Unique. Names its queue, and is a metric label. */
  readonly name: string;
  /** Messages are held back this long after the start. */
  readonly initialSilenceMs: number | undefined;
  /** What the kind made of its keys. */
  readonly settings: object;
}

/** What is known when questions are asked. */
export interface AskingWorld {
  readonly env: Environment;
  /** Keys whose values the environment gives. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly ports: ChannelPorts;
}

export interface ChannelQuestions {
  readonly label: string;
  readonly hint: string;
  /** Asks for all that an entry needs, and tries it out. `undefined`: without this channel, after all. */
  ask(asker: Asker, world: AskingWorld): Promise<ComposedChannel | undefined>;
  /** What an entry looks like; every value in it is to be replaced. */
  readonly example: ComposedChannel;
}

/** An entry of `notify` in a new file. */
export interface ComposedChannel {
  readonly kind: string;
  readonly keys: readonly ComposedKey[];
}
