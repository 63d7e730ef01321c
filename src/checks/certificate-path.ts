// Verifies a server's certificates apart from their dates, and says from when to when they are valid. OpenSSL judges
// dates by the machine's wall clock alone and reports the last error that it met, so that an expired certificate hides
// that it is from nobody we trust. This is only asked where the dates are in question. What OpenSSL checks after the
// dates (names that an authority is limited to, policies) can not be hidden, and is left to it.
import { X509Certificate } from "node:crypto";
import { getCACertificates } from "node:tls";
import type { DetailedPeerCertificate } from "node:tls";
import type { Validity } from "../core/model.ts";
import { extensionsOf, signatureOidOf } from "./certificate-der.ts";

/** What became of it: the dates of the path that was found, or OpenSSL's code for what else is wrong. */
export type Path =
  | { readonly kind: "sound"; readonly validity: Validity }
  | { readonly kind: "bad"; readonly code: string };

/** More certificates than this make no path. */
const longestPath = 10;
/** How many steps are tried at most, whatever a server sends. */
const mostSteps = 100;

/**
 * Looks for a path from the server's certificate (the first of `sent`) to one of `trusted` whose signatures, purposes
 * and lengths are right. Of several, one that is valid at `wallMs` is taken.
 */
export function pathOf(sent: readonly X509Certificate[], trusted: readonly X509Certificate[], wallMs: number): Path {
  const [leaf] = sent;
  if (leaf === undefined) return bad("UNABLE_TO_GET_ISSUER_CERT");
  let best: Path | undefined;
  for (const path of pathsFrom(leaf, sent, trusted)) {
    const code = objectionTo(path);
    const found: Path = code === undefined ? { kind: "sound", validity: validityOf(path) } : bad(code);
    if (found.kind === "sound" && isWithin(found.validity, wallMs)) return found;
    if (best === undefined || (best.kind === "bad" && found.kind === "sound")) best = found;
  }
  return best ?? bad(whyNoPath(sent));
}

/** Whether the time lies between the dates. */
export function isWithin({ fromWallMs, untilWallMs }: Validity, wallMs: number): boolean {
  return fromWallMs <= wallMs && wallMs <= untilWallMs;
}

/** The dates that all of these certificates share. */
function validityOf(certificates: readonly X509Certificate[]): Validity {
  return {
    fromWallMs: Math.max(...certificates.map(({ validFrom }) => Date.parse(validFrom))),
    untilWallMs: Math.min(...certificates.map(({ validTo }) => Date.parse(validTo))),
  };
}

/** The certificates that a server sent, its own first. */
export function sentBy(certificate: DetailedPeerCertificate): readonly X509Certificate[] {
  const sent: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = certificate;
  while (next?.raw !== undefined && !seen.has(next.fingerprint256) && sent.length < longestPath) {
    seen.add(next.fingerprint256);
    sent.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return sent;
}

const usual: readonly string[] = [];
const trustedBySetting = new WeakMap<readonly string[], readonly X509Certificate[]>();

/** The certificates (PEM) of `ca`, or the usual authorities and those of NODE_EXTRA_CA_CERTS without it. */
export function trustedBy(ca: readonly string[] | undefined): readonly X509Certificate[] {
  const key = ca ?? usual;
  const known = trustedBySetting.get(key);
  if (known !== undefined) return known;
  const parsed = (ca ?? getCACertificates("default")).flatMap(certificatesIn);
  trustedBySetting.set(key, parsed);
  return parsed;
}

function certificatesIn(pem: string): readonly X509Certificate[] {
  const texts =
    pem.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
  return texts.flatMap((text) => {
    try {
      return [new X509Certificate(text)];
    } catch {
      // OpenSSL trusts none that it cannot read, either.
      return [];
    }
  });
}

function* pathsFrom(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): Generator<readonly X509Certificate[]> {
  const open: (readonly X509Certificate[])[] = [[leaf]];
  for (let step = 0; step < mostSteps; step += 1) {
    const path = open.pop();
    const last = path?.at(-1);
    if (path === undefined || last === undefined) return;
    // Only a root is where trust ends, as with OpenSSL.
    if (isOwnIssuer(last)) {
      if (trusted.some(({ raw }) => raw.equals(last.raw))) yield path;
    } else if (path.length < longestPath) {
      // The last one is tried first: those that are trusted come before those that were sent.
      open.push(...issuersOf(last, path, [...sent, ...trusted]).map((issuer) => [...path, issuer]));
    }
  }
}

function issuersOf(
  certificate: X509Certificate,
  path: readonly X509Certificate[],
  candidates: readonly X509Certificate[],
): readonly X509Certificate[] {
  return candidates.filter(
    (issuer) =>
      certificate.checkIssued(issuer) &&
      !path.some(({ raw }) => raw.equals(issuer.raw)) &&
      certificate.verify(issuer.publicKey),
  );
}

function isOwnIssuer(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function whyNoPath(sent: readonly X509Certificate[]): string {
  const [leaf] = sent;
  if (leaf !== undefined && isOwnIssuer(leaf)) return "DEPTH_ZERO_SELF_SIGNED_CERT";
  return sent.some(isOwnIssuer) ? "SELF_SIGNED_CERT_IN_CHAIN" : "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
}

/** Extended key usages that let a certificate stand for a server. */
const serverPurposes = new Set(["1.3.6.1.5.5.7.3.1", "2.5.29.37.0"]);

/** Extensions that are understood here or by OpenSSL; a critical one that is not refuses the certificate. */
const understood = new Set([
  "2.5.29.14", // subject key
  "2.5.29.15", // key usage
  "2.5.29.17", // other names
  "2.5.29.19", // basic constraints
  "2.5.29.30", // name constraints
  "2.5.29.31", // revocation lists
  "2.5.29.32", // policies
  "2.5.29.33", // policy mappings
  "2.5.29.35", // issuer's key
  "2.5.29.36", // policy constraints
  "2.5.29.37", // extended key usage
  "2.5.29.54", // any policy
]);

/** MD2, MD4, MD5 and SHA-1, with RSA, DSA and ECDSA. */
const weakSignatures = new Set([
  "1.2.840.113549.1.1.2",
  "1.2.840.113549.1.1.3",
  "1.2.840.113549.1.1.4",
  "1.2.840.113549.1.1.5",
  "1.2.840.10040.4.3",
  "1.2.840.10045.4.1",
]);
const leastRsaBits = 2_048;

/** What speaks against a path besides dates and trust, as OpenSSL's code. */
function objectionTo(path: readonly X509Certificate[]): string | undefined {
  for (const [depth, certificate] of path.entries()) {
    const extensions = extensionsOf(certificate.raw);
    if (extensions.some(({ oid, isCritical }) => isCritical && !understood.has(oid))) {
      return "UNHANDLED_CRITICAL_EXTENSION";
    }
    const purposes = certificate.keyUsage as readonly string[] | undefined;
    if (purposes !== undefined && !purposes.some((oid) => serverPurposes.has(oid))) return "INVALID_PURPOSE";
    const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && bits < leastRsaBits) return depth === 0 ? "EE_KEY_TOO_SMALL" : "CA_KEY_TOO_SMALL";
    const isRoot = depth === path.length - 1;
    // Nothing rests on a root's signature of itself.
    if (!isRoot && weakSignatures.has(signatureOidOf(certificate.raw))) return "CA_MD_TOO_WEAK";
    if (depth === 0) continue;
    if (!certificate.ca) return "INVALID_CA";
    const longest = extensions.find(({ pathLength }) => pathLength !== undefined)?.pathLength;
    // Certificates that an authority issued to itself, to renew its key, do not count.
    const between = path.slice(1, depth).filter((each) => each.subject !== each.issuer).length;
    if (longest !== undefined && between > longest) return "PATH_LENGTH_EXCEEDED";
  }
  return undefined;
}

function bad(code: string): Path {
  return { kind: "bad", code };
}
