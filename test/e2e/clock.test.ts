// A wrong clock of the daemon's machine is the machine's trouble: nothing is switched, whatever the clock says of the
// endpoints' certificates, and people hear by how much it is wrong.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createServer, type Server } from "node:tls";
import { runCcs } from "../support/built-program.ts";
import { createAuthority, type Credentials } from "../support/certificates.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { startFleet, type Fleet } from "../support/fleet.ts";
import { setClock, wrongClock } from "../support/wrong-clock.ts";

const dayMs = 86_400_000;

/** The API of the fleet over HTTPS, as the real one is. New connections need a certificate that is valid. */
async function overTls(
  { port }: { readonly port: number },
  tls: Credentials,
): Promise<AsyncDisposable & { url: string }> {
  const server: Server = createServer(tls, (socket) => {
    const inner = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `https://127.0.0.1:${address.port}/client/v4`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Status {
  readonly daemon: { readonly clock?: { readonly aheadMs: number } };
  readonly ingresses: readonly { readonly endpoints: readonly { readonly name: string; readonly verdict: string }[] }[];
}

async function statusOf(daemon: DaemonProcess): Promise<Status> {
  return JSON.parse((await daemon.get("/api/v1/status")).text) as Status;
}

async function probesOf(fleet: Fleet, count: number, daemon: DaemonProcess): Promise<void> {
  const { cable } = fleet.ship("home");
  const from = cable.counts.connections;
  await daemon.until(`${count} more probes`, () => cable.counts.connections >= from + count);
}

for (const [offset, words] of [
  ["+3650d", /this machine's clock is 3649 d 23 h ahead|this machine's clock is 3650 d( \d+ \w+)? ahead/],
  ["-3650d", /this machine's clock is 3649 d 23 h behind|this machine's clock is 3650 d( \d+ \w+)? behind/],
] as const) {
  test(`the clock jumps by ${offset} while the daemon runs: nothing is switched, and it is told, and its end`, async (t) => {
    const env = wrongClock(t);
    if (env === undefined) return;
    const authority = await createAuthority();
    await using fleet = await startFleet(["home"], { tls: (names) => authority.issue({ names }) });
    await using daemon = startDaemon({
      config: (folder) => {
        writeFileSync(join(folder, "ca.pem"), authority.ca);
        return fleet.config()(folder);
      },
      folderEnv: (folder) => ({ ...env(folder), NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") }),
    });
    await daemon.untilLogged(/^cable is up/);
    await daemon.untilLogged(/^mobile is up/);
    setClock(daemon.folder, offset);
    // The API is reached by plain HTTP, so that it can tell the time; a wrong write could go out at once.
    await daemon.untilLogged(words);
    await probesOf(fleet, 20, daemon);
    const status = await statusOf(daemon);
    assert.ok(Math.abs(status.daemon.clock?.aheadMs ?? 0) > 3_600 * dayMs);
    assert.deepEqual(
      status.ingresses[0]?.endpoints.map(({ verdict }) => verdict),
      ["up", "up"],
    );
    const text = await runCcs(["status", "--config", daemon.configPath]);
    assert.match(text.stdout, /clock of the daemon's machine is .*(ahead|behind)\s+compared/);
    setClock(daemon.folder, "+0");
    await daemon.untilLogged(/^this machine's clock is correct again/);
    assert.equal((await statusOf(daemon)).daemon.clock, undefined);
    assert.equal(daemon.logged(/this machine's clock is \d/).length, 1, "told once");
    assert.equal(fleet.cloudflare.counts.writes, 0);
    assert.equal(daemon.logged(/^(cable|mobile) is (suspect|down)/).length, 0);
  });
}

test("the clock jumps ahead, and Cloudflare's own certificate looks expired: told as our clock, and nothing is written after", async (t) => {
  const env = wrongClock(t);
  if (env === undefined) return;
  const authority = await createAuthority();
  await using fleet = await startFleet(["home"], { tls: (names) => authority.issue({ names }) });
  await using api = await overTls(fleet.cloudflare, await authority.issue({ names: ["127.0.0.1"] }));
  await using daemon = startDaemon({
    config: (folder) => {
      writeFileSync(join(folder, "ca.pem"), authority.ca);
      return fleet
        .config({ edit: (ingress) => (ingress.reconcile_interval = "10s") })(folder)
        .replace(fleet.cloudflare.url, api.url);
    },
    folderEnv: (folder) => ({ ...env(folder), NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") }),
  });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  setClock(daemon.folder, "+3650d");
  await daemon.untilLogged(/this machine's clock is \d+ d/);
  await daemon.untilLogged(/this machine's clock seems to be wrong: it says 20\d\d-\d\d-\d\d/, { timeoutMs: 60_000 });
  await probesOf(fleet, 20, daemon);
  assert.equal(daemon.logged(/^(cable|mobile) is (suspect|down)/).length, 0);
  const doctor = await runCcs(["doctor", "--config", daemon.configPath], {
    env: { ...env(daemon.folder, "+3650d"), NODE_EXTRA_CA_CERTS: join(daemon.folder, "ca.pem") },
  });
  assert.match(doctor.stdout, /clock: this machine's clock is wrong: it says 20\d\d-/);
  setClock(daemon.folder, "+0");
  await daemon.untilLogged(/^this machine's clock is correct again/, { timeoutMs: 60_000 });
  await probesOf(fleet, 20, daemon);
  assert.equal(fleet.cloudflare.counts.writes, 0);
});

test("a daemon that starts with a clock that is years ahead adopts what stands there, and switches for real failures", async (t) => {
  const env = wrongClock(t);
  if (env === undefined) return;
  const authority = await createAuthority();
  await using fleet = await startFleet(["home"], { tls: (names) => authority.issue({ names }) });
  await using daemon = startDaemon({
    config: (folder) => {
      writeFileSync(join(folder, "ca.pem"), authority.ca);
      return fleet.config()(folder);
    },
    folderEnv: (folder) => ({ ...env(folder, "+3650d"), NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") }),
  });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  assert.equal(fleet.cloudflare.counts.writes, 0);
  // Its certificate has expired by the real time, and that a wrong clock does not hide.
  const { cable } = fleet.ship("home");
  const past = { notBefore: new Date(Date.now() - 9 * dayMs), notAfter: new Date(Date.now() - dayMs) };
  cable.certify(await authority.issue({ names: ["cable.home.example"], ...past }));
  await daemon.untilLogged(/^cable is down.*certificate expired on/, { timeoutMs: 60_000 });
  await daemon.until("mobile serves", () => fleet.recordsOf("home")[0]?.content === "mobile.home.example");
});
