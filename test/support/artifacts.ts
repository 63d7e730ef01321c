// What checks of artifacts have in common: see scripts/artifacts.ts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

/**
 * The path of an artifact, which `build` makes in the folder that it is given. In one run of `npm run artifacts` it is built
 * once, whichever check asks first; a check that is run by itself builds its own.
 */
export async function artifactOnce(name: string, build: (folder: string) => Promise<string>): Promise<string> {
  const folder = join(sharedFolder(), name);
  const note = join(folder, "path.txt");
  if (existsSync(note)) return readFileSync(note, "utf8");
  mkdirSync(folder, { recursive: true });
  const path = await build(folder);
  writeFileSync(note, path);
  return path;
}

let ownFolder: string | undefined;

function sharedFolder(): string {
  const shared = process.env["CCS_ARTIFACTS_FOLDER"];
  if (shared !== undefined) return shared;
  if (ownFolder === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "ccs-artifacts-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    ownFolder = folder;
  }
  return ownFolder;
}

/** Node itself has 127 MB. */
export const mostExecutableBytes = 140_000_000;

/** Emulated machines are slow. */
const patience = { timeoutMs: 240_000 };

/**
 * Runs `ccs demo` by this command line, and sees to it that the dashboard and all that its page names are served, that its
 * history can be read, and that SIGTERM ends it with 0.
 */
export async function assertServesDashboard(
  [command = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  try {
    const explain = (): string => `\n${output}`;
    const look = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    const url = await eventually("the address of its dashboard", look, { ...patience, explain });
    const text = async (path: string): Promise<string> => {
      const response = await fetch(new URL(path, url));
      const body = await response.text();
      assert.equal(response.status, 200, `${path}: ${body.slice(0, 500)}`);
      assert.ok(body.length > 0, path);
      return body;
    };
    const page = await text("/");
    const parts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].flatMap(([, part]) => part ?? []);
    assert.ok(parts.length >= 2, page);
    for (const part of parts) await text(part);
    // The archive's thread answers.
    assert.match(await text("/api/v1/events"), /^\{/);
    assert.match(await text("/metrics"), /^ccs_build_info/m);
    // Opens no debugger.
    child.kill("SIGUSR1");
    await text("/healthz");
    child.kill("SIGTERM");
    await ended;
    assert.equal(child.exitCode, 0, output);
    assert.doesNotMatch(output, /debugger/i);
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
    await ended;
  }
}
