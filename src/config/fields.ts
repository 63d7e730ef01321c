// The kinds of value that the configuration knows: a duration, a host name, a secret. Each says what it expects, in the
// words of the error message, and turns what a person wrote into what the daemon uses.
import { z } from "zod";
import type { Address, Target } from "../core/model.ts";
import { dayMs, durationSyntax, minuteMs, parseDurationMs } from "../core/units.ts";
import { parseIp, parseRange } from "../lib/ip.ts";
import { Secret } from "../lib/secret.ts";
import { plain } from "../lib/text.ts";
import {
  bad,
  isZoneId,
  ok,
  parseHostName,
  parseListenAddress,
  parsePath,
  parseSocketAddress,
  type Parsed,
} from "./names.ts";

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
  }
}

type Wording = Required<Pick<z.core.GlobalMeta, "expects">> & Pick<z.core.GlobalMeta, "isHushed">;

const textOrNumber = z.union([z.string(), z.number()]);

/** A kind of value: `read` says what a scalar means, or why it means nothing. */
function kind<In extends z.ZodType, Out>(input: In, wording: Wording, read: (value: z.output<In>) => Parsed<Out>) {
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

/** The same from the environment, where everything is text. */
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

export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words).meta({ expects: `one of ${words.join(", ")}` });
}

/** A duration in milliseconds, within bounds (milliseconds, inclusive). */
export function duration(fromMs: number, toMs: number, example: string) {
  const expects = `a duration from ${durationSyntax(fromMs)} to ${durationSyntax(toMs)}, such as ${example}`;
  return kind(textOrNumber, { expects }, (value) => within(durationMs(value), fromMs, toMs));
}

/** The same for the original's files, which write durations as plain seconds. */
export function seconds(fromMs: number, toMs: number) {
  const expects = `a number of seconds from ${fromMs / 1_000} to ${toMs / 1_000}`;
  return kind(z.number(), { expects }, (value) => within(durationMs(value), fromMs, toMs));
}

function durationMs(value: string | number): number | undefined {
  if (typeof value === "string") return parseDurationMs(value);
  return Number.isFinite(value) ? Math.round(value * 1_000) : undefined;
}

function within(value: number | undefined, from: number, to: number): Parsed<number> {
  return value !== undefined && value >= from && value <= to ? ok(value) : bad();
}

export const ttl = kind(
  textOrNumber,
  { expects: "a TTL from 60s to 24h, or auto" },
  (value): Parsed<number | "auto"> => {
    if (value === "auto") return ok("auto");
    const ms = durationMs(value);
    if (ms === undefined || ms < minuteMs || ms > dayMs) return bad();
    return ms % 1_000 === 0 ? ok(ms / 1_000) : bad("a TTL is a whole number of seconds");
  },
);

/** The original's TTL: 0 stood for 60. */
export const originalTtl = kind(
  z.int(),
  { expects: "a TTL from 60 to 65535 seconds, or 0 for 60" },
  (value): Parsed<number> => (value === 0 ? ok(60) : within(value, 60, 65_535)),
);

export const recordName = kind(z.string(), { expects: "a host name such as ingress.example.com" }, (text) =>
  parseHostName(text),
);

export const zone = kind(
  z.string(),
  { expects: "a zone name such as example.com, or a zone id of 32 hex digits" },
  (text) => (isZoneId(text) ? ok(text.toLowerCase()) : parseHostName(text)),
);

/** The original passed any text on as the zone's id. */
export const originalZoneId = kind(z.string(), { expects: "a zone id" }, (text) =>
  text.trim() === "" ? bad() : ok(isZoneId(text) ? text.toLowerCase() : text),
);

export const hostOrAddress = kind(
  z.string(),
  { expects: "a host name such as primary.example.com, or an IP address" },
  (text): Parsed<Target> => {
    const address = parseIp(text);
    if (address !== undefined) return ok({ kind: "addresses", addresses: [address] });
    const name = parseHostName(text);
    return name.kind === "ok" ? ok({ kind: "host", host: name.value }) : name;
  },
);

const addressInList = kind(z.string(), { expects: "an IP address" }, (text): Parsed<Address> => {
  const address = parseIp(text);
  if (address !== undefined) return ok(address);
  return bad(
    parseHostName(text).kind === "ok" ? "a list may contain addresses only; a host name cannot be part of a list" : "",
  );
});

export const target = z
  .union([hostOrAddress, z.array(addressInList).min(1).meta({ expects: "a list of IP addresses" })])
  .meta({ expects: "a host name, an IP address, or a list of IP addresses" });

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

/** URL of a check. */
export const checkUrl = kind(z.string(), { expects: "an http:// or https:// URL" }, (text) => {
  const url = parseUrl(text);
  if (url.kind === "bad") return url;
  url.value.hash = "";
  return ok(url.value.href);
});

/** Base URL of an API, without trailing slash. */
export const baseUrl = kind(z.string(), { expects: "an http:// or https:// URL" }, (text) => {
  const url = parseUrl(text);
  if (url.kind === "bad") return url;
  if (url.value.search !== "" || url.value.hash !== "") return bad("a base URL has no ? and no #");
  return ok(withoutSlashes(url.value.href));
});

function parseUrl(text: string): Parsed<URL> {
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

/** Accepted status codes, as an inclusive range. Those of 1xx are no answers: another one follows. */
const statusRange = kind(
  textOrNumber,
  { expects: "a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299" },
  (value): Parsed<readonly [from: number, to: number]> => {
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

export const status = z
  .union([statusRange, z.array(statusRange).min(1).meta({ expects: "a list of status codes" })])
  .meta({ expects: "a status code such as 200, a class such as 2xx, a range such as 200-299, or a list of these" });

/** Text that a body must contain. */
export const marker = kind(z.string(), { expects: "the text to look for" }, (text) => (text === "" ? bad() : ok(text)));

/** The original takes any text for a name or a marker, and an empty one for none. */
export const anyText = z.string().meta({ expects: "text" });

/** What people call an endpoint; it ends up in metrics, messages and commands. */
export const endpointName = kind(z.string(), { expects: "a name of 1 to 100 printable characters" }, (text) => {
  if (text === "") return bad();
  if (text.length > 100) return bad(`it has ${text.length}`);
  return plain(text, 100) === text ? ok(text) : bad("it contains an invisible character");
});

export const secret = kind(z.string(), { expects: "a token", isHushed: true }, (text) => {
  const value = text.trim();
  if (value === "") return bad();
  // It travels in an HTTP header or a URL's path, where anything else would break out or be refused.
  return /^[\x21-\x7e]+$/.test(value) ? ok(new Secret(value)) : bad("it contains a space or an unusual character");
});

/** Telegram's token is part of the path of the URL. */
export const telegramToken = kind(
  z.string(),
  { expects: "a bot token such as 123456:ABC-DEF", isHushed: true },
  (text) => {
    const value = text.trim();
    if (value === "") return bad();
    return /^[\w.:~-]+$/.test(value) ? ok(new Secret(value)) : bad("it contains a space or an unusual character");
  },
);

export const chatId = kind(
  textOrNumber,
  { expects: `a chat id: a whole number, or "@channelname" in quotes`, isHushed: true },
  (value): Parsed<number | string> => {
    if (typeof value === "string" && /^@[A-Za-z]\w{3,}$/.test(value)) return ok(value);
    const id = typeof value === "string" && !/^-?\d+$/.test(value) ? Number.NaN : Number(value);
    return Number.isSafeInteger(id) && id !== 0 ? ok(id) : bad();
  },
);

/** A path in the file system. What is there may be a secret put into the wrong key. */
export const filePath = kind(z.string(), { expects: "the path of a file", isHushed: true }, (text) => parsePath(text));

export const folderPath = kind(z.string(), { expects: "the path of a folder" }, (text) => parsePath(text));

/** The same from the environment, where no variable is filled in. */
export const folderFromOutside = kind(z.string(), { expects: "the path of a folder" }, (text) =>
  parsePath(text, "the whole path"),
);

/** Without slashes at its end. */
function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}
