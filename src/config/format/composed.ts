// Keys of a new file, with what is said about them there.
import { secretLine, type WrittenSecret } from "./written-secret.ts";

export type ComposedKey = {
  readonly key: string;
  readonly comment?: string;
} & ({ readonly yaml: string } | { readonly secret: WrittenSecret });

/** Their lines, without indentation. */
export function composedLines(keys: readonly ComposedKey[]): readonly string[] {
  return keys.flatMap((each) => [
    ...(each.comment === undefined ? [] : [`# ${each.comment}`]),
    "secret" in each ? secretLine(each.key, each.secret) : `${each.key}: ${each.yaml}`,
  ]);
}
