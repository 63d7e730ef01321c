// The configuration file → Config, or every mistake in it with its place. Never throws for what people write.
import { warnOfMissingMixes } from "./mix-record.ts";
import { dirname, resolve } from "node:path";
import { isPlainHttp } from "../lib/plain-http.ts";
import { readChannels, type FoundChannel } from "./channels.ts";
import { CheckFiles, warnOfChecks } from "./checks.ts";
import { completeConfig } from "./complete.ts";
import type { Config } from "./config.ts";
import { inheritedIn } from "./defaults.ts";
import { readConfigDocument } from "./document.ts";
import { includedFiles } from "./include.ts";
import { addIncluded } from "./included.ts";
import { ConfigParts } from "./parts.ts";
import { topLevelPair, type YamlDocument } from "./format/document.ts";
import { readEnvironment, type EnvironmentSettings } from "./environment.ts";
import { warnOfDoubts } from "./doubts.ts";
import { secret } from "./format/fields.ts";
import {
  decode,
  largestConfigBytes,
  noFiles,
  noFolders,
  readText,
  type ListFolder,
  type ReadFile,
} from "./format/files.ts";
import { weaknessOf } from "../lib/token-strength.ts";
import { ancientProblem, formatOf } from "./original/original-format.ts";
import { channelsOf, checkOriginalRules, translate } from "./original/translate.ts";
import { originalSchema } from "./original/schema.ts";
import { inOrder, problemAt, type Problem } from "./format/problem.ts";
import { checkRules } from "./rules.ts";
import type { Report } from "./format/problem.ts";
import { configSchema, type IngressInFile } from "./schema.ts";
import { SecretFiles } from "./format/secrets.ts";
import type { Environment } from "./format/variables.ts";
import { defaultStateDir, noStateDir } from "./default-state-dir.ts";
import { readBySchema } from "./format/walk.ts";
import { whole, type Reading } from "./format/reading.ts";

export interface LoadRequest {
  /** As the person named it; problems repeat it. */
  readonly path: string;
  /** The file's content, when it is known already. */
  readonly text?: string | Uint8Array;
  readonly env: Environment;
  /** Reads the file, and the files of secrets. Without it there are no files. */
  readonly readFile?: ReadFile;
  /** Lists the folders that it includes. Without it there are none. */
  readonly listFolder?: ListFolder;
  /**
   * For commands that work offline: secrets that are not on this machine are no mistake, and something takes their
   * place.
   */
  readonly mayLackSecrets?: boolean;
}

export type LoadResult =
  | {
      readonly kind: "ok";
      readonly config: Config;
      readonly warnings: readonly Problem[];
      readonly format: "current" | "original";
      /** Absolute paths of all files that the configuration came from. */
      readonly watchedFiles: readonly string[];
      /** Absolute paths of the files of tokens. */
      readonly tokenFiles: readonly string[];
    }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** Reads, checks and completes the configuration. */
export function loadConfig(request: LoadRequest): LoadResult {
  const { path, text, env, readFile = noFiles, listFolder = noFolders, mayLackSecrets = false } = request;
  const content =
    text === undefined ? readText(path, readFile, largestConfigBytes) : decode(Buffer.from(text), largestConfigBytes);
  if (content.kind === "unreadable") {
    return invalid([problemAt(path, content.place, "", `the configuration cannot be read: ${content.reason}`)]);
  }
  const parsed = readConfigDocument(path, content.text);
  if (parsed.kind === "unreadable") return invalid(parsed.problems);
  const { document } = parsed;
  const { settings, problems } = readEnvironment(env);
  const context: Context = {
    path,
    env,
    readFile,
    listFolder,
    mayLackSecrets,
    document,
    settings,
    problems: [...problems],
  };
  switch (formatOf(document)) {
    case "ancient":
      return invalid([ancientProblem(document)]);
    case "original":
      return loadOriginal(context);
    default:
      return loadCurrent(context);
  }
}

interface Context {
  readonly path: string;
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly listFolder: ListFolder;
  readonly mayLackSecrets: boolean;
  readonly document: YamlDocument;
  /** From the environment. */
  readonly settings: EnvironmentSettings;
  /** Grows as mistakes are found. */
  readonly problems: Problem[];
}

function loadCurrent(context: Context): LoadResult {
  const { path, env, readFile, listFolder, mayLackSecrets, document, settings, problems } = context;
  const options = { env, mayLackSecrets, isLenient: false };
  const inherited = inheritedIn(document, options);
  const reading = readBySchema(configSchema, document, { ...options, inherited });
  problems.push(...reading.problems);
  const parts = new ConfigParts();
  parts.add(document, reading);
  const report = parts.reporterTo(problems);
  const included = includedFiles({ path, listFolder, include: reading.value.include, report });
  const files = [path, ...included.map(({ name }) => name)];
  addIncluded(included, parts, { document, readFile, problems, options: { ...options, inherited } });
  const { ingresses } = parts;
  const isNamed = (key: string): boolean => reading.has(key) || topLevelPair(document, key) !== undefined;
  if (!isNamed("ingresses") && !isNamed("include")) report("ingresses", "missing, expected a list of ingresses");
  else if (ingresses.length === 0 && problems.length === 0)
    report("include", "expected at least one file with ingresses");
  checkRules({ ...reading.value, ingresses }, { allowPrivate: settings.allowPrivate, nameOf: parts.nameOf, report });

  const folder = dirname(resolve(path));
  const { cloudflare, notify, http } = reading.value;
  const secrets = new SecretFiles({ folder, readFile, mayLackSecrets, has: (key) => reading.has(key), report });
  const cloudflareToken = secrets.take("cloudflare", "token", cloudflare, secret, "required");
  const channels = readChannels(notify, secrets, report);
  const httpToken = secrets.take("http", "token", http, secret, "optional");

  const checkFiles = new CheckFiles({ folder, readFile, report });
  for (const [index, ingress] of ingresses.entries()) {
    for (const [at, endpoint] of (ingress?.endpoints ?? []).entries()) {
      if (endpoint?.check !== undefined)
        checkFiles.read({ ...endpoint.check }, `ingresses[${index}].endpoints[${at}].check`);
    }
  }

  const file = whole(reading);
  if (problems.length > 0 || file === undefined || cloudflareToken === undefined) return invalid(problems, files);
  const tokens = {
    cloudflare: cloudflareToken,
    ...(httpToken !== undefined && { http: httpToken }),
  };
  const inFile = file.state_dir === undefined ? undefined : resolve(folder, file.state_dir);
  const stateDir = settings.stateDir ?? inFile ?? defaultStateDir(env, path);
  if (stateDir === undefined) return invalid([problemAt(path, undefined, "state_dir", noStateDir)]);
  // Only a problem leaves a hole.
  const complete = { ...file, ingresses: ingresses as IngressInFile[] };
  const config = completeConfig(complete, { tokens, checkFiles, channels }, settings, stateDir);
  const warnings: Problem[] = [];
  const warn = parts.reporterTo(warnings);
  warnOfPlainHttp(config, channels, warn);
  warnOfMissingMixes(config.ingresses, warn);
  warnOfDoubts(config.ingresses, (key) => parts.textOf(key), warn);
  warnOfChecks(config.ingresses, warn);
  warnOfWeakToken(config, reading.has("http.token_file") ? "http.token_file" : "http.token", warn);
  const read = [resolve(path), ...included.map((each) => each.path), ...secrets.files, ...checkFiles.files];
  return {
    kind: "ok",
    config,
    warnings: inOrder(warnings, files),
    format: "current",
    watchedFiles: [...new Set(read)],
    tokenFiles: secrets.files,
  };
}

function loadOriginal(context: Context): LoadResult {
  const { path, env, mayLackSecrets, document, settings, problems } = context;
  const reading = readBySchema(originalSchema, document, { env, mayLackSecrets, isLenient: true });
  problems.push(...reading.problems);
  checkOriginalRules(reading.value, settings.allowPrivate ?? false, reporterTo(problems, document, reading));

  const file = whole(reading);
  if (problems.length > 0 || file === undefined) return invalid(problems);
  const warnings: Problem[] = [...reading.warnings];
  const report = reporterTo(warnings, document, reading);
  const channels = channelsOf(file);
  const beside = { tokens: { cloudflare: file.cloudflare.token }, channels };
  const stateDir = settings.stateDir ?? defaultStateDir(env, path);
  if (stateDir === undefined) return invalid([problemAt("environment", undefined, "CCS_STATE_DIR", noStateDir)]);
  const config = completeConfig(translate(file, report), beside, settings, stateDir);
  warnOfPlainHttp(config, channels, report);
  warnOfMissingMixes(config.ingresses, (_, message) => report("record", `${message}, in the current format`));
  return {
    kind: "ok",
    config,
    warnings: inOrder(warnings),
    format: "original",
    watchedFiles: [resolve(path)],
    tokenFiles: [],
  };
}

/** `files`: their order, where there are several. */
function invalid(problems: readonly Problem[], files: readonly string[] = []): LoadResult {
  return { kind: "invalid", problems: inOrder(problems, files) };
}

/** Adds problems to a list, each at the place of its key. */
function reporterTo(problems: Problem[], document: YamlDocument, reading: Reading<unknown>): Report {
  return (path, message) => problems.push(problemAt(document.file, reading.placeOf(path), path, message));
}

/**
 * A token that leaves this machine over plain HTTP can be read on the way. `channels` are those of the configuration.
 */
function warnOfPlainHttp(config: Config, channels: readonly FoundChannel[], warn: Report): void {
  const message = "the token travels unencrypted over http: use https unless the API is on your own network";
  if (isPlainHttp(config.cloudflare.apiUrl)) warn("cloudflare.api_url", message);
  for (const [index, { kind, path }] of channels.entries()) {
    kind.warn?.(config.notify[index]?.settings ?? {}, (key, text) => warn(`${path}.${key}`, text));
  }
}

/**
 * The daemon starts with one all the same, so that an update of ccs interrupts no service; but it can be guessed in
 * time.
 */
function warnOfWeakToken({ http: { token } }: Config, path: string, warn: Report): void {
  const weakness = token === undefined ? undefined : weaknessOf(token.reveal());
  if (weakness === undefined) return;
  warn(path, `the token could be guessed: it ${weakness}. Make a better one with: openssl rand -hex 16`);
}
