// What the environment says about the configuration besides `${NAME}` in values. It wins over the file: a container or
// a test sets it without touching the file.
import { resolve } from "node:path";
import type { z } from "zod";
import { channelKinds } from "../channels/registry.ts";
import { baseUrl, duration, flagText, folderFromOutside, listen, sockets } from "./format/fields.ts";
import type { ListenAddress } from "./format/names.ts";
import { problemAt, type Problem } from "./format/problem.ts";
import type { Environment } from "./format/variables.ts";
import { given } from "./format/variables.ts";

/** Settings from the environment; each one that is there takes the place of the file's. */
export interface EnvironmentSettings {
  readonly cloudflareApiUrl: string | undefined;
  /** Values of keys, by kind of channel. */
  readonly channels: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly listen: ListenAddress | undefined;
  /** Absolute. */
  readonly stateDir: string | undefined;
  readonly allowPrivate: boolean | undefined;
  readonly mixWaitMs: number | undefined;
  /** `ip:port` each. */
  readonly anchors: readonly string[] | undefined;
}

export const emptyEnvironment: EnvironmentSettings = {
  cloudflareApiUrl: undefined,
  channels: {},
  listen: undefined,
  stateDir: undefined,
  allowPrivate: undefined,
  mixWaitMs: undefined,
  anchors: undefined,
};

/** For the reference. */
export const environmentVariables: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: "CCS_CONFIG", meaning: "Path of the configuration file if `--config` is not given." },
  { name: "CCS_CLOUDFLARE_API_URL", meaning: "Replaces `cloudflare.api_url`." },
  ...channelKinds.flatMap(({ environment }) => environment.map(({ name, meaning }) => ({ name, meaning }))),
  { name: "BIND_ADDRESS", meaning: "Replaces `http.listen`: `host:port`, `[ip]:port`, a host or a port." },
  { name: "CCS_STATE_DIR", meaning: "Replaces `state_dir`." },
  { name: "CCS_ALLOW_PRIVATE", meaning: "Replaces `allow_private` of every ingress: `true` or `false`." },
  { name: "CCS_MIX_WAIT", meaning: "Replaces `mix_wait` of every ingress, such as `30s`." },
  { name: "CCS_ANCHORS", meaning: "Replaces `anchors`: addresses separated by commas." },
  { name: "CCS_CONTAINER", meaning: "Set in the container image: mistakes are then explained in terms of mounts." },
  {
    name: "STATE_DIRECTORY",
    meaning:
      "The default of `state_dir`, as set by systemd; of several folders the first. A `state_dir` in the file takes precedence.",
  },
];

/** Reads the variables; an empty one counts as not set. */
export function readEnvironment(env: Environment): {
  readonly settings: EnvironmentSettings;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const take = <T extends z.ZodType>(name: string, schema: T): z.output<T> | undefined => {
    const text = given(env, name);
    if (text === undefined) return undefined;
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const reason = issue?.code === "custom" ? String(issue.params?.["reason"]) : "";
    const message = `expected ${schema.meta()?.expects}, got something else${reason === "" ? "" : `: ${reason}`}`;
    problems.push(problemAt("environment", undefined, name, message));
    return undefined;
  };
  const cloudflareApiUrl = take("CCS_CLOUDFLARE_API_URL", baseUrl);
  const channels = channelKinds.flatMap(({ kind, environment }) => {
    const found = environment.map(({ name, key, schema }) => [key, take(name, schema)] as const);
    const keys = found.filter(([, value]) => value !== undefined);
    return keys.length === 0 ? [] : [[kind, Object.fromEntries(keys)] as const];
  });
  const address = take("BIND_ADDRESS", listen);
  const allowPrivate = take("CCS_ALLOW_PRIVATE", flagText);
  const mixWaitMs = take("CCS_MIX_WAIT", duration(0, 3_600_000, "60s"));
  const anchors = take("CCS_ANCHORS", sockets(443));
  const stateDir = take("CCS_STATE_DIR", folderFromOutside);
  return {
    settings: {
      cloudflareApiUrl,
      channels: Object.fromEntries(channels),
      listen: address,
      stateDir: stateDir === undefined ? undefined : resolve(stateDir),
      allowPrivate,
      mixWaitMs,
      anchors,
    },
    problems,
  };
}
