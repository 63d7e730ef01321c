// Where the tokens of a new configuration are kept: in it, in the environment, or in files beside it, as the way of running
// ccs wants it.
import { randomBytes } from "node:crypto";
import type { Composition, WrittenSecret } from "../../config/compose.ts";
import { readFromDisk, readText } from "../../config/files.ts";
import { tokenVariable } from "./account.ts";
import { telegramVariable } from "./bot.ts";
import { askChoice } from "./prompts.ts";
import { besides, httpVariable, tokenFiles, type Way } from "./way.ts";

export interface Placed {
  readonly composition: Composition;
  /** The variables that have to be set for the configuration to load. */
  readonly variables: readonly string[];
  /** Files with one token each, by the path beside the configuration. */
  readonly files: ReadonlyMap<string, string>;
}

/** The configuration with a token of its own for the dashboard, and each token where it is to be. */
export async function placeSecrets(answers: Composition, way: Way, file: string): Promise<Placed> {
  const composition = { ...answers, httpToken: { kind: "literal", value: randomBytes(16).toString("hex") } } as const;
  if (way === "service") return inFiles(composition, file);
  if (way === "docker") return forDocker(composition, file);
  const isAnyTyped = answers.token.kind === "literal" || answers.telegram?.token.kind === "literal";
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

interface Place {
  readonly variable: string;
  readonly of: keyof (typeof tokenFiles)["service"];
}

function placed(composition: Composition, place: (secret: WrittenSecret, where: Place) => WrittenSecret): Placed {
  const { token, telegram, httpToken } = composition;
  const own = place(token, { variable: tokenVariable, of: "cloudflare" });
  const bot = telegram && { ...telegram, token: place(telegram.token, { variable: telegramVariable, of: "telegram" }) };
  const http = httpToken && place(httpToken, { variable: httpVariable, of: "http" });
  const variables = [own, bot?.token, http].flatMap((each) => (each?.kind === "variable" ? [each.name] : []));
  return {
    composition: { ...composition, token: own, ...(bot && { telegram: bot }), ...(http && { httpToken: http }) },
    variables,
    files: new Map(),
  };
}

/** systemd reads the files as root, and gives them to a service that no other user can look into. */
function inFiles(composition: Composition, file: string): Placed {
  const files = new Map<string, string>();
  const result = placed(composition, (secret, { of }) => {
    const name = tokenFiles.service[of];
    files.set(besides(file, name), valueOf(secret));
    return { kind: "credential", name: name.slice(name.indexOf("/") + 1) };
  });
  return { ...result, files };
}

/** The compose.yaml of ccs has one secret; the others are in the configuration, which only the container's user can read. */
function forDocker(composition: Composition, file: string): Placed {
  const files = new Map<string, string>();
  const result = placed(composition, (secret, { of }) => {
    if (of !== "cloudflare") return { kind: "literal", value: valueOf(secret) };
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
