// Whether a server is the one that was asked for, and by which time its certificates are judged.
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from "node:tls";
import { judgingWallMs, mostClockErrorMs } from "../core/time/time.ts";
import { isWithin, pathOf, sentBy, trustedBy, type Path } from "./certificate-path.ts";
import { verdictOfCertificate, verdictOfDates, type ProbeResult } from "./verdict.ts";

export interface Circumstances {
  /** The host name of the URL. */
  readonly askedFor: string;
  /** Authorities (PEM) to trust in place of the usual ones. */
  readonly ca: readonly string[] | undefined;
  readonly machineWallMs: number;
  /** The time as far as something vouches for it. */
  readonly vouchedWallMs: number | undefined;
}

/** OpenSSL's codes for dates, which it compares with the machine's wall clock. */
const dateCodes = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/**
 * What speaks against the certificates of a server whose handshake is done; `undefined` when nothing does. Everything
 * but the dates is OpenSSL's judgement, except where its complaint about dates may hide another.
 */
export function objectionTo(
  socket: TLSSocket,
  { askedFor, ca, machineWallMs, vouchedWallMs }: Circumstances,
): ProbeResult | undefined {
  const wallMs = judgingWallMs(vouchedWallMs, machineWallMs);
  const isWallRight = Math.abs(wallMs - machineWallMs) <= mostClockErrorMs;
  // Typed as an error, but Node puts the code itself here.
  const code = socket.authorized ? undefined : String(socket.authorizationError);
  if (code === undefined && isWallRight) return undefined;
  const certificate = socket.getPeerCertificate();
  if (code !== undefined && !dateCodes.has(code)) return verdictOfCertificate(code, certificate, askedFor);
  const path = pathOf(sentBy(socket.getPeerCertificate(true)), trustedBy(ca), wallMs);
  const hidden = code === undefined ? undefined : (codeOf(path) ?? codeOfName(askedFor, certificate));
  if (hidden !== undefined) return verdictOfCertificate(hidden, certificate, askedFor);
  // Where OpenSSL is content and no path is found here, it knows more than we do.
  const validity = path.kind === "sound" ? path.validity : ownValidity(certificate);
  return isWithin(validity, wallMs) ? undefined : verdictOfDates(certificate, validity, wallMs);
}

function codeOf(path: Path): string | undefined {
  return path.kind === "bad" ? path.code : undefined;
}

/** Node does not look at the name where it has another objection already. */
function codeOfName(askedFor: string, certificate: PeerCertificate): string | undefined {
  return checkServerIdentity(askedFor, certificate) === undefined ? undefined : "ERR_TLS_CERT_ALTNAME_INVALID";
}

function ownValidity({ valid_from, valid_to }: PeerCertificate) {
  return { fromWallMs: Date.parse(valid_from), untilWallMs: Date.parse(valid_to) };
}
