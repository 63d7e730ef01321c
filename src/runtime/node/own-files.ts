// The files that come with the program and are no part of it: the dashboard, and the thread that answers readers.
// They are beside it; in a checkout that runs from its sources in dist/ and among them; in the single executable
// within it.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
// As a whole: the first releases of Node 24 lack a part of it, and only the executable needs all.
import * as sea from "node:sea";
import { Worker, type WorkerOptions } from "node:worker_threads";
import type { BuiltFiles } from "../../web/dashboard-files.ts";

const isBuilt = !import.meta.dirname.endsWith(join("src", "runtime", "node"));

/** The files of the built dashboard by name, such as `assets/start-1a2b3c4d.js.br`; none where it was not built. */
export function dashboardFiles(): BuiltFiles {
  if (sea.isSea()) {
    const keys = sea.getAssetKeys().filter((key) => key.startsWith(assetsOfDashboard));
    return new Map(keys.map((key) => [key.slice(assetsOfDashboard.length), new Uint8Array(sea.getAsset(key))]));
  }
  return filesIn(join(import.meta.dirname, isBuilt ? "dashboard" : "../../../dist/dashboard"));
}

const assetsOfDashboard = "dashboard/";

/** Starts the thread that answers readers. */
export function startArchiveThread(options: WorkerOptions): Worker {
  if (sea.isSea()) return new Worker(sea.getAsset("archive.js", "utf8"), { ...options, eval: true });
  return new Worker(join(import.meta.dirname, isBuilt ? "archive.js" : "archive-thread.ts"), options);
}

/** Every file below `folder`, by its path in it. */
export function filesIn(folder: string): BuiltFiles {
  const entries = entriesIn(folder).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1).replaceAll(sep, "/"), new Uint8Array(readFileSync(path))];
    }),
  );
}

function entriesIn(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    // Not built: the page at `/` says so.
    return [];
  }
}
