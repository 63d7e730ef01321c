// The control socket: only its owner can reach it, at no moment anybody else, and it takes the place of a dead one
// only.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { answerOf, ApiSite, type Answer } from "../../test/support/api-site.ts";
import { temporaryFolder } from "../../test/support/state-folder.ts";
import { controlSocketPath } from "./control-path.ts";
import { startControlSocket, type ControlSocket } from "./control-socket.ts";
import { ControlSocketError } from "./errors.ts";

function ask(socketPath: string, path: string, body?: unknown): Promise<Answer> {
  const method = body === undefined ? "GET" : "POST";
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return answerOf(request({ socketPath, path, method, headers, agent: false }), JSON.stringify(body));
}

function listen(site: ApiSite, folder: string): Promise<ControlSocket> {
  return startControlSocket(folder, {
    state: () => site.world.state,
    isAlive: () => true,
    api: site.api.routes("socket"),
    onBug: (error) => void site.bugs.push(error),
  });
}

test("serves the same routes without a token, and is gone when it ends", async (t) => {
  const folder = temporaryFolder(t);
  // A user who may enter the folder may still not connect.
  chmodSync(folder, 0o755);
  await using site = await ApiSite.start();
  site.token = undefined;
  site.settle();
  {
    await using socket = await listen(site, folder);
    assert.equal(socket.path, controlSocketPath(folder));
    assert.equal(statSync(socket.path).mode & 0o777, 0o600);
    assert.equal((await ask(socket.path, "/api/v1/status")).status, 200);
    const { status, text } = await ask(socket.path, "/api/v1/pin", { endpoint: "mobile" });
    assert.equal(status, 200, text);
    assert.equal(site.world.ingress().selection?.primary, "mobile");
    assert.equal((await ask(socket.path, "/")).status, 404);
    assert.deepEqual(readdirSync(folder), ["control.sock"], "nothing else is left");
  }
  assert.deepEqual(readdirSync(folder), []);
  assert.deepEqual(site.bugs, []);
});

test("takes the place of one that a dead daemon left, but never of one that is alive", async (t) => {
  const folder = temporaryFolder(t);
  const path = controlSocketPath(folder);
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  assert.ok(existsSync(path), "a killed process leaves its socket");
  await using site = await ApiSite.start();
  site.settle();
  await using socket = await listen(site, folder);
  assert.equal((await ask(socket.path, "/api/v1/status")).status, 200);
  await assert.rejects(listen(site, folder), /another process listens on .*control\.sock; end it/);
  assert.equal((await ask(socket.path, "/api/v1/status")).status, 200, "the first one still serves");
});

test("where there can be none, one clear message says why", async (t) => {
  const folder = temporaryFolder(t);
  await using site = await ApiSite.start();
  const deep = join(folder, "d".repeat(100));
  mkdirSync(deep);
  await assert.rejects(listen(site, deep), (error) => {
    assert.ok(error instanceof ControlSocketError);
    const pattern = /has \d+ bytes, and the path of a socket may have 103; set a shorter state_dir/;
    assert.match(error.message, pattern);
    return true;
  });
  await assert.rejects(listen(site, join(folder, "nowhere")), /no control socket at .*: ENOENT/);
  // Another kind of thing in its place is nobody's to take away.
  writeFileSync(controlSocketPath(folder), "precious");
  await assert.rejects(listen(site, folder), /control\.sock is not a socket; move it away/);
  assert.equal(readFileSync(controlSocketPath(folder), "utf8"), "precious");
  assert.deepEqual(readdirSync(folder).toSorted(), ["control.sock", "d".repeat(100)].toSorted());
});
