import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PeerCertificate } from "node:tls";
import { verdictOfError } from "./http/faults.ts";
import { isMissingRoute, verdictOfCertificate, verdictOfDates, type ProbeStage } from "./verdict.ts";

function errorWith(code: string | undefined, message = "made up"): NodeJS.ErrnoException {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe("an error during a probe", () => {
  const table: readonly (readonly [
    code: string | undefined,
    ProbeStage,
    kind: string,
    reason: string,
    detail: RegExp,
  ])[] = [
    ["ECONNREFUSED", "connecting", "failed", "refused", /^connection refused$/],
    ["ETIMEDOUT", "connecting", "failed", "timeout", /^timed out while connecting$/],
    ["ECONNRESET", "in the TLS handshake", "failed", "reset", /^connection closed while in the TLS handshake$/],
    ["EPIPE", "waiting for the answer", "failed", "reset", /^connection closed while waiting for the answer$/],
    ["EHOSTUNREACH", "connecting", "failed", "unreachable", /^unreachable \(EHOSTUNREACH\)$/],
    ["ENETUNREACH", "connecting", "failed", "unreachable", /^unreachable \(ENETUNREACH\)$/],
    ["ESOMETHING", "connecting", "failed", "unreachable", /^could not connect: made up$/],
    ["EPROTO", "in the TLS handshake", "failed", "tls", /^TLS handshake failed: made up$/],
    [undefined, "in the TLS handshake", "failed", "tls", /^TLS handshake failed: made up$/],
    ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "reading the answer", "failed", "tls", /^TLS failed: made up$/],
    [undefined, "reading the answer", "failed", "not-http", /^not a valid HTTP answer: made up$/],
    ["EMFILE", "connecting", "inconclusive", "local", /out of file descriptors$/],
    ["ENFILE", "connecting", "inconclusive", "local", /out of file descriptors$/],
    ["EADDRNOTAVAIL", "connecting", "inconclusive", "local", /out of local ports$/],
    ["ENOBUFS", "connecting", "inconclusive", "local", /out of buffers$/],
    ["ENOMEM", "reading the answer", "inconclusive", "local", /out of memory$/],
    ["EPERM", "connecting", "inconclusive", "local", /not permitted to connect$/],
  ];
  for (const [code, stage, kind, reason, detail] of table) {
    test(`${code ?? "without code"} while ${stage}: ${kind}, ${reason}`, () => {
      const verdict = verdictOfError(errorWith(code), stage);
      assert.equal(verdict.kind, kind);
      assert.equal(verdict.kind !== "ok" && verdict.reason, reason);
      assert.match(verdict.detail, detail);
    });
  }

  test("that is a bug of ours proves nothing", () => {
    const verdict = verdictOfError(new TypeError("x is not a function"), "connecting");
    assert.deepEqual(verdict, { kind: "inconclusive", reason: "local", detail: "internal error: x is not a function" });
  });

  test("is shown without control characters, and shortened", () => {
    const { detail } = verdictOfError(errorWith(undefined, `\u001b[2J${"x".repeat(1_000)}`), "connecting");
    assert.match(detail, /^could not connect: \[2Jx+…$/);
    assert.ok(detail.length <= 200);
  });
});

test("the errors after which the route is looked up", () => {
  const codes = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "ECONNREFUSED", "EMFILE", undefined];
  assert.deepEqual(codes.filter(isMissingRoute), ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"]);
});

describe("a certificate that is refused", () => {
  const certificate = {
    valid_from: "Jan  1 00:00:00 2026 GMT",
    valid_to: "Jan  1 00:00:00 2027 GMT",
    subject: { CN: "plain\u001b[31mname" },
    issuer: {},
  } as unknown as PeerCertificate;
  for (const [code, detail] of [
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate is for plain [31mname, not cable.example.com"],
    ["CERT_REVOKED", "certificate refused (CERT_REVOKED)"],
  ] as const) {
    test(`${code}: ${detail}`, () => {
      const verdict = verdictOfCertificate(code, certificate, "cable.example.com");
      assert.deepEqual(verdict, { kind: "failed", reason: "tls", detail });
    });
  }

  const own = { fromWallMs: Date.UTC(2026, 0, 1), untilWallMs: Date.UTC(2027, 0, 1) };
  for (const [validity, wallMs, detail] of [
    [
      { ...own, untilWallMs: Date.UTC(2026, 5, 1) },
      Date.UTC(2026, 6, 1),
      "an issuer's certificate expired on 2026-06-01",
    ],
    [own, Date.UTC(2028, 0, 1), "certificate expired on 2027-01-01"],
    [
      { ...own, fromWallMs: Date.UTC(2026, 7, 1) },
      Date.UTC(2026, 6, 1),
      "an issuer's certificate is not valid before 2026-08-01",
    ],
    [own, Date.UTC(2025, 0, 1), "certificate is not valid before 2026-01-01"],
  ] as const) {
    test(`${detail}, as seen in ${new Date(wallMs).toISOString()}`, () => {
      const verdict = verdictOfDates(certificate, validity, wallMs);
      assert.deepEqual(verdict, { kind: "inconclusive", reason: "clock", detail, validity });
    });
  }
});
