// Authorities of one's own for a check: `ca_file` names a file with their certificates. Nothing else in it is taken, so
// that a key that lies beside them goes nowhere.
import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { filePath } from "../config/format/fields.ts";
import { optional } from "../config/format/key.ts";
import { bad, ok, type Parsed } from "../config/format/names.ts";

/** The key of every kind of check that speaks TLS. */
export const authoritiesKey = optional(filePath, {
  description:
    "PEM file with the certificates of the authorities to trust for this check, instead of the usual ones. " +
    "The server's own self-signed certificate also works. Read again when it changes.",
  defaultInWords: "none: the usual ones, and those of `NODE_EXTRA_CA_CERTS`",
  example: "/etc/ssl/home-ca.pem",
});

export const authoritiesFile = {
  expects: "the path of a PEM file with the certificates of authorities",
  parse: parseAuthorities,
};

/** The certificates in a file, each once. */
function parseAuthorities(text: string): Parsed<readonly string[]> {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g) ?? [];
  if (blocks.length === 0) {
    return bad(text.trim() === "" ? "the file is empty" : "there is no -----BEGIN CERTIFICATE----- in the file");
  }
  const certificates: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const certificate = certificateIn(block);
    if (certificate === undefined) return bad(`certificate ${index + 1} of ${blocks.length} in the file is damaged`);
    certificates.push(certificate);
  }
  return ok([...new Set(certificates)]);
}

/** The certificate in its one canonical form; `undefined` unless TLS can use it. */
function certificateIn(block: string): string | undefined {
  try {
    const pem = new X509Certificate(block).toString();
    createSecureContext({ ca: pem });
    return pem;
  } catch {
    return undefined;
  }
}
