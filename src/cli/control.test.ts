import assert from "node:assert/strict";
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { temporaryFolder } from "../../test/support/state-folder.ts";
import { statusSchema } from "../web/api/schema/status.ts";
import { controlSocketPath } from "../web/control-path.ts";
import { Control } from "./control.ts";
import { CommandError } from "./exit-codes.ts";

/** What talks to a daemon that takes connections and never says anything, and how the first connection shows. */
async function silentDaemon(t: TestContext): Promise<{ control: Control; connected: Promise<unknown> }> {
  const folder = temporaryFolder(t);
  const config = join(folder, "config.yml");
  writeFileSync(config, "state_dir: .\n");
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.resume()));
  server.listen(controlSocketPath(folder));
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { control: new Control({ config }), connected: once(server, "connection") };
}

test("whoever waits for the first word of a stream gives up as for any other answer", async (t) => {
  const { control } = await silentDaemon(t);
  await assert.rejects(
    control.stream({ signal: new AbortController().signal }).next(),
    (error) =>
      error instanceof CommandError &&
      /control\.sock has not answered for 10 s: it is stuck or stopped; restart it/.test(error.message),
  );
});

test("whoever does not want to wait for the first word of a stream any more is told of no failure", async (t) => {
  const { control, connected } = await silentDaemon(t);
  const end = new AbortController();
  const first = control.stream({ signal: end.signal }).next();
  await connected;
  end.abort();
  assert.deepEqual(await first, { done: true, value: undefined });
});

test("a place that cannot even be looked at is no internal error", async (t) => {
  const folder = temporaryFolder(t);
  const config = join(folder, "config.yml");
  const loop = join(folder, "loop");
  symlinkSync(loop, loop);
  writeFileSync(config, `state_dir: ${loop}\n`);
  await assert.rejects(
    new Control({ config }).get("status", statusSchema),
    (error) =>
      error instanceof CommandError && /^the daemon does not answer \(ELOOP[^\n]*control\.sock/.test(error.message),
  );
});
