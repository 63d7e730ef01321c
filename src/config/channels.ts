// The channels of `notify`: a list of entries, each of a kind that the registry knows, or the section that files had
// before it was a list.
import { z } from "zod";
import { channelKind, channelKinds } from "../channels/registry.ts";
import type { ChannelConfig, ChannelKind, Secrets } from "../channels/kind.ts";
import { dayMs } from "../core/units.ts";
import { displayName } from "./fields.ts";
import { duration } from "./format/fields.ts";
import { optional, required } from "./format/key.ts";
import type { Report } from "./format/problem.ts";
import type { SecretFiles } from "./format/secrets.ts";

const silence = {
  initial_silence: optional(duration(0, dayMs, "30s"), {
    description: "Hold messages back for this long after the start, then send one summary.",
    defaultInWords: "none",
    example: "30s",
  }),
};

/** An entry of the list. */
function entrySchema({ kind, title, description, expects, keys }: ChannelKind) {
  return z
    .strictObject({
      kind: required(z.literal(kind).meta({ expects: kind }), { description, example: kind }),
      name: optional(displayName, {
        description: "The channel's name in metrics, log and API. A second channel of a kind needs one.",
        defaultInWords: `\`${kind}\``,
        example: `${kind}-2`,
      }),
      ...keys,
      ...silence,
    })
    .meta({ expects, heading: title });
}

/** The section of a kind that files had before `notify` was a list. */
function sectionOf({ kind, title, description, expects, keys }: ChannelKind) {
  const schema = z.strictObject({ ...keys, ...silence }).meta({ expects, heading: title });
  return [kind, optional(schema, { description, defaultInWords: "none" })] as const;
}

const [first, ...others] = channelKinds.map(entrySchema);
if (first === undefined) throw new Error("there is no kind of channel");
const entries = z
  .array(z.discriminatedUnion("kind", [first, ...others]).meta({ expects: "a channel" }))
  .meta({ expects: "a list of channels", heading: "Messages" });
const sections = z
  .strictObject(Object.fromEntries(channelKinds.filter(({ hasSection }) => hasSection).map(sectionOf)))
  .meta({
    expects: `a section with ${channelKinds.filter(({ hasSection }) => hasSection).map(({ kind }) => kind)[0]}`,
  });

/** The list first: it is what the reference shows. */
export const notifySchema = z.union([entries, sections]).meta({ expects: "a list of channels", heading: "Messages" });

type Section = Readonly<Record<string, unknown>>;

/** A channel as the file has it. */
export interface FoundChannel {
  /** Where it is in the file: `notify[0]`, `notify.telegram`. */
  readonly path: string;
  readonly kind: ChannelKind;
  readonly section: Section;
  readonly secrets: Secrets;
}

/** The channels of what was right in the file; takes their secrets, and reports what is wrong with several keys. */
export function readChannels(notify: unknown, secrets: SecretFiles, report: Report): readonly FoundChannel[] {
  const found = entriesOf(notify).map(({ path, kind, section }): FoundChannel => {
    const taken = Object.entries(kind.secrets).map(([key, { schema, need }]) => [
      key,
      secrets.take(path, key, section, schema, need),
    ]);
    kind.check?.(section, (key, message) => report(`${path}.${key}`, message));
    return { path, kind, section, secrets: Object.fromEntries(taken) as Secrets };
  });
  const firstByName = new Map<string, string>();
  for (const channel of found) {
    const { path, section } = channel;
    const name = nameOf(channel);
    const earlier = firstByName.get(name);
    if (earlier === undefined) firstByName.set(name, path);
    else {
      const key = section["name"] === undefined ? "kind" : "name";
      report(`${path}.${key}`, `expected each name once, got the name of ${earlier}: give it its own name`);
    }
  }
  return found;
}

function entriesOf(notify: unknown): readonly Omit<FoundChannel, "secrets">[] {
  if (Array.isArray(notify)) {
    return (notify as readonly (Section | undefined)[]).flatMap((section, index) => {
      const kind = channelKinds.find(({ kind: name }) => name === section?.["kind"]);
      return section === undefined || kind === undefined ? [] : [{ path: `notify[${index}]`, kind, section }];
    });
  }
  return channelKinds.flatMap((kind) => {
    const section = (notify as Readonly<Record<string, Section | undefined>> | undefined)?.[kind.kind];
    return section === undefined ? [] : [{ path: `notify.${kind.kind}`, kind, section }];
  });
}

/** The same for a kind's keys alone, with its defaults for those that are missing. */
export function channelWith(name: string, keys: Section, secrets: Secrets): FoundChannel {
  const kind = channelKind(name);
  const defaults = Object.entries(kind.keys).flatMap(([key, schema]) =>
    schema instanceof z.ZodPrefault ? [[key, schema.parse(undefined)]] : [],
  );
  const section: Section = { ...(Object.fromEntries(defaults) as Section), ...keys };
  return { path: `notify.${name}`, kind, section, secrets };
}

/** `overrides`: what the environment says in place of keys, by kind. */
export function completeChannel(channel: FoundChannel, overrides: Readonly<Record<string, Section>>): ChannelConfig {
  const { kind, section, secrets } = channel;
  const silenceMs = section["initial_silence"];
  return {
    kind: kind.kind,
    name: nameOf(channel),
    initialSilenceMs: typeof silenceMs === "number" && silenceMs > 0 ? silenceMs : undefined,
    settings: kind.complete({ ...section, ...overrides[kind.kind] }, secrets),
  };
}

function nameOf({ kind, section }: FoundChannel): string {
  const { name } = section;
  return typeof name === "string" ? name : kind.kind;
}
