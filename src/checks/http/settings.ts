// The keys of a check over HTTP, and what it is to do.
import { z } from "zod";
import { authoritiesKey } from "../authorities.ts";
import { kind, parseUrl, textOrNumber } from "../../config/format/fields.ts";
import { optional, required, withDefault } from "../../config/format/key.ts";
import { bad, ok, type Parsed } from "../../config/format/names.ts";

export interface HttpTask {
  readonly kind: "http";
  /**
   * http or https URL. The connection goes to the endpoint's own addresses; the URL's host is only the name asked for.
   */
  readonly url: string;
  /** Accepted status codes as inclusive ranges, such as `[[200, 299], [401, 401]]`. */
  readonly status: readonly StatusRange[];
  /** Text that the first 64 KiB of the body must contain. */
  readonly contains: string | undefined;
  /** Certificates (PEM) of the authorities to trust, in place of the usual ones. */
  readonly ca: readonly string[] | undefined;
}

export type StatusRange = readonly [from: number, to: number];

export const checkUrl = kind(z.string(), { expects: "an http:// or https:// URL" }, (text) => {
  const url = parseUrl(text);
  if (url.kind === "bad") return url;
  url.value.hash = "";
  return ok(url.value.href);
});

/** Accepted status codes, as an inclusive range. Those of 1xx are no answers: another one follows. */
const statusRange = kind(
  textOrNumber,
  { expects: "a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299" },
  (value): Parsed<StatusRange> => {
    const text = String(value);
    const hundreds = /^([2-5])xx$/i.exec(text)?.[1];
    if (hundreds !== undefined) return ok([Number(hundreds) * 100, Number(hundreds) * 100 + 99]);
    const match = /^([2-5]\d\d)(?:\s*-\s*([2-5]\d\d))?$/.exec(text.trim());
    if (match === null) return bad();
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    return from <= to ? ok([from, to]) : bad("the range ends before it starts");
  },
);

const status = z
  .union([statusRange, z.array(statusRange).min(1).meta({ expects: "a list of status codes" })])
  .meta({ expects: "a status code such as 200, a class such as 2xx, a range such as 200-299, or a list of these" });

/** Text that a body must contain. */
export const marker = kind(z.string(), { expects: "the text to look for" }, (text) => (text === "" ? bad() : ok(text)));

export const httpKeys = {
  url: required(checkUrl, {
    otherNames: ["uri"],
    description:
      "The URL to request. The connection always goes to the endpoint's own addresses, on the URL's port; " +
      "the URL's host is only the requested name (SNI, Host header, certificate) and may be any name.",
    example: "https://primary.example.com/healthz",
  }),
  status: withDefault(status, 200, {
    description: "Accepted status codes: a code, a class, a range, or a list of these. Redirects are not followed.",
    example: ["2xx", 401],
  }),
  contains: optional(marker, {
    otherNames: ["marker"],
    description: "Text that the first 64 KiB of the body must contain.",
    defaultInWords: "none",
    example: "OK",
  }),
  ca_file: authoritiesKey,
};
