// The keys of `http`: where the daemon listens, by which names, behind whom, and for whom.
import { z } from "zod";
import { addressRange, filePath, listen, hostName, secret } from "./format/fields.ts";
import { optional, withDefault } from "./format/key.ts";

export const httpSchema = z
  .strictObject({
    listen: withDefault(listen, "127.0.0.1:3000", {
      description:
        "Address of the HTTP server for health, metrics and API: `host:port`, `[ip]:port`, or just one of the two.",
      example: "0.0.0.0:9090",
    }),
    hosts: optional(z.array(hostName).meta({ expects: "a list of host names" }), {
      description:
        "Further host names that requests may use for this server, such as the name of a reverse proxy that " +
        "passes it on. Addresses and `localhost` are always accepted; names without a dot and private names " +
        "such as `nas.local` only while this is not set.",
      defaultInWords: "none",
      example: ["ccs.example.com"],
    }),
    trusted_proxies: optional(z.array(addressRange).min(1).meta({ expects: "a list of addresses and ranges" }), {
      description:
        "Reverse proxies whose client headers are trusted: addresses, and ranges such as `10.0.0.0/8`. Limits " +
        "then apply to the client named in `Forwarded` or `X-Forwarded-For` (the last address that is not a " +
        "trusted proxy), not to the proxy. From any other address these headers are ignored.",
      defaultInWords: "none",
      example: ["127.0.0.1", "::1"],
    }),
    token: optional(secret, {
      description:
        "Bearer token required for every change over HTTP. Without one, changes over HTTP are rejected. At " +
        "least 16 random characters, for example from `openssl rand -hex 16`.",
      defaultInWords: "none",
      example: "${CCS_HTTP_TOKEN}",
    }),
    token_file: optional(filePath, {
      description: "File with the token, instead of `token`.",
      defaultInWords: "none",
      example: "/run/secrets/http_token",
    }),
  })
  .meta({ expects: "a section with listen, hosts or token", heading: "HTTP server" });
