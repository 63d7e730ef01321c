// How a new file has its secrets: written out, or by a variable or a file that holds them.
import { literal, scalar } from "./scalar.ts";

/** A token as the file has it: itself, or the environment variable or the file that holds it. */
export type WrittenSecret =
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "variable"; readonly name: string }
  /**
   * A file that systemd hands over by this name; without systemd, in the folder `credentials` beside the configuration.
   */
  | { readonly kind: "credential"; readonly name: string };

/** A secret with where it was found: what is in the environment already stays there. */
export interface KnownSecret {
  readonly value: string;
  readonly written: WrittenSecret;
}

/** The line of `key` with the secret, or of `key_file` with where it is. */
export function secretLine(key: string, written: WrittenSecret): string {
  if (written.kind === "file") return `${key}_file: ${literal(written.path)}`;
  if (written.kind === "credential")
    return `${key}_file: ${scalar(`\${CREDENTIALS_DIRECTORY:-credentials}/${written.name}`)}`;
  return `${key}: ${written.kind === "variable" ? `\${${written.name}}` : literal(written.value)}`;
}
