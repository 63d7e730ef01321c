// Asks where messages are to go, and lets the kind of channel ask what it needs.
import type { ComposedChannel } from "../../channels/kind.ts";
import { channelKind, channelKinds } from "../../channels/registry.ts";
import { machinePorts } from "../../runtime/node/ports.ts";
import type { InitWorld } from "./account.ts";
import * as prompts from "./prompts.ts";

export async function askChannels({ env, channels }: InitWorld): Promise<readonly ComposedChannel[]> {
  const chosen = await prompts.askChoice("Where should ccs send you messages?", [
    { value: "", label: "Nowhere" },
    ...channelKinds.map(({ kind, init: { label, hint } }) => ({ value: kind, label, hint })),
  ]);
  if (chosen === "") return [];
  const { clock, network } = machinePorts();
  const world = { env, overrides: channels[chosen] ?? {}, ports: { fetch: network.fetch, clock } };
  const channel = await channelKind(chosen).init.ask(prompts, world);
  return channel === undefined ? [] : [channel];
}
