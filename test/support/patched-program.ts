// The program with one place of its source changed.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { patched, type Patch } from "../simulation/planted/plant.ts";

const root = join(import.meta.dirname, "../..");

/** Builds the program with the patch, in this folder. Its path. */
export async function programWith(patch: Patch, folder: string): Promise<string> {
  let isRead = false;
  const change = (code: string, path: string): string => {
    if (path !== join(root, patch.file)) return code;
    isRead = true;
    return patched(code, patch);
  };
  const [program, launcher] = [join(root, "src/main.ts"), join(root, "src/launcher.ts")];
  await build({ program, launcher, folder: join(folder, "dist"), change });
  if (!isRead) throw new Error(`${patch.file} is no part of the program: the patch changes nothing`);
  // The page is the same.
  symlinkSync(join(root, "dist/dashboard"), join(folder, "dist/dashboard"));
  return join(folder, "dist/ccs.js");
}
