// Reads what Node does not tell of a certificate (X.509 v3, RFC 5280, in DER): its extensions, and how it is signed.

export interface Extension {
  /** Dotted numbers. */
  readonly oid: string;
  readonly isCritical: boolean;
  /** Of basic constraints: how many authorities may stand between this one and a server. */
  readonly pathLength?: number;
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const tags = { boolean: 0x01, integer: 0x02, oid: 0x06, sequence: 0x30, extensions: 0xa3 } as const;
const basicConstraints = "2.5.29.19";

/** The extensions of a certificate; none where it is no certificate. */
export function extensionsOf(raw: Uint8Array): readonly Extension[] {
  const [list] = elementsOf(partsOf(raw).find(({ tag }) => tag === tags.extensions)?.content);
  return elementsOf(list?.content).map(({ content }) => {
    const [oid, ...rest] = elementsOf(content);
    const name = oid === undefined ? "" : oidOf(oid.content);
    const isCritical = rest.some(({ tag, content: [value] }) => tag === tags.boolean && value !== 0);
    const length = name === basicConstraints ? pathLengthIn(rest.at(-1)?.content) : undefined;
    return { oid: name, isCritical, ...(length !== undefined && { pathLength: length }) };
  });
}

/** The algorithm that the certificate is signed with, as dotted numbers. */
export function signatureOidOf(raw: Uint8Array): string {
  const algorithm = partsOf(raw).find(({ tag }) => tag === tags.sequence);
  const [oid] = elementsOf(algorithm?.content);
  return oid === undefined ? "" : oidOf(oid.content);
}

/** The parts of what is signed. */
function partsOf(raw: Uint8Array): readonly Element[] {
  const [certificate] = elementsOf(raw);
  const [signed] = elementsOf(certificate?.content);
  return elementsOf(signed?.content);
}

function pathLengthIn(value: Uint8Array | undefined): number | undefined {
  const [constraints] = elementsOf(value);
  const length = elementsOf(constraints?.content).find(({ tag }) => tag === tags.integer);
  return length?.content.reduce((sum, byte) => sum * 256 + byte, 0);
}

function elementsOf(bytes: Uint8Array = new Uint8Array()): readonly Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const digits = first < 0x80 ? 0 : first - 0x80;
    const length =
      digits === 0 ? first : bytes.subarray(at + 2, at + 2 + digits).reduce((sum, byte) => sum * 256 + byte, 0);
    const start = at + 2 + digits;
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

function oidOf(bytes: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (numbers.length === 0)
      numbers.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else numbers.push(value);
    value = 0;
  }
  return numbers.join(".");
}
