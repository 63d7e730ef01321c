// Where the tokens of a new configuration are kept: in it, in the environment, or in files beside it, as the way of
// running ccs wants it.
import { randomBytes } from "node:crypto";
import type { ComposedChannel } from "../../channels/kind.ts";
import { readFromDisk } from "../../runtime/node/read-file.ts";
import { channelKind, channelKinds } from "../../channels/registry.ts";
import type { Composition } from "../../config/compose.ts";
import type { WrittenSecret } from "../../config/format/written-secret.ts";
import { readText } from "../../config/format/files.ts";
import { tokenVariable } from "./account.ts";
import { askChoice } from "./prompts.ts";
import { besides, credentialFile, httpVariable, tokenFiles, type RunMode } from "./way.ts";

/** The variables that may hold secrets of channels. */
export const channelVariables: readonly string[] = channelKinds.flatMap(({ secrets }) =>
  Object.values(secrets).map(({ variable }) => variable),
);

export interface Placed {
  readonly composition: Composition;
  /** The variables that have to be set for the configuration to load. */
  readonly variables: readonly string[];
  /** Files with one token each, by the path beside the configuration. */
  readonly files: ReadonlyMap<string, string>;
}

/** The configuration with a token of its own for the dashboard, and each token where it is to be. */
export async function placeSecrets(answers: Composition, way: RunMode, file: string): Promise<Placed> {
  const composition = { ...answers, httpToken: { kind: "literal", value: randomBytes(16).toString("hex") } } as const;
  if (way === "service") return inFiles(composition, file);
  if (way === "docker") return forDocker(composition, file);
  const isAnyTyped = [answers.token, ...(answers.channels ?? []).flatMap(secretsOf)].some(
    ({ kind }) => kind === "literal",
  );
  // What runs in the container gets no variables but those of compose.yaml.
  const place =
    isAnyTyped && way === "manual"
      ? await askChoice("Where should the tokens be stored?", [
          { value: "file", label: "In the file", hint: "which only you can read" },
          { value: "environment", label: "In the environment", hint: "the file refers to them" },
        ])
      : "file";
  if (place === "file") return placed(composition, (secret) => secret);
  return placed(composition, (secret, { variable }) =>
    secret.kind === "literal" ? { kind: "variable", name: variable } : secret,
  );
}

interface SecretPlace {
  readonly variable: string;
  /** The file beside the configuration for a service. */
  readonly file: string;
}

function placed(composition: Composition, place: (secret: WrittenSecret, where: SecretPlace) => WrittenSecret): Placed {
  const { token, channels = [], httpToken } = composition;
  const own = place(token, { variable: tokenVariable, file: tokenFiles.service.cloudflare });
  const placedChannels = channels.map((channel): ComposedChannel => {
    const { kind, secrets } = channelKind(channel.kind);
    const keys = channel.keys.map((each) => {
      if (!("secret" in each)) return each;
      const variable = secrets[each.key]?.variable ?? "";
      return { ...each, secret: place(each.secret, { variable, file: credentialFile(kind, each.key) }) };
    });
    return { ...channel, keys };
  });
  const http = httpToken && place(httpToken, { variable: httpVariable, file: tokenFiles.service.http });
  const all = [own, ...placedChannels.flatMap(secretsOf), ...(http === undefined ? [] : [http])];
  return {
    composition: {
      ...composition,
      token: own,
      ...(channels.length > 0 && { channels: placedChannels }),
      ...(http && { httpToken: http }),
    },
    variables: all.flatMap((each) => (each.kind === "variable" ? [each.name] : [])),
    files: new Map(),
  };
}

function secretsOf({ keys }: ComposedChannel): readonly WrittenSecret[] {
  return keys.flatMap((each) => ("secret" in each ? [each.secret] : []));
}

/** systemd reads the files as root, and gives them to a service that no other user can look into. */
function inFiles(composition: Composition, file: string): Placed {
  const files = new Map<string, string>();
  const result = placed(composition, (secret, { file: name }) => {
    files.set(besides(file, name), valueOf(secret));
    return { kind: "credential", name: name.slice(name.indexOf("/") + 1) };
  });
  return { ...result, files };
}

/**
 * The compose.yaml of ccs has one secret; the others are in the configuration, which only the container's user can
 * read.
 */
function forDocker(composition: Composition, file: string): Placed {
  const files = new Map<string, string>();
  const result = placed(composition, (secret, { variable }) => {
    if (variable !== tokenVariable) return { kind: "literal", value: valueOf(secret) };
    files.set(besides(file, tokenFiles.docker.cloudflare), valueOf(secret));
    return { kind: "file", path: "/run/secrets/cloudflare_token" };
  });
  return { ...result, files };
}

/** The token itself, which was tried out a moment ago, wherever it came from. */
function valueOf(secret: WrittenSecret): string {
  switch (secret.kind) {
    case "literal":
      return secret.value;
    case "variable":
      return process.env[secret.name]?.trim() ?? "";
    case "file": {
      const content = readText(secret.path, readFromDisk);
      return content.kind === "text" ? content.text.trim() : "";
    }
    case "credential":
      return "";
    default:
      return secret satisfies never;
  }
}
