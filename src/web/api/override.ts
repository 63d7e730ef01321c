// A manual override of an endpoint, as people outside see it.
import type { Override } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, type Now } from "./dates.ts";
import type { OverrideDocument } from "./schema/parts.ts";

export function overrideDocument({ kind, endpoint, untilMs }: Override, now: Now): OverrideDocument {
  return { kind, endpoint: plain(endpoint), until: dateOf(untilMs, now) };
}
