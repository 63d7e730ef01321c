// Asks for the endpoints, and tries each one out as the daemon would.
import { checkKinds } from "../../checks/registry.ts";
import { composeConfig, type ComposedEndpoint, type Composition } from "../../config/compose.ts";
import { displayName, hostOrAddress } from "../../config/fields.ts";
import { loadConfig } from "../../config/load.ts";
import type { EndpointSettings } from "../../core/model.ts";
import { machinePorts } from "../../runtime/node/ports.ts";
import { onDisk } from "../../runtime/node/read-file.ts";
import { probeOnce, type Look } from "../../probe/round.ts";
import { askCheck } from "./check.ts";
import * as prompts from "./prompts.ts";
import { askChoice, askText, askYes, findOut, say, warn, type Option } from "./prompts.ts";

export type Lines = Pick<Composition, "endpoints" | "allowPrivate">;

const usualNames = ["cable", "mobile"];

export async function askLines(record: string, isPrivateAllowed: boolean | undefined): Promise<Lines> {
  say("Now the endpoints, from the best to the last resort. Each is a host name or an address.");
  const endpoints: ComposedEndpoint[] = [];
  let allowPrivate = false;
  let earlier: ComposedEndpoint | undefined;
  for (;;) {
    const taken = endpoints.map(({ name }) => name);
    const endpoint = await askEndpoint(taken, earlier);
    earlier = endpoint;
    const found = await tryOut(record, endpoint);
    if (found.isImpossible === true) continue;
    const which = found.privateAddresses.join(", ");
    if (which !== "" && isPrivateAllowed === false) {
      say(`${which} is private, and CCS_ALLOW_PRIVATE in the environment forbids private addresses.`);
      continue;
    }
    if (which !== "" && isPrivateAllowed === undefined && !allowPrivate) {
      allowPrivate = await askYes(`${which} is private: only clients in that network can reach it. Allow that?`, false);
      if (!allowPrivate) continue;
    }
    if (!found.isOk && (await whatNow(endpoint)) === "again") continue;
    const sticky = endpoints.length === 0 ? undefined : await askSticky(endpoint);
    endpoints.push({ ...endpoint, ...(sticky !== undefined && { sticky }) });
    earlier = undefined;
    if (endpoints.length > 1 && !(await askYes("Add another endpoint?", false))) return { endpoints, allowPrivate };
  }
}

/** `earlier`: what was answered the last time, when it is asked again. */
async function askEndpoint(taken: readonly string[], earlier?: ComposedEndpoint): Promise<ComposedEndpoint> {
  const name = await askText("What should this endpoint be called?", {
    kind: displayName,
    initial: earlier?.name ?? usualNames.find((usual) => !taken.includes(usual)) ?? "",
    refuse: (typed) => (taken.includes(typed) ? `${typed} is taken: each endpoint needs its own name.` : undefined),
  });
  const target = await askText(`What is the target of ${name}: a host name or an address?`, {
    kind: hostOrAddress,
    placeholder: taken.length === 0 ? "primary.example.com" : "secondary.example.com",
    initial: earlier?.target,
  });
  const check = await askCheck(prompts, checkKinds, { name, target, earlier });
  return { name, target, ...(check && { check }) };
}

interface CheckTrial {
  readonly isOk: boolean;
  readonly text: string;
  readonly privateAddresses: readonly string[];
  /** The daemon would not take it. */
  readonly isImpossible?: true;
}

async function tryOut(record: string, endpoint: ComposedEndpoint): Promise<CheckTrial> {
  const loaded = settingsOf(record, endpoint);
  if (typeof loaded === "string") {
    warn(loaded);
    return { isOk: false, text: loaded, privateAddresses: [], isImpossible: true };
  }
  const { clock, network } = machinePorts();
  const ports = { clock, resolve: network.resolve, probe: network.probe };
  return findOut(
    `Testing ${endpoint.name}`,
    async () => trialOf(loaded, await probeOnce(loaded, { allowPrivate: true }, ports)),
    ({ isOk, text }) => ({ isGood: isOk, text }),
  );
}

/** The endpoint as the daemon would see it, with all defaults; or what speaks against it. */
function settingsOf(record: string, endpoint: ComposedEndpoint): EndpointSettings | string {
  const token = { kind: "literal", value: "none" } as const;
  const text = composeConfig({ token, record, allowPrivate: true, endpoints: [endpoint] });
  const loaded = loadConfig({ path: "new", text, env: {}, ...onDisk });
  if (loaded.kind === "invalid") return loaded.problems.map(({ message }) => message).join("; ");
  const [settings] = loaded.config.ingresses.flatMap(({ endpoints }) => endpoints);
  return settings ?? "it is not an endpoint";
}

function trialOf({ name, target, check }: EndpointSettings, { resolution, observations }: Look): CheckTrial {
  if (resolution !== undefined && resolution.kind !== "addresses") {
    return {
      isOk: false,
      text: `${name} has no known address: ${resolution.detail}.`,
      privateAddresses: [],
    };
  }
  const addresses = target.kind === "addresses" ? target.addresses : (resolution?.addresses ?? []);
  const privateAddresses = addresses.filter(({ scope }) => scope === "private").map(({ text }) => text);
  const texts = addresses.map(({ text }) => text).join(", ");
  if (check === undefined) return { isOk: true, text: `${name} is ${texts}.`, privateAddresses };
  const seen = observations.map(({ address, observation }) => `${address.text}: ${observation.detail}`).join("; ");
  const isOk = observations.length > 0 && observations.every(({ observation: { kind } }) => kind !== "failed");
  return {
    isOk,
    text: `${name} ${isOk ? "answers" : "does not answer as expected"}: ${seen || texts}.`,
    privateAddresses,
  };
}

function whatNow({ name }: ComposedEndpoint): Promise<"again" | "keep"> {
  return askChoice(`What about ${name}?`, [
    { value: "again", label: "Ask me again" },
    { value: "keep", label: "Keep it", hint: "it may only be down right now" },
  ]);
}

/**
 * The documentation's examples have ten minutes, which serve those clients that still have the address of `name`.
 * Without a check, it is better not published longer than it must be.
 */
async function askSticky({ name, check }: ComposedEndpoint): Promise<string | undefined> {
  const choices: readonly Option<"10m" | "1h" | "none">[] = [
    { value: "10m", label: "10 minutes", hint: "both are published meanwhile, for clients that still use its address" },
    { value: "1h", label: "1 hour" },
    { value: "none", label: "No", hint: "switch at once" },
  ];
  const choice = await askChoice(
    `After a return from ${name} to a better endpoint, keep publishing ${name} too for a while?`,
    choices,
    check === undefined ? "none" : "10m",
  );
  return choice === "none" ? undefined : choice;
}
