// The kinds of check that there are. A new one is a folder beside this file and a line here.
import { http } from "./http/http.ts";
import type { CheckKind } from "./kind.ts";
import { tcp } from "./tcp/tcp.ts";

/** The first one is meant where a file names none. */
export const checkKinds: readonly [CheckKind, ...CheckKind[]] = [http, tcp];

export const [defaultCheckKind] = checkKinds;

/** The kind of a name that the registry has: names come from configurations that were checked. */
export function checkKind(name: string): CheckKind {
  const found = checkKinds.find(({ kind }) => kind === name);
  if (found === undefined) throw new Error(`there is no kind of check named ${name}`);
  return found;
}
