// What a run of the daemon has seen, in books of the observer's own: the ground on which its verdicts are judged. Times are
// the run's monotonic ones.
import type { Address, Sighting, Resolution } from "../../../src/core/model.ts";
import type { Anchor } from "../../../src/probe/anchors.ts";
import type { DaemonRun } from "../../../src/simulation/daemon-run.ts";
import { isWithin } from "../../../src/checks/certificate-path.ts";
import type { Ledger, Part } from "./ledger.ts";

/** What is known of one address. */
export interface AddressBook {
  /** Oks without a real failure in between. */
  oksInRow: number;
  /** Those before, with nothing in between but silences that may have been the monitor's own. */
  oksBeforeDoubt: number;
  /** Ends of the real failures in this row, and of those since it was up. */
  failedInRowMs: readonly number[];
  failedSinceUpMs: readonly number[];
  /** Start of the ok, and of the failure, that began last. */
  lastOkStartedMs: number;
  lastFailureStartedMs: number;
  /**
   * One for failures in this row that were the monitor's own, though its connection worked again when they ended; and one for
   * each of them in whose second half it worked, since those are judged by themselves.
   */
  excusedInRow: number;
  /** The same since it was up. */
  excusedSinceUp: number;
  /** Oks without any failure in between, whoever was at fault. */
  oksSinceFailure: number;
  /** End of the newest failure, whatever caused it. */
  lastFailureMs: number;
  /** Ends of the newest failures in this row by the dates of a certificate: they wait until somebody has told the time. */
  undatedMs: readonly number[];
}

/** After so long without a Date, certificates count as they look. */
const dateSearchMs = 10 * 60_000 - 60_000;

/** So many oks in a row are enough to be up, whatever it was before. */
const mostRise = 5;

export class Evidence implements Part {
  readonly #ledger: Ledger;
  /** World time at which the present run began. */
  startedAtMs = 0;
  run: DaemonRun | undefined;
  addresses = new Map<string, AddressBook>();
  /** World time of Cloudflare's newest answer, which told the time. */
  #dateMs = -Infinity;
  /** Newest ok by family and site. */
  oks = new Map<string, number>();
  /** Newest answer of each anchor. */
  anchors = new Map<string, number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  started(run: DaemonRun): void {
    this.run = run;
    this.startedAtMs = this.#ledger.nowMs;
    this.#dateMs = -Infinity;
    this.addresses = new Map();
    this.oks = new Map();
    this.anchors = new Map();
  }

  probed({ text, family }: Address, observation: Sighting, isGenuine: boolean): void {
    const book = this.bookOf(text);
    const { kind, startedMs, endedMs } = observation;
    if (kind === "ok") this.oks.set(`${family} ${this.ownerOf(text)}`, endedMs);
    // Of probes that overlap, the youngest knows best: what began before an ok that is known has no effect.
    if (startedMs < book.lastOkStartedMs) return;
    if (kind === "ok") {
      book.lastOkStartedMs = startedMs;
      book.oksInRow += 1;
      book.undatedMs = [];
      // Whether an ok from before a failure counts depends on whether that has been proven by now.
      if (startedMs < book.lastFailureStartedMs) return;
      book.failedInRowMs = [];
      book.excusedInRow = 0;
      if (book.oksInRow >= mostRise) book.failedSinceUpMs = [];
      book.oksSinceFailure += 1;
      if (book.oksSinceFailure >= mostRise) book.excusedSinceUp = 0;
    } else if (kind === "failed" || this.#isInvalid(observation, isGenuine)) {
      book.lastFailureMs = endedMs;
      book.undatedMs = kind === "failed" ? [] : [...book.undatedMs.slice(-200), endedMs];
      book.lastFailureStartedMs = Math.max(book.lastFailureStartedMs, startedMs);
      book.oksSinceFailure = 0;
      const { oksInRow } = book;
      if (isGenuine) {
        countFailure(book, endedMs);
        // A silence that may have been the monitor's own is no failure to whoever is coming back.
        book.oksBeforeDoubt = this.#isDoubtful(observation) ? book.oksBeforeDoubt + oksInRow : 0;
        // Until somebody has told the time, it is as up as it was.
        if (kind !== "failed") book.oksInRow = oksInRow;
      } else {
        const hasWorked =
          this.#ledger.lastFaultMs(({ kind: what }) => what === "link") <=
          this.#ledger.nowMs - (endedMs - startedMs) / 2;
        book.excusedInRow = hasWorked ? book.excusedInRow + 1 : Math.max(1, book.excusedInRow);
        book.excusedSinceUp = hasWorked ? book.excusedSinceUp + 1 : Math.max(1, book.excusedSinceUp);
      }
    }
  }

  /** Whether the connection may not have been seen to work early enough for this silence to count. */
  #isDoubtful(observation: Sighting): boolean {
    if (observation.kind !== "failed" || observation.reason !== "timeout") return false;
    const { startedMs, endedMs } = observation;
    const proofsMs = [...this.oks.values(), ...this.anchors.values()];
    // It is looked for once the probe has been silent for a while.
    const stalledMs = startedMs + Math.min(1_000, (endedMs - startedMs) / 4);
    return !proofsMs.some((atMs) => atMs >= stalledMs && atMs <= (startedMs + endedMs) / 2);
  }

  answered(): void {
    this.#dateMs = this.#ledger.nowMs;
  }

  /** What a certificate's dates say counts where they are so, or where nobody has told the time for long. */
  #isInvalid(observation: Sighting, isGenuine: boolean): boolean {
    if (observation.kind !== "inconclusive" || observation.reason !== "clock") return false;
    const { certificateOfServices } = this.#ledger.scenario.world;
    const wallMs = this.run?.clock.wallMs() ?? 0;
    // A clock by which Cloudflare's own certificate is not valid proves nothing, for as long as that may last.
    const isRefuted = certificateOfServices !== undefined && !isWithin(certificateOfServices, wallMs);
    const isUntold = this.#ledger.nowMs - Math.max(this.#dateMs, this.startedAtMs) > dateSearchMs;
    return isGenuine || (isUntold && !isRefuted);
  }

  resolved(host: string, resolution: Resolution, run: DaemonRun): void {
    const site = this.#ledger.world.internet.siteNamed(host);
    if (resolution.kind !== "none" || site === undefined) return;
    // It counts for addresses too that are remembered from an earlier run, and were never probed in this one.
    const remembered = run.state.ingresses.flatMap(({ endpoints }) => endpoints).flatMap(({ addresses }) => addresses);
    for (const text of new Set([...this.addresses.keys(), ...remembered.map((address) => address.text)])) {
      if (this.#ledger.siteOf(text) !== site) continue;
      const book = this.bookOf(text);
      book.lastFailureMs = book.lastFailureStartedMs = run.clock.nowMs();
      countFailure(book, run.clock.nowMs());
    }
  }

  anchorTried(anchor: Anchor, isReached: boolean, run: DaemonRun): void {
    if (isReached) this.anchors.set(anchor.address.text, run.clock.nowMs());
  }

  bookOf(address: string): AddressBook {
    const book = this.addresses.get(address) ?? {
      oksInRow: 0,
      oksBeforeDoubt: 0,
      failedInRowMs: [],
      failedSinceUpMs: [],
      lastOkStartedMs: -Infinity,
      lastFailureStartedMs: -Infinity,
      excusedInRow: 0,
      excusedSinceUp: 0,
      oksSinceFailure: 0,
      lastFailureMs: -Infinity,
      undatedMs: [],
    };
    this.addresses.set(address, book);
    return book;
  }

  /** The books of all addresses that an endpoint has had, and of those of another one that its name leads to. */
  booksOf(endpoint: string): readonly AddressBook[] {
    const known = this.#ledger.state?.endpoints.find(({ settings }) => settings.name === endpoint)?.addresses ?? [];
    const isMeant = (text: string): boolean =>
      this.#ledger.isOf(text, endpoint) || known.some((address) => address.text === text);
    return [...this.addresses].filter(([text]) => isMeant(text)).map(([, book]) => book);
  }

  ownerOf(address: string): string {
    return String(this.#ledger.siteOf(address)?.index ?? address);
  }
}

function countFailure(book: AddressBook, endedMs: number): void {
  book.oksInRow = 0;
  book.oksSinceFailure = 0;
  book.failedInRowMs = [...book.failedInRowMs.slice(-200), endedMs];
  book.failedSinceUpMs = [...book.failedSinceUpMs.slice(-200), endedMs];
}
