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

// Each part has a bound: what is read here may be foreign, and must not take the longer the odder it is.
const nameLookedUp = /\bgetaddrinfo (E[A-Z_]{1,30}) ([^\s()]{1,260})/g;
const connected = /\bconnect (E[A-Z]{1,30}) ([^\s()]{1,260})(?: - Local \([^()]{0,80}\))?/g;
const unconnected = /\bConnect Timeout Error \(attempted address(?:es)?: ([^\s,()]{1,260})[^()]{0,400}\)/g;
const broken = /\b(?:read|write) (ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED)\b/g;
const hungUp = /\b(?:socket hang up|other side closed)\b/g;
/**
 * Errors about files: the words before the name of the system call are plain already, and the caller names the path.
 */
const ofFiles = /\b(E[A-Z]{1,30}): ([a-z][^,:]{0,80}), [a-z]{1,20}(?: '[^']{0,400}'(?: -> '[^']{0,400}')?)?/g;
/** With a code in parentheses of its own, once the rest is put into words. */
const unanswered = /\bno answer \(([^()]{0,400}\([A-Z_]{1,30}\)[^()]{0,80})\)/g;

/**
 * `text` with what the operating system or Node said in it put into plain words. The code stays, in parentheses, to be
 * searched for. Any other text is returned as it is.
 */
export function plainly(text: string): string {
  return text
    .replaceAll(nameLookedUp, (whole, code: string, name: string) => worded(ofNames[code]?.(name), code, whole))
    .replaceAll(connected, (whole, code: string, place: string) => worded(ofPlaces[code]?.(place), code, whole))
    .replaceAll(unconnected, (_, place: string) => silent(place))
    .replaceAll(broken, `${cutOff} ($1)`)
    .replaceAll(hungUp, cutOff)
    .replaceAll(ofFiles, "$2 ($1)")
    .replaceAll(unanswered, "no answer: $1");
}

function worded(words: string | undefined, code: string, otherwise: string): string {
  return words === undefined ? otherwise : `${words} (${code})`;
}
