// `${NAME}` and `${NAME:-default}` in values. They are filled in after the YAML was read, value by value, so that
// nothing in the environment can change the shape of the file.

/** The environment as a process sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Substituted =
  /** `names`: the variables that the text came from; empty when it stands in the file as it is. */
  { readonly kind: "text"; readonly text: string; readonly names: readonly string[] } | SubstitutionProblem;

interface SubstitutionProblem {
  readonly kind: "problem";
  readonly message: string;
}

/**
 * Fills the variables into one value of the file. `$${` stands for the characters `${`. `otherKey`: one that takes the path
 * of a file with the value.
 */
export function substitute(text: string, env: Environment, otherKey?: string): Substituted {
  const names: string[] = [];
  const unset: string[] = [];
  let isMalformed = false;
  const filled = text.replaceAll(
    /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g,
    (found: string, name: string | undefined, fallback: string | undefined) => {
      if (found === "$${") return "${";
      if (name === undefined) {
        isMalformed = true;
        return "";
      }
      names.push(name);
      const value = valueOf(env, name);
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
      if (value === undefined) unset.push(name);
      return value ?? "";
    },
  );
  if (isMalformed) {
    const message =
      "expected ${NAME} or ${NAME:-default}, got ${ without a variable's name and }: write $${ for a plain ${";
    return { kind: "problem", message };
  }
  if (unset.length > 0) {
    const list = unset.join(", ");
    const subject =
      unset.length === 1 ? `the environment variable ${list} is` : `the environment variables ${list} are`;
    const fallback = `write \${${unset[0]}:-default}`;
    const advice =
      otherKey === undefined ? `or ${fallback}` : `${fallback}, or name a file with the value: ${otherKey}`;
    return { kind: "problem", message: `${subject} not set: set it, ${advice}` };
  }
  return { kind: "text", text: filled, names };
}

/** The variable's value; `undefined` when it is not set. */
export function valueOf(env: Environment, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

const privateUse = 0xe000;

/**
 * Hides the braces, brackets and commas of `${…}` from the YAML parser, to which they would end a value between
 * braces: `{ token: ${TOKEN}, chat_id: 1 }`. Keeps the length, so that positions stay true. `unmask` is the way back.
 */
export function mask(text: string): string {
  return text.replaceAll(/\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}\n]*)?\}/g, (variable) =>
    variable.replaceAll(/[{}[\],]/g, (sign) => String.fromCharCode(privateUse + sign.charCodeAt(0))),
  );
}

export function unmask(text: string): string {
  return text.replaceAll(/\$\uE07B[^\uE07D]*\uE07D/g, (variable) =>
    variable.replaceAll(/[\uE02C\uE05B\uE05D\uE07B\uE07D]/g, (sign) =>
      String.fromCharCode(sign.charCodeAt(0) - privateUse),
    ),
  );
}
