// What the operating system and Node say when something fails, in words that tell a person what is the matter.

/** Of a name that was looked up. */
const ofNames: Readonly<Record<string, (name: string) => string>> = {
  EAI_AGAIN: (name) => `this machine cannot look up the name ${name}`,
  EAI_FAIL: (name) => `this machine cannot look up the name ${name}`,
  ENOTFOUND: (name) => `the name ${name} cannot be found`,
  ENODATA: (name) => `the name ${name} has no address`,
};

const noRoute = (place: string): string => `this machine has no route to ${place}`;
const silent = (place: string): string => `${place} does not answer`;
const forbidden = (place: string): string => `this machine does not let ccs connect to ${place}`;

/** Of a place, `host:port` or the path of a socket, that was connected to. */
const ofPlaces: Readonly<Record<string, (place: string) => string>> = {
  ECONNREFUSED: (place) => `${place} refuses connections`,
  ENETUNREACH: noRoute,
  ENETDOWN: noRoute,
  EHOSTUNREACH: noRoute,
  EHOSTDOWN: silent,
  ETIMEDOUT: silent,
  EADDRNOTAVAIL: noRoute,
  EACCES: forbidden,
  EPERM: forbidden,
  ENOENT: (place) => `there is no ${place}`,
};

const cutOff = "the connection was closed before the answer was complete";

/**
 * `text` with what the operating system or Node said in it put into plain words. The code stays, in parentheses, to be searched
 * for. Any other text is returned as it is.
 */
export function plainly(text: string): string {
  return (
    text
      .replaceAll(/\bgetaddrinfo (E[A-Z_]+) ([^\s()]+)/g, (whole, code: string, name: string) =>
        worded(ofNames[code]?.(name), code, whole),
      )
      .replaceAll(/\bconnect (E[A-Z]+) ([^\s()]+)(?: - Local \([^)]*\))?/g, (whole, code: string, place: string) =>
        worded(ofPlaces[code]?.(place), code, whole),
      )
      .replaceAll(/\bConnect Timeout Error \(attempted address(?:es)?: ([^\s,)]+)[^)]*\)/g, (_, place: string) =>
        silent(place),
      )
      .replaceAll(/\b(?:read|write) (ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED)\b/g, `${cutOff} ($1)`)
      .replaceAll(/\b(?:socket hang up|other side closed)\b/g, cutOff)
      // Of files: what comes before the name of the call is plain already, and the path is named by whoever tells this.
      .replaceAll(/\b(E[A-Z]+): ([a-z][^,:]*), [a-z]+(?: '[^']*'(?: -> '[^']*')?)?/g, "$2 ($1)")
      .replaceAll(/\bno answer \(((?:[^()]|\([^()]*\))*)\)/g, (whole, why: string) =>
        text.includes(whole) ? whole : `no answer: ${why}`,
      )
  );
}

function worded(words: string | undefined, code: string, otherwise: string): string {
  return words === undefined ? otherwise : `${words} (${code})`;
}
