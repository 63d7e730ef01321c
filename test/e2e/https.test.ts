// HTTPS with real certificates: the connection goes to an address, and the certificate still has to be right for the name.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCcs } from "../support/built-program.ts";
import { createAuthority, selfSigned, type Credentials, type TestAuthority } from "../support/certificates.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { startFleet } from "../support/fleet.ts";

const dayMs = 86_400_000;

/** A certificate that is wrong, and what people get to read about it. */
interface Wrong {
  readonly name: string;
  readonly issue: (authority: TestAuthority, host: string, address: string) => Promise<Credentials>;
  readonly reason: RegExp;
}

const cases: readonly Wrong[] = [
  {
    name: "expired",
    issue: (authority, host) =>
      authority.issue({
        names: [host],
        notBefore: new Date(Date.now() - 9 * dayMs),
        notAfter: new Date(Date.now() - 2 * dayMs),
      }),
    reason: /certificate expired on \d{4}-\d\d-\d\d/,
  },
  {
    name: "future",
    issue: (authority, host) =>
      authority.issue({
        names: [host],
        notBefore: new Date(Date.now() + 2 * dayMs),
        notAfter: new Date(Date.now() + 9 * dayMs),
      }),
    reason: /certificate is not valid before \d{4}-\d\d-\d\d/,
  },
  {
    name: "wrong",
    issue: (authority) => authority.issue({ names: ["other.example"] }),
    reason: /certificate is for other\.example, not cable\.wrong\.example/,
  },
  {
    // The name is what counts, though the connection goes to exactly this address.
    name: "address",
    issue: (authority, _, address) => authority.issue({ names: [address] }),
    reason: /certificate is for 127\.\S+, not cable\.address\.example/,
  },
  { name: "self", issue: (_, host) => selfSigned({ names: [host] }), reason: /certificate is self-signed/ },
  {
    name: "unknown",
    issue: async (_, host) => (await createAuthority("Nobody knows us")).issue({ names: [host] }),
    reason: /certificate's issuer Nobody knows us is not trusted here/,
  },
];

test("ca_file: an authority of one's own is trusted for its check alone, and followed when its file changes", async () => {
  const [first, second] = [await createAuthority("First"), await createAuthority("Second")];
  await using fleet = await startFleet(["own"], { tls: (names) => first.issue({ names }) });
  await using daemon = startDaemon({
    config: (folder) => {
      writeFileSync(join(folder, "home.pem"), first.ca);
      return fleet.config({ edit: ({ endpoints: [cable] }) => cable?.check && (cable.check.ca_file = "home.pem") })(
        folder,
      );
    },
  });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is down.*issuer First is not trusted here/);
  const { cable } = fleet.ship("own");
  cable.certify(await second.issue({ names: ["cable.own.example"] }));
  await daemon.untilLogged(/^cable is down.*issuer Second is not trusted here/);
  writeFileSync(join(daemon.folder, "home.pem"), second.ca);
  await daemon.untilLogged(/^cable is up/, { count: 2 });
  writeFileSync(join(daemon.folder, "home.pem"), "no certificate");
  await daemon.untilLogged(/configuration rejected/);
  const problems = JSON.stringify(daemon.logged(/configuration rejected/));
  assert.match(
    problems,
    /config\.yml:\d+:\d+ ingresses\[0\]\.endpoints\[0\]\.check\.ca_file: expected the path of a PEM file/,
  );
  assert.equal(fleet.cloudflare.counts.writes, 0);
});

test("a right certificate serves, and each wrong one takes its endpoint down with a reason", async () => {
  const authority = await createAuthority();
  await using fleet = await startFleet(["right", ...cases.map(({ name }) => name)], {
    tls: (names) => authority.issue({ names }),
  });
  const trusting = (folder: string): Record<string, string> => ({ NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") });
  await using daemon = startDaemon({
    config: (folder) => {
      writeFileSync(join(folder, "ca.pem"), authority.ca);
      return fleet.config()(folder);
    },
    folderEnv: trusting,
  });
  await daemon.untilLogged(/^cable is up/, { count: fleet.ships.length });
  await daemon.untilLogged(/^mobile is up/, { count: fleet.ships.length });
  assert.equal(fleet.cloudflare.counts.writes, 0);
  for (const { zone, cable } of fleet.ships) {
    assert.equal(cable.newest?.serverName, `cable.${zone}`);
    assert.equal(cable.newest?.host, `cable.${zone}:${cable.port}`);
  }

  for (const { name, issue } of cases) {
    const { cable, zone } = fleet.ship(name);
    cable.certify(await issue(authority, `cable.${zone}`, cable.host));
  }
  const requestsBefore = new Map(cases.map(({ name }) => [name, fleet.ship(name).cable.counts.requests]));
  for (const { name, reason } of cases) {
    await daemon.until(`${name} is served by mobile`, () => {
      return fleet.recordsOf(name)[0]?.content === `mobile.${name}.example`;
    });
    const told = daemon.logged(/^cable is down/).find(({ ingress }) => ingress === fleet.ship(name).record);
    assert.match(told?.msg ?? "", reason);
    assert.equal(fleet.writesFor(name).length, 1, name);
    // A request may have been under way when the certificate changed; to a wrong one, none is sent.
    assert.ok(fleet.ship(name).cable.counts.requests <= (requestsBefore.get(name) ?? 0) + 1, name);
  }
  assert.equal(fleet.writesFor("right").length, 0);
  assert.equal(daemon.logged(/^cable is down/).length, cases.length);

  // The same authority, to somebody who was not told of it.
  const stranger = await runCcs(["probe", "--json", "--config", daemon.configPath]);
  assert.equal(stranger.code, 1);
  const { probes } = JSON.parse(stranger.stdout) as { probes: { result: string; detail: string }[] };
  assert.equal(probes.length, 2 * fleet.ships.length);
  assert.deepEqual([...new Set(probes.map(({ result }) => result))], ["failed"]);
  assert.match(probes[0]?.detail ?? "", /issuer CCS test authority is not trusted here/);
});
