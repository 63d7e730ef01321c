// The channels of a configuration, ready to deliver.
import type { ChannelConfig, ChannelPorts } from "../channels/kind.ts";
import { channelKind } from "../channels/registry.ts";
import type { ChannelSetup } from "../notify/notifier.ts";

export function channelSetups(notify: readonly ChannelConfig[], ports: ChannelPorts): readonly ChannelSetup[] {
  return notify.map(({ kind, name, initialSilenceMs, settings }) => ({
    name,
    channel: channelKind(kind).open(settings, ports),
    initialSilenceMs,
  }));
}
