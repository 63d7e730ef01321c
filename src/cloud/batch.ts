// What a batch asks for, and what its answer proves to have been done.
import type { Plan, PlannedRecord, PublishedRecord } from "../core/model.ts";
import { recordComment } from "../core/records/records.ts";
import { plain } from "../lib/text.ts";
import { published, type OurRecordAnswer } from "./answers.ts";
import { isNamed } from "./listed.ts";
import { canonicalName, CloudError, sorted, type IngressName, type NameChange } from "./provider.ts";
import type { Zone } from "./zones.ts";

/** The records that an answer shows as written. */
export interface DoneAnswer {
  readonly patches: readonly OurRecordAnswer[];
  readonly posts: readonly OurRecordAnswer[];
}

/** How many records a plan touches. */
export function operationsOf({ deletes, patches, posts }: Plan): number {
  return deletes.length + patches.length + posts.length;
}

/** The body of the batch request: only lists with something in them, patches and posts in full. */
export function batchBody({ record }: IngressName, plan: Plan) {
  const decided = ({ type, content, ttlSeconds, proxied }: PlannedRecord) => ({
    type,
    name: record,
    content,
    ttl: proxied ? 1 : ttlSeconds,
    proxied,
  });
  // A patch leaves what it does not name as it is: only an empty comment is filled.
  const patched = (patch: PlannedRecord) => ({
    ...decided(patch),
    ...(patch.extras?.comment === undefined && { comment: recordComment }),
  });
  const posted = (post: PlannedRecord) => ({
    ...decided(post),
    comment: post.extras?.comment ?? recordComment,
    ...(post.extras?.tags && { tags: [...post.extras.tags] }),
    ...settingsFor(post),
  });
  return {
    ...(plan.deletes.length > 0 && { deletes: plan.deletes.map(({ id }) => ({ id })) }),
    ...(plan.patches.length > 0 && { patches: plan.patches.map((patch) => ({ id: patch.id, ...patched(patch) })) }),
    ...(plan.posts.length > 0 && { posts: plan.posts.map(posted) }),
  };
}

/** Settings that stood at the name before, as far as the new type has them: only a CNAME can be flattened. */
function settingsFor({ type, extras }: PlannedRecord): { settings?: Readonly<Record<string, unknown>> } {
  if (extras?.settings === undefined) return {};
  const { flatten_cname: flatten, ...others } = extras.settings;
  const settings = { ...others, ...(type === "CNAME" && flatten !== undefined && { flatten_cname: flatten }) };
  return Object.keys(settings).length > 0 ? { settings } : {};
}

/**
 * The records at the name after the plan, as the answer bears them out. Rejects an answer that shows anything else: the
 * outcome is unknown then.
 */
export function written(
  { ingress, plan, known }: NameChange,
  { patches, posts }: DoneAnswer,
  zone: Zone,
): readonly PublishedRecord[] {
  const stray = posts.find(({ name }) => canonicalName(name).startsWith(`${ingress.record}.`));
  if (stray !== undefined) throw strayError(ingress, zone, stray);
  const touched = new Set([...plan.deletes, ...plan.patches].map(({ id }) => id));
  const kept = known.filter(({ id }) => !touched.has(id));
  const patched = plan.patches.map((want) => confirmed(ingress, want, patches, want.id));
  const records = [...kept, ...patched, ...plan.posts.map((want) => confirmed(ingress, want, posts))];
  if (new Set(records.map(({ id }) => id)).size < records.length) throw unconfirmed(ingress, "two records share an id");
  return sorted(records);
}

/** The answer's record for what was asked. Anything else than exactly that leaves the outcome unknown. */
function confirmed(
  ingress: IngressName,
  want: PlannedRecord,
  answers: readonly OurRecordAnswer[],
  id?: string,
): PublishedRecord {
  for (const answer of answers) {
    const record = published(answer);
    if (
      isNamed(ingress, answer.name) &&
      (id === undefined || record.id === id) &&
      record.type === want.type &&
      record.content === want.content &&
      record.proxied === want.proxied &&
      (want.proxied || record.ttlSeconds === want.ttlSeconds)
    ) {
      return record;
    }
  }
  throw unconfirmed(ingress, `the answer does not show ${want.type} ${want.content}`);
}

function unconfirmed({ record }: IngressName, why: string): CloudError {
  return new CloudError("transient", `could not confirm the write of ${record}: ${why}`, { isAmbiguous: true });
}

/** A name outside the zone gets the zone's name appended. That is how we learn what the configured id stands for. */
function strayError({ record }: IngressName, zone: Zone, stray: OurRecordAnswer): CloudError {
  zone.name = canonicalName(stray.name).slice(record.length + 1);
  return new CloudError(
    "invalid",
    `${record} is not in the configured zone, which is ${plain(zone.name)}: correct the zone, and delete the record ` +
      `${plain(stray.name)} that Cloudflare made there`,
  );
}
