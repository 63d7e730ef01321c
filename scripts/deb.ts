// Makes the Debian package: `npm run deb` writes artifacts/cloudflare-cname-switcher_VERSION-1_amd64.deb and …_arm64.deb,
// `npm run deb -- x64` one of them. It carries the single executable, so that a base system is all that it needs. Only
// dpkg-deb is needed to make it. The same sources give the same bytes.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { createProgram } from "../src/main.ts";
import { outlineOf } from "../src/cli/completion/outline.ts";
import { completionScripts } from "../src/cli/completion.ts";
import { credentialNames, packagedUnit } from "../src/cli/service/unit-text.ts";
import { manPage } from "./man-page.ts";
import { artifactsFolder } from "./package.ts";
import { licencesWithNode } from "./release/libraries.ts";
import { versionIn } from "./release/version.ts";
import { askedArchitectures, buildExecutable, type Architecture } from "./sea.ts";

const root = dirname(import.meta.dirname);
const sources = join(root, "deploy/debian");

const debianName = "cloudflare-cname-switcher";

const debianArchitectures: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };

/** What Node's own builds need (https://github.com/nodejs/node/blob/v24.x/BUILDING.md#platform-list); apt itself needs all three. */
const dependencies = "libc6 (>= 2.28), libgcc-s1 (>= 3.0), libstdc++6 (>= 8)";

export interface DebOptions {
  readonly architecture: Architecture;
  /** The single executable for it. */
  readonly executable: string;
  /** Where the package is put. */
  readonly folder: string;
  /** Another than that of package.json, for trying an upgrade. */
  readonly version?: string;
  /** `quick` for tests: it takes a tenth of the time, and makes half as much again. */
  readonly compression?: "small" | "quick";
}

/** Builds the package. Its path. */
export async function buildDeb(options: DebOptions): Promise<string> {
  const { architecture, executable, folder, version = versionIn(root), compression = "small" } = options;
  const stage = mkdtempSync(join(tmpdir(), "ccs-deb-"));
  const epoch = sourceEpoch();
  // To Debian 1.0.0~rc.1 comes before 1.0.0, and 1.0.0-rc.1 after it (deb-version(7)).
  const debianVersion = `${version.replace("-", "~")}-1`;
  try {
    const put = (path: string, content: string | Uint8Array, mode = 0o644): void => {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      writeFileSync(join(stage, path), content);
      chmodSync(join(stage, path), mode);
    };
    const documents = `usr/share/doc/${debianName}`;
    mkdirSync(join(stage, "usr/bin"), { recursive: true });
    copyFileSync(executable, join(stage, "usr/bin/ccs"));
    chmodSync(join(stage, "usr/bin/ccs"), 0o755);
    put("usr/lib/systemd/system/ccs.service", packagedUnit());
    put("usr/share/man/man1/ccs.1.gz", zipped(await manPage({ version, date: dateOf(epoch) })));
    const outline = outlineOf(await createProgram(() => Promise.resolve()));
    put("usr/share/bash-completion/completions/ccs", completionScripts.bash(outline));
    put("usr/share/zsh/vendor-completions/_ccs", completionScripts.zsh(outline));
    put("usr/share/fish/vendor_completions.d/ccs.fish", completionScripts.fish(outline));
    put(`usr/share/lintian/overrides/${debianName}`, readFileSync(join(sources, "lintian-overrides")));
    put(`${documents}/copyright`, copyright());
    put(`${documents}/LICENSES.txt.gz`, zipped(licencesWithNode()));
    const maintainer = maintainerOf();
    put(`${documents}/changelog.Debian.gz`, zipped(debianChangelog(debianVersion, maintainer, epoch)));
    put(`${documents}/changelog.gz`, zipped(readFileSync(join(root, "CHANGELOG.md"))));
    put(`${documents}/README.Debian`, readFileSync(join(sources, "README.Debian")));
    put(`${documents}/examples/config.yml`, readFileSync(join(sources, "config.yml")));
    // Of the configuration there is only the folder: what is in it is the administrator's alone, so that no upgrade ever asks.
    mkdirSync(join(stage, "etc/ccs/credentials"), { recursive: true });
    normaliseFolders(stage);
    chmodSync(join(stage, "etc/ccs/credentials"), 0o700);

    const sums = filesIn(stage).map((path) => `${hash("md5", readFileSync(join(stage, path)))}  ${path}\n`);
    const sizes = filesIn(stage).map((path) => Math.ceil(statSync(join(stage, path)).size / 1_024));
    const kilobytes = sizes.reduce((sum, each) => sum + each, 0);
    const debianArchitecture = debianArchitectures[architecture];
    put("DEBIAN/control", control({ version: debianVersion, architecture: debianArchitecture, maintainer, kilobytes }));
    put("DEBIAN/md5sums", sums.join(""));
    for (const name of ["postinst", "prerm", "postrm"]) put(`DEBIAN/${name}`, maintainerScript(name), 0o755);
    chmodSync(join(stage, "DEBIAN"), 0o755);

    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${debianName}_${version}-1_${debianArchitecture}.deb`);
    const squeeze = compression === "small" ? ["-Zxz", "-z6"] : ["-Zgzip", "-z1"];
    execFileSync("dpkg-deb", ["--root-owner-group", ...squeeze, "--build", stage, path], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
    });
    return path;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

interface ControlFields {
  /** In Debian's words. */
  readonly version: string;
  /** In Debian's words. */
  readonly architecture: string;
  readonly maintainer: string;
  readonly kilobytes: number;
}

function control({ version, architecture, maintainer, kilobytes }: ControlFields): string {
  return `Package: ${debianName}
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kilobytes}
Depends: ${dependencies}
Recommends: systemd
Section: net
Priority: optional
Description: keep one DNS name on Cloudflare pointing at an endpoint that works
 Watches two or more ways into the same service (a cable line and a mobile
 line, a home server and a VPS) over HTTP or HTTPS, and rewrites one DNS record
 at Cloudflare when the active one is really down.
 .
 It runs as a service with a user of its own and next to no rights, and starts
 as soon as /etc/ccs/config.yml exists.
`;
}

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0 */
function copyright(): string {
  const [, , holders = "", , ...text] = readFileSync(join(root, "LICENSE"), "utf8").trimEnd().split("\n");
  const indented = text.map((line) => (line === "" ? " ." : ` ${line}`));
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Cloudflare CNAME Switcher
Comment: usr/bin/ccs contains Node.js and libraries of others, with their own
 licences: see LICENSES.txt.gz in this folder.

Files: *
Copyright: ${holders.replace("Copyright (c) ", "")}
License: Expat
${indented.join("\n")}
`;
}

/**
 * Who made this package, as Debian asks for: a name and an address that somebody reads. The project has no address of its own,
 * so it is DEBFULLNAME and DEBEMAIL of whoever builds it (dch(1)), or else the author of the newest commit, which in a release is
 * the person who made it.
 */
function maintainerOf(): string {
  const { DEBFULLNAME: name, DEBEMAIL: address } = process.env;
  if (name !== undefined && name !== "" && address !== undefined && address !== "") return `${name} <${address}>`;
  return execFileSync("git", ["log", "-1", "--format=%an <%ae>"], { cwd: root, encoding: "utf8" }).trim();
}

/** A script that dpkg runs. What lies in the folder for credentials follows from the kinds of channel that there are. */
export function maintainerScript(name: string): string {
  return readFileSync(join(sources, name), "utf8").replace("@credentials@", credentialNames.join(" "));
}

function debianChangelog(version: string, maintainer: string, epoch: number): string {
  const date = new Date(epoch * 1_000).toUTCString().replace("GMT", "+0000");
  return `${debianName} (${version}) unstable; urgency=medium

  * New release: see changelog.gz.

 -- ${maintainer}  ${date}
`;
}

/** Seconds since 1970: of the newest commit, unless the environment has another (https://reproducible-builds.org/specs/source-date-epoch). */
export function sourceEpoch(): number {
  const given = Number(process.env["SOURCE_DATE_EPOCH"]);
  if (given > 0) return given;
  return Number(execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" }));
}

function dateOf(epoch: number): string {
  return new Date(epoch * 1_000).toISOString().slice(0, 10);
}

function zipped(content: string | Uint8Array): Uint8Array {
  return gzipSync(content, { level: 9 });
}

/** Paths below `folder`, in an order that is the same everywhere. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** A umask is not part of the package. */
function normaliseFolders(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
}

/** Ends the process where dpkg-deb is missing: it takes half a minute to get to where it is missed. */
export function assertCanPack(): void {
  if (spawnSync("dpkg-deb", ["--version"]).error === undefined) return;
  console.error("There is no dpkg-deb on this machine, which makes the package: install dpkg");
  process.exit(69);
}

if (import.meta.main) {
  assertCanPack();
  for (const architecture of askedArchitectures("package")) {
    const executable = await buildExecutable(architecture, artifactsFolder);
    console.log(await buildDeb({ architecture, executable, folder: artifactsFolder }));
  }
}
