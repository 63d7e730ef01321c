// The story judges a daemon from outside. Here a puppet takes the daemon's place, which does as it should, or
// misbehaves in one way at a time: each must be noticed.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { systemClock } from "../runtime/node/clock.ts";
import type { Scenery } from "./scenes.ts";
import { nextWay } from "./ways.ts";
import { longestText } from "./view-story.ts";
import { playStory, type StoryEnding, type StoryOptions, type StoryTelling } from "./story.ts";
import { Witness } from "./witness.ts";
import {
  ingressName,
  mixName,
  startWorld,
  ttlSeconds,
  zoneName,
  type World,
  type WorldEndpoint,
} from "../emulation/world.ts";

const holdUpMs = 150;
const stickyMs = 400;

interface Misdeeds {
  readonly isNeverReady?: true;
  readonly isSilent?: true;
  readonly holdsNothing?: true;
  readonly sticksForMs?: number;
  readonly mobileTtl?: number;
  readonly afterFailover?: (puppet: Puppet) => Promise<void> | void;
  readonly inTheMix?: (puppet: Puppet) => Promise<void> | void;
  readonly atTheEnd?: (puppet: Puppet) => Promise<void> | void;
}

test("a daemon that does all as told passes, and every step is told", async () => {
  const { ending, tellings } = await play({});
  assert.deepEqual(ending.kind === "badly" ? ending.problems : [], []);
  assert.match(
    ending.kind === "well" ? ending.words : "",
    /^3 changes of the record by 4 write requests, told in 3 Telegram messages, and at no time without/,
  );
  for (const telling of tellings) {
    if (telling.kind === "step-began")
      assert.ok(telling.step.text.length <= longestText, "it is cut off on a terminal");
  }
  const steps = tellings.flatMap((telling) =>
    telling.kind === "step-ended" ? [`${telling.step.number}/${telling.step.count} ${telling.outcome.kind}`] : [],
  );
  assert.deepEqual(steps, ["1/4 as-told", "2/4 as-told", "3/4 as-told", "4/4 as-told"]);
  assert.deepEqual(tellings.at(-1), { kind: "ended", ending });
});

const misdeeds: readonly [what: string, misdeeds: Misdeeds, problem: RegExp][] = [
  ["never gets ready", { isNeverReady: true }, /^step 1 \(All is well\): the daemon was not ready within/],
  ["tells nobody", { isSilent: true }, /^step 2 \(cable fails\): no Telegram message reported it within/],
  [
    "publishes another TTL",
    { mobileTtl: 60 },
    /^step 2 .*expected CNAME secondary\.example\.com \(TTL 5 min\) in DNS within 1\.5 s, but it says CNAME secondary\.example\.com \(TTL 1 min\)$/,
  ],
  ["writes twice", { afterFailover: (puppet) => puppet.touch() }, /^step 2 .*it took 2 write requests instead of 1$/],
  ["does not wait for hold_up", { holdsNothing: true }, /^step 3 .*but hold_up is 150 ms$/],
  ["ends the mix too early", { sticksForMs: 150 }, /^step 4 .*, but hold_up and sticky are 550 ms together$/],
  [
    "leaves the name empty for a moment",
    { inTheMix: (puppet) => puppet.empty() },
    /^the ingress was without a record in 1 committed states$/,
  ],
  [
    "writes without need at the end",
    { atTheEnd: (puppet) => puppet.touch() },
    /^(after the last step, 1 more write requests came|step 4 .*it took 2 write requests instead of 1)$/,
  ],
];

for (const [what, deeds, problem] of misdeeds) {
  test(`a daemon that ${what} is found out`, async () => {
    const { ending } = await play(deeds);
    assert.equal(ending.kind, "badly");
    assert.equal(ending.problems.length, 1);
    assert.match(ending.problems[0] ?? "", problem);
  });
}

test("the story goes back to the start by itself, however the world was left", async () => {
  const { ending } = await play({}, (world) => world.cable.server.behave({ kind: "hang" }));
  assert.equal(ending.kind, "well");
});

test("the story is told again, and again: the second name has its addresses by then", async () => {
  const { ending, tellings } = await play({}, undefined, undefined, 3);
  assert.deepEqual(ending.kind === "badly" ? ending.problems : [], []);
  const returns = tellings.flatMap((telling) =>
    telling.kind === "step-ended" && telling.step.number === 3 && telling.outcome.kind === "as-told"
      ? [telling.outcome.words.replace(/.* with /, "with ")]
      : [],
  );
  assert.deepEqual(returns, [
    "with 1 write request, and 1 before that for the mix.",
    "with 1 write request.",
    "with 1 write request.",
  ]);
});

test("a story that is told to end does so, and nothing is told after that", async () => {
  const end = new AbortController();
  const { ending, tellings } = await play({}, undefined, (telling) => {
    if (telling.kind === "step-ended" && telling.step.number === 2) end.abort();
    return end.signal;
  });
  assert.deepEqual(ending, { kind: "interrupted" });
  assert.deepEqual(
    tellings.map(({ kind }) => kind),
    ["step-began", "step-ended", "step-began", "step-ended", "ended"],
  );
});

/** Plays the story over a puppet, once or for as long as all goes well. `hear` may end it. */
async function play(
  deeds: Misdeeds,
  prepare?: (world: World) => Promise<void>,
  hear?: (telling: StoryTelling) => AbortSignal,
  rounds = 1,
): Promise<{ ending: StoryEnding; tellings: StoryTelling[] }> {
  const clock = systemClock;
  await using world = await startWorld({ clock });
  using witness = new Witness(world, clock);
  await using puppet = new Puppet(world, deeds);
  await prepare?.(world);
  if (prepare !== undefined) await puppet.untilMoved;
  const tellings: StoryTelling[] = [];
  const end = new AbortController();
  const place: Scenery = {
    clock,
    world,
    witness,
    isReady: () => Promise.resolve(deeds.isNeverReady !== true),
    holdUpMs: () => holdUpMs,
    stickyMs,
    fall: 2,
  };
  const options: StoryOptions = {
    way: nextWay(),
    signal: end.signal,
    pauseMs: 100,
    slackMs: 1_500,
    tell: (telling) => {
      tellings.push(telling);
      if (hear?.(telling).aborted === true) end.abort();
    },
  };
  let ending = await playStory(place, options);
  for (let round = 2; round <= rounds && ending.kind === "well"; round += 1) ending = await playStory(place, options);
  return { ending, tellings };
}

/** Follows what the toy endpoint does, not what it answers, and writes the records that the story expects. */
class Puppet implements AsyncDisposable {
  readonly #world: World;
  readonly #deeds: Misdeeds;
  readonly #end = new AbortController();
  readonly #moved = Promise.withResolvers<void>();
  readonly #ended: Promise<void>;

  constructor(world: World, deeds: Misdeeds) {
    this.#world = world;
    this.#deeds = deeds;
    this.#ended = this.#run();
  }

  /** The record was written for the first time. */
  get untilMoved(): Promise<void> {
    return this.#moved.promise;
  }

  /** A write that changes nothing that DNS would show. */
  async touch(): Promise<void> {
    await this.#batch({ patches: this.#world.records.map(({ id }) => ({ id, comment: "touched" })) });
  }

  /** Takes all records away and puts them back, by hand. */
  empty(): void {
    const { records, cloudflare } = this.#world;
    const [first, ...others] = records;
    assert.ok(first !== undefined);
    for (const { id } of [first, ...others]) cloudflare.hand.remove(id);
    for (const { type, name, content, ttl } of records) cloudflare.hand.add({ type, name, content, ttl });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { cable, mobile } = this.#world;
    const { holdsNothing, sticksForMs = stickyMs, mobileTtl, afterFailover, inTheMix, atTheEnd } = this.#deeds;
    const isOk = (): boolean => cable.server.behaviour.kind === "ok";
    while (await this.#until(() => !isOk())) {
      await this.#publish([this.#alias(mobile, mobileTtl ?? ttlSeconds.mobile)]);
      this.#moved.resolve();
      await afterFailover?.(this);
      await this.#tell();
      if (!(await this.#until(isOk))) return;
      await this.#wait(holdsNothing === true ? 0 : holdUpMs);
      await this.#prepareMix();
      await this.#publish([this.#alias({ host: mixName }, ttlSeconds.cable)]);
      await this.#tell();
      await inTheMix?.(this);
      await this.#wait(sticksForMs);
      await this.#publish([this.#alias(cable, ttlSeconds.cable)]);
      await this.#tell();
      await atTheEnd?.(this);
    }
  }

  async #prepareMix(): Promise<void> {
    const { cable, mobile, cloudflare } = this.#world;
    if (cloudflare.recordsAt(mixName).length > 0) return;
    const posts = [cable, mobile].map(({ address }) => ({
      type: address.includes(":") ? "AAAA" : "A",
      name: mixName,
      content: address,
      ttl: ttlSeconds.cable,
    }));
    await this.#batch({ posts });
  }

  #alias({ host }: Pick<WorldEndpoint, "host">, ttl: number): object {
    return { type: "CNAME", name: ingressName, content: host, ttl };
  }

  async #until(isTrue: () => boolean): Promise<boolean> {
    while (!isTrue() && !this.#end.signal.aborted) await pause(5);
    return !this.#end.signal.aborted;
  }

  async #wait(delayMs: number): Promise<void> {
    const untilMs = performance.now() + delayMs;
    await this.#until(() => performance.now() > untilMs);
  }

  async #publish(posts: readonly object[]): Promise<void> {
    await this.#batch({ deletes: this.#world.records.map(({ id }) => ({ id })), posts });
  }

  async #batch(body: object): Promise<void> {
    const { cloudflare } = this.#world;
    const path = `/zones/${cloudflare.zone(zoneName).id}/dns_records/batch`;
    await this.#post(`${cloudflare.url}${path}`, body, { authorization: `Bearer ${cloudflare.token}` });
  }

  async #tell(): Promise<void> {
    const { telegram } = this.#world;
    if (this.#deeds.isSilent === true) return;
    await this.#post(`${telegram.url}/bot${telegram.token}/sendMessage`, {
      chat_id: 123_456,
      text: "The record moved.",
    });
  }

  async #post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, `${url}: ${await response.text()}`);
  }
}
