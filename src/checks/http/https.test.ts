import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { httpCheck } from "../../../test/support/checks.ts";
import {
  createAuthority,
  selfSigned,
  type CertificateOptions,
  type Credentials,
} from "../../../test/support/certificates.ts";
import { startRawServer, until, type RawServer } from "../../../test/support/raw-server.ts";
import type { Sighting } from "../../core/model.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { parseIp } from "../../lib/ip.ts";
import { probeHttp, type HttpProbeOptions } from "./probe.ts";

const page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
const host = "cable.example.com";

const authority = await createAuthority();
const ca = [authority.ca];

function serve(tls: Credentials): Promise<RawServer> {
  return startRawServer((socket) => socket.end(page), { tls });
}

/** Probes 127.0.0.1 for `https://<name>:<port>/`, trusting the test's own authority alone. */
function probe(
  server: RawServer,
  name = host,
  options: Partial<HttpProbeOptions> & { readonly ca?: readonly string[] } = {},
): Promise<Sighting> {
  const check = httpCheck({ url: `https://${name}:${server.port}/`, contains: "OK", ca: options.ca ?? ca });
  const address = parseIp("127.0.0.1");
  assert.ok(address);
  return probeHttp(check, address, { clock: systemClock, timeoutMs: 5_000, ...options });
}

describe("a certificate is accepted", () => {
  test("when it is for the URL's name, though the connection goes to an address", async () => {
    const notAfter = new Date(Date.UTC(2040, 0, 2));
    await using server = await serve(await authority.issue({ names: [host], notAfter }));
    const observation = await probe(server);
    assert.equal(observation.kind, "ok");
    assert.deepEqual(server.serverNames, [host]);
    assert.match(server.received, new RegExp(`^host: ${host}:${server.port}\\r$`, "im"));
    assert.equal(observation.certificateEndsWallMs, notAfter.getTime());
    assert.deepEqual(Object.keys(observation.phases), ["connect", "tls", "processing", "transfer"]);
  });

  for (const [name, names] of [
    ["a.example.com", ["*.example.com"]],
    ["cable.example.com.", [host]],
    ["127.0.0.1", ["127.0.0.1"]],
    ["192.0.2.7", ["192.0.2.7"]],
    ["[2001:db8::7]", ["2001:db8::7"]],
  ] as const) {
    test(`for ${name} when it names ${names.join()}`, async () => {
      await using server = await serve(await authority.issue({ names }));
      assert.equal((await probe(server, name)).kind, "ok");
      assert.deepEqual(server.serverNames, [/^[[\d]/.test(name) ? false : name.replace(/\.$/, "")]);
    });
  }
});

describe("a certificate is refused, before anything is sent,", () => {
  const table: readonly (readonly [string, () => CertificateOptions, name: string, detail: RegExp])[] = [
    [
      "when it is for another name",
      () => ({ names: ["other.example.com"] }),
      host,
      /^certificate is for other\.example\.com, not cable\.example\.com$/,
    ],
    [
      "when it is for many other names",
      () => ({ names: ["a.example.com", "b.example.com", "c.example.com", "d.example.com"] }),
      host,
      /^certificate is for a\.example\.com, b\.example\.com, c\.example\.com, …, not cable\.example\.com$/,
    ],
    [
      // The connection goes to 127.0.0.1: only the URL's name may count.
      "when it is for the address that was connected to, but not for the name",
      () => ({ names: ["127.0.0.1"] }),
      host,
      /^certificate is for 127\.0\.0\.1, not cable\.example\.com$/,
    ],
    [
      "when it is for the address that was connected to, but the URL names another",
      () => ({ names: ["127.0.0.1"] }),
      "192.0.2.7",
      /^certificate is for 127\.0\.0\.1, not 192\.0\.2\.7$/,
    ],
    [
      "when its wildcard does not reach so deep",
      () => ({ names: ["*.example.com"] }),
      "a.cable.example.com",
      /^certificate is for \*\.example\.com, not a\.cable\.example\.com$/,
    ],
  ];
  for (const [name, options, urlHost, detail] of table) {
    test(name, async () => {
      await refuses(await authority.issue(options()), detail, urlHost);
    });
  }

  test("when it is self-signed", async () => {
    await refuses(await selfSigned({ names: [host] }), /^certificate is self-signed$/);
  });

  test("when its authority is unknown", async () => {
    const stranger = await createAuthority("Somebody else");
    const expected =
      /^certificate's issuer Somebody else is not trusted here, or the server leaves out an intermediate/;
    await refuses(await stranger.issue({ names: [host] }), expected);
  });

  test("when its authority is unknown and sent along", async () => {
    const stranger = await createAuthority("Somebody else");
    const { cert, key } = await stranger.issue({ names: [host] });
    await refuses(
      { cert: `${cert}\n${stranger.ca}`, key },
      /^certificate is from an authority that is not trusted here$/,
    );
  });

  test("when only the usual authorities are trusted", async () => {
    await using server = await serve(await authority.issue({ names: [host] }));
    const address = parseIp("127.0.0.1");
    assert.ok(address);
    const check = httpCheck({ url: `https://${host}:${server.port}/` });
    const observation = await probeHttp(check, address, { clock: systemClock, timeoutMs: 5_000 });
    assert.equal(observation.kind === "failed" && observation.reason, "tls");
  });

  async function refuses(credentials: Credentials, detail: RegExp, urlHost = host): Promise<void> {
    await using server = await serve(credentials);
    const observation = await probe(server, urlHost);
    assert.equal(observation.kind, "failed");
    assert.equal(observation.kind === "failed" && observation.reason, "tls");
    assert.match(observation.detail, detail);
    assert.ok(observation.certificateEndsWallMs !== undefined);
    await until("the connection is closed", () => server.open === 0);
    assert.equal(server.received, "", "nothing may be sent to a server that was not verified");
  }
});

describe("authorities of one's own", () => {
  test("are trusted in place of all others, each check by its own", async () => {
    const other = await createAuthority("Another one");
    await using server = await serve(await authority.issue({ names: [host] }));
    await using otherServer = await serve(await other.issue({ names: [host] }));
    const kinds = async (trusted: readonly string[]): Promise<string[]> => {
      return [
        (await probe(server, host, { ca: trusted })).kind,
        (await probe(otherServer, host, { ca: trusted })).kind,
      ];
    };
    assert.deepEqual(await kinds([authority.ca]), ["ok", "failed"]);
    assert.deepEqual(await kinds([other.ca]), ["failed", "ok"]);
    assert.deepEqual(await kinds([authority.ca, other.ca]), ["ok", "ok"]);
  });

  test("may be the server's own self-signed certificate, which is good for its names alone", async () => {
    const own = await selfSigned({ names: [host] });
    await using server = await serve(own);
    assert.equal((await probe(server, host, { ca: [own.cert] })).kind, "ok");
    const elsewhere = await probe(server, "mobile.example.com", { ca: [own.cert] });
    assert.equal(elsewhere.detail, "certificate is for cable.example.com, not mobile.example.com");
  });
});

test("each probe makes a full handshake: a certificate that went bad is seen by the next one", async () => {
  const good = await authority.issue({ names: [host] });
  const tickets: boolean[] = [];
  await using server = await startRawServer(
    (socket) => {
      tickets.push((socket as { isSessionReused?: () => boolean }).isSessionReused?.() ?? true);
      socket.end(page);
    },
    { tls: good },
  );
  for (let count = 0; count < 3; count += 1) assert.equal((await probe(server)).kind, "ok");
  assert.deepEqual(tickets, [false, false, false]);
});

test("plain HTTP where TLS was expected is a TLS failure that says so", async () => {
  await using server = await startRawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const observation = await probe(server);
  assert.equal(observation.kind === "failed" && observation.reason, "tls");
  assert.match(observation.detail, /^TLS handshake failed: .*\(is it plain HTTP\?\)$/);
});

test("a server that is silent in the handshake times out there", async () => {
  await using server = await startRawServer(() => {});
  const observation = await probe(server, host, { timeoutMs: 100 });
  assert.equal(observation.kind === "failed" && observation.reason, "timeout");
  assert.match(observation.detail, /^timed out while in the TLS handshake/);
  await until("the connection is closed", () => server.open === 0);
});

test("a server that hangs up in the handshake counts as reset", async () => {
  await using server = await startRawServer((socket) => socket.end());
  const observation = await probe(server);
  assert.equal(observation.kind === "failed" && observation.reason, "reset");
});

test("authorities from NODE_EXTRA_CA_CERTS are trusted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ccs-ca-"));
  try {
    const file = join(folder, "ca.pem");
    await writeFile(file, authority.ca);
    await using server = await serve(await authority.issue({ names: [host] }));
    const script = `
      import { createProbe } from ${JSON.stringify(new URL("../../assembly/checks.ts", import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL("../../runtime/node/clock.ts", import.meta.url).href)};
      const what = { kind: "http", url: "https://${host}:${server.port}/", status: [[200, 200]] };
      const check = { what, timeoutMs: 5000 };
      const address = { text: "127.0.0.1", family: "ipv4", scope: "private" };
      const signal = new AbortController().signal;
      const probe = createProbe({ clock: systemClock });
      console.log((await probe(check, address, { timeoutMs: 5000, signal })).detail);`;
    const run = async (extra: string | undefined): Promise<string> => {
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: extra };
      const child = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env });
      return child.stdout.trim();
    };
    assert.equal(await run(file), "status 200");
    assert.match(await run(undefined), /^certificate's issuer CCS test authority is not trusted here/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
