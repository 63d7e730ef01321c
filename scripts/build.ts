// Builds dist/: ccs.js, the launcher that `bin.ccs` names; main.js, the program, and the parts of it that it loads when it
// needs them; archive.js, the thread that answers what readers ask; health.js, `ccs health` alone; dashboard/, the page that it serves; LICENSES.txt and
// sbom.cdx.json, the licences and the list of the libraries within them. `npm ci` and `npm install` in a checkout,
// `npm pack` and `npm test` run it.
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { rolldown, type OutputChunk, type OutputOptions, type Plugin } from "rolldown";
import { buildDashboard } from "./build-dashboard.ts";
import { librariesOf, licencesOf } from "./release/libraries.ts";
import { sbomOf } from "./release/sbom.ts";

export interface BuildOptions {
  /** The program's and the launcher's source files. */
  readonly program: string;
  readonly launcher: string;
  /** The source of the thread that the program starts; without it there will be none. */
  readonly thread?: string;
  /** The source of `ccs health`, which the launcher loads in place of the program; without it there will be none. */
  readonly health?: string;
  /** The folder of the dashboard's sources; without it there will be none. */
  readonly dashboard?: string;
  /** Everything in it is replaced. */
  readonly folder: string;
  /** Changes the source of a file before it is built. */
  readonly change?: (code: string, path: string) => string;
}

/** Builds the program and its launcher. Each file appears at once or not at all, so that builds may overlap. */
export async function build(options: BuildOptions): Promise<void> {
  const newest = { target: "node24", ...(options.change && { change: options.change }) };
  const program = await bundleParts(options.program, newest);
  // The launcher has to load on Nodes that are too old for the program, to be able to say so.
  const launcher = await bundle(options.launcher, { target: "node18" });
  const thread = options.thread === undefined ? undefined : await bundle(options.thread, newest);
  const health = options.health === undefined ? undefined : await bundle(options.health, newest);
  const page = options.dashboard === undefined ? undefined : await buildDashboard(options.dashboard);
  const moduleIds = [...program, launcher, thread, health, page].flatMap((part) => part?.moduleIds ?? []);
  const files = new Map<string, string | Uint8Array>([
    ...[...(page?.files ?? [])].map(([name, bytes]) => [join("dashboard", name), bytes] as const),
    ...program.map(({ fileName, code }) => [fileName, code] as const),
    ["ccs.js", launcher.code],
    ...(thread === undefined ? [] : [["archive.js", thread.code] as const]),
    ...(health === undefined ? [] : [["health.js", health.code] as const]),
    ["LICENSES.txt", licencesOf(moduleIds)],
    ["sbom.cdx.json", sbomOf({ libraries: librariesOf(moduleIds) })],
  ]);
  for (const [name, content] of files) {
    const path = join(options.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const draft = join(dirname(path), `.${basename(path)}.${process.pid}`);
    writeFileSync(draft, content);
    // Whatever the builder's umask: the package is the same everywhere.
    chmodSync(draft, name === "ccs.js" ? 0o755 : 0o644);
    renameSync(draft, path);
  }
  removeOthers(options.folder, new Set(files.keys()));
}

/** Removes what is left of older builds. Drafts of a build that overlaps stay. */
function removeOthers(folder: string, names: ReadonlySet<string>): void {
  const kept = new Set([...names].flatMap((name) => [name, dirname(name), dirname(dirname(name))]));
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!kept.has(name) && !basename(name).startsWith("."))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

export interface BundleOptions {
  /** The oldest Node that has to understand it. */
  readonly target: string;
  readonly change?: BuildOptions["change"];
  /** A CommonJS script, which does nothing before it is told to, in the place of an ES module. */
  readonly isScript?: boolean;
  readonly plugins?: readonly Plugin[];
}

/** `input` and all that it imports as one file for Node. */
export async function bundle(input: string, options: BundleOptions): Promise<OutputChunk> {
  const format = options.isScript === true ? "cjs" : "esm";
  const [chunk] = await generate({ main: input }, options, { format, codeSplitting: false });
  if (chunk === undefined) throw new Error(`nothing came of ${input}`);
  return chunk;
}

/**
 * `input` as main.js, and beside it what it imports only when it is needed, and what these files share. Each command, and the
 * daemon most of all, then loads what it uses, and little else.
 */
export function bundleParts(input: string, options: BundleOptions): Promise<readonly OutputChunk[]> {
  const imports = new Map<string, readonly string[]>();
  const notes: Plugin = {
    name: "notes-imports",
    moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
  };
  return generate(
    { main: input },
    { ...options, plugins: [notes] },
    {
      format: "esm",
      chunkFileNames: "part-[name].js",
      codeSplitting: { groups: partGroups(input, imports), includeDependenciesRecursively: false },
    },
  );
}

/**
 * Left alone, the bundler makes a file of whatever the same commands share: seventy in all, of which a daemon would load
 * forty, at half a millisecond each. These share one file each: what these sources import, and no group before theirs has.
 */
function partGroups(input: string, imports: ReadonlyMap<string, readonly string[]>) {
  const sources = {
    base: ["main.ts"],
    control: ["cli/control.ts", "cli/outputs.ts", "core/words.ts"],
    config: ["config/load.ts", "cli/config-option.ts"],
    log: ["cli/registration.ts"],
    daemon: ["cli/run.ts"],
  };
  return Object.entries(sources).map(([name, paths], index) => {
    let reached: ReadonlySet<string> | undefined;
    const isReached = (id: string): boolean => {
      const from = paths.map((path) => join(dirname(input), path));
      return (reached ??= importedFrom(from, imports)).has(id);
    };
    return { name, priority: 10 - index, test: (id: string) => id !== input && isReached(id) };
  });
}

/** These sources, and all that is loaded with them. */
function importedFrom(ids: readonly string[], imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set(ids);
  for (const each of reached) for (const imported of imports.get(each) ?? []) reached.add(imported);
  return reached;
}

async function generate(
  input: Readonly<Record<string, string>>,
  { target, change, isScript = false, plugins = [] }: BundleOptions,
  output: OutputOptions,
): Promise<readonly OutputChunk[]> {
  const bundler = await rolldown({
    input: { ...input },
    // Nobody imports main.js but the launcher.
    preserveEntrySignatures: "allow-extension",
    platform: "node",
    transform: { target },
    plugins: [
      ...(change === undefined ? [] : [{ name: "change", transform: change }]),
      ...plugins,
      lean,
      isScript ? mainIsNothing : mainIsEntry,
    ],
    onLog: (level, log, print) => {
      // A mere warning to the bundler; but what could not be found would be missing on the machine that runs it.
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      print(level, log);
    },
  });
  try {
    const { output: chunks } = await bundler.generate({ ...output, comments: false });
    return chunks.filter((chunk) => chunk.type === "chunk").map((chunk) => ({ ...chunk, code: inAscii(chunk.code) }));
  } finally {
    await bundler.close();
  }
}

/** With any other letter in it, V8 would keep all of a source at two bytes each for as long as the process runs. */
function inAscii(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * Sources ask `import.meta.main` whether they were started or only imported. The launcher imports the bundle, and within
 * it the entry is the one that was started.
 */
const mainIsEntry: Plugin = {
  name: "main-is-entry",
  transform(code, id) {
    return code.replaceAll("import.meta.main", String(this.getModuleInfo(id)?.isEntry ?? false));
  },
};

/** Where nothing counts as started. What would have been awaited then goes as well: a script must not await anything. */
const mainIsNothing: Plugin = {
  name: "main-is-nothing",
  transform: (code) => code.replaceAll(/^if \(import\.meta\.main\) .*;$/gm, "").replaceAll("import.meta.main", "false"),
};

/**
 * Node reads all that a module of its own exports when it is imported, and for some that means to load half of Node: of
 * `process` for what the global variable has as well, and of `child_process` for commander, which could start commands that
 * are programs of their own, and has none to start here.
 */
const lean: Plugin = {
  name: "lean",
  resolveId(source, importer = "") {
    const isCommander = importer.includes("/node_modules/commander/");
    if (source === "node:process" && (isCommander || !importer.includes("/node_modules/"))) return "\0process";
    return isCommander && source === "node:child_process" ? "\0no-child-process" : null;
  },
  load(id) {
    if (id === "\0process") return "export default globalThis.process;";
    return id === "\0no-child-process" ? "export default {};" : null;
  },
};

const root = dirname(import.meta.dirname);

/** The sources of ccs itself. */
export const productSources = {
  program: join(root, "src/main.ts"),
  launcher: join(root, "src/launcher.ts"),
  thread: join(root, "src/runtime/node/archive-thread.ts"),
  health: join(root, "src/cli/health-call.ts"),
  dashboard: join(root, "src/web/dashboard"),
} satisfies Omit<BuildOptions, "folder">;

if (import.meta.main) await build({ ...productSources, folder: join(root, "dist") });
