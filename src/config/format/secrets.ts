// Secrets that are in files of their own: `token_file` in place of `token`.
import { resolve } from "node:path";
import type { z } from "zod";
import { Secret } from "../../lib/secret.ts";
import { readText, type ReadFile } from "./files.ts";
import type { Report } from "./problem.ts";

export interface SecretFilesPorts {
  /** Folder of the configuration file, where relative paths begin. */
  readonly folder: string;
  readonly readFile: ReadFile;
  /** Whether the file has a key, right or wrong. */
  readonly has: (path: string) => boolean;
  readonly report: Report;
  /** Whether a file that cannot be read is no mistake: something that fits takes the place of the secret. */
  readonly mayLackSecrets?: boolean;
}

/** For a secret that is not here: a text that cannot be guessed and is a number as well, and a URL. */
export const standIns: readonly string[] = ["7041523698140275", "https://stand-in.example.com/"];

/** Decides between a key and the one that names a file instead, and remembers the files. */
export class SecretFiles {
  /** Absolute paths of the files that were named. */
  readonly files: string[] = [];
  readonly #ports: SecretFilesPorts;

  constructor(ports: SecretFilesPorts) {
    this.#ports = ports;
  }

  /**
   * The secret `key` of the section at `path`, as far as that was right; `undefined` when it has none or a wrong one.
   * `schema` says what it may be.
   */
  take(
    path: string,
    key: string,
    section: Readonly<Record<string, unknown>> | undefined,
    schema: z.ZodType<Secret>,
    need: "required" | "optional",
  ): Secret | undefined {
    const { has, report } = this.#ports;
    if (section === undefined) return undefined;
    const fileKey = `${key}_file`;
    const hasValue = has(`${path}.${key}`);
    const hasFile = has(`${path}.${fileKey}`);
    const { [key]: value, [fileKey]: file } = section;
    if (hasValue && hasFile)
      report(`${path}.${fileKey}`, `expected ${key} or ${fileKey}, got both: remove one of them`);
    else if (!hasValue && !hasFile && need === "required")
      report(`${path}.${key}`, `missing, expected ${key} or ${fileKey}`);
    else if (typeof file === "string") return this.#read(`${path}.${fileKey}`, key, file, schema);
    return hasFile || !(value instanceof Secret) ? undefined : value;
  }

  #read(path: string, key: string, file: string, schema: z.ZodType<Secret>): Secret | undefined {
    const { folder, readFile, report, mayLackSecrets } = this.#ports;
    const absolute = resolve(folder, file);
    this.files.push(absolute);
    const refuse = (reason: string): undefined => {
      const where = absolute === file ? "" : `; relative paths begin at ${folder}`;
      report(path, `expected the path of a file with the ${key}, but ${reason}${where}`);
      return undefined;
    };
    const content = readText(absolute, readFile);
    if (content.kind === "unreadable") {
      const standIn = mayLackSecrets === true ? standIns.map((text) => schema.safeParse(text)) : [];
      return standIn.find(({ success }) => success)?.data ?? refuse(content.reason);
    }
    if (content.text.trim() === "") return refuse("the file is empty");
    const value = schema.safeParse(content.text);
    return value.success ? value.data : refuse(`what the file holds is no ${key} (not shown)`);
  }
}
