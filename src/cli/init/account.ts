// Asks for the name to own and for the token, and looks both up at Cloudflare.
import { resolve } from "node:path";
import { addressRemedy } from "../../cloud/classify.ts";
import { readFromDisk } from "../../runtime/node/read-file.ts";
import { ZoneInspector, type InspectedZone } from "../../cloud/inspect.ts";
import { hostName, secret } from "../../config/format/fields.ts";
import type { Composition } from "../../config/compose.ts";
import type { EnvironmentSettings } from "../../config/environment.ts";
import type { KnownSecret } from "../../config/format/written-secret.ts";
import { shown } from "../../config/format/describe.ts";
import { readText } from "../../config/format/files.ts";
import { isZoneId, zone as zoneKind } from "../../config/fields.ts";
import { machinePorts } from "../../runtime/node/ports.ts";
import { Secret } from "../../lib/secret.ts";
import { plain } from "../../lib/text.ts";
import { askChoice, askSecret, askText, findOut, say, warn } from "./prompts.ts";

export interface InitWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cloudflareApiUrl: string;
  /** What the environment says in place of keys, by kind of channel. */
  readonly channels: NonNullable<EnvironmentSettings["channels"]>;
}

export type Account = Pick<Composition, "token" | "record" | "zone">;

export const tokenVariable = "CLOUDFLARE_API_TOKEN";
/** Names a file with the token, as containers get their secrets. */
const tokenFileVariable = "CLOUDFLARE_API_TOKEN_FILE";

export async function askAccount(world: InitWorld): Promise<Account> {
  const { clock, network } = machinePorts();
  const machine = { clock, fetch: network.fetch };
  let record = await askRecord();
  let token = findToken(world) ?? (await askToken());
  for (;;) {
    const inspector = new ZoneInspector({ token: new Secret(token.value), apiUrl: world.cloudflareApiUrl, ...machine });
    const zone = await findZone(inspector, record);
    if (zone === "another-token") token = await askToken();
    else if (zone === "another-name") record = await askRecord(record);
    else return { token: token.written, record, zone };
  }
}

async function askRecord(earlier?: string): Promise<string> {
  const answer = await askText("Which DNS name should ccs manage?", {
    kind: hostName,
    placeholder: "ingress.example.com",
    initial: earlier,
  });
  return hostName.parse(answer);
}

/** The one that the environment holds or names. */
function findToken({ env }: InitWorld): KnownSecret | undefined {
  const found = env[tokenVariable]?.trim() ?? "";
  if (found !== "" && secret.safeParse(found).success) {
    say(`${tokenVariable} is set in the environment: it is used, and the file will refer to it.`);
    return { value: found, written: { kind: "variable", name: tokenVariable } };
  }
  return tokenInFile(env[tokenFileVariable]?.trim() ?? "");
}

async function askToken(): Promise<KnownSecret> {
  const value = await askSecret(
    "The Cloudflare API token (dash.cloudflare.com/profile/api-tokens: Zone → DNS → Edit and Zone → Zone → Read)",
    secret,
  );
  return { value, written: { kind: "literal", value } };
}

function tokenInFile(path: string): KnownSecret | undefined {
  if (path === "") return undefined;
  const content = readText(path, readFromDisk);
  const value = content.kind === "text" ? content.text.trim() : "";
  if (content.kind === "text" && secret.safeParse(value).success) {
    say(`${tokenFileVariable} names a file with the token: it is used, and the configuration will refer to it.`);
    return { value, written: { kind: "file", path: resolve(path) } };
  }
  const why = content.kind === "text" ? "it holds no token" : content.reason;
  // It may be the token itself.
  warn(`${tokenFileVariable} names ${shown(path)}, but ${why}.`);
  return undefined;
}

type FoundZone = { readonly id: string; readonly name: string } | undefined | "another-token" | "another-name";

/** The zone by its name; where that fails, a person decides how to continue. `undefined`: to be found later. */
async function findZone(inspector: ZoneInspector, record: string): Promise<FoundZone> {
  const look = await findOut(
    "Asking Cloudflare about the token and the zone",
    async () => {
      const token = await inspector.verifyToken();
      const zone = token.kind === "silent" ? token : await inspector.zoneOf(record);
      return { token, zone };
    },
    ({ token, zone }) => {
      if (zone.kind === "answered") return { isGood: true, text: `The token works. ${zoneText(zone.result)}` };
      if (zone.kind === "silent") return { isGood: false, text: `Cloudflare could not be queried: ${zone.detail}.` };
      if (zone.address !== undefined)
        return { isGood: false, text: `The token may not be used from ${zone.address}: ${addressRemedy}.` };
      const isKnown = token.kind === "answered" && token.result.status === "active";
      return {
        isGood: false,
        text: isKnown ? `The token works, but ${zone.detail}.` : `Cloudflare refuses the token: ${zone.detail}.`,
      };
    },
  );
  if (look.zone.kind === "answered") {
    await showRecords(inspector, look.zone.result, record);
    return { id: look.zone.result.id, name: look.zone.result.name };
  }
  const choice = await askChoice("How should ccs init continue?", [
    ...(look.zone.kind === "silent" || look.zone.address !== undefined
      ? ([{ value: "again", label: "Try again" }] as const)
      : []),
    { value: "another-token", label: "Use another token" },
    { value: "another-name", label: "Change the name", hint: record },
    { value: "id", label: "Enter the zone's id", hint: "on its Overview page; then DNS → Edit alone is enough" },
    { value: "later", label: "Continue as it is", hint: "ccs doctor checks it again later" },
  ]);
  if (choice === "again") return findZone(inspector, record);
  if (choice === "another-token" || choice === "another-name") return choice;
  if (choice === "later") return undefined;
  const id = await askText("The zone's id or name", { kind: zoneKind });
  return {
    id: zoneKind.parse(id),
    name: isZoneId(id) ? "The zone's id, as entered." : "The zone, as entered.",
  };
}

function zoneText({ name, status }: InspectedZone): string {
  const state = status === "active" || status === null || status === undefined ? "" : `, which is ${plain(status, 20)}`;
  return `The zone is ${plain(name, 80)}${state}.`;
}

async function showRecords(inspector: ZoneInspector, zone: InspectedZone, record: string): Promise<void> {
  const look = await inspector.recordsAt(zone.id, record);
  if (look.kind !== "answered") return warn(`The records at ${record} could not be read: ${look.detail}.`);
  if (look.result.some(({ type }) => type === "NS")) {
    return warn(
      `An NS record delegates ${record} to other servers: ccs cannot manage it until that record is removed.`,
    );
  }
  const ours = look.result.filter(({ type }) => ["A", "AAAA", "CNAME"].includes(type));
  if (ours.length === 0) return say(`${record} has no record yet: ccs will create it.`);
  const records = ours.map(({ type, content }) => `${type} ${plain(content ?? "", 80)}`).join(", ");
  say(`${record} is ${records} now. ccs will take these records over.`);
}
