// Debian programs that some tests need. Where one is missing its test is skipped and says so in one line; with
// CCS_REQUIRE_PROGRAMS=1, as in CI, it fails instead.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

/** Each program with the Debian package that holds it. `.ci/run` installs them all. */
export const packagesByProgram = {
  unbound: "unbound",
  dig: "bind9-dnsutils",
  nginx: "nginx-light",
  openssl: "openssl",
  prometheus: "prometheus",
  promtool: "prometheus",
  amtool: "prometheus-alertmanager",
  chromium: "chromium",
  script: "bsdutils",
  prlimit: "util-linux",
  unshare: "util-linux",
  bash: "bash",
  zsh: "zsh",
  fish: "fish",
  faketime: "faketime",
  caddy: "caddy",
  curl: "curl",
  jq: "jq",
  perl: "perl-base",
  "systemd-notify": "systemd",
  "systemd-analyze": "systemd",
  buildah: "buildah",
  podman: "podman",
  runc: "runc",
  mmdebstrap: "mmdebstrap",
  python3: "python3-venv",
  docker: "docker.io",
  dockerd: "docker.io",
  "docker-compose": "docker-compose",
  ip: "iproute2",
  "systemd-nspawn": "systemd-container",
  nsenter: "util-linux",
} as const;

/** The same for programs that only expensive checks of artifacts need, which people run by hand. */
const packagesByHand = {
  "qemu-aarch64-static": "qemu-user-static",
  lintian: "lintian",
  etcd: "etcd-server",
} as const;

const packages = { ...packagesByProgram, ...packagesByHand };

export type Program = keyof typeof packages;

/**
 * The path of `program`. When there is none the test is marked as skipped (or fails, in CI) and has to return at once:
 * `const unbound = requireProgram(t, "unbound"); if (unbound === undefined) return;`
 */
export function requireProgram(t: TestContext, program: Program): string | undefined {
  const path = findProgram(program);
  if (path !== undefined) return path;
  const what = `${program} is not installed: apt-get install ${packages[program]}`;
  assert.notEqual(process.env["CCS_REQUIRE_PROGRAMS"], "1", what);
  t.skip(what);
  return undefined;
}

/**
 * The words before a command that is to run in namespaces of its own: those of `options`, such as `--net`. `undefined` as by
 * `requireProgram`, also where the machine does not allow it.
 */
export function requireNamespaces(t: TestContext, options: readonly string[]): readonly string[] | undefined {
  const unshare = requireProgram(t, "unshare");
  if (unshare === undefined) return undefined;
  const words = [...(process.geteuid?.() === 0 ? [] : ["--user", "--map-root-user"]), ...options];
  const { status, stderr } = spawnSync(unshare, [...words, "--", "true"], { encoding: "utf8" });
  if (status === 0) return [unshare, ...words];
  const what = `this machine gives no namespaces of their own to tests: ${stderr.trim()}`;
  assert.notEqual(process.env["CCS_REQUIRE_PROGRAMS"], "1", what);
  t.skip(what);
  return undefined;
}

/** The path of `program`, if it is on this machine. */
export function findProgram(program: Program): string | undefined {
  return findOnPath(program);
}

/** The same for a program that no package of Debian holds. */
export function findOnPath(program: string): string | undefined {
  // Debian keeps servers where only root's PATH looks.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
