// A certificate authority for tests, made when they run: certificates that are right, and wrong in every way that matters.
// oxlint-disable-next-line import/no-unassigned-import -- x509 asks for this polyfill before anything of its own
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

/** A certificate chain and its private key, PEM, as `node:tls` takes them. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Host names and addresses that the certificate is for. */
  readonly names: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** What it may be used for; anything, where missing. */
  readonly purposes?: readonly string[];
  /** An extension that nobody understands, which must not be ignored. */
  readonly isOdd?: boolean;
}

/** An authority between the root and a server. */
export interface IntermediateOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** `false`: its certificate does not say that it may issue any. */
  readonly isAuthority?: boolean;
  /** How many authorities may follow. */
  readonly pathLength?: number;
}

export interface TestAuthority {
  /** The root certificate, PEM: for `ca`, or in a file for NODE_EXTRA_CA_CERTS. */
  readonly ca: string;
  issue(options: CertificateOptions): Promise<Credentials>;
  /** Another authority below this one, whose servers send its certificate along. */
  intermediate(name: string, options?: IntermediateOptions): Promise<TestAuthority>;
}

/** A root authority, and certificates issued by it. Valid from yesterday until tomorrow unless told. */
export async function createAuthority(
  name = "CCS test authority",
  dates: Pick<CertificateOptions, "notBefore" | "notAfter"> = {},
): Promise<TestAuthority> {
  const keys = await createKeys();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${name}`,
    ...validity(dates),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return authorityOf({ root, certificate: root, keys, sentAlong: "" });
}

interface Issuer {
  readonly root: X509Certificate;
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** What servers send besides their own certificate, PEM. */
  readonly sentAlong: string;
}

function authorityOf({ root, certificate: issuer, keys, sentAlong }: Issuer): TestAuthority {
  let serial = 1;
  return {
    ca: root.toString("pem"),
    intermediate: async (name, { isAuthority = true, pathLength, ...dates } = {}) => {
      const own = await createKeys();
      serial += 1;
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(4, "0"),
        subject: `CN=${name}`,
        issuer: issuer.subject,
        ...validity(dates),
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: algorithm,
        extensions: [new BasicConstraintsExtension(isAuthority, pathLength, true)],
      });
      return authorityOf({ root, certificate, keys: own, sentAlong: `\n${certificate.toString("pem")}${sentAlong}` });
    },
    issue: async (options) => {
      const own = await createKeys();
      serial += 1;
      const certificate = await X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(4, "0"),
        subject: `CN=${options.names[0] ?? "nobody"}`,
        issuer: issuer.subject,
        ...validity(options),
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: algorithm,
        extensions: [
          namesOf(options.names),
          ...(options.purposes === undefined ? [] : [new ExtendedKeyUsageExtension([...options.purposes])]),
          ...(options.isOdd === true ? [new Extension("1.2.3.4.5", true, new Uint8Array([5, 0]))] : []),
        ],
      });
      return { cert: certificate.toString("pem") + sentAlong, key: await exportKey(own) };
    },
  };
}

/** A certificate that vouches for itself. */
export async function selfSigned(options: CertificateOptions): Promise<Credentials> {
  const keys = await createKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: `CN=${options.names[0] ?? "nobody"}`,
    ...validity(options),
    signingAlgorithm: algorithm,
    keys,
    extensions: [namesOf(options.names)],
  });
  return { cert: certificate.toString("pem"), key: await exportKey(keys) };
}

function namesOf(names: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value })),
  );
}

function validity(options: { notBefore?: Date; notAfter?: Date }): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: options.notBefore ?? new Date(Date.now() - dayMs),
    notAfter: options.notAfter ?? new Date(Date.now() + dayMs),
  };
}

function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function exportKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
}
