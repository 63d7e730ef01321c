// What reads, writes and failures at the name of a mix do to its ingress. They are counted apart from the ingress' own.
import { mixNamed } from "./mix.ts";
import { alone } from "../members.ts";
import type { CloudProblem, IngressState, MixState, PublishedRecord, RecordType, Visibility } from "../model.ts";
import { afterVisibilityCheck, mostUndone, undoneMemoryMs, doubtUntilMs } from "./published.ts";
import { isAtMix, isPointedToMix, recordComment } from "./records.ts";
import { unseenAmong } from "./unseen.ts";

/** The ingress after the records at the name of one of its mixes were read: ours are those with our comment. */
export function afterMixRead(
  ingress: IngressState,
  record: string,
  records: readonly PublishedRecord[],
  nowMs: number,
): IngressState {
  const mix = mixNamed(ingress, record);
  if (mix === undefined) return ingress;
  const ours = records.filter(isOurs);
  const stranger = records.find((found) => !isOurs(found));
  const isFirst = mix.published === undefined;
  const isOwnDoing = mix.writeInDoubtUntilMs !== undefined && mix.writeInDoubtUntilMs > nowMs;
  const isChanged = textOf(ours) !== textOf(mix.published?.records ?? []);
  const { cloudProblem, visibility } = mix;
  const read: MixState = {
    ...mix,
    published: { records: ours, atMs: nowMs, by: "read" },
    unseen: unseenAmong(mix, ours, nowMs),
    foreign: stranger && `${stranger.type} ${stranger.content}`,
    cloudProblem: cloudProblem?.during === "write" ? cloudProblem : undefined,
    // Whatever was found has to be seen by us before it is pointed to.
    visibility: isFirst || isChanged ? toBeChecked(ours, nowMs) : visibility,
    isNew: isFirst || isChanged || mix.isNew,
  };
  const isUndone = !isFirst && isChanged && !isOwnDoing;
  return isUndone ? withUndoneMix(ingress, read, nowMs) : withMix(ingress, read);
}

/** Another program changed the mix: while it is pointed to, the primary is active alone from now on. */
function withUndoneMix(ingress: IngressState, mix: MixState, nowMs: number): IngressState {
  const undoneAtMs = [...mix.undoneAtMs.filter((atMs) => atMs > nowMs - undoneMemoryMs), nowMs];
  const isFight = undoneAtMs.length >= mostUndone;
  const undone: MixState = {
    ...mix,
    undoneAtMs,
    pausedUntilMs: isFight ? nowMs + undoneMemoryMs : mix.pausedUntilMs,
  };
  const isServing = mix.record === ingress.mix?.record && (isPointedToMix(ingress) || isAtMix(ingress));
  const { selection } = ingress;
  return { ...withMix(ingress, undone), selection: isServing ? selection && alone(selection) : selection };
}

/** The ingress after Cloudflare confirmed our write at the name of a mix. */
export function afterMixWrite(
  ingress: IngressState,
  record: string,
  records: readonly PublishedRecord[],
  nowMs: number,
): IngressState {
  const mix = mixNamed(ingress, record);
  if (mix === undefined) return ingress;
  const before = mix.published?.records ?? [];
  const isNewFamily = records.some(({ type }) => !before.some((old) => old.type === type));
  const written: MixState = {
    ...mix,
    published: { records, atMs: nowMs, by: "write" },
    unseen: unseenAmong(mix, records, nowMs),
    visibility: toBeChecked(records, nowMs),
    cloudProblem: undefined,
    // Nothing has pointed to what is new here for an hour.
    unusedSinceMs: mix.unusedSinceMs === undefined ? undefined : nowMs,
    isExpired: false,
    isNew: mix.isNew || isNewFamily,
  };
  return withMix(ingress, written);
}

/** The ingress after a read or write at the name of a mix failed. */
export function afterMixFailure(
  ingress: IngressState,
  record: string,
  problem: CloudProblem,
  nowMs: number,
): IngressState {
  const mix = mixNamed(ingress, record);
  if (mix === undefined) return ingress;
  const isObstacle = problem.kind === "obstacle";
  const failed: MixState = {
    ...mix,
    cloudProblem: { ...problem, sinceMs: mix.cloudProblem?.sinceMs ?? nowMs, newestMs: nowMs },
    writeInDoubtUntilMs: doubtUntilMs(problem, nowMs) ?? mix.writeInDoubtUntilMs,
    foreign: isObstacle ? problem.message : mix.foreign,
    published: isObstacle ? { records: [], atMs: nowMs, by: "read" } : mix.published,
  };
  const isRefused = problem.kind === "invalid" && problem.during === "write" && mix === ingress.mix;
  return { ...withMix(ingress, failed), isMixRefused: ingress.isMixRefused || isRefused };
}

/** The ingress after the authoritative servers were asked about a mix. */
export function afterMixCheck(
  ingress: IngressState,
  record: string,
  found: { readonly writtenAtMs: number; readonly status: Visibility["status"]; readonly detail: string },
  nowMs: number,
): IngressState {
  const mix = mixNamed(ingress, record);
  return mix === undefined ? ingress : withMix(ingress, afterVisibilityCheck(mix, found, nowMs));
}

function toBeChecked(records: readonly PublishedRecord[], nowMs: number): Visibility | undefined {
  return records.length === 0 ? undefined : { writtenAtMs: nowMs, status: "checking", detail: "" };
}

function withMix(ingress: IngressState, mix: MixState): IngressState {
  if (ingress.mix?.record === mix.record) return { ...ingress, mix };
  const formerMixes = ingress.formerMixes.map((each) => (each.record === mix.record ? mix : each));
  return { ...ingress, formerMixes };
}

/** At the name of a mix, only addresses with our comment are ours. */
function isOurs({ type, extras }: PublishedRecord): boolean {
  return mixTypes.has(type) && extras?.comment === recordComment;
}

const mixTypes: ReadonlySet<RecordType> = new Set<RecordType>(["A", "AAAA"]);

function textOf(records: readonly PublishedRecord[]): string {
  return records
    .map(({ type, content }) => `${type} ${content}`)
    .toSorted()
    .join("\n");
}
