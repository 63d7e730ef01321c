// A mistake in the configuration, with its place, and how it is put into words.

/** Where something is in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One mistake. Never holds the value of a secret. */
export interface Problem {
  /** The file as it was named, or `environment`. */
  readonly file: string;
  /** Missing when the mistake has no place, such as a file that does not exist. */
  readonly line?: number;
  readonly column?: number;
  /** The key, such as `ingresses[0].endpoints[1].check.rise`, or the environment variable; may be empty. */
  readonly path: string;
  /** What was expected, what was found, what to do. */
  readonly message: string;
}

/** Tells a mistake at the place of a key, or of its next parent that is there. */
export type Report = (path: string, message: string) => void;

/** `config.yml:14:7 ingresses[0].endpoints[1].check.rise: expected …, got …`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  return `${problem.file}${place}${path}: ${problem.message}`;
}

/** The problem at a place; without a place, the problem of the whole file. */
export function problemAt(file: string, place: Place | undefined, path: string, message: string): Problem {
  return place === undefined
    ? { file, path, message }
    : { file, line: place.line, column: place.column, path, message };
}

/** The path of a key in the mapping at `path`. */
export function joinPath(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

/** Whether an unknown key may be repeated: a secret in the wrong place can become a key to YAML. */
export function isShowable(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,23}$/.test(key);
}

/** More would bury the first ones; a person corrects the file and looks again. */
const mostProblems = 100;

/**
 * In the order of the file, those without a place last; after a hundred only their number is told. `files`: the order
 * of files, where there are several.
 */
export function inOrder(problems: readonly Problem[], files: readonly string[] = []): readonly Problem[] {
  const rankByFile = new Map(files.map((file, rank) => [file, rank]));
  const placeOf = ({ file, line, column }: Problem): readonly number[] =>
    line === undefined ? [Number.MAX_SAFE_INTEGER, 0, 0] : [rankByFile.get(file) ?? 0, line, column ?? 0];
  const places = new Map(problems.map((problem) => [problem, placeOf(problem)]));
  const compared = (a: Problem, b: Problem): number => {
    const other = places.get(b) ?? [];
    for (const [index, value] of (places.get(a) ?? []).entries()) {
      const difference = value - (other[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const sorted = problems.toSorted(compared);
  const first = sorted[0];
  if (first === undefined || sorted.length <= mostProblems) return sorted;
  const message = `and ${sorted.length - mostProblems} more mistakes: correct these first`;
  return [...sorted.slice(0, mostProblems), { file: first.file, path: "", message }];
}
