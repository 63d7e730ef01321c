// The refusals that the emulated API gives: HTTP status, code and words of each, as seen from the real one.

/** One refusal, as it goes into the `errors` of an answer. */
export interface ErrorEntry {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  /** More of the same, one level down: where some answers hide the code that matters. */
  readonly chain?: readonly { readonly code: number; readonly message: string }[];
}

/** Thrown where a request is refused; nothing has been changed then. */
export class ApiRefusal extends Error {
  readonly problem: ErrorEntry;

  constructor(problem: ErrorEntry) {
    super(`${problem.code}: ${problem.message}`);
    this.name = "Refusal";
    this.problem = problem;
  }
}

/** The API says these words on every refusal of a name conflict. */
const conflictHelp =
  "For more details, refer to <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.";

/**
 * Every refusal that the emulator knows, by meaning. Codes and texts are those of public reports on the real API, 2021
 * to 2026; where only the fact of a refusal is known, `unlisted` says so in its message.
 */
export const problems = {
  // Headers, tokens, routes
  badAuthorization: {
    status: 400,
    code: 6003,
    message: "Invalid request headers",
    chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
  },
  unknownToken: { status: 403, code: 9109, message: "Invalid access token" },
  wrongLocation: (ip: string) => ({
    status: 403,
    code: 9109,
    message: `Cannot use the access token from location: ${ip}`,
  }),
  unverifiableToken: { status: 401, code: 1000, message: "Invalid API Token" },
  noAccess: { status: 403, code: 10000, message: "Authentication error" },
  noZoneRead: { status: 403, code: 9109, message: "Unauthorized to access requested resource" },
  noZoneListing: {
    status: 403,
    code: 0,
    message:
      "Actor 'com.cloudflare.api.token' requires permission 'com.cloudflare.api.account.zone.list' to list zones",
  },
  tooManyRequests: {
    status: 429,
    code: 971,
    message: "Please wait and consider throttling your request speed",
  },
  noRoute: (path: string) => ({
    status: 400,
    code: 7003,
    message: `Could not route to ${path}, perhaps your object identifier is invalid?`,
    chain: [{ code: 7000, message: "No route for that URI" }],
  }),
  wrongMethod: (method: string) => ({
    status: 405,
    code: 7001,
    message: `Method ${method} not available for that URI.`,
  }),

  // Bodies
  notJson: {
    status: 400,
    code: 9207,
    message: "Failed to parse request body, content-type must be application/json",
  },
  wrongJsonType: (field: string, expected: string) => ({
    status: 400,
    code: 9208,
    message: `Failed to parse; ${field} must be ${expected}`,
  }),

  // One record
  unknownType: (type: string) => unlisted(`DNS record type "${type}" is invalid.`),
  badName: { status: 400, code: 9000, message: "DNS name is invalid." },
  badTargetForProxy: (target: string) => ({
    status: 400,
    code: 9003,
    message: `Target ${target} is not allowed for a proxied record.`,
  }),
  typeNotProxiable: { status: 400, code: 9004, message: "This record type cannot be proxied." },
  badIpv4: { status: 400, code: 9005, message: "Content for A record must be a valid IPv4 address." },
  badIpv6: { status: 400, code: 9006, message: "Content for AAAA record must be a valid IPv6 address." },
  badContent: (type: string) => ({ status: 400, code: 9007, message: `Content for ${type} record is invalid.` }),
  contentTooLong: {
    status: 400,
    code: 9015,
    message: "Record content exceeds the allowed length of 4096 wire format bytes.",
  },
  badTtl: (floorSeconds: number) => ({
    status: 400,
    code: 9021,
    message: `TTL must be between ${floorSeconds} and 86400 seconds, or 1 for Automatic.`,
  }),
  ttlOfProxied: unlisted("TTL of a proxied record must be 1."),
  noFlattening: unlisted("CNAME flattening cannot be set for this record."),
  cnameToItself: { status: 400, code: 9039, message: "CNAME content cannot reference itself." },
  tooManyTags: (count: number, quota: number) => ({
    status: 400,
    code: 9300,
    message: `DNS record has ${count} tags, exceeding the quota of ${quota}.`,
  }),
  commentTooLong: (limit: number) => ({
    status: 400,
    code: 9313,
    message: `DNS record comment exceeds the maximum length of ${limit} characters.`,
  }),
  badComment: unlisted("DNS record comment must not contain line breaks or control characters."),
  badTag: (tag: string) => unlisted(`DNS record tag "${tag}" is invalid.`),
  typeChange: unlisted("Editing types after a record has been created is not allowed."),
  // One report names this code for records of Email Routing; whether others get the same is not known.
  readOnly: {
    status: 400,
    code: 1046,
    message: "This record is managed by another Cloudflare product and cannot be changed or deleted.",
  },

  // A record among others
  noSuchRecord: { status: 404, code: 81044, message: "Record does not exist." },
  quotaExceeded: { status: 400, code: 81045, message: "Record quota exceeded." },
  combinedTooLong: {
    status: 400,
    code: 83011,
    message: "Combined content length of records with this name and type exceeds the limit.",
  },
  hostTaken: {
    status: 400,
    code: 81053,
    message: `An A, AAAA, or CNAME record with that host already exists. ${conflictHelp}`,
  },
  cnameTaken: { status: 400, code: 81054, message: `A CNAME record with that host already exists. ${conflictHelp}` },
  // Several clients treat the next two codes as name conflicts; which is which, and the words, are guesses.
  takenByOthersThanNs: {
    status: 400,
    code: 81055,
    message: `An NS record cannot share its host with other records. ${conflictHelp}`,
  },
  takenByNs: { status: 400, code: 81056, message: `An NS record with that host already exists. ${conflictHelp}` },
  alreadyExists: { status: 400, code: 81057, message: "Record already exists." },
  identicalExists: { status: 400, code: 81058, message: "An identical record already exists." },
  batchTooLarge: (count: number, limit: number) =>
    unlisted(`Batch of ${count} operations exceeds the limit of ${limit}.`),
} as const;

/** A refusal that the real API is known to give, with a code that is not published. */
export function unlisted(message: string): ErrorEntry {
  return { status: 400, code: 1004, message: `${message} [emulator: the real code is not known]` };
}
