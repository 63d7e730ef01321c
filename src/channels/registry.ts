// The kinds of channel that there are. A new one is a folder beside this file and a line here.
import type { ChannelKind } from "./kind.ts";
import { telegram } from "./telegram/telegram.ts";
import { webhook } from "./webhook/webhook.ts";

export const channelKinds: readonly [ChannelKind, ...ChannelKind[]] = [telegram, webhook];

/** The one that the simulator plays where none is configured. */
export const [defaultChannelKind] = channelKinds;

/** The kind of a name that the registry has: names come from configurations that were checked. */
export function channelKind(name: string): ChannelKind {
  const found = channelKinds.find(({ kind }) => kind === name);
  if (found === undefined) throw new Error(`there is no kind of channel named ${name}`);
  return found;
}
