// What lies behind an error that says nothing itself, such as "fetch failed".

/**
 * The words, as they came, of the error at the end of the chain of causes, and its code and system call (`connect`,
 * `read`, …), where it has them. The words are foreign text: hide what is secret in them, then make them plain.
 */
export function innermost(error: unknown): {
  readonly text: string;
  readonly code: string | undefined;
  readonly systemCall: string | undefined;
} {
  let inner = error;
  for (let depth = 0; depth < 5; depth += 1) {
    if (inner instanceof AggregateError && inner.errors.length > 0) inner = inner.errors[0];
    else if (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
    else break;
  }
  const code = inner instanceof Error && "code" in inner && typeof inner.code === "string" ? inner.code : undefined;
  const systemCall =
    inner instanceof Error && "syscall" in inner && typeof inner.syscall === "string" ? inner.syscall : undefined;
  const text = inner instanceof Error ? inner.message : String(inner);
  return { text: text === "" ? (code ?? "unknown error") : text, code, systemCall };
}
