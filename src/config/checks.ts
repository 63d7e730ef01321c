// The checks of endpoints: each of a kind that the registry knows, in a rhythm that all kinds have.
import { resolve } from "node:path";
import { z } from "zod";
import type { CheckContext, CheckKind, FoundFiles } from "../checks/kind.ts";
import { checkKind, checkKinds, defaultCheckKind } from "../checks/registry.ts";
import type { CheckSettings, IngressSettings } from "../core/model.ts";
import { dayMs, durationSyntax, hourMs } from "../core/units.ts";
import { duration, wholeNumber } from "./format/fields.ts";
import { readText, type ReadFile } from "./format/files.ts";
import { optional, required, withDefault } from "./format/key.ts";
import type { Report } from "./format/problem.ts";
import { unwrap, withoutNeed } from "./format/schemas.ts";
import type { Partially } from "./format/reading.ts";

const rhythm = {
  interval: withDefault(duration(100, dayMs, "15s"), "15s", {
    description:
      "Time from the end of one probe to the start of the next while the health is settled. It is shortened at random by up to 10 %.",
    example: "15s",
  }),
  fast_interval: optional(duration(100, dayMs, "2s"), {
    description:
      "The same while the health is unknown, suspect or recovering, and while a probe has had no answer for " +
      "a while: the next probe then starts before that one ends. At most `interval`.",
    defaultInWords: "`2s`, or `interval` when that is shorter",
    example: "1s",
  }),
  timeout: withDefault(duration(10, hourMs, "5s"), "5s", {
    description: "Deadline for resolving, connecting, TLS, headers and body together.",
    example: "3s",
  }),
  rise: withDefault(wholeNumber(1, 1_000), 3, {
    otherNames: ["confidence"],
    description: "Number of successes in a row after which the endpoint is up.",
    example: 2,
  }),
  fall: withDefault(wholeNumber(1, 1_000), 3, {
    description: "Number of failures in a row after which the endpoint is down.",
    example: 2,
  }),
};

/** A check as the file has it, besides the keys of its kind. */
export interface RhythmInFile {
  readonly kind?: string | undefined;
  readonly interval: number;
  readonly fast_interval?: number | undefined;
  readonly timeout: number;
  readonly rise: number;
  readonly fall: number;
}

type CheckSection = Readonly<Record<string, unknown>>;

/** The keys that have to be there come first, as in a file. */
function sectionSchema({ kind, title, description, expects, keys }: CheckKind) {
  const own = Object.entries(keys);
  const name = z.literal(kind).meta({ expects: kind });
  return z
    .strictObject({
      kind:
        kind === defaultCheckKind.kind
          ? optional(name, { description, defaultInWords: `\`${kind}\``, example: kind })
          : required(name, { description, example: kind }),
      ...Object.fromEntries(own.filter(isNeeded)),
      ...rhythm,
      ...Object.fromEntries(own.filter((key) => !isNeeded(key))),
    })
    .meta({ expects, heading: title });
}

function isNeeded([, schema]: readonly [string, z.ZodType]): boolean {
  return unwrap(schema).inner === schema;
}

const [first, ...others] = checkKinds.map(sectionSchema);
if (first === undefined) throw new Error("there is no kind of check");

export const checkSchema = z
  .discriminatedUnion("kind", [first, ...others])
  .meta({ expects: defaultCheckKind.expects }) as z.ZodType<RhythmInFile>;

/** A check in the defaults: of the same kinds, but with no key that has to be there. */
function defaultsSection(section: z.ZodObject): z.ZodObject {
  const keys = Object.entries(section.shape) as [string, z.ZodType][];
  const shape = Object.fromEntries(keys.map(([key, schema]) => [key, key === "kind" ? schema : withoutNeed(schema)]));
  return z.strictObject(shape).meta(section.meta() ?? {});
}

export const checkDefaultsSchema = z
  .discriminatedUnion("kind", [defaultsSection(first), ...others.map(defaultsSection)])
  .meta({ expects: "a section with keys of checks" }) as z.ZodType<Readonly<Record<string, unknown>>>;

/** The names of a kind's keys, in the order of the reference. */
export function keysOfCheck(kind: string): readonly string[] {
  return Object.keys(sectionSchema(checkKind(kind)).shape);
}

/** Checks what ties keys of a check together; what was wrong by itself is missing from it. */
export function checkCheck(check: Partially<RhythmInFile>, path: string, report: Report): void {
  const { interval, fast_interval: fast } = check;
  if (interval !== undefined && fast !== undefined && fast > interval) {
    const message = `expected at most the interval of ${durationSyntax(interval)}, got ${durationSyntax(fast)}`;
    report(`${path}.fast_interval`, message);
  }
  kindOf(check).check?.({ ...check }, (key, message) => report(`${path}.${key}`, message));
}

/** Reads the files that checks name, each once, so that checks that name the same share what is in it. */
export class CheckFiles {
  readonly #found = new Map<string, unknown>();
  readonly #ports: CheckFilePorts;
  /** Their absolute paths. */
  readonly files = new Set<string>();

  constructor(ports: CheckFilePorts) {
    this.#ports = ports;
  }

  /** Reports those that do not hold what they should. */
  read(check: CheckSection, path: string): void {
    const { kind, files } = kindOf(check);
    for (const [key, file] of Object.entries(files)) {
      const name = check[key];
      if (typeof name !== "string") continue;
      const absolute = resolve(this.#ports.folder, name);
      this.files.add(absolute);
      const id = idOf(kind, key, name);
      if (this.#found.has(id)) continue;
      const content = readText(absolute, this.#ports.readFile);
      const parsed = content.kind === "unreadable" ? { ...content, kind: "bad" as const } : file.parse(content.text);
      if (parsed.kind === "ok") this.#found.set(id, parsed.value);
      else {
        const where = absolute === name ? "" : `; relative paths begin at ${this.#ports.folder}`;
        this.#ports.report(`${path}.${key}`, `expected ${file.expects}, but ${parsed.reason}${where}`);
      }
    }
  }

  /** What was found for a check, by key. */
  of(check: CheckSection): FoundFiles {
    const { kind, files } = kindOf(check);
    return Object.fromEntries(Object.keys(files).map((key) => [key, this.#found.get(idOf(kind, key, check[key]))]));
  }
}

export interface CheckFilePorts {
  /** Folder of the configuration file, where relative paths begin. */
  readonly folder: string;
  readonly readFile: ReadFile;
  readonly report: Report;
}

const usualFastIntervalMs = 2_000;

export function completeCheck(check: RhythmInFile, context: CheckContext): CheckSettings {
  const { interval, fast_interval: fast, timeout, rise, fall } = check;
  return {
    what: kindOf(check).complete({ ...check }, context),
    intervalMs: interval,
    fastIntervalMs: fast ?? Math.min(usualFastIntervalMs, interval),
    timeoutMs: timeout,
    rise,
    fall,
  };
}

/** Warns of what is allowed and hardly meant, by the kinds of the checks. */
export function warnOfChecks(ingresses: readonly IngressSettings[], warn: Report): void {
  for (const [index, { allowPrivate, endpoints }] of ingresses.entries()) {
    for (const [at, { target, check }] of endpoints.entries()) {
      if (check === undefined) continue;
      const path = `ingresses[${index}].endpoints[${at}].check`;
      const report: Report = (key, message) => warn(`${path}.${key}`, message);
      checkKind(check.what.kind).warn?.(check.what, { target, allowPrivate }, report);
    }
  }
}

function idOf(...parts: readonly unknown[]): string {
  return JSON.stringify(parts);
}

function kindOf({ kind }: { readonly kind?: unknown }): CheckKind {
  return typeof kind === "string" ? checkKind(kind) : defaultCheckKind;
}
