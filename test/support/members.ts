// What must hold of everybody who serves, not of the active endpoint alone. It reads the state, and shares no code with
// what makes the records.
import assert from "node:assert/strict";
import { isOut, isServing } from "../../src/core/evidence/health.ts";
import { desiredMix } from "../../src/core/records/mix.ts";
import type { EndpointState, IngressState, RecordSet, Selection, StickyMember } from "../../src/core/model.ts";
import { desiredRecords } from "../../src/core/records/records.ts";
import { endpointNamed, isDrained, ranked } from "../../src/core/members.ts";

/** What a step was seen to do with a mix. */
export interface SeenMembers {
  /** Somebody began to serve beside the active endpoint. */
  readonly entered: number;
  /** Or ended. */
  readonly left: number;
  /** Records of more than one endpoint were wanted. */
  readonly mixed: number;
}

/** Checks one step. `before` may be missing at the first one. */
export function checkMembers(before: IngressState | undefined, after: IngressState, nowMs: number): SeenMembers {
  const { selection } = after;
  if (selection === undefined) return { entered: 0, left: 0, mixed: 0 };
  checkStanding(after, selection, nowMs);
  const was = before?.selection?.sticky ?? [];
  const isBeside = ({ endpoint }: StickyMember, those: readonly StickyMember[]): boolean =>
    those.some((other) => other.endpoint === endpoint);
  const entered = selection.sticky.filter((member) => !isBeside(member, was));
  const left = was.filter((member) => !isBeside(member, selection.sticky));
  // Who is adopted at a start was there before, in a life that this one only read of.
  if (before?.selection !== undefined) for (const member of entered) checkEntry(before.selection, after, member, nowMs);
  if (selection === before?.selection) assert.equal(left.length, 0);
  const mixed = checkRecords(after, selection);
  return { entered: entered.length, left: left.length, mixed };
}

function checkStanding(after: IngressState, selection: Selection, nowMs: number): void {
  const names = [selection.primary, ...selection.sticky.map(({ endpoint }) => endpoint)];
  assert.equal(new Set(names).size, names.length, "somebody serves twice");
  assert.ok(selection.reason !== "pin" || names.length === 1, "a pin does not serve alone");
  for (const { endpoint: name, untilMs } of selection.sticky) {
    const member = endpointNamed(after, name);
    assert.ok(member?.settings.stickyMs !== undefined, `${name} is sticky, and should not be`);
    assert.ok(untilMs > nowMs, `${name} stays longer than its time`);
    assert.ok(untilMs <= nowMs + member.settings.stickyMs, `${name} is to stay longer than it may`);
    assert.ok(!isOut(member.health.verdict), `${name} serves beside others, and is ${member.health.verdict}`);
    assert.ok(!isDrained(after, member), `${name} is drained, and serves beside others`);
  }
}

/** Whoever is new beside the active endpoint was active until now, is up, and was left for a better one. */
function checkEntry(
  before: Selection,
  after: IngressState,
  { endpoint: name, untilMs }: StickyMember,
  nowMs: number,
): void {
  const member = endpointNamed(after, name);
  const primary = endpointNamed(after, after.selection?.primary);
  assert.ok(member !== undefined && primary !== undefined);
  assert.equal(before.primary, name, `${name} became sticky, and had not served`);
  assert.equal(member.health.verdict, "up", `${name} became sticky, and was ${member.health.verdict}`);
  assert.equal(untilMs, nowMs + (member.settings.stickyMs ?? 0), `${name} stays for another time than its own`);
  const order = ranked(after.endpoints);
  assert.ok(order.indexOf(primary) < order.indexOf(member), `${name} stays beside one that ranks after it`);
}

/** The wanted addresses, at whichever name: all of them are members', each member has its own, and the TTL is nobody's too long. */
function checkRecords(after: IngressState, selection: Selection): number {
  const primary = endpointNamed(after, selection.primary);
  if (primary === undefined || selection.reason === "pin" || !isServing(primary.health.verdict)) return 0;
  const set = wantedAddresses(after);
  if (set === undefined || after.isMixRefused) return 0;
  const sticky = selection.sticky.flatMap(({ endpoint }) => endpointNamed(after, endpoint) ?? []);
  const texts = new Set(set.records.map(({ content }) => content));
  // What goes stays until every server shows what is new.
  const isSettled = after.unseen === undefined && after.mix?.unseen === undefined;
  const isThere = (member: EndpointState): boolean => member.addresses.some(({ text }) => texts.has(text));
  for (const text of texts) {
    const owners = [primary, ...sticky].filter(({ addresses }) => addresses.some((address) => address.text === text));
    assert.ok(owners.length > 0, `${text} is nobody's who serves`);
    const isDead = isSettled && owners.every((owner) => isDeadAt(owner, text));
    assert.ok(
      !isDead,
      `${text} is down, and is to be published for ${owners.map(({ settings }) => settings.name).join()}`,
    );
  }
  for (const member of [primary, ...sticky]) {
    for (const { text, health } of member.addresses) {
      const isMissing = health.verdict === "up" && member.settings.check !== undefined && !texts.has(text);
      assert.ok(!isMissing, `${member.settings.name} serves, and ${text}, which is up, is not to be published`);
    }
    if (!isThere(member)) continue;
    const ttl = member.settings.ttl === "auto" ? 300 : member.settings.ttl;
    assert.ok((set.ttlSeconds === 1 ? 300 : set.ttlSeconds) <= ttl, `a TTL above that of ${member.settings.name}`);
  }
  return sticky.some(isThere) ? 1 : 0;
}

/** Down, though not the last of its family while the endpoint as a whole is in question, which stays for a while. */
function isDeadAt({ addresses, health, settings }: EndpointState, text: string): boolean {
  const address = addresses.find((each) => each.text === text);
  return settings.check !== undefined && address?.health.verdict === "down" && health.verdict !== "suspect";
}

function wantedAddresses(after: IngressState): RecordSet | undefined {
  const desired = desiredRecords(after);
  const [first] = desired?.records ?? [];
  if (desired === undefined || first === undefined || first.type !== "CNAME") return desired;
  if (after.mix === undefined || first.content !== after.mix.record) return undefined;
  const mix = desiredMix(after, after.mix);
  return mix === "none" ? undefined : mix;
}
