// What a kind of check brings: its keys in a file, how it probes, what it costs, what `ccs doctor` advises and what
// `ccs init` asks. Each kind is a folder here and a line of the registry. Elsewhere a kind is named only by what is
// about it alone: the format of the original program, whose checks are all over HTTP, and the services of the demo.
import type { z } from "zod";
import type { ComposedKey } from "../config/format/composed.ts";
import type { Keys } from "../config/format/key.ts";
import type { Parsed } from "../config/format/names.ts";
import type { Report } from "../config/format/problem.ts";
import type { TaskOutlook, ShownTask } from "../core/advice/task-outlook.ts";
import type { Address, CheckSettings, CheckTask, EndpointSettings, Sighting } from "../core/model.ts";
import type { ProbeOptions } from "../core/probing.ts";
import type { Asker } from "../lib/asker.ts";
import type { Clock } from "../lib/clock.ts";
import type { CheckFake } from "./fake.ts";

/** What was read from the files that keys name, by the name of the key; `undefined` where none is named. */
export type FoundFiles = Readonly<Record<string, unknown>>;

/** What a check is given besides its own section. */
export interface CheckContext {
  /** What is checked: a kind that asks for a name asks for the endpoint's own. */
  readonly target: EndpointSettings["target"];
  readonly files: FoundFiles;
}

/** What a check needs of the world. */
export interface CheckPorts {
  readonly clock: Clock;
}

export interface CheckKind<Own extends Keys = Keys, Task extends CheckTask = CheckTask> {
  /** The value of `kind` in the file. */
  readonly kind: string;
  /** Heading of its keys in the reference. */
  readonly title: string;
  /** What it does, for the reference. */
  readonly description: string;
  /** What a check of this kind has to have, to end "expected …". */
  readonly expects: string;
  /** All keys but those that every kind has: `kind` and the rhythm. Those that are required come first. */
  readonly keys: Own;
  /** Keys that name a file, which is read along, and again when it changes. */
  readonly files: Readonly<Record<string, FileKey>>;
  /** The key that each setting of the task comes from. */
  readonly origins: Readonly<Record<Exclude<keyof Task & string, "kind">, string>>;
  /** Checks what the single keys cannot know. Paths are names of keys; what was wrong by itself is missing. */
  check?(section: Readonly<Record<string, unknown>>, report: Report): void;
  /** The task of a section without mistakes. Plain data. */
  complete(section: z.output<z.ZodObject<Own>>, context: CheckContext): Task;
  /** Tells what is allowed but unwise for this endpoint. Paths are names of keys. */
  warn?(task: Task, circumstances: CheckSite, report: Report): void;
  /** Performs the check once, against one address. Never rejects, whatever the other side does. */
  probe(check: CheckSettings<Task>, address: Address, options: ProbeOptions & CheckPorts): Promise<Sighting>;
  /** What one probe takes in both directions, by what it is called in `outlook`. */
  readonly probeBytes: Readonly<Record<string, number>>;
  outlook(task: Task): TaskOutlook;
  /** The task for those who may read the API, who need no token: nothing of it may be secret. */
  shown(task: Task): ShownTask;
  /** What `ccs doctor` advises when an address has failed. */
  advise(task: Task, address: Address): string;
  /** What `ccs init` asks; missing for a kind that it does not offer. */
  readonly init?: CheckQuestions;
  /** How a site of the simulated world answers. */
  readonly fake: CheckFake<Task>;
}

interface FileKey {
  /** What the file has to be, to end "expected …". */
  readonly expects: string;
  /** What its text holds. The reason repeats nothing of the file. */
  parse(text: string): Parsed<unknown>;
}

/** Where a check belongs. */
export interface CheckSite {
  readonly target: EndpointSettings["target"];
  readonly allowPrivate: boolean;
}

export interface CheckQuestions {
  /** What it speaks, to follow "over": `HTTP or HTTPS`. */
  readonly label: string;
  /** What it is for, where there is a choice. */
  readonly hint: string;
  /** `earlier`: what was answered before, when it is asked again. */
  ask(asker: Asker, target: string, earlier: EarlierCheck | undefined): Promise<ComposedCheck>;
  /** The check of a target in the documentation's examples. */
  example(target: string): ComposedCheck;
}

export interface EarlierCheck {
  readonly target: string;
  readonly check: ComposedCheck;
}

/** A check in a new file. */
export interface ComposedCheck {
  readonly kind: string;
  readonly keys: readonly ComposedKey[];
  /** What was typed, for when it is asked again. */
  readonly answers: Readonly<Record<string, string>>;
}
