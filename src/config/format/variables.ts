// The variables of the environment. Knows nothing of schemas, so that code which only looks for a daemon need not load
// them.

/** The environment as a process sees it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable's value; `undefined` when it is not set. */
export function valueOf(env: Environment, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

/** A variable's value, unless it is empty. */
export function given(env: Environment, name: string): string | undefined {
  const value = valueOf(env, name)?.trim();
  return value === "" ? undefined : value;
}
