// Who wants to be told, by the environment, and that it reaches a socket as systemd's is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { requireProgram } from "../../test/support/programs.ts";
import { NotifySocket } from "../../test/support/notify-socket.ts";
import { temporaryFolder } from "../../test/support/state-folder.ts";
import { systemdNotify, wantedBy } from "./systemd-notify.ts";

const socket = "/run/systemd/notify";
const ids = [100, 99];

test("tells whoever listens, and minds a watchdog that is meant for this process or its launcher", () => {
  const cases: readonly (readonly [Record<string, string>, ReturnType<typeof wantedBy>])[] = [
    [{}, undefined],
    [{ NOTIFY_SOCKET: "" }, undefined],
    [{ WATCHDOG_USEC: "120000000" }, undefined],
    [{ NOTIFY_SOCKET: socket }, { socket }],
    [{ NOTIFY_SOCKET: "@abstract" }, { socket: "@abstract" }],
    [
      { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "120000000" },
      { socket, watchdogMs: 120_000 },
    ],
    [
      { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "120000000", WATCHDOG_PID: "100" },
      { socket, watchdogMs: 120_000 },
    ],
    [
      { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "120000000", WATCHDOG_PID: "99" },
      { socket, watchdogMs: 120_000 },
    ],
    [{ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "120000000", WATCHDOG_PID: "7" }, { socket }],
    [{ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "0" }, { socket }],
    [{ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "soon" }, { socket }],
  ];
  for (const [env, expected] of cases) assert.deepEqual(wantedBy(env, ids), expected, JSON.stringify(env));
});

test("a message arrives whole, whatever is in it", async (t) => {
  if (requireProgram(t, "systemd-notify") === undefined || requireProgram(t, "perl") === undefined) return;
  await using listening = await NotifySocket.open(temporaryFolder(t));
  const send = systemdNotify({ socket: listening.path }, process.env["PATH"]);
  const message = new Map([
    ["READY", "1"],
    ["STATUS", "ingress.example.com: cable is active; $(reboot) --help 'ü' =="],
  ]);
  await send(message);
  await send(new Map([["WATCHDOG", "1"]]));
  assert.deepEqual(listening.messages, [message, new Map([["WATCHDOG", "1"]])]);
});

test("what goes wrong is said in one line", async (t) => {
  if (requireProgram(t, "systemd-notify") === undefined) return;
  const folder = temporaryFolder(t);
  const message = new Map([["READY", "1"]]);
  await assert.rejects(systemdNotify({ socket: `${folder}/nobody` }, process.env["PATH"])(message), (error: Error) => {
    assert.match(error.message, /^systemd-notify: [^\n]*(No such file|not found|Connection refused)[^\n]*$/i);
    return true;
  });
  await assert.rejects(systemdNotify({ socket: `${folder}/nobody` }, folder)(message), {
    message: "there is no systemd-notify in PATH; it comes with systemd",
  });
});
