// A TLS connection to an address itself, and whether the one at its other end is who was asked for: for every kind of
// check that speaks TLS.
import { isIP } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import type { Address } from "../core/model.ts";
import type { AttemptOptions } from "./attempt.ts";
import { objectionTo } from "./certificate.ts";
import { secureContextFor } from "./secure-context.ts";
import type { ProbeResult } from "./verdict.ts";

/** Who is asked for. */
export interface TlsPeer {
  /** The name that the certificate must be for; an address, without brackets, where there is no name. */
  readonly hostName: string;
  /** Authorities (PEM) to trust in place of the usual ones. */
  readonly ca: readonly string[] | undefined;
}

export interface TlsDoor {
  readonly address: Address;
  readonly port: number;
  /** What is to be spoken over the connection, as TLS names it; empty where nothing is said of it. */
  readonly protocols: readonly string[];
}

/**
 * Connects. Nothing may be sent before `inspectPeer` has no objection: the handshake itself refuses no certificate, so
 * that what is wrong with one can be named.
 */
export function connectToPeer({ hostName, ca }: TlsPeer, { address, port, protocols }: TlsDoor): TLSSocket {
  return connect({
    host: address.text,
    port,
    secureContext: secureContextFor(ca),
    // An address is no name to ask for.
    servername: isIP(hostName) === 0 ? hostName : "",
    // Left to itself, Node compares the certificate with the address that we connect to.
    checkServerIdentity: (_, certificate) => checkServerIdentity(hostName, certificate),
    ALPNProtocols: [...protocols],
    rejectUnauthorized: false,
  });
}

export interface PeerInspection {
  /** What speaks against the server's certificate. */
  readonly objection: ProbeResult | undefined;
  /** When its certificate begins and ends; `undefined` where it shows none that can be read. */
  readonly validity: { readonly fromWallMs: number; readonly untilWallMs: number } | undefined;
}

/** Looks at the certificate of a server whose handshake is done. */
export function inspectPeer(
  socket: TLSSocket,
  { hostName, ca }: TlsPeer,
  { clock, vouchedWallMs }: AttemptOptions,
): PeerInspection {
  const objection = objectionTo(socket, { askedFor: hostName, ca, machineWallMs: clock.wallMs(), vouchedWallMs });
  // It costs a quarter of what `getPeerCertificate` does, which gives nothing any more once it was called.
  const certificate = socket.getPeerX509Certificate();
  const fromWallMs = Date.parse(certificate?.validFrom ?? "");
  const untilWallMs = Date.parse(certificate?.validTo ?? "");
  const isReadable = Number.isFinite(fromWallMs) && Number.isFinite(untilWallMs);
  return { objection, validity: isReadable ? { fromWallMs, untilWallMs } : undefined };
}
