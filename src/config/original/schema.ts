// Every key of the original program's format, with its own default, and what became of it.
import { z } from "zod";
import { dayMs, hourMs } from "../../core/units.ts";
import { channelKind } from "../../channels/registry.ts";
import { checkKind } from "../../checks/registry.ts";
import { hostOrAddress } from "../fields.ts";
import { hostName, secret, socket, wholeNumber } from "../format/fields.ts";
import { anyText, originalTtl, originalZoneId, seconds } from "./fields.ts";

/** The only way of telling people that the original had. */
const { keys: telegramKeys, secrets: telegramSecrets } = channelKind("telegram");
const { chat_id: chatId } = telegramKeys;
const { token: telegramToken } = telegramSecrets;
/** And of checking. */
const { url } = checkKind("http").keys;
if (chatId === undefined || telegramToken === undefined || url === undefined) throw new Error("a key is missing");

const section = { expects: "a section of keys and values" };

const originalMonitoringSchema = z
  .strictObject({
    uri: url.meta({ description: "`check.url`" }),
    interval: seconds(100, dayMs).optional().meta({ description: "`check.interval`", defaultInWords: "`15`" }),
    confidence: wholeNumber(1, 255).prefault(3).meta({ description: "`check.rise`" }),
    timeout: seconds(10, hourMs).prefault(5).meta({ description: "`check.timeout`" }),
    marker: anyText.optional().meta({ description: "`check.contains`", defaultInWords: "none" }),
    retry: wholeNumber(0, 255).prefault(0).meta({ description: "`check.fall`: one more than this, at least 3" }),
  })
  .meta(section);

const originalEndpointSchema = z
  .strictObject({
    dns: z
      .strictObject({
        record: hostOrAddress.meta({ description: "`target`" }),
        ttl: originalTtl.prefault(60).meta({ description: "`ttl`; 0 is 60" }),
        resolver: socket(53).optional().meta({ description: "`resolvers`", defaultInWords: "those of `resolvers`" }),
        retry: wholeNumber(0, 255)
          .prefault(1)
          .meta({ description: "ignored: a resolver that does not answer does not count as a failure" }),
      })
      .meta(section),
    monitoring: originalMonitoringSchema.optional().meta({ description: "`check`", defaultInWords: "none" }),
    alias: anyText.optional().meta({ description: "`name`", defaultInWords: "the record" }),
    sticky_duration: seconds(0, 365 * dayMs)
      .optional()
      .meta({ description: "`sticky`", defaultInWords: "none" }),
    weight: wholeNumber(0, 255).prefault(0).meta({ description: "`priority`" }),
  })
  .meta(section);

/** The original's file. Descriptions name the present key. */
export const originalSchema = z
  .strictObject({
    record: hostName.meta({ description: "`ingresses[0].record`" }),
    endpoints: z.array(originalEndpointSchema).min(1).meta({ expects: "a list of endpoints" }),
    cloudflare: z
      .strictObject({
        token: secret.meta({ description: "`cloudflare.token`" }),
        zone_id: originalZoneId.meta({ description: "`ingresses[0].zone`; any text is accepted" }),
      })
      .meta(section),
    telegram: z
      .strictObject({
        token: telegramToken.schema.meta({ description: "`notify[0].token`" }),
        chat_id: chatId.meta({ description: "`notify[0].chat_id`" }),
        initial_silence: seconds(0, dayMs)
          .optional()
          .meta({ description: "`notify[0].initial_silence`", defaultInWords: "none" }),
      })
      .meta(section)
      .optional()
      .meta({ description: "`notify[0]`, with `kind: telegram`", defaultInWords: "none" }),
  })
  .meta(section);

export type OriginalFile = z.output<typeof originalSchema>;
