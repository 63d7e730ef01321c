// The keys of a check over TCP, and what it is to do.
import { z } from "zod";
import { kind, wholeNumber } from "../../config/format/fields.ts";
import { optional, required } from "../../config/format/key.ts";
import { bad, ok } from "../../config/format/names.ts";

export interface TcpTask {
  readonly kind: "tcp";
  /** Of the endpoint's own addresses. */
  readonly port: number;
  /** Sent once the connection stands. Only together with `expect`. */
  readonly send: string | undefined;
  /** Text that the first 64 KiB of the answer must contain; without it, a connection is enough. */
  readonly expect: string | undefined;
}

/** It may be a password. */
const sent = kind(z.string(), { expects: "the text to send", isHushed: true }, (text) =>
  text === "" ? bad() : ok(text),
);

const expected = kind(z.string(), { expects: "the text to look for" }, (text) => (text === "" ? bad() : ok(text)));

export const tcpKeys = {
  port: required(wholeNumber(1, 65_535), {
    description: "The port to connect to, on each of the endpoint's own addresses.",
    example: 25,
  }),
  send: optional(sent, {
    description:
      "Text to send once connected, for servers that do not speak first. In double quotes, `\\r\\n` ends a line. Needs `expect`.",
    defaultInWords: "none",
    example: "PING\r\n",
  }),
  expect: optional(expected, {
    description: "Text that the first 64 KiB of the answer must contain, within the timeout.",
    defaultInWords: "none: a connection is enough",
    example: "+PONG",
  }),
};
