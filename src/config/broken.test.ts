// Broken files, each with every line that people get to read for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAuthority } from "../../test/support/certificates.ts";
import { loadConfig } from "./load.ts";
import { formatProblem } from "./format/problem.ts";

const { ca: oneAuthority } = await createAuthority();

interface Broken {
  readonly name: string;
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly says: readonly string[];
}

const cloudflare = "cloudflare: { token: T }\n";
const ingress = `${cloudflare}ingresses:\n  - record: a.example.com\n`;
const endpoint = `${ingress}    endpoints:\n      - target: b.example.com\n`;
const whole = `${cloudflare}ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com }] }]\n`;

/** A file that is right but for line 3, at the top level. */
const top = (line: string): string => `${whole}${line}\n`;
/** A file that is right but for line 5, a key of the ingress that begins in column 5. */
const inIngress = (line: string): string => `${ingress}    endpoints: [{ target: b.example.com }]\n    ${line}\n`;
/** A file that is right but for line 6, a key of the endpoint that begins in column 9. */
const inEndpoint = (line: string): string => `${endpoint}        ${line}\n`;
/** A file that is right but for line 4: the target, which begins in column 26. */
const target = (value: string): string => `${ingress}    endpoints: [{ target: ${value} }]\n`;
/** A file that is right but for line 8, a key of the check that begins in column 11. */
const inCheck = (line: string): string =>
  `${endpoint}        check:\n          url: https://c.example.com/\n          ${line}\n`;
/** A file that is right but for line 6: the URL, which begins in column 23. */
const url = (value: string): string => `${endpoint}        check: { url: ${value} }\n`;
/** A file that is right but for line 3: the section for Telegram. */
const telegram = (keys: string): string => top(`notify: { telegram: { ${keys} } }`);

const cases: readonly Broken[] = [
  // The syntax of YAML.
  {
    name: "an empty file",
    text: "",
    says: ["config.yml: the file is empty: it needs at least cloudflare and ingresses"],
  },
  {
    name: "a file of comments only",
    text: "# nothing\n\n",
    says: ["config.yml: the file is empty: it needs at least cloudflare and ingresses"],
  },
  {
    name: "a file with only a document marker",
    text: "---\n",
    says: ["config.yml: the file is empty: it needs at least cloudflare and ingresses"],
  },
  {
    name: "a single value in place of the file",
    text: "token\n",
    says: ['config.yml:1:1: expected keys and values, such as "cloudflare:", got a single value'],
  },
  {
    name: "a list in place of the file",
    text: "- cloudflare\n",
    says: ['config.yml:1:1: expected keys and values, such as "cloudflare:", got a list'],
  },
  {
    name: "a tab as indentation",
    text: "cloudflare:\n\ttoken: T\n",
    says: ["config.yml:2:1: expected spaces at the beginning of the line, got a tab, which YAML does not allow there"],
  },
  {
    name: "tabs on two lines",
    text: "cloudflare:\n\ttoken: T\ningresses:\n\t- record: a.example.com\n",
    says: [
      "config.yml:2:1: expected spaces at the beginning of the line, got a tab, which YAML does not allow there",
      "config.yml:4:1: expected spaces at the beginning of the line, got a tab, which YAML does not allow there",
    ],
  },
  {
    name: "a quote that is never closed",
    text: `cloudflare: { token: T }\nstate_dir: "/var\ningresses: []\n`,
    says: ["config.yml:2:12: expected a closing quote for the text that starts here"],
  },
  {
    name: "a key that is indented less than those above it",
    text: "ingresses:\n  - record: a.example.com\n   endpoints: []\n",
    says: [
      "config.yml:3:1: expected a dash and a space before this entry, or as many spaces as before the keys above it",
    ],
  },
  {
    name: "a bracket that is never closed",
    text: `${cloudflare}ingresses: [{ record: a.example.com }\nanchors: []\n`,
    says: [
      "config.yml:2:12: expected a closing bracket for the { or [ here, and all lines until then indented further",
    ],
  },
  {
    name: "a brace that is never closed",
    text: "cloudflare: { token: T\n",
    says: [
      "config.yml:1:13: expected a closing bracket for the { or [ here, and all lines until then indented further",
    ],
  },
  {
    name: "a comma that is missing",
    text: `cloudflare: { token: "T" api_url: "x" }\n`,
    says: [
      "config.yml:1:22: expected the value to end here, got more of it: check quotes, commas, brackets and the indentation",
    ],
  },
  {
    name: "two keys on one line",
    text: "cloudflare: token: T\n",
    says: [
      "config.yml:1:13: expected one value, got keys inside it: indent the keys of one section alike, and put a value with ': ' in quotes",
    ],
  },
  {
    name: "a key that is indented too far",
    text: "state_dir: /var\n  anchors: []\n",
    says: [
      "config.yml:1:12: expected one value, got keys inside it: indent the keys of one section alike, and put a value with ': ' in quotes",
    ],
  },
  {
    name: "an entry of a list without a dash",
    text: `${ingress}    endpoints:\n      - target: b.example.com\n      target: c.example.com\n`,
    says: ["config.yml:6:7: expected the indentation of the lines above, got another one"],
  },
  {
    name: "a list among keys",
    text: "cloudflare:\n  token: T\n  - U\n",
    says: ["config.yml:3:1: expected a key like those above, got an entry of a list: check the indentation"],
  },
  {
    name: "a key without a colon",
    text: "cloudflare: { token: T }\nanchors\n",
    says: ["config.yml:2:1: expected a colon and a value after this key"],
  },
  {
    name: "text after a closing quote",
    text: top(`state_dir: "/var" lib`),
    says: [
      "config.yml:3:19: expected the value to end here, got more of it: check quotes, commas, brackets and the indentation",
    ],
  },
  {
    name: "a value that starts with a reserved sign",
    text: telegram('token: "1:a", chat_id: @channel'),
    says: ["config.yml:3:46: expected a value, got a character that YAML reserves: put the value in quotes"],
  },
  {
    name: "an escape that YAML does not know",
    text: top(`state_dir: "C:\\ccs"`),
    says: [
      'config.yml:3:15: expected \\\\, \\" or another escape that YAML knows: use single quotes to take \\ as it is',
    ],
  },
  {
    name: "a second document",
    text: `${whole}---\n${whole}`,
    says: ["config.yml:3:1: expected the end of the file, got a second document: remove this --- and what follows"],
  },
  {
    name: "an alias",
    text: inIngress("zone: *zone"),
    says: [
      "config.yml:5:11 ingresses[0].zone: expected a value, got an alias, and aliases are not supported: write the value out; a value that starts with * must be in quotes",
    ],
  },
  {
    name: "an anchor and its alias",
    text: `cloudflare: &cf { token: T }\ningresses: *cf\n`,
    says: [
      "config.yml:1:13 cloudflare: expected a value, got a YAML anchor, and anchors are not supported: remove it; a value that starts with & must be in quotes",
      "config.yml:2:12 ingresses: expected a value, got an alias, and aliases are not supported: write the value out; a value that starts with * must be in quotes",
    ],
  },
  {
    name: "a tag",
    text: top("state_dir: !path /var"),
    says: [
      "config.yml:3:12: expected a plain value, got a tag: remove it; a value that starts with ! must be in quotes",
    ],
  },
  {
    name: "a directive",
    text: `%TAB 4\n---\n${whole}`,
    says: ["config.yml:1:1: expected a key, got a directive: remove this line"],
  },
  {
    name: "a key given twice",
    text: inIngress("record: b.example.com"),
    says: ["config.yml:5:5 ingresses[0].record: expected each key once, got one that is already on line 3"],
  },
  {
    name: "a section given twice",
    text: top("cloudflare: { token: U }"),
    says: ["config.yml:3:1 cloudflare: expected each key once, got one that is already on line 1"],
  },
  {
    name: "a mapping as a key",
    text: top("{ a: 1 }: 2"),
    says: ["config.yml:3:1: expected a plain key, got a list or a section instead"],
  },
  {
    name: "a control character",
    text: "cloudflare:\n  token: \u0000\n",
    says: ["config.yml:2:10: expected text, got the control character U+0000: is this a text file?"],
  },
  {
    name: "lists without end",
    text: "[".repeat(50_000),
    says: ["config.yml:1:1: expected the keys of the configuration, got lists or sections nested too deeply"],
  },
  {
    name: "lists nested too deeply",
    text: `${whole}anchors: ${"[".repeat(60)}${"]".repeat(60)}\n`,
    says: ["config.yml:3:50: expected the keys of the configuration, got lists or sections nested too deeply"],
  },
  {
    name: "a file larger than 8 MB",
    text: `${whole}# ${"x".repeat(8 * 1_024 * 1_024)}\n`,
    says: ["config.yml: the configuration cannot be read: it is larger than 8 MB: is it the right file?"],
  },
  {
    name: "a colon without a space",
    text: "cloudflare: {token:abcdef}\ningresses: []\n",
    says: [
      "config.yml:1:14 cloudflare.token: expected a space after the colon",
      "config.yml:2:12 ingresses: expected a list of ingresses, got an empty list",
    ],
  },

  // Sections.
  {
    name: "nothing but a foreign key",
    text: "hello: world\n",
    says: [
      "config.yml:1:1 hello: unknown key: the keys here are cloudflare, ingresses, include, defaults, notify, http, timezone, state_dir, anchors",
      "config.yml:1:1 cloudflare: missing, expected a section with a token",
      "config.yml:1:1 ingresses: missing, expected a list of ingresses",
    ],
  },
  {
    name: "no ingresses",
    text: "cloudflare: { token: T }\n",
    says: ["config.yml:1:1 ingresses: missing, expected a list of ingresses"],
  },
  {
    name: "an empty section",
    text: "cloudflare:\ningresses:\n",
    says: [
      "config.yml:1:1 cloudflare: expected a section with a token, got nothing: give it a value or remove it",
      "config.yml:2:1 ingresses: expected a list of ingresses, got nothing: give it a value or remove it",
    ],
  },
  {
    name: "a text in place of a section",
    text: `cloudflare: T0KEN\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:13 cloudflare: expected a section with a token, got text"],
  },
  {
    name: "a list in place of a section",
    text: `cloudflare: [{ token: T }]\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:13 cloudflare: expected a section with a token, got a list: it takes one value, not a list"],
  },
  {
    name: "a mapping in place of a list",
    text: `${cloudflare}ingresses:\n  record: a.example.com\n`,
    says: ["config.yml:3:3 ingresses: expected a list of ingresses, got a section: start each entry with a dash"],
  },
  {
    name: "an ingress that is only a name",
    text: `${cloudflare}ingresses: [a.example.com]\n`,
    says: ["config.yml:2:13 ingresses[0]: expected a section with record and endpoints, got text"],
  },
  {
    name: "an empty list of ingresses",
    text: `${cloudflare}ingresses: []\n`,
    says: ["config.yml:2:12 ingresses: expected a list of ingresses, got an empty list"],
  },
  {
    name: "an empty entry",
    text: `${ingress}    endpoints:\n      -\n`,
    says: [
      "config.yml:5:8 ingresses[0].endpoints[0]: expected a section with a target, got nothing: give it a value or remove it",
    ],
  },
  {
    name: "an ingress without record and endpoints",
    text: `${cloudflare}ingresses:\n  - zone: example.com\n`,
    says: [
      "config.yml:3:5 ingresses[0].record: missing, expected a host name such as ingress.example.com",
      "config.yml:3:5 ingresses[0].endpoints: missing, expected a list of endpoints",
    ],
  },
  {
    name: "an endpoint without a target",
    text: `${ingress}    endpoints:\n      - name: cable\n`,
    says: [
      "config.yml:5:9 ingresses[0].endpoints[0].target: missing, expected a host name, an IP address, or a list of IP addresses",
    ],
  },
  {
    name: "a check without a URL",
    text: inEndpoint("check: { interval: 10s }"),
    says: ["config.yml:6:16 ingresses[0].endpoints[0].check.url: missing, expected an http:// or https:// URL"],
  },
  {
    name: "a section that is null",
    text: top("notify: null"),
    says: ["config.yml:3:1 notify: expected a list of channels, got nothing: give it a value or remove it"],
  },

  // Unknown keys.
  {
    name: "a misspelt key",
    text: inEndpoint("prioritty: 10"),
    says: ["config.yml:6:9 ingresses[0].endpoints[0].prioritty: unknown key, did you mean priority?"],
  },
  {
    name: "a misspelt key beside the right one",
    text: inEndpoint("ttl: 5\n        tll: 60"),
    says: [
      "config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got the number 5",
      "config.yml:7:9 ingresses[0].endpoints[0].tll: unknown key, did you mean ttl?",
    ],
  },
  {
    name: "two letters swapped",
    text: inEndpoint('check: { ulr: "https://c.example.com/" }'),
    says: ["config.yml:6:18 ingresses[0].endpoints[0].check.ulr: unknown key, did you mean url?"],
  },
  {
    name: "a key in camel case",
    text: inIngress("holdUp: 60s"),
    says: ["config.yml:5:5 ingresses[0].holdUp: unknown key, did you mean hold_up?"],
  },
  {
    name: "a key of the original",
    text: inEndpoint("weight: 10"),
    says: ["config.yml:6:9 ingresses[0].endpoints[0].weight: unknown key, did you mean priority?"],
  },
  {
    name: "a key in the wrong section",
    text: inEndpoint("interval: 10s"),
    says: ["config.yml:6:9 ingresses[0].endpoints[0].interval: unknown key, it belongs under check"],
  },
  {
    name: "a key that nobody knows",
    text: inCheck("colour: green"),
    says: [
      "config.yml:8:11 ingresses[0].endpoints[0].check.colour: unknown key: the keys here are url, interval, fast_interval, timeout, rise, fall, status, contains, ca_file",
    ],
  },
  {
    name: "a merge key",
    text: inIngress("<<: { proxied: true }"),
    says: ["config.yml:5:5 ingresses[0]: merging with << is not supported: write the keys out"],
  },
  {
    name: "a key that has the name of a built-in",
    text: top("__proto__: { token: x }\nconstructor: 1"),
    says: [
      "config.yml:3:1: unknown key (not shown)",
      "config.yml:4:1 constructor: unknown key: the keys here are cloudflare, ingresses, include, defaults, notify, http, timezone, state_dir, anchors",
    ],
  },

  // Kinds of values.
  {
    name: "a number for a text",
    text: inCheck("contains: 200"),
    says: [
      "config.yml:8:21 ingresses[0].endpoints[0].check.contains: expected the text to look for, got the number 200: put it in quotes",
    ],
  },
  {
    name: "a truth value for a text",
    text: inEndpoint("name: true"),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: expected a name of 1 to 100 printable characters, got true: put it in quotes",
    ],
  },
  {
    name: "a number in quotes",
    text: inCheck('rise: "3"'),
    says: [
      'config.yml:8:17 ingresses[0].endpoints[0].check.rise: expected a whole number from 1 to 1000, got "3": remove the quotes',
    ],
  },
  {
    name: "a fraction for a whole number",
    text: inCheck("fall: 2.5"),
    says: [
      "config.yml:8:17 ingresses[0].endpoints[0].check.fall: expected a whole number from 1 to 1000, got the number 2.5",
    ],
  },
  {
    name: "a word for a number",
    text: inEndpoint("priority: high"),
    says: [
      'config.yml:6:19 ingresses[0].endpoints[0].priority: expected a whole number from -1000000 to 1000000, got "high"',
    ],
  },
  {
    name: "yes for true",
    text: inIngress("proxied: yes"),
    says: ['config.yml:5:14 ingresses[0].proxied: expected true or false, got "yes": write true'],
  },
  {
    name: "Off for false",
    text: inIngress("allow_private: Off"),
    says: ['config.yml:5:20 ingresses[0].allow_private: expected true or false, got "Off": write false'],
  },
  {
    name: "a text for a list",
    text: inEndpoint("resolvers: 1.1.1.1"),
    says: [
      "config.yml:6:20 ingresses[0].endpoints[0].resolvers: expected a list of resolvers, got text: write it as a list, [ … ]",
    ],
  },
  {
    name: "a list for a duration",
    text: inCheck("interval: [10s]"),
    says: [
      "config.yml:8:21 ingresses[0].endpoints[0].check.interval: expected a duration from 100ms to 24h, such as 15s, got a list",
    ],
  },
  {
    name: "a mapping for a text",
    text: inEndpoint("name: { first: cable }"),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: expected a name of 1 to 100 printable characters, got a section",
    ],
  },
  {
    name: "a key without a value",
    text: inEndpoint("name:"),
    says: [
      "config.yml:6:9 ingresses[0].endpoints[0].name: expected a name of 1 to 100 printable characters, got nothing: give it a value or remove it",
    ],
  },
  {
    name: "a word that is no choice",
    text: inIngress("publish: a-records"),
    says: ['config.yml:5:14 ingresses[0].publish: expected one of auto, cname, addresses, got "a-records"'],
  },

  // Bounds.
  {
    name: "rise of zero",
    text: inCheck("rise: 0"),
    says: [
      "config.yml:8:17 ingresses[0].endpoints[0].check.rise: expected a whole number from 1 to 1000, got the number 0",
    ],
  },
  {
    name: "fall beyond a thousand",
    text: inCheck("fall: 1001"),
    says: [
      "config.yml:8:17 ingresses[0].endpoints[0].check.fall: expected a whole number from 1 to 1000, got the number 1001",
    ],
  },
  {
    name: "an infinite number",
    text: inEndpoint("priority: .inf"),
    says: [
      "config.yml:6:19 ingresses[0].endpoints[0].priority: expected a whole number from -1000000 to 1000000, got the number .inf",
    ],
  },
  {
    name: "a priority that is too large",
    text: inEndpoint("priority: 1e9"),
    says: [
      "config.yml:6:19 ingresses[0].endpoints[0].priority: expected a whole number from -1000000 to 1000000, got the number 1e9",
    ],
  },
  {
    name: "an interval that is too short",
    text: inCheck("interval: 50ms"),
    says: [
      'config.yml:8:21 ingresses[0].endpoints[0].check.interval: expected a duration from 100ms to 24h, such as 15s, got "50ms"',
    ],
  },
  {
    name: "an interval that is too long",
    text: inCheck("interval: 25h"),
    says: [
      'config.yml:8:21 ingresses[0].endpoints[0].check.interval: expected a duration from 100ms to 24h, such as 15s, got "25h"',
    ],
  },
  {
    name: "a duration in words",
    text: inCheck("timeout: 5 seconds"),
    says: [
      'config.yml:8:20 ingresses[0].endpoints[0].check.timeout: expected a duration from 10ms to 1h, such as 5s, got "5 seconds"',
    ],
  },
  {
    name: "a duration of two units",
    text: inCheck("interval: 1h30m"),
    says: [
      'config.yml:8:21 ingresses[0].endpoints[0].check.interval: expected a duration from 100ms to 24h, such as 15s, got "1h30m"',
    ],
  },
  {
    name: "a negative duration",
    text: inEndpoint("sticky: -5m"),
    says: [
      'config.yml:6:17 ingresses[0].endpoints[0].sticky: expected a duration from 0s to 365d, such as 10m, got "-5m"',
    ],
  },
  {
    name: "a duration that is not a number",
    text: inIngress("hold_up: .nan"),
    says: ["config.yml:5:14 ingresses[0].hold_up: expected a duration from 0s to 1h, such as 60s, got the number .nan"],
  },
  {
    name: "hold_up beyond an hour",
    text: inIngress("hold_up: 2h"),
    says: ['config.yml:5:14 ingresses[0].hold_up: expected a duration from 0s to 1h, such as 60s, got "2h"'],
  },
  {
    name: "a TTL below a minute",
    text: inEndpoint("ttl: 30s"),
    says: ['config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got "30s"'],
  },
  {
    name: "a TTL of 1",
    text: inEndpoint("ttl: 1"),
    says: ["config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got the number 1"],
  },
  {
    name: "a TTL beyond a day",
    text: inEndpoint("ttl: 2d"),
    says: ['config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got "2d"'],
  },
  {
    name: "a TTL with a fraction",
    text: inEndpoint("ttl: 90.5s"),
    says: [
      'config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got "90.5s": a TTL is a whole number of seconds',
    ],
  },
  {
    name: "a TTL that is no time",
    text: inEndpoint("ttl: automatic"),
    says: ['config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got "automatic"'],
  },
  {
    name: "fast_interval beyond interval",
    text: inCheck("interval: 1s\n          fast_interval: 5s"),
    says: [
      "config.yml:9:26 ingresses[0].endpoints[0].check.fast_interval: expected at most the interval of 1s, got 5s",
    ],
  },
  {
    name: "fast_interval beyond the default interval",
    text: inCheck("fast_interval: 1m"),
    says: [
      "config.yml:8:26 ingresses[0].endpoints[0].check.fast_interval: expected at most the interval of 15s, got 1m",
    ],
  },
  {
    name: "a status code that does not exist",
    text: inCheck("status: 700"),
    says: [
      "config.yml:8:19 ingresses[0].endpoints[0].check.status: expected a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299, got the number 700",
    ],
  },
  {
    name: "a status code that another one follows",
    text: inCheck("status: 1xx"),
    says: [
      'config.yml:8:19 ingresses[0].endpoints[0].check.status: expected a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299, got "1xx"',
    ],
  },
  {
    name: "a status class that does not exist",
    text: inCheck("status: [200, 6xx]"),
    says: [
      'config.yml:8:25 ingresses[0].endpoints[0].check.status[1]: expected a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299, got "6xx"',
    ],
  },
  {
    name: "a range of status codes backwards",
    text: inCheck("status: 299-200"),
    says: [
      'config.yml:8:19 ingresses[0].endpoints[0].check.status: expected a status code from 200 to 599 such as 200, a class such as 2xx, or a range such as 200-299, got "299-200": the range ends before it starts',
    ],
  },
  {
    name: "no status codes at all",
    text: inCheck("status: []"),
    says: [
      "config.yml:8:19 ingresses[0].endpoints[0].check.status: expected a list of status codes, got an empty list",
    ],
  },
  {
    name: "a marker that is empty",
    text: inCheck('contains: ""'),
    says: ["config.yml:8:21 ingresses[0].endpoints[0].check.contains: expected the text to look for, got empty text"],
  },

  // Names and addresses.
  {
    name: "a record with a scheme",
    text: `${cloudflare}ingresses: [{ record: "https://a.example.com/", endpoints: [{ target: b.example.com }] }]\n`,
    says: [
      'config.yml:2:23 ingresses[0].record: expected a host name such as ingress.example.com, got "https://a.example.com/": write only the host name, without scheme and path',
    ],
  },
  {
    name: "a record that is a wildcard",
    text: `${cloudflare}ingresses: [{ record: "*.example.com", endpoints: [{ target: b.example.com }] }]\n`,
    says: [
      'config.yml:2:23 ingresses[0].record: expected a host name such as ingress.example.com, got "*.example.com": a wildcard is not a host name',
    ],
  },
  {
    name: "a target with a port",
    text: target(`"b.example.com:8080"`),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "b.example.com:8080": write only the host name, without a port',
    ],
  },
  {
    name: "a target without a domain",
    text: target("localhost"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "localhost": it has no domain',
    ],
  },
  {
    name: "a target with two dots in a row",
    text: target("b..example.com"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "b..example.com": it has one dot too many',
    ],
  },
  {
    name: "a target with a label that is too long",
    text: target(`${"x".repeat(64)}.example.com`),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…": one of its parts has 64 characters, and DNS allows at most 63',
    ],
  },
  {
    name: "a target that is too long",
    text: target(`${"abcdefgh.".repeat(30)}example.com`),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "abcdefgh.abcdefgh.abcdefgh.abcdefgh.abcdefgh.abcdefgh.abcde…": it has 281 characters, and DNS allows at most 253',
    ],
  },
  {
    name: "a target with a hyphen at the edge",
    text: target("-b.example.com"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "-b.example.com": no part may begin or end with a hyphen',
    ],
  },
  {
    name: "a target with a sign that is not allowed",
    text: target("b$.example.com"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "b$.example.com": only letters, digits, hyphens, underscores and dots are allowed',
    ],
  },
  {
    name: "a target with a space",
    text: target(`"b .example.com"`),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "b .example.com": it contains a space',
    ],
  },
  {
    name: "a target that is almost an address",
    text: target("192.0.2.256"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "192.0.2.256": it looks like an IP address, but is not one',
    ],
  },
  {
    name: "a target that is a short address",
    text: target("1.2.3"),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "1.2.3": it looks like an IP address, but is not one',
    ],
  },
  {
    name: "an international name that is not valid",
    text: target('"\u0903a.example"'),
    says: [
      'config.yml:4:27 ingresses[0].endpoints[0].target: expected a host name such as primary.example.com, or an IP address, got "ःa.example": it is not a valid international name',
    ],
  },
  {
    name: "records that point at each other, by way of a third",
    text: [
      "cloudflare: { token: T }",
      "ingresses:",
      "  - { record: a.example.com, endpoints: [{ target: b.example.com }] }",
      "  - { record: b.example.com, endpoints: [{ target: x.example.net }, { target: c.example.com }] }",
      "  - { record: c.example.com, endpoints: [{ target: y.example.net }, { target: A.example.com }] }",
    ].join("\n"),
    says: [
      "config.yml:5:79 ingresses[2].endpoints[1].target: expected a name that does not lead back to the record, got the record of an ingress that does",
    ],
  },
  {
    name: "a target that is the record",
    text: target("A.example.com."),
    says: [
      "config.yml:4:27 ingresses[0].endpoints[0].target: expected a different name from the record, which would otherwise point to itself",
    ],
  },
  {
    name: "a list with a host name",
    text: target("[192.0.2.1, b.example.com]"),
    says: [
      'config.yml:4:39 ingresses[0].endpoints[0].target[1]: expected an IP address, got "b.example.com": a list may contain addresses only; a host name cannot be part of a list',
    ],
  },
  {
    name: "an empty list of addresses",
    text: target("[]"),
    says: ["config.yml:4:27 ingresses[0].endpoints[0].target: expected a list of IP addresses, got an empty list"],
  },
  {
    name: "an address twice",
    text: target(`["2001:db8::1", "2001:DB8:0::1"]`),
    says: ["config.yml:4:43 ingresses[0].endpoints[0].target[1]: expected each address once, got 2001:db8::1 again"],
  },
  {
    name: "a private address",
    text: target("192.168.1.1"),
    says: [
      "config.yml:4:27 ingresses[0].endpoints[0].target: expected a public address, got the private 192.168.1.1: set allow_private: true in the ingress to allow it",
    ],
  },
  {
    name: "private addresses in a list",
    text: target(`[203.0.113.1, 127.0.0.1, "fe80::1"]`),
    says: [
      "config.yml:4:41 ingresses[0].endpoints[0].target[1]: expected a public address, got the private 127.0.0.1: set allow_private: true in the ingress to allow it",
      "config.yml:4:52 ingresses[0].endpoints[0].target[2]: expected a public address, got the private fe80::1: set allow_private: true in the ingress to allow it",
    ],
  },
  {
    name: "a private address, and the environment forbids",
    text: inIngress("allow_private: true").replace("b.example.com", "10.0.0.1"),
    env: { CCS_ALLOW_PRIVATE: "false" },
    says: [
      "config.yml:4:27 ingresses[0].endpoints[0].target: expected a public address, got the private 10.0.0.1: CCS_ALLOW_PRIVATE in the environment forbids it",
    ],
  },
  {
    name: "two endpoints of one name",
    text: inEndpoint("name: cable\n      - { name: cable, target: c.example.com }"),
    says: [
      "config.yml:7:17 ingresses[0].endpoints[1].name: expected each name once in an ingress, got the name of endpoints[0]: give it its own name",
    ],
  },
  {
    name: "two endpoints of one target and no name",
    text: `${endpoint}      - target: B.example.com\n`,
    says: [
      "config.yml:6:17 ingresses[0].endpoints[1].target: expected each name once in an ingress, got the name of endpoints[0]: give it its own name",
    ],
  },
  {
    name: "a name with a control character",
    text: inEndpoint('name: "a\\tb"'),
    says: [
      'config.yml:6:15 ingresses[0].endpoints[0].name: expected a name of 1 to 100 printable characters, got "a b": it contains an invisible character',
    ],
  },
  {
    name: "a name that is empty",
    text: inEndpoint('name: ""'),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: expected a name of 1 to 100 printable characters, got empty text",
    ],
  },
  {
    name: "a record twice",
    text: `${endpoint}  - { record: A.EXAMPLE.com., endpoints: [{ target: c.example.com }] }\n`,
    says: ["config.yml:6:15 ingresses[1].record: expected each record once, got the record of ingresses[0]"],
  },
  {
    name: "a record outside its zone",
    text: inIngress("zone: example.org"),
    says: ['config.yml:3:13 ingresses[0].record: expected a name within the zone "example.org", got "a.example.com"'],
  },
  {
    name: "a record that only ends like its zone",
    text: inIngress("zone: xample.com"),
    says: ['config.yml:3:13 ingresses[0].record: expected a name within the zone "xample.com", got "a.example.com"'],
  },
  {
    name: "a zone id that is too short",
    text: inIngress("zone: 0123456789abcdef"),
    says: [
      'config.yml:5:11 ingresses[0].zone: expected a zone name such as example.com, or a zone id of 32 hex digits, got "0123456789abcdef": it has no domain',
    ],
  },
  {
    name: "publish cname with an address",
    text: target("203.0.113.1").replace("    endpoints", "    publish: cname\n    endpoints"),
    says: [
      "config.yml:5:27 ingresses[0].endpoints[0].target: expected a host name, since publish is cname, got an address: name a host, or use publish: auto",
    ],
  },

  // URLs.
  {
    name: "a URL without a scheme",
    text: url("c.example.com/healthz"),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "c.example.com/healthz": start it with http:// or https://',
    ],
  },
  {
    name: "a URL of another scheme",
    text: url("ftp://c.example.com/"),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "ftp://c.example.com/": only http and https can be used',
    ],
  },
  {
    name: "a URL with a password",
    text: url("https://user:hunter2@c.example.com/"),
    says: [
      "config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got text (not shown): it must not contain a user and a password: remove them",
    ],
  },
  {
    name: "a URL with an empty user",
    text: url("https://@c.example.com/"),
    says: [
      "config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got text (not shown): it must not contain a user and a password: remove them",
    ],
  },
  {
    name: "a URL with a space",
    text: url(`"https://c.example.com/a b"`),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "https://c.example.com/a b": it contains a space or a backslash',
    ],
  },
  {
    name: "a URL with a bad port",
    text: url("https://c.example.com:99999/"),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "https://c.example.com:99999/": its host or its port is not valid',
    ],
  },
  {
    name: "a URL with port 0",
    text: url("https://c.example.com:0/"),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "https://c.example.com:0/": its port is 0',
    ],
  },
  {
    name: "a URL without a host",
    text: url("https:///healthz"),
    says: [
      'config.yml:6:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "https:///healthz": it has no host',
    ],
  },
  {
    name: "a base URL with a query",
    text: `cloudflare: { token: T, api_url: "https://x.example.com/v4?a=b" }\n${whole.slice(cloudflare.length)}`,
    says: [
      "config.yml:1:34 cloudflare.api_url: expected an http:// or https:// URL, got text (not shown): a base URL has no ? and no #",
    ],
  },

  // Addresses with ports, and paths.
  {
    name: "a resolver that is a name",
    text: inEndpoint("resolvers: [dns.google]"),
    says: [
      'config.yml:6:21 ingresses[0].endpoints[0].resolvers[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got "dns.google": a host name cannot be looked up here',
    ],
  },
  {
    name: "a resolver with a bad port",
    text: inEndpoint('resolvers: ["1.1.1.1:70000"]'),
    says: [
      'config.yml:6:21 ingresses[0].endpoints[0].resolvers[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got "1.1.1.1:70000": a port is a number from 1 to 65535',
    ],
  },
  {
    name: "a resolver with brackets and IPv4",
    text: inEndpoint('resolvers: ["[1.1.1.1]:53"]'),
    says: [
      'config.yml:6:21 ingresses[0].endpoints[0].resolvers[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got "[1.1.1.1]:53": only IPv6 addresses are written in brackets',
    ],
  },
  {
    name: "a resolver in brackets without quotes",
    text: inEndpoint("resolvers: [[2606:4700:4700::1111]:53]"),
    says: [
      'config.yml:6:21 ingresses[0].endpoints[0].resolvers[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got a section',
    ],
  },
  {
    name: "a resolver twice",
    text: inEndpoint('resolvers: [1.1.1.1, "1.1.1.1:53"]'),
    says: ["config.yml:6:30 ingresses[0].endpoints[0].resolvers[1]: expected each address once, got 1.1.1.1:53 again"],
  },
  {
    name: "no resolvers",
    text: inEndpoint("resolvers: []"),
    says: ["config.yml:6:20 ingresses[0].endpoints[0].resolvers: expected a list of resolvers, got an empty list"],
  },
  {
    name: "a name server that is no address",
    text: `cloudflare: { token: T, nameservers: [ns.example.com] }\n${whole.slice(cloudflare.length)}`,
    says: [
      'config.yml:1:39 cloudflare.nameservers[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got "ns.example.com": a host name cannot be looked up here',
    ],
  },
  {
    name: "an anchor with a word as port",
    text: top('anchors: ["1.1.1.1:https"]'),
    says: [
      'config.yml:3:11 anchors[0]: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:443", got "1.1.1.1:https"',
    ],
  },
  {
    name: "an address to listen on with only a colon",
    text: top(`http: { listen: ":3000" }`),
    says: [
      'config.yml:3:17 http.listen: expected host:port, such as 127.0.0.1:3000, got ":3000": on which address? write 127.0.0.1:3000 for this machine only, 0.0.0.0:3000 for all',
    ],
  },
  {
    name: "an address to listen on with a bad port",
    text: top("http: { listen: 0.0.0.0:65536 }"),
    says: [
      'config.yml:3:17 http.listen: expected host:port, such as 127.0.0.1:3000, got "0.0.0.0:65536": a port is a number from 0 to 65535',
    ],
  },
  {
    name: "an address to listen on without brackets",
    text: top("http: { listen: ::1 }"),
    says: [
      'config.yml:3:17 http.listen: expected host:port, such as 127.0.0.1:3000, got "::1": write an IPv6 address in brackets: "[::1]:3000"',
    ],
  },
  {
    name: "a port to listen on that is negative",
    text: top("http: { listen: -1 }"),
    says: ["config.yml:3:17 http.listen: expected host:port, such as 127.0.0.1:3000, got the number -1"],
  },
  {
    name: "a host to listen on that is none",
    text: top('http: { listen: "exa mple:3000" }'),
    says: ['config.yml:3:17 http.listen: expected host:port, such as 127.0.0.1:3000, got "exa mple:3000"'],
  },
  {
    name: "a name of the HTTP server with a port",
    text: top("http: { hosts: [ccs.example.com:3000] }"),
    says: [
      'config.yml:3:17 http.hosts[0]: expected a host name such as ingress.example.com, got "ccs.example.com:3000": write only the host name, without a port',
    ],
  },
  {
    name: "a reverse proxy by its name",
    text: top("http: { trusted_proxies: [proxy.example.com] }"),
    says: [
      'config.yml:3:27 http.trusted_proxies[0]: expected an IP address, or a range such as 10.0.0.0/8, got "proxy.example.com"',
    ],
  },
  {
    name: "everybody as a reverse proxy",
    text: top('http: { trusted_proxies: ["0.0.0.0/0", "::/0", "10.0.0.0/33"] }'),
    says: [
      'config.yml:3:27 http.trusted_proxies[0]: expected an IP address, or a range such as 10.0.0.0/8, got "0.0.0.0/0": that is the whole internet',
      'config.yml:3:40 http.trusted_proxies[1]: expected an IP address, or a range such as 10.0.0.0/8, got "::/0": that is the whole internet',
      'config.yml:3:48 http.trusted_proxies[2]: expected an IP address, or a range such as 10.0.0.0/8, got "10.0.0.0/33"',
    ],
  },
  {
    name: "a home folder as a tilde",
    text: top("state_dir: ~/ccs"),
    says: [
      'config.yml:3:12 state_dir: expected the path of a folder, got "~/ccs": ~ has no meaning here: write ${HOME} instead',
    ],
  },

  // Secrets and variables.
  {
    name: "no token",
    text: `cloudflare: {}\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:13 cloudflare.token: missing, expected token or token_file"],
  },
  {
    name: "an empty token",
    text: `cloudflare: { token: "" }\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:22 cloudflare.token: expected a token, got empty text"],
  },
  {
    name: "a token that is a number",
    text: `cloudflare: { token: 31415926 }\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:22 cloudflare.token: expected a token, got a number: put it in quotes"],
  },
  {
    name: "a token with a space",
    text: `cloudflare: { token: hunter2 hunter2 }\n${whole.slice(cloudflare.length)}`,
    says: [
      "config.yml:1:22 cloudflare.token: expected a token, got text (not shown): it contains a space or an unusual character",
    ],
  },
  {
    name: "a token and a file for it",
    text: `cloudflare: { token: T, token_file: /run/t }\n${whole.slice(cloudflare.length)}`,
    says: ["config.yml:1:37 cloudflare.token_file: expected token or token_file, got both: remove one of them"],
  },
  {
    name: "a file for the token that does not exist",
    text: `cloudflare: { token_file: hunter2 }\n${whole.slice(cloudflare.length)}`,
    says: [
      "config.yml:1:27 cloudflare.token_file: expected the path of a file with the token, but there is no such file; relative paths begin at /etc/ccs",
    ],
  },
  {
    name: "a file for the token that is empty",
    text: `cloudflare: { token_file: /run/t }\n${whole.slice(cloudflare.length)}`,
    files: { "/run/t": "\n" },
    says: ["config.yml:1:27 cloudflare.token_file: expected the path of a file with the token, but the file is empty"],
  },
  {
    name: "a file for the token with more in it",
    text: `cloudflare: { token_file: t }\n${whole.slice(cloudflare.length)}`,
    files: { "/etc/ccs/t": "user hunter2" },
    says: [
      "config.yml:1:27 cloudflare.token_file: expected the path of a file with the token, but what the file holds is no token (not shown); relative paths begin at /etc/ccs",
    ],
  },
  {
    name: "a file of authorities that does not exist",
    text: inCheck("ca_file: home.pem"),
    says: [
      "config.yml:8:20 ingresses[0].endpoints[0].check.ca_file: expected the path of a PEM file with the certificates of authorities, but there is no such file; relative paths begin at /etc/ccs",
    ],
  },
  {
    name: "a file of authorities that holds something else",
    text: inCheck("ca_file: /run/key"),
    files: { "/run/key": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n" },
    says: [
      "config.yml:8:20 ingresses[0].endpoints[0].check.ca_file: expected the path of a PEM file with the certificates of authorities, but there is no -----BEGIN CERTIFICATE----- in the file",
    ],
  },
  {
    name: "a file of authorities that is empty",
    text: inCheck("ca_file: /run/ca"),
    files: { "/run/ca": " \n" },
    says: [
      "config.yml:8:20 ingresses[0].endpoints[0].check.ca_file: expected the path of a PEM file with the certificates of authorities, but the file is empty",
    ],
  },
  {
    name: "a file of authorities that is damaged",
    text: inCheck("ca_file: /run/ca"),
    files: { "/run/ca": "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n" },
    says: [
      "config.yml:8:20 ingresses[0].endpoints[0].check.ca_file: expected the path of a PEM file with the certificates of authorities, but certificate 1 of 1 in the file is damaged",
    ],
  },
  {
    name: "authorities for a check over plain HTTP",
    text: `${endpoint}        check: { url: http://c.example.com/, ca_file: /run/ca }\n`,
    files: { "/run/ca": oneAuthority },
    says: [
      "config.yml:6:55 ingresses[0].endpoints[0].check.ca_file: expected no ca_file, since the url is http, which has no certificate: remove it, or use https",
    ],
  },
  {
    name: "a variable that is not set",
    text: `cloudflare: { token: \${X_TOKEN} }\n${whole.slice(cloudflare.length)}`,
    says: [
      "config.yml:1:22 cloudflare.token: the environment variable X_TOKEN is not set: set it (export X_TOKEN=…), write ${X_TOKEN:-default}, or name a file with the value: token_file",
    ],
  },
  {
    name: "a token between the braces of a variable",
    text: `cloudflare: { token: \${V3ryS3cr3tT0k3nOfM1ne} }\n${whole.slice(cloudflare.length)}`,
    says: [
      "config.yml:1:22 cloudflare.token: the environment variable in it is not set, and what should be its name looks like a secret: write a secret without ${ and }",
    ],
  },
  {
    name: "two variables that are not set",
    text: inEndpoint("name: ${A}-${B:-b}-${C}"),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: the environment variables A, C are not set: set it (export A=…), or write ${A:-default}",
    ],
  },
  {
    name: "a variable that is set to nothing",
    text: `cloudflare: { token: \${X_TOKEN} }\n${whole.slice(cloudflare.length)}`,
    env: { X_TOKEN: "" },
    says: ["config.yml:1:22 cloudflare.token: expected a token, got nothing: ${X_TOKEN} is empty"],
  },
  {
    name: "a variable that is not closed",
    text: inEndpoint('name: "${A"'),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: expected ${NAME} or ${NAME:-default}, got ${ without a variable's name and }: write $${ for a literal ${",
    ],
  },
  {
    name: "a variable with a bad name",
    text: inEndpoint('name: "${1A}"'),
    says: [
      "config.yml:6:15 ingresses[0].endpoints[0].name: expected ${NAME} or ${NAME:-default}, got ${ without a variable's name and }: write $${ for a literal ${",
    ],
  },
  {
    name: "a variable that holds a wrong value",
    text: inCheck("rise: ${RISE}"),
    env: { RISE: "hunter2" },
    says: [
      "config.yml:8:17 ingresses[0].endpoints[0].check.rise: expected a whole number from 1 to 1000, got the value of ${RISE} (not shown)",
    ],
  },
  {
    name: "a variable that holds YAML",
    text: inEndpoint("priority: ${P}"),
    env: { P: "1, sticky: 5m" },
    says: [
      "config.yml:6:19 ingresses[0].endpoints[0].priority: expected a whole number from -1000000 to 1000000, got the value of ${P} (not shown)",
    ],
  },

  // Telegram.
  {
    name: "Telegram without a chat",
    text: telegram('token: "1:a"'),
    says: [
      'config.yml:3:21 notify.telegram.chat_id: missing, expected a chat id: a whole number, or "@channelname" in quotes',
    ],
  },
  {
    name: "Telegram without a token",
    text: telegram("chat_id: 1"),
    says: ["config.yml:3:21 notify.telegram.token: missing, expected token or token_file"],
  },
  {
    name: "a chat that is no number",
    text: telegram('token: "1:a", chat_id: "123456:ABC-hunter2"'),
    says: [
      'config.yml:3:46 notify.telegram.chat_id: expected a chat id: a whole number, or "@channelname" in quotes, got text (not shown)',
    ],
  },
  {
    name: "a chat with a fraction",
    text: telegram('token: "1:a", chat_id: 1.5'),
    says: [
      'config.yml:3:46 notify.telegram.chat_id: expected a chat id: a whole number, or "@channelname" in quotes, got a number',
    ],
  },
  {
    name: "a chat number that is too large",
    text: telegram('token: "1:a", chat_id: 12345678901234567890'),
    says: [
      'config.yml:3:46 notify.telegram.chat_id: expected a chat id: a whole number, or "@channelname" in quotes, got a number',
    ],
  },
  {
    name: "a Telegram token with a slash",
    text: telegram('token: "1:hunter2/x", chat_id: 1'),
    says: [
      "config.yml:3:30 notify.telegram.token: expected a bot token such as 123456:ABC-DEF, got text (not shown): it contains a space or an unusual character",
    ],
  },
  {
    name: "a silence that is too long",
    text: telegram('token: "1:a", chat_id: 1, initial_silence: 2d'),
    says: [
      'config.yml:3:66 notify.telegram.initial_silence: expected a duration from 0s to 24h, such as 30s, got "2d"',
    ],
  },

  // The environment.
  {
    name: "an API URL in the environment that is none",
    text: whole,
    env: { CCS_CLOUDFLARE_API_URL: "hunter2", CCS_TELEGRAM_API_URL: "ftp://hunter2" },
    says: [
      "environment CCS_CLOUDFLARE_API_URL: expected an http:// or https:// URL, got something else: start it with http:// or https://",
      "environment CCS_TELEGRAM_API_URL: expected an http:// or https:// URL, got something else: only http and https can be used",
    ],
  },
  {
    name: "a bind address in the environment that is none",
    text: whole,
    env: { BIND_ADDRESS: "hunter2" },
    says: ["environment BIND_ADDRESS: expected host:port, such as 127.0.0.1:3000, got something else"],
  },
  {
    name: "a state folder in the environment with a ~, which no shell has filled in",
    text: whole,
    env: { CCS_STATE_DIR: "~/ccs" },
    says: [
      "environment CCS_STATE_DIR: expected the path of a folder, got something else: ~ has no meaning here: write the whole path instead",
    ],
  },
  {
    name: "a flag in the environment that is none",
    text: whole,
    env: { CCS_ALLOW_PRIVATE: "maybe" },
    says: ["environment CCS_ALLOW_PRIVATE: expected true or false, got something else"],
  },
  {
    name: "anchors in the environment of which one is none",
    text: whole,
    env: { CCS_ANCHORS: "192.0.2.1,anchor.example.com" },
    says: [
      "environment CCS_ANCHORS: expected IP addresses with or without a port and commas between, such as 192.0.2.1,192.0.2.2:443, got something else: a host name cannot be looked up here",
    ],
  },

  // The original's format.
  {
    name: "the oldest form",
    text: "general: { record: a.example.com }\nprimary: {}\nsecondary: {}\n",
    says: [
      "config.yml:1:1: this is the oldest format of the file (general, primary, secondary), which is no longer supported: write the name of general as ingresses[0].record, and primary and secondary as its endpoints; examples/config.yml shows how",
    ],
  },
  {
    name: "the original with a TTL that is too low",
    text: "record: a.example.com\nendpoints:\n  - dns: { record: b.example.com, ttl: 30 }\ncloudflare: { token: T, zone_id: Z }\n",
    says: [
      "config.yml:3:40 endpoints[0].dns.ttl: expected a TTL from 60 to 65535 seconds, or 0 for 60, got the number 30",
    ],
  },
  {
    name: "the original with many mistakes",
    text: "record: a.example.com\nendpoints:\n  - dns: { record: A.example.com, ttl: 65536, resolver: one, retry: 256 }\n    monitoring: { uri: c.example.com, interval: 0, confidence: 0, timeout: 5s, retry: -1 }\n    sticky_duration: soon\n    weight: 256\n  - { monitoring: null }\ncloudflare: { token: T }\ntelegram: { token: null }\n",
    says: [
      "config.yml:3:20 endpoints[0].dns.record: expected a different name from the record, which would otherwise point to itself",
      "config.yml:3:40 endpoints[0].dns.ttl: expected a TTL from 60 to 65535 seconds, or 0 for 60, got the number 65536",
      'config.yml:3:57 endpoints[0].dns.resolver: expected an IP address with or without a port, such as 1.1.1.1 or "[2606:4700:4700::1111]:53", got "one": a host name cannot be looked up here',
      "config.yml:3:69 endpoints[0].dns.retry: expected a whole number from 0 to 255, got the number 256",
      'config.yml:4:24 endpoints[0].monitoring.uri: expected an http:// or https:// URL, got "c.example.com": start it with http:// or https://',
      "config.yml:4:49 endpoints[0].monitoring.interval: expected a number of seconds from 0.1 to 86400, got the number 0",
      "config.yml:4:64 endpoints[0].monitoring.confidence: expected a whole number from 1 to 255, got the number 0",
      'config.yml:4:76 endpoints[0].monitoring.timeout: expected a number of seconds from 0.01 to 3600, got "5s"',
      "config.yml:4:87 endpoints[0].monitoring.retry: expected a whole number from 0 to 255, got the number -1",
      'config.yml:5:22 endpoints[0].sticky_duration: expected a number of seconds from 0 to 31536000, got "soon"',
      "config.yml:6:13 endpoints[0].weight: expected a whole number from 0 to 255, got the number 256",
      "config.yml:7:5 endpoints[1].dns: missing, expected a section of keys and values",
      "config.yml:8:13 cloudflare.zone_id: missing, expected a zone id",
      "config.yml:9:11 telegram.token: missing, expected a bot token such as 123456:ABC-DEF",
      'config.yml:9:11 telegram.chat_id: missing, expected a chat id: a whole number, or "@channelname" in quotes',
    ],
  },
  {
    name: "the original without endpoints",
    text: "record: a.example.com\nendpoints: []\ncloudflare: null\n",
    says: [
      "config.yml:1:1 cloudflare: missing, expected a section of keys and values",
      "config.yml:2:12 endpoints: expected a list of endpoints, got an empty list",
    ],
  },
  {
    name: "the original with a private address",
    text: "record: a.example.com\nendpoints: [{ dns: { record: 10.0.0.1 } }]\ncloudflare: { token: T, zone_id: Z }\n",
    says: [
      "config.yml:2:30 endpoints[0].dns.record: expected a public address, got the private 10.0.0.1: set CCS_ALLOW_PRIVATE=true in the environment to allow it",
    ],
  },

  // All at once.
  {
    name: "a file with mistakes everywhere",
    text:
      endpoint +
      `        ttl: 5\n        check: { url: x, rise: 0 }\n      - { name: 7, target: 10.0.0.1 }\n    proxied: yes\n  - record: a.example.com\nnotify: { telegram: { chat_id: x } }\nhttp: { port: 80 }\n`,
    says: [
      "config.yml:6:14 ingresses[0].endpoints[0].ttl: expected a TTL from 60s to 24h, or auto, got the number 5",
      'config.yml:7:23 ingresses[0].endpoints[0].check.url: expected an http:// or https:// URL, got "x": start it with http:// or https://',
      "config.yml:7:32 ingresses[0].endpoints[0].check.rise: expected a whole number from 1 to 1000, got the number 0",
      "config.yml:8:17 ingresses[0].endpoints[1].name: expected a name of 1 to 100 printable characters, got the number 7: put it in quotes",
      "config.yml:8:28 ingresses[0].endpoints[1].target: expected a public address, got the private 10.0.0.1: set allow_private: true in the ingress to allow it",
      'config.yml:9:14 ingresses[0].proxied: expected true or false, got "yes": write true',
      "config.yml:10:5 ingresses[1].endpoints: missing, expected a list of endpoints",
      "config.yml:10:13 ingresses[1].record: expected each record once, got the record of ingresses[0]",
      "config.yml:11:21 notify.telegram.token: missing, expected token or token_file",
      'config.yml:11:32 notify.telegram.chat_id: expected a chat id: a whole number, or "@channelname" in quotes, got text (not shown)',
      "config.yml:12:9 http.port: unknown key: the keys here are listen, hosts, trusted_proxies, token, token_file",
    ],
  },
];

for (const { name, text, env = {}, files = {}, says } of cases) {
  test(name, () => {
    const readFile = (path: string): Uint8Array => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return Buffer.from(content);
    };
    const result = loadConfig({ path: "/etc/ccs/config.yml", text, env, readFile });
    assert.equal(result.kind, "invalid");
    const lines = result.problems.map((problem) =>
      formatProblem({ ...problem, file: problem.file.replace("/etc/ccs/", "") }),
    );
    assert.deepEqual(lines, says);
  });
}

test("there are at least eighty broken files", () => {
  assert.ok(cases.length >= 80, `${cases.length}`);
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});
