// Secrets that stand in files of their own: `token_file` in place of `token`.
import { resolve } from "node:path";
import type { z } from "zod";
import type { Secret } from "../lib/secret.ts";
import { readText, type ReadFile } from "./files.ts";
import type { Report } from "./rules.ts";

/** A section with `token` and `token_file`, as far as both were right. */
export interface TokenSection {
  readonly token?: Secret | undefined;
  readonly token_file?: string | undefined;
}

export interface SecretFilesPorts {
  /** Folder of the configuration file, where relative paths begin. */
  readonly folder: string;
  readonly readFile: ReadFile;
  /** Whether the file has a key, right or wrong. */
  readonly has: (path: string) => boolean;
  readonly report: Report;
}

/** Decides between `token` and `token_file`, and remembers the files. */
export class SecretFiles {
  /** Absolute paths of the files that were named. */
  readonly files: string[] = [];
  readonly #ports: SecretFilesPorts;

  constructor(ports: SecretFilesPorts) {
    this.#ports = ports;
  }

  /** The token of the section at `path`; `undefined` when it has none or a wrong one. `schema` says what a token is. */
  take(
    path: string,
    section: TokenSection | undefined,
    schema: z.ZodType<Secret>,
    need: "required" | "optional",
  ): Secret | undefined {
    const { has, report } = this.#ports;
    if (section === undefined) return undefined;
    const hasToken = has(`${path}.token`);
    const hasFile = has(`${path}.token_file`);
    if (hasToken && hasFile) report(`${path}.token_file`, "expected token or token_file, got both: remove one of them");
    else if (!hasToken && !hasFile && need === "required")
      report(`${path}.token`, "missing, expected token or token_file");
    else if (section.token_file !== undefined) return this.#read(`${path}.token_file`, section.token_file, schema);
    return hasFile ? undefined : section.token;
  }

  #read(path: string, file: string, schema: z.ZodType<Secret>): Secret | undefined {
    const { folder, readFile, report } = this.#ports;
    const absolute = resolve(folder, file);
    this.files.push(absolute);
    const refuse = (reason: string): undefined => {
      const where = absolute === file ? "" : `; relative paths begin at ${folder}`;
      report(path, `expected the path of a file with the token, but ${reason}${where}`);
      return undefined;
    };
    const content = readText(absolute, readFile);
    if (content.kind === "unreadable") return refuse(content.reason);
    if (content.text.trim() === "") return refuse("the file is empty");
    const token = schema.safeParse(content.text);
    return token.success ? token.data : refuse("what the file holds is no token (not shown)");
  }
}
