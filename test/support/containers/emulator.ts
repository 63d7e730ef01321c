// Has the kernel run programs for 64-bit ARM by an emulator, in containers too, for as long as a test lasts.
import { existsSync } from "node:fs";
import { attempt, run } from "./command.ts";

const place = "/proc/sys/fs/binfmt_misc";
const name = "qemu-aarch64";

/** Needs root, and Debian's qemu-user-static and binfmt-support. What was registered before stays so. */
export async function registerEmulator(): Promise<Disposable> {
  if (existsSync(`${place}/${name}`)) return { [Symbol.dispose]: () => undefined };
  if (!existsSync(`${place}/register`)) await run("mount", ["-t", "binfmt_misc", "none", place]);
  await run("update-binfmts", ["--enable", name]);
  return { [Symbol.dispose]: () => void attempt("update-binfmts", ["--disable", name]) };
}
