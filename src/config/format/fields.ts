// The kinds of value that many keys have: a duration, a host name, a secret. Each says what it expects, in the words of
// the error message, and turns what a person wrote into what the daemon uses.
import { z } from "zod";
import { durationSyntax, parseDurationMs } from "../../core/units.ts";
import { parseRange } from "../../lib/ip.ts";
import { Secret } from "../../lib/secret.ts";
import { nearest } from "../../lib/spelling.ts";
import { bad, ok, parseHostName, parseListenAddress, parsePath, parseSocketAddress, type Parsed } from "./names.ts";

declare module "zod" {
  interface GlobalMeta {
    /** Ends the sentence "expected …". */
    expects?: string;
    /** The value may be secret: no message repeats it. */
    isHushed?: boolean;
    /** The default in words, where it is not one fixed value. */
    defaultInWords?: string;
    /** Heading of the section in the reference. */
    heading?: string;
    /** What other programs call this key. */
    otherNames?: readonly string[];
  }
}

type FieldWording = Required<Pick<z.core.GlobalMeta, "expects">> & Pick<z.core.GlobalMeta, "isHushed">;

export const textOrNumber = z.union([z.string(), z.number()]);

/** A kind of value: `read` says what a scalar means, or why it means nothing. */
export function kind<In extends z.ZodType, Out>(
  input: In,
  wording: FieldWording,
  read: (value: z.output<In>) => Parsed<Out>,
) {
  return input
    .transform((value, context): Out => {
      const parsed = read(value);
      if (parsed.kind === "ok") return parsed.value;
      context.issues.push({ code: "custom", params: { reason: parsed.reason }, input: value });
      return z.NEVER;
    })
    .meta(wording);
}

export function wholeNumber(from: number, to: number) {
  return z
    .int()
    .min(from)
    .max(to)
    .meta({ expects: `a whole number from ${from} to ${to}` });
}

export const flag = z.boolean().meta({ expects: "true or false" });

/** Where only the last part may have a star. */
export const filesPath = kind(z.string(), { expects: "the path of a folder or a file" }, (text) => {
  const isWild = text.slice(0, text.lastIndexOf("/") + 1).includes("*");
  return isWild ? bad("a * is only possible after the last /") : parsePath(text);
});

/** A folder that is named in the environment, where everything is text. */
export const flagText = kind(z.string(), { expects: "true or false" }, (text): Parsed<boolean> => {
  if (/^(1|true|yes|on)$/i.test(text)) return ok(true);
  return /^(0|false|no|off)$/i.test(text) ? ok(false) : bad();
});

/** Whatever this Node knows as a zone, `Europe/Berlin` or `UTC`. */
export const timeZone = kind(
  z.string(),
  { expects: "the name of a time zone such as Europe/Berlin or UTC" },
  (text): Parsed<string> => {
    try {
      // Offsets are zones to Intl, but not to most other programs.
      return /^[A-Za-z]/.test(text)
        ? ok(new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone)
        : bad();
    } catch {
      return bad();
    }
  },
);

export function choice<const Words extends readonly string[]>(words: Words) {
  return z.enum(words).meta({ expects: `one of ${words.join(", ")}` });
}

/** One of some words, with the one that was probably meant as advice. */
export function guessedChoice(words: readonly string[]) {
  return kind(z.string(), { expects: `one of ${words.join(", ")}` }, (text): Parsed<string> => {
    if (words.includes(text)) return ok(text);
    const meant = nearest(text, words);
    return bad(meant === undefined ? "" : `did you mean ${meant}?`);
  });
}

/** A duration in milliseconds, within bounds (milliseconds, inclusive). */
export function duration(fromMs: number, toMs: number, example: string) {
  const expects = `a duration from ${durationSyntax(fromMs)} to ${durationSyntax(toMs)}, such as ${example}`;
  return kind(textOrNumber, { expects }, (value) => within(durationMs(value), fromMs, toMs));
}

/** Text such as `30s`, or a number of seconds, in milliseconds; `undefined` for what is neither. */
export function durationMs(value: string | number): number | undefined {
  if (typeof value === "string") return parseDurationMs(value);
  return Number.isFinite(value) ? Math.round(value * 1_000) : undefined;
}

/** A number within bounds, inclusive. */
export function within(value: number | undefined, from: number, to: number): Parsed<number> {
  return value !== undefined && value >= from && value <= to ? ok(value) : bad();
}

export const hostName = kind(z.string(), { expects: "a host name such as ingress.example.com" }, (text) =>
  parseHostName(text),
);

/** `ip[:port]`, as `ip:port`. */
export function socket(defaultPort: number) {
  const expects = `an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:${defaultPort}"`;
  return kind(z.string(), { expects }, (text) => parseSocketAddress(text, defaultPort));
}

/** Several of `socket` in one text, with commas between. */
export function sockets(defaultPort: number) {
  const expects = `IP addresses with or without a port and commas between, such as 192.0.2.1,192.0.2.2:${defaultPort}`;
  return kind(z.string(), { expects }, (text): Parsed<readonly string[]> => {
    const addresses: string[] = [];
    for (const item of text.split(",")) {
      const parsed = parseSocketAddress(item.trim(), defaultPort);
      if (parsed.kind === "bad") return parsed;
      if (!addresses.includes(parsed.value)) addresses.push(parsed.value);
    }
    return ok(addresses);
  });
}

/** An address or a range, in canonical form. */
export const addressRange = kind(
  z.string(),
  { expects: "an IP address, or a range such as 10.0.0.0/8" },
  (text): Parsed<string> => {
    const range = parseRange(text);
    if (range === undefined) return bad();
    if (range.bits === 0) return bad("that is the whole internet");
    return ok(text.includes("/") ? `${range.text}/${range.bits}` : range.text);
  },
);

export const listen = kind(textOrNumber, { expects: "host:port, such as 127.0.0.1:3000" }, (value) =>
  parseListenAddress(String(value)),
);

/** Base URL of an API, without trailing slash. */
export const baseUrl = kind(z.string(), { expects: "an http:// or https:// URL" }, (text) => {
  const url = parseUrl(text);
  if (url.kind === "bad") return url;
  if (url.value.search !== "" || url.value.hash !== "") return bad("a base URL has no ? and no #");
  return ok(withoutSlashes(url.value.href));
});

/** An http or https URL with a host, and without user and password. */
export function parseUrl(text: string): Parsed<URL> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return bad("start it with http:// or https://");
  if (scheme !== "http" && scheme !== "https") return bad("only http and https can be used");
  if (/[\s\p{Cc}\\]/u.test(text)) return bad("it contains a space or a backslash");
  // The parser would drop the third slash and take the path for the host.
  if (/^[a-z]+:\/\/($|[/?#])/i.test(text)) return bad("it has no host");
  const url = URL.parse(text);
  if (url === null) return bad("its host or its port is not valid");
  if (url.username !== "" || url.password !== "" || /^[^/?#]*@/.test(text.slice(scheme.length + 3))) {
    return bad("it must not contain a user and a password: remove them");
  }
  if (url.port === "0") return bad("its port is 0");
  return ok(url);
}

export const secret = kind(z.string(), { expects: "a token", isHushed: true }, (text) => {
  const value = text.trim();
  if (value === "") return bad();
  // It travels in an HTTP header or a URL's path, where anything else would break out or be refused.
  return /^[\x21-\x7e]+$/.test(value) ? ok(new Secret(value)) : bad("it contains a space or an unusual character");
});

/** A path in the file system. What is there may be a secret put into the wrong key. */
export const filePath = kind(z.string(), { expects: "the path of a file", isHushed: true }, (text) => parsePath(text));

export const folderPath = kind(z.string(), { expects: "the path of a folder" }, (text) => parsePath(text));

/** A folder that is named in the environment, where no variable is filled in. */
export const folderFromOutside = kind(z.string(), { expects: "the path of a folder" }, (text) =>
  parsePath(text, "the whole path"),
);

/** Without slashes at its end. */
function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}
