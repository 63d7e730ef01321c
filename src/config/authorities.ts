// Authorities of one's own for a check: `ca_file` names a file with their certificates. Nothing else in it is taken, so
// that a key that lies beside them goes nowhere.
import { X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { readText, type ReadFile } from "./format/files.ts";
import type { Report } from "./format/problem.ts";
import type { ConfigFile } from "./schema.ts";
import type { Partially } from "./format/walk.ts";

/** Certificates (PEM) by the path of their file as it is written in the configuration. */
export type Authorities = ReadonlyMap<string, readonly string[]>;

export interface AuthorityPorts {
  /** Folder of the configuration file, where relative paths begin. */
  readonly folder: string;
  readonly readFile: ReadFile;
  readonly report: Report;
}

/** Reads the files of all checks, each once; `files` are their absolute paths. Reports those that hold no authority. */
export function readAuthorities(
  file: Partially<ConfigFile>,
  ports: AuthorityPorts,
): { authorities: Authorities; files: readonly string[] } {
  const authorities = new Map<string, readonly string[]>();
  const files = new Set<string>();
  for (const [index, ingress] of (file.ingresses ?? []).entries()) {
    for (const [number, endpoint] of (ingress?.endpoints ?? []).entries()) {
      const path = endpoint?.check?.ca_file;
      if (path === undefined) continue;
      const absolute = resolve(ports.folder, path);
      files.add(absolute);
      // Checks that name the same file share one array, and with it their TLS settings.
      const certificates = authorities.get(path) ?? readCertificates(absolute, ports.readFile);
      if (typeof certificates !== "string") {
        authorities.set(path, certificates);
        continue;
      }
      const where = absolute === path ? "" : `; relative paths begin at ${ports.folder}`;
      const expected = "expected the path of a PEM file with the certificates of authorities";
      ports.report(
        `ingresses[${index}].endpoints[${number}].check.ca_file`,
        `${expected}, but ${certificates}${where}`,
      );
    }
  }
  return { authorities, files: [...files] };
}

/** The certificates in a file, or why there are none. The reason repeats nothing of the file. */
function readCertificates(path: string, readFile: ReadFile): readonly string[] | string {
  const content = readText(path, readFile);
  if (content.kind === "unreadable") return content.reason;
  const blocks = content.text.match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g) ?? [];
  if (blocks.length === 0) {
    return content.text.trim() === "" ? "the file is empty" : "there is no -----BEGIN CERTIFICATE----- in the file";
  }
  const certificates: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const certificate = certificateIn(block);
    if (certificate === undefined) return `certificate ${index + 1} of ${blocks.length} in the file is damaged`;
    certificates.push(certificate);
  }
  return [...new Set(certificates)];
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
