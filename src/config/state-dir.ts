// Where a daemon keeps its state, for commands that only want to talk to it. They have to find it even when the file
// has mistakes in it by now, or takes its secrets from an environment that this shell does not have.
import { dirname, resolve } from "node:path";
import { isMap, isScalar } from "yaml";
import { readConfigDocument } from "./document.ts";
import { largestConfigBytes, readText, type ReadFile } from "./format/files.ts";
import { findConfigPath } from "./find.ts";
import { substitute, unmask } from "./format/substitute.ts";
import type { Environment } from "./format/variables.ts";
import { defaultStateDir, stateDirGiven } from "./default-state-dir.ts";

/**
 * The absolute path of the state folder that `ccs run` would use with this `--config` option and environment, if any.
 */
export function stateDirOf(option: string | undefined, env: Environment, readFile: ReadFile): string | undefined {
  const given = stateDirGiven(env);
  if (given !== undefined) return given;
  const found = findConfigPath(option, env);
  const inFile = found.kind === "found" ? stateDirIn(found.path, env, readFile) : undefined;
  return inFile ?? defaultStateDir(env, found.kind === "found" ? found.path : undefined);
}

/**
 * Why the file that may say where the state is tells nothing; `undefined` when it can be read, or there is none to
 * read.
 */
export function unreadConfig(option: string | undefined, env: Environment, readFile: ReadFile): string | undefined {
  const found = findConfigPath(option, env);
  if (stateDirGiven(env) !== undefined || found.kind === "missing") return undefined;
  const content = readText(found.path, readFile, largestConfigBytes);
  return content.kind === "unreadable" ? `${found.path} cannot be read: ${content.reason}` : undefined;
}

function stateDirIn(path: string, env: Environment, readFile: ReadFile): string | undefined {
  const content = readText(path, readFile, largestConfigBytes);
  if (content.kind === "unreadable") return undefined;
  const parsed = readConfigDocument(path, content.text);
  if (parsed.kind === "unreadable" || !isMap(parsed.document.root)) return undefined;
  const value = parsed.document.root.items.find(({ key }) => isScalar(key) && key.value === "state_dir")?.value;
  if (!isScalar(value) || typeof value.value !== "string") return undefined;
  const text = substitute(unmask(value.value), env);
  return text.kind === "text" && text.text !== "" ? resolve(dirname(resolve(path)), text.text) : undefined;
}
