// A process with a store of its own, to be killed: it changes the store without end, and says of each change that it is
// done. Run as `node store-child.ts <folder> <first number>`.
import { writeSync } from "node:fs";
import { systemClock } from "../../src/runtime/node/clock.ts";
import type { Saved } from "../../src/store/saved.ts";
import { openStore, type Batch } from "../../src/store/store.ts";
import { Tally } from "../../src/store/tally.ts";
import { storedMessage } from "./state-folder.ts";

/** Changes number `first` and on: message n comes, message n - 2 goes, n is saved, and n is recorded twice over. */
function run(folder: string, first: number): void {
  const opening = openStore({ folder, clock: systemClock, onWarning: (message) => say(`warning ${message}`) });
  if (opening.kind === "locked") return say("locked");
  const { store } = opening;
  const outbox = store.outboxStore();
  say(`opened ${store.path === undefined ? "memory" : "file"}`);
  for (let number = first; ; number += 1) {
    attempt("appended", number, () => outbox.append("telegram", storedMessage(String(number))));
    attempt("removed", number - 2, () => outbox.remove("telegram", [String(number - 2)]));
    attempt("saved", number, () => store.save(savedOf(number)));
    attempt("recorded", number, () => store.record(batchOf(number)));
    if (number % 20 === 0) attempt("tidied", number, () => store.tidy());
  }
}

/** What is saved as number `number`. */
export function savedOf(number: number): Saved {
  const overrides = [{ kind: "pin" as const, endpoint: `endpoint-${number}`, untilWallMs: number }];
  return {
    ingresses: [
      {
        record: "a.example.com",
        savedWallMs: number,
        selection: undefined,
        departures: [],
        overrides,
        addresses: [],
        lastGood: undefined,
        isOutage: undefined,
        endpoints: undefined,
        form: undefined,
        mixRecords: undefined,
        zone: undefined,
        ttl: undefined,
      },
    ],
  };
}

/** One entry and one check, which stand or fall together. */
export function batchOf(number: number): Batch {
  const tally = new Tally();
  tally.count = 1;
  const atWallMs = systemClock.wallMs();
  const startMinute = Math.floor(atWallMs / 60_000);
  const check = { ingress: "a.example.com", endpoint: "cable", address: "192.0.2.1", startMinute, tally };
  const fact = { kind: "config-applied", number, padding: "x".repeat(2_000) };
  return { entries: [{ id: number, atWallMs, atMs: number, fact }], checks: [check] };
}

function attempt(what: string, number: number, action: () => void): void {
  try {
    action();
    say(`${what} ${number}`);
  } catch (error) {
    say(`failed ${what} ${number} ${String(error)}`);
  }
}

/** Written before anything else happens. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

if (import.meta.main) run(process.argv[2] ?? "", Number(process.argv[3]));
