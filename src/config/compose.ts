// Writes a new configuration file from a person's answers, with comments for those who open it a year from now.
import { channelKinds } from "../channels/registry.ts";
import type { ComposedChannel } from "../channels/kind.ts";
import type { ComposedCheck } from "../checks/kind.ts";
import { defaultCheckKind } from "../checks/registry.ts";
import { composedLines } from "./format/composed.ts";
import { literal, scalar } from "./format/scalar.ts";
import { secretLine, type WrittenSecret } from "./format/written-secret.ts";

export interface ComposedEndpoint {
  readonly name: string;
  /** A host name or an address. */
  readonly target: string;
  /** Missing: not checked. */
  readonly check?: ComposedCheck;
  /** A duration as people write it. */
  readonly sticky?: string;
}

export interface Composition {
  readonly token: WrittenSecret;
  readonly record: string;
  readonly zone?: { readonly id: string; readonly name: string } | undefined;
  readonly allowPrivate: boolean;
  /** From the best to the last resort. */
  readonly endpoints: readonly ComposedEndpoint[];
  readonly channels?: readonly ComposedChannel[];
  /** For pins and drains on the dashboard. */
  readonly httpToken?: WrittenSecret;
}

/** What the ways in of most people look like; every value in it is to be replaced. */
export const exampleComposition: Composition = {
  token: { kind: "variable", name: "CLOUDFLARE_API_TOKEN" },
  record: "ingress.example.com",
  allowPrivate: false,
  endpoints: [
    exampleEndpoint("cable", "primary.example.com"),
    { ...exampleEndpoint("mobile", "secondary.example.com"), sticky: "10m" },
  ],
  channels: channelKinds.slice(0, 1).map(({ init }) => init.example),
};

function exampleEndpoint(name: string, target: string): ComposedEndpoint {
  const check = defaultCheckKind.init?.example(target);
  return { name, target, ...(check && { check }) };
}

/** The file's text. It loads as it is, given the variables that it names. */
export function composeConfig(composition: Composition): string {
  const { token, record, zone, allowPrivate, endpoints, channels = [], httpToken } = composition;
  const lines = [
    "# Cloudflare CNAME Switcher. What is not here has its default; docs/configuration.md lists every key.",
    "# Check it with `ccs doctor`, see what it means with `ccs explain`, and what would be written with `ccs plan`.",
    "",
    "cloudflare:",
    "  # An API token with Zone → DNS → Edit, and Zone → Zone → Read where the zone is looked up by its name.",
    `  ${secretLine("token", token)}`,
    "",
    "ingresses:",
    "  # The name that ccs keeps pointing at the best endpoint that works. Services point at it with CNAMEs of their own.",
    `  - record: ${literal(record)}`,
    ...(zone === undefined ? [] : [`    # ${oneLine(zone.name)}`, `    zone: ${literal(zone.id)}`]),
    ...(allowPrivate
      ? [
          "    # Private addresses may be published: clients outside that network cannot reach them.",
          "    allow_private: true",
        ]
      : []),
    "    # From the best to the last resort: a lower number means higher priority.",
    "    endpoints:",
    ...endpoints.flatMap(endpointLines),
    ...(channels.length === 0 ? [] : ["", "notify:", ...channels.flatMap(channelLines)]),
    ...(httpToken === undefined
      ? []
      : [
          "",
          "http:",
          "  # The dashboard, at http://127.0.0.1:3000/, asks for this token before it pins or drains an endpoint.",
          `  ${secretLine("token", httpToken)}`,
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

function endpointLines({ name, target, check, sticky }: ComposedEndpoint, index: number): string[] {
  return [
    `      - name: ${literal(name)}`,
    `        target: ${literal(target)}`,
    `        priority: ${(index + 1) * 10}`,
    ...(sticky === undefined
      ? []
      : [
          "        # After a return to a better endpoint, it is also published for this long.",
          `        sticky: ${scalar(sticky)}`,
        ]),
    ...(check === undefined
      ? ["        # Without a check it is assumed up, and used only when no checked endpoint is up."]
      : [
          "        check:",
          ...(check.kind === defaultCheckKind.kind ? [] : [`          kind: ${check.kind}`]),
          ...composedLines(check.keys).map((line) => `          ${line}`),
        ]),
  ];
}

function channelLines({ kind, keys }: ComposedChannel): string[] {
  return [`  - kind: ${kind}`, ...composedLines(keys).map((line) => `    ${line}`)];
}

/** Comments end with their line. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
