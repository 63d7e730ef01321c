// What Cloudflare's answers, and its certificate, tell of the time.

/**
 * A date in HTTP, milliseconds since 1970. It always ends so: `Date.parse` alone would make a date of almost anything.
 */
export function dateIn(text: string | null): number | undefined {
  const wallMs = text?.trim().endsWith("GMT") === true ? Date.parse(text) : NaN;
  return Number.isNaN(wallMs) ? undefined : wallMs;
}

/** Whether a connection failed since a certificate is not valid by this machine's clock. */
export function isDateRefusal(code: string | undefined): boolean {
  return code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID";
}

/** How that shows that the clock is wrong, for people. */
export function contradiction(machineWallMs: number): string {
  return `it says ${isoOf(machineWallMs)}, when the certificate of Cloudflare's API is not valid`;
}

function isoOf(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
