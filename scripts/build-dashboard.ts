// Builds the dashboard: a page, its hashed assets, and each of them compressed as well, so that the daemon only has to
// pick one. Nothing of it runs in Node.
import { globSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

export interface BuiltPage {
  /** What goes below dist/dashboard, by path, the page itself last. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Every source that went into it. */
  readonly moduleIds: readonly string[];
}

/** Builds the pages whose HTML and sources are in `folder`: index.html, and every other beside it. */
export async function buildDashboard(folder: string): Promise<BuiltPage> {
  const result = await build({
    root: folder,
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: "warn",
    // Relative, so that the page also works below a path of a reverse proxy.
    base: "./",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      write: false,
      target: "es2022",
      // The content security policy allows neither inlined files nor inlined scripts.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: globSync("*.html", { cwd: folder })
          .toSorted()
          .map((name) => join(folder, name)),
      },
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
  const { output } = result as Rolldown.RolldownOutput;
  const pages = output.filter(({ fileName }) => fileName.endsWith(".html"));
  const ordered = [...output.filter((file) => !pages.includes(file)), ...pages];
  const files = new Map(ordered.flatMap((file) => variantsOf(file.fileName, bytesOf(file))));
  const moduleIds = output.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  return { files, moduleIds };
}

function bytesOf(file: Rolldown.OutputChunk | Rolldown.OutputAsset): Buffer {
  return Buffer.from(file.type === "chunk" ? file.code : file.source);
}

function variantsOf(name: string, bytes: Buffer): readonly (readonly [string, Uint8Array])[] {
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  return [
    [`${name}.br`, brotli],
    [`${name}.gz`, gzipSync(bytes, { level: 9 })],
    [name, bytes],
  ];
}
