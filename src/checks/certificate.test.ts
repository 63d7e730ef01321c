// Certificates and a clock that may be wrong: real servers, certificates of every kind, and a time that somebody
// vouches for.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { httpCheck } from "../../test/support/checks.ts";
import {
  createAuthority,
  selfSigned,
  type CertificateOptions,
  type Credentials,
  type IntermediateOptions,
  type TestAuthority,
} from "../../test/support/certificates.ts";
import { startRawServer, until } from "../../test/support/raw-server.ts";
import type { Sighting } from "../core/model.ts";
import { releasedWallMs } from "../core/time/release.ts";
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../runtime/node/clock.ts";
import { parseIp } from "../lib/ip.ts";
import { extensionsOf } from "./certificate-der.ts";
import { probeHttp } from "./http/probe.ts";

const page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
const host = "cable.example.com";
const dayMs = 86_400_000;
const year = (number: number): Date => new Date(Date.UTC(number, 0, 2));

/** A root that was there in the past and will be there in the future: only what it issues has dates of its own. */
const forever = { notBefore: year(2_000), notAfter: year(2_099) };
const authority = await createAuthority("CCS test authority", forever);

const expired = { names: [host], notBefore: year(2_020), notAfter: year(2_021) };
const future = { names: [host], notBefore: year(2_090), notAfter: year(2_091) };
const valid = { names: [host] };

/** What OpenSSL sees is the machine's real clock; `vouched` is the time that was told. */
async function probe(
  credentials: Credentials,
  {
    vouched,
    ca = [authority.ca],
    name = host,
    clock = systemClock,
  }: { vouched?: Date; ca?: readonly string[]; name?: string; clock?: Clock } = {},
): Promise<Sighting & { received: string }> {
  await using server = await startRawServer((socket) => socket.end(page), { tls: credentials });
  const check = httpCheck({ url: `https://${name}:${server.port}/`, ca });
  const observation = await probeHttp(check, parseIp("127.0.0.1") ?? assert.fail(), {
    clock,
    timeoutMs: 5_000,
    ...(vouched !== undefined && { vouchedWallMs: vouched.getTime() }),
  });
  await until("the connection is closed", () => server.open === 0);
  return { ...observation, received: server.received };
}

async function isDoubted(seen: Promise<Sighting & { received: string }>, detail: string): Promise<void> {
  const observation = await seen;
  assert.equal(observation.kind === "inconclusive" && observation.reason, "clock", observation.detail);
  assert.equal(observation.detail, detail);
  assert.equal(observation.received, "", "nothing may be sent to a server that was not verified");
}

async function isRefused(seen: Promise<Sighting & { received: string }>, detail: RegExp): Promise<void> {
  const observation = await seen;
  assert.equal(observation.kind === "failed" && observation.reason, "tls", observation.detail);
  assert.match(observation.detail, detail);
  assert.equal(observation.received, "", "nothing may be sent to a server that was not verified");
}

describe("a certificate that is not valid at this time is no failure yet, and nothing is sent,", () => {
  test("when it has expired", async () => {
    await isDoubted(probe(await authority.issue(expired)), "certificate expired on 2021-01-02");
    const seen = await probe(await authority.issue(expired));
    const validity = { fromWallMs: expired.notBefore.getTime(), untilWallMs: expired.notAfter.getTime() };
    assert.deepEqual(seen.kind === "inconclusive" && seen.validity, validity);
  });

  test("when it is not valid yet", async () => {
    await isDoubted(probe(await authority.issue(future)), "certificate is not valid before 2090-01-02");
  });

  test("when that of an issuer has expired", async () => {
    const between = await authority.intermediate("Between", expired);
    await isDoubted(probe(await between.issue(valid)), "an issuer's certificate expired on 2021-01-02");
  });

  test("when the root of one's own has expired", async () => {
    const old = await createAuthority("Old", expired);
    await isDoubted(probe(await old.issue(valid), { ca: [old.ca] }), "an issuer's certificate expired on 2021-01-02");
  });

  test("when a server's own certificate, which is trusted as it is, has expired", async () => {
    const own = await selfSigned(expired);
    await isDoubted(probe(own, { ca: [own.cert] }), "certificate expired on 2021-01-02");
  });
});

describe("a certificate is judged by the time that is vouched for, whatever the machine's clock says:", () => {
  test("one that the machine takes for not valid yet is good", async () => {
    const vouched = new Date(Date.UTC(2_090, 6, 1));
    assert.equal((await probe(await authority.issue(future), { vouched })).kind, "ok");
  });

  test("one that the machine takes for expired is good", async () => {
    // Issued after the release, and over before the machine's present time.
    const [from, to] = [new Date(releasedWallMs + 1_000), new Date(releasedWallMs + 3_600_000)];
    const issued = await authority.issue({ names: [host], notBefore: from, notAfter: to });
    assert.equal((await probe(issued, { vouched: new Date(releasedWallMs + 60_000) })).kind, "ok");
    await isDoubted(probe(issued), `certificate expired on ${to.toISOString().slice(0, 10)}`);
  });

  test("one that the machine takes for good has expired", async () => {
    const seen = probe(await authority.issue(valid), { vouched: new Date(Date.now() + 30 * dayMs) });
    await isDoubted(seen, `certificate expired on ${new Date(Date.now() + dayMs).toISOString().slice(0, 10)}`);
  });

  test("one that the machine takes for good comes from an issuer that has expired", async () => {
    const between = await authority.intermediate("Between", { notAfter: new Date(Date.now() + 10 * dayMs) });
    const credentials = await between.issue({ names: [host], notAfter: new Date(Date.now() + 90 * dayMs) });
    const seen = await probe(credentials, { vouched: new Date(Date.now() + 30 * dayMs) });
    assert.match(seen.detail, /^an issuer's certificate expired on /);
    assert.equal((await probe(credentials, { vouched: new Date(Date.now() + 5 * dayMs) })).kind, "ok");
  });

  test("with nobody to vouch, a clock from before the release is taken for the release's date", async () => {
    const clock: Clock = { ...systemClock, wallMs: () => 0 };
    assert.equal((await probe(await authority.issue({ names: [host], ...forever }), { clock })).kind, "ok");
    await isDoubted(probe(await authority.issue(expired), { clock }), "certificate expired on 2021-01-02");
  });

  test("one that comes by way of an authority in between is good", async () => {
    const between = await authority.intermediate("Between", forever);
    const issued = await between.issue(future);
    assert.equal((await probe(issued, { vouched: new Date(Date.UTC(2_090, 6, 1)) })).kind, "ok");
  });
});

describe("dates excuse nothing else: expired, or good by the time that is vouched for, refused is", () => {
  const inTime = new Date(Date.UTC(2_090, 6, 1));
  type Table = readonly (readonly [
    name: string,
    (dates: Pick<CertificateOptions, "notBefore" | "notAfter">) => Promise<Credentials>,
    RegExp,
  ])[];
  const below = (options: IntermediateOptions, name = "Between"): Promise<TestAuthority> =>
    authority.intermediate(name, { ...forever, ...options });
  const table: Table = [
    [
      "a certificate for another name",
      (dates) => authority.issue({ ...dates, names: ["other.example.com"] }),
      /^certificate is for other\.example\.com, not cable\.example\.com$/,
    ],
    ["one that is self-signed", (dates) => selfSigned({ ...dates, names: [host] }), /^certificate is self-signed$/],
    [
      "one from an unknown authority",
      async (dates) => (await createAuthority("Somebody else", forever)).issue({ ...dates, names: [host] }),
      /^certificate's issuer Somebody else is not trusted here/,
    ],
    [
      "one from an unknown authority, which is sent along",
      async (dates) => {
        const stranger = await createAuthority("Somebody else", forever);
        const { cert, key } = await stranger.issue({ ...dates, names: [host] });
        return { cert: `${cert}\n${stranger.ca}`, key };
      },
      /^certificate is from an authority that is not trusted here$/,
    ],
    [
      "one from somebody who took the name of an authority",
      async (dates) => (await createAuthority("CCS test authority", forever)).issue({ ...dates, names: [host] }),
      /is not trusted here|^certificate refused \(CERT_SIGNATURE_FAILURE\)$/,
    ],
    [
      "one whose issuer may not issue any",
      async (dates) => (await below({ isAuthority: false })).issue({ ...dates, names: [host] }),
      /^certificate refused \((INVALID_CA|INVALID_PURPOSE)\)$|is not trusted here/,
    ],
    [
      "one with more authorities in between than may be",
      async (dates) => {
        const first = await below({ pathLength: 0 }, "First");
        return (await first.intermediate("Second", forever)).issue({ ...dates, names: [host] });
      },
      /^certificate refused \(PATH_LENGTH_EXCEEDED\)$/,
    ],
    [
      "one that is not for servers",
      (dates) => authority.issue({ ...dates, names: [host], purposes: ["1.3.6.1.5.5.7.3.2"] }),
      /^certificate refused \(INVALID_PURPOSE\)$/,
    ],
    [
      "one with a condition that nobody understands",
      (dates) => authority.issue({ ...dates, names: [host], isOdd: true }),
      /^certificate refused \((UNHANDLED_CRITICAL_EXTENSION|UNSPECIFIED)\)$/,
    ],
  ];
  for (const [name, issue, detail] of table) {
    test(name, async () => {
      await isRefused(probe(await issue(expired)), detail);
      await isRefused(probe(await issue(expired), { vouched: inTime }), detail);
      await isRefused(probe(await issue(future), { vouched: inTime }), detail);
      await isRefused(probe(await issue({}), { vouched: inTime }), detail);
    });
  }

  test("a certificate for servers among other purposes is none of these", async () => {
    const purposes = ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"];
    assert.equal((await probe(await authority.issue({ ...future, purposes }), { vouched: inTime })).kind, "ok");
  });
});

test("reads the extensions of the usual authorities' certificates, which all say that they are authorities", async () => {
  const { rootCertificates } = await import("node:tls");
  for (const pem of rootCertificates) {
    const { raw, subject } = new X509Certificate(pem);
    const found = extensionsOf(raw).find(({ oid }) => oid === "2.5.29.19");
    assert.ok(found !== undefined, subject);
  }
});
