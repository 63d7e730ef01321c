// Since when the records that are found at a start say what they do: an earlier life of the daemon may know.
import * as z from "zod";
import type { Journal } from "../../core/history.ts";
import type { FindEarlier } from "./run-history.ts";

const recordsSchema = z.array(
  z.object({ type: z.string(), content: z.string(), ttlSeconds: z.number(), proxied: z.boolean() }),
);
const changeSchema = z.object({ from: z.unknown().optional(), to: recordsSchema, by: z.enum(["read", "write"]) });

/** So many starts are looked through. */
const mostStarts = 50;

/** Looks for the change that led to what was found, through starts that found the same. */
export function earlierRecords(journal: Pick<Journal, "entriesOf">): FindEarlier {
  return (ingress, { to: found }) => {
    const wanted = textOf(found);
    for (const { fact, atWallMs } of journal.entriesOf({ kind: "records-changed", ingress, limit: mostStarts })) {
      const change = changeSchema.safeParse(fact).data;
      if (change === undefined || textOf(change.to) !== wanted) return undefined;
      const isStart = change.from === undefined && change.by === "read";
      if (!isStart) return { sinceWallMs: atWallMs, by: change.by === "write" ? "us" : "others" };
    }
    return undefined;
  };
}

function textOf(records: Readonly<z.output<typeof recordsSchema>>): string {
  return records
    .map(({ type, content, ttlSeconds, proxied }) => `${type} ${content} ${ttlSeconds} ${String(proxied)}`)
    .toSorted()
    .join("\n");
}
