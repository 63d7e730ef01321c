// Everything that can go wrong in the simulated world, as data: what, with whom, from when, for how long. Plain JSON,
// so that a list of faults is a story that can be printed, cut down and told again.
import type { Family } from "../core/model.ts";
import type { Oddity } from "../emulation/cloudflare/odd.ts";

/** How an address treats its clients. */
export type Treatment =
  /** Nothing listens: refused at once. */
  | { readonly how: "refuse" }
  /** Packets vanish. */
  | { readonly how: "hang" }
  /** It answers byte by byte and never ends. */
  | { readonly how: "drip" }
  /** It answers with this status. */
  | { readonly how: "status"; readonly status: number }
  /** It answers 200, but with another program's page. */
  | { readonly how: "unmarked" }
  /** A connection fails with this probability. */
  | { readonly how: "loss"; readonly probability: number }
  /** Everything takes this long. */
  | { readonly how: "slow"; readonly delayMs: number }
  /** Its certificate has just ended, or will be valid only from the end of the fault on. */
  | { readonly how: "expired" | "premature" };

/** Who is affected: an asymmetric partition is a fault that only some see. */
export type SeenBy = "all" | "monitor" | "clients";

/** How the monitor's own connection is broken. */
export type LinkTrouble = "blackhole" | "no-route";

export type ResolverTrouble =
  | { readonly how: "silent" }
  | { readonly how: "servfail" }
  | { readonly how: "refused" }
  /** Answers late. */
  | { readonly how: "slow"; readonly delayMs: number }
  /** Knows nothing newer than what it knew at the beginning of the fault. */
  | { readonly how: "stale" }
  /** Says that the name does not exist. */
  | { readonly how: "denies" }
  /** Leaves out one family. */
  | { readonly how: "halves"; readonly family: Family };

export type ApiTrouble =
  | "drop-before-commit"
  | "drop-after-commit"
  | "silent"
  | "silent-committed"
  | "stall-after-headers"
  | "truncated-json"
  | "html-200"
  | "html-502"
  | "unavailable"
  | "unavailable-committed"
  | "unsuccessful"
  | "unsuccessful-committed"
  | "rate-limited"
  | "rate-limited-wordless"
  | "slow"
  | "late-commit"
  | "stale-reads"
  | "forbidden"
  | `odd-${Oddity}`;

export interface EdgeTrouble {
  /** Answers nothing; answers late; gets to know of no change. */
  readonly how: "silent" | "slow" | "stuck";
}

export type BotTrouble = "rate-limited" | "server-error" | "html" | "silent" | "drop" | "drop-after" | "cannot-parse";

export type Fault = { readonly atMs: number } & (
  | ({
      readonly kind: "site";
      readonly site: number;
      readonly forMs: number;
      /** Only this family of its addresses, or only its address of this number. */
      readonly family?: Family | undefined;
      readonly address?: number;
      readonly seenBy: SeenBy;
    } & Treatment)
  /** The site gets other addresses; DNS learns of them this much later. */
  | { readonly kind: "renumbered"; readonly site: number; readonly dnsDelayMs: number }
  /** Its name leads to the addresses of another site, as when both lines' programs run behind one of them. */
  | { readonly kind: "misnamed"; readonly site: number; readonly as: number; readonly forMs: number }
  /** Its name is gone from DNS. */
  | { readonly kind: "unregistered"; readonly site: number; readonly forMs: number }
  | { readonly kind: "link"; readonly how: LinkTrouble; readonly family?: Family | undefined; readonly forMs: number }
  | { readonly kind: "anchors"; readonly forMs: number }
  /** One resolver of the two, or both. */
  | ({ readonly kind: "resolver"; readonly resolver?: number; readonly forMs: number } & ResolverTrouble)
  | { readonly kind: "stopped"; readonly forMs: number }
  | { readonly kind: "asleep"; readonly forMs: number }
  /** Again and again too busy for up to this long. */
  | { readonly kind: "busy"; readonly forMs: number; readonly upToMs: number }
  /** The machine's wall clock is set wrong; for ever, unless it is told for how long. */
  | { readonly kind: "wall-jump"; readonly byMs: number; readonly forMs?: number }
  /** The process ends without a word, and is started again. Power cuts lose what was not on disk. */
  | { readonly kind: "crash"; readonly how: "kill" | "power"; readonly when: CrashMoment; readonly downForMs: number }
  /** The state file is gone or unreadable at the next start. */
  | { readonly kind: "state-lost"; readonly how: "absent" | "torn" | "foreign" }
  | { readonly kind: "restart"; readonly downForMs: number }
  | {
      readonly kind: "reload";
      readonly what: "same" | "invalid" | "hold-up" | "removes" | "restores";
      readonly site?: number;
    }
  | { readonly kind: "api"; readonly how: ApiTrouble; readonly forMs: number; readonly strikes?: "reads" | "writes" }
  /** One authoritative server of the zone, or all. */
  | ({ readonly kind: "edges"; readonly edge?: number; readonly forMs: number } & EdgeTrouble)
  | { readonly kind: "bot"; readonly how: BotTrouble; readonly forMs: number }
  /** A person pins or drains an endpoint for this long, or starts a drill, or ends all overrides. */
  | {
      readonly kind: "word";
      readonly what: "pin" | "drain" | "drill" | "resume";
      readonly site: number;
      readonly forMs: number;
    }
  /** Another program changes the records, once: those of an ingress, or (`at`) those of its mix. */
  | {
      readonly kind: "edit";
      readonly what: "content" | "ttl" | "remove" | "add" | "unrelated";
      readonly at?: "mix";
    }
  /** Another program puts its own content back whenever it looks. */
  | { readonly kind: "rival"; readonly forMs: number; readonly everyMs: number }
);

/** When a crash strikes: at its time, or at the next such moment after it. */
export type CrashMoment =
  | "at-once"
  | "write-sent"
  | "write-committed"
  | "write-answered"
  | "read-answered"
  | "message-sent"
  | "message-taken"
  | "stored"
  /** A good while after addresses of more than one endpoint were written. */
  | "mixed";

export type FaultKind = Fault["kind"];
