// Puts what went wrong in a probe into one of our reasons, with words for people. Knows Node's error codes; does no
// I/O.
import type { PeerCertificate } from "node:tls";
import type { FailureReason, InconclusiveReason, Validity } from "../core/model.ts";
import { messageOf, plain } from "../lib/text.ts";

export type ProbeResult =
  | { readonly kind: "ok"; readonly detail: string }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly detail: string }
  | {
      readonly kind: "inconclusive";
      readonly reason: InconclusiveReason;
      readonly detail: string;
      readonly validity?: Validity;
    };

/** How far a probe has come. */
export type ProbeStage = "connecting" | "in the TLS handshake" | "waiting for the answer" | "reading the answer";

export function failed(reason: FailureReason, detail: string): ProbeResult {
  return { kind: "failed", reason, detail: plain(detail) };
}

export function inconclusive(reason: InconclusiveReason, detail: string): ProbeResult {
  return { kind: "inconclusive", reason, detail: plain(detail) };
}

/**
 * Fails by a date. Whether that is the endpoint's fault or this machine's clock is known once something has told the
 * time: `validity` says in which time it would not.
 */
export function failedByDate(detail: string, validity: Validity): ProbeResult {
  return { kind: "inconclusive", reason: "clock", detail: plain(detail), validity };
}

/** What an error of the connection or of TLS means; `undefined` for an error of what is spoken over it. */
export function verdictOfConnection(error: NodeJS.ErrnoException, stage: ProbeStage): ProbeResult | undefined {
  const code = error.code ?? "";
  // Whatever provokes such an error, it is a bug on our side, and that proves nothing about the endpoint.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
    return inconclusive("local", `internal error: ${messageOf(error)}`);
  }
  const own = ownTroubles[code];
  if (own !== undefined) return inconclusive("local", own);
  if (isMissingRoute(code)) return failed("unreachable", `unreachable (${code})`);
  if (code === "ECONNREFUSED") return failed("refused", "connection refused");
  if (code === "ETIMEDOUT") return failed("timeout", `timed out while ${stage}`);
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") {
    return failed("reset", `connection closed while ${stage}`);
  }
  if (stage === "in the TLS handshake") return failed("tls", `TLS handshake failed: ${reasonOf(error)}`);
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") return failed("tls", `TLS failed: ${reasonOf(error)}`);
  return stage === "connecting" ? failed("unreachable", `could not connect: ${messageOf(error)}`) : undefined;
}

/** Whether the error may mean that this machine has no route to the address, rather than that the host is down. */
export function isMissingRoute(code: string | undefined): boolean {
  return code !== undefined && missingRoutes.has(code);
}

const missingRoutes = new Set(["ENETUNREACH", "EHOSTUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

/** The monitor's own troubles, which say nothing about the endpoint. */
const ownTroubles: Readonly<Record<string, string>> = {
  EMFILE: "the monitor is out of file descriptors",
  ENFILE: "the monitor's machine is out of file descriptors",
  EADDRNOTAVAIL: "the monitor is out of local ports",
  EADDRINUSE: "the monitor is out of local ports",
  ENOBUFS: "the monitor's machine is out of buffers",
  ENOMEM: "the monitor's machine is out of memory",
  EACCES: "the monitor is not permitted to connect",
  EPERM: "the monitor is not permitted to connect",
};

/** What is wrong with a certificate besides its dates, by OpenSSL's verification code. */
export function verdictOfCertificate(code: string, certificate: PeerCertificate, askedFor: string): ProbeResult {
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return failed("tls", `certificate is for ${namesOf(certificate)}, not ${askedFor}`);
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return failed("tls", "certificate is self-signed");
    case "SELF_SIGNED_CERT_IN_CHAIN":
      return failed("tls", "certificate is from an authority that is not trusted here");
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return failed(
        "tls",
        `certificate's issuer ${nameIn(certificate.issuer)} is not trusted here, or the server leaves out an intermediate certificate`,
      );
    default:
      return failed("tls", `certificate refused (${code})`);
  }
}

/** A certificate that is not valid at `wallMs`. */
export function verdictOfDates(certificate: PeerCertificate, validity: Validity, wallMs: number): ProbeResult {
  const detail =
    validity.untilWallMs < wallMs
      ? Date.parse(certificate.valid_to) <= validity.untilWallMs
        ? `certificate expired on ${dayOf(validity.untilWallMs)}`
        : `an issuer's certificate expired on ${dayOf(validity.untilWallMs)}`
      : Date.parse(certificate.valid_from) >= validity.fromWallMs
        ? `certificate is not valid before ${dayOf(validity.fromWallMs)}`
        : `an issuer's certificate is not valid before ${dayOf(validity.fromWallMs)}`;
  return failedByDate(detail, validity);
}

function dayOf(wallMs: number): string {
  return Number.isFinite(wallMs) ? new Date(wallMs).toISOString().slice(0, 10) : "an unreadable date";
}

/** The first few names that a certificate is for: `a.example.com, b.example.com, …`. */
function namesOf(certificate: PeerCertificate): string {
  const names = (certificate.subjectaltname ?? "").split(", ").map((entry) => entry.replace(/^(DNS|IP Address):/, ""));
  const some = names.filter((name) => name !== "");
  if (some.length === 0) return nameIn(certificate.subject);
  return some.slice(0, 3).join(", ") + (some.length > 3 ? ", …" : "");
}

function nameIn(subject: { CN?: unknown; O?: unknown } | undefined): string {
  const name = subject?.CN ?? subject?.O;
  return typeof name === "string" ? name : "(unnamed)";
}

/** OpenSSL's own words, without the file names and numbers around them. */
function reasonOf(error: Error): string {
  const reason = "reason" in error && typeof error.reason === "string" ? error.reason : messageOf(error);
  return /wrong version number|packet length too long|http request/i.test(reason)
    ? `${reason} (is it plain HTTP?)`
    : reason;
}
