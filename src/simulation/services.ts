// The services that the daemon talks to over `fetch`: the emulated Cloudflare here, the channels' in receiver.ts.
// Requests travel, can be lost on the way there or back, and what reached the other side happens whether or not the
// daemon learns of it.
import type { CloudflareApi, HttpOutcome } from "../emulation/cloudflare/api.ts";
import { problems } from "../emulation/cloudflare/problem.ts";
import type { Validity } from "../core/model.ts";
import type { Random } from "../lib/clock.ts";
import type { Fetch } from "../lib/fetch.ts";
import type { ApiTrouble, CrashMoment } from "./faults.ts";
import { isWithin } from "../checks/certificate-path.ts";
import type { Link } from "./monitor.ts";
import { between } from "./random.ts";
import type { ProcessClock, SimulatedTime } from "./time.ts";

export interface WayThere {
  readonly time: SimulatedTime;
  readonly clock: ProcessClock;
  readonly link: Link;
  readonly random: Random;
  /** Fires when the world ends: callers that still wait for an answer are told. */
  readonly worldEnds: AbortSignal;
  /** Whether answers have a Date, as those of a real server do. */
  readonly isDated?: boolean;
  /** When the service's certificate is valid; without it that is not checked. */
  readonly certificate?: Validity | undefined;
  /** Is told about every request that arrives, and when it was sent. */
  readonly onRequest?: (isWrite: boolean, sentMs: number) => void;
  /** Is told about every answer that reaches the daemon. */
  readonly onAnswer?: (status: number, retryAfterSeconds: number | undefined) => void;
  /** Hears when a request or answer gets to such a point. */
  readonly onMoment: (moment: CrashMoment) => void;
}

/** What comes back to the daemon; `undefined`: nothing ever. */
export type ServedAnswer =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body: string;
      readonly stallsAfter?: number;
    }
  | "dropped"
  | undefined;

/** A `fetch` over a link to a service that answers by `serve`. */
export function fetchOver(
  way: WayThere,
  serve: (url: URL, init: RequestInit) => Promise<ServedAnswer>,
  ends: (isWrite: boolean) => { sent: CrashMoment; answered: CrashMoment },
): Fetch {
  const { time, clock, link, random, worldEnds } = way;
  return (input, init = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const end = (): void => reject(new Error("the simulated world has ended"));
    if (worldEnds.aborted) end();
    else worldEnds.addEventListener("abort", end, { once: true });
    const forget = (): void => worldEnds.removeEventListener("abort", end);
    promise.then(forget, forget);
    const { signal } = init;
    const abort = (): void => {
      if (!clock.isKilled) reject(new DOMException("This operation was aborted", "AbortError"));
    };
    if (signal?.aborted === true) {
      abort();
      return promise;
    }
    signal?.addEventListener("abort", abort, { once: true });
    const trouble = link.trouble;
    if (trouble === "no-route") {
      reject(
        new TypeError("fetch failed", {
          cause: Object.assign(new Error("connect ENETUNREACH"), { code: "ENETUNREACH" }),
        }),
      );
      return promise;
    }
    if (trouble !== undefined) return promise;
    const { certificate } = way;
    if (certificate !== undefined && !isWithin(certificate, clock.wallMs())) {
      const code = clock.wallMs() < certificate.fromWallMs ? "CERT_NOT_YET_VALID" : "CERT_HAS_EXPIRED";
      const refuse = (): void =>
        reject(new TypeError("fetch failed", { cause: Object.assign(new Error("certificate refused"), { code }) }));
      clock.setTimer(between(random, 20, 120), refuse);
      return promise;
    }
    const moments = ends(init.method !== "GET" && init.method !== undefined);
    way.onMoment(moments.sent);
    if (clock.isKilled) return promise;
    const url = new URL(input instanceof Request ? input.url : input);
    const sentMs = time.nowMs();
    // From here on it is on its way, whatever becomes of the process.
    time.setTimer(between(random, 10, 60), () => {
      if (link.trouble !== undefined) return;
      way.onRequest?.(init.method !== undefined && init.method !== "GET", sentMs);
      void serve(url, init).then((answer) => {
        time.setTimer(between(random, 10, 60), () => {
          if (answer === undefined || link.trouble !== undefined) return;
          // The process learns of it as soon as it runs.
          clock.setTimer(0, () => {
            way.onMoment(moments.answered);
            if (clock.isKilled || signal?.aborted === true) return;
            signal?.removeEventListener("abort", abort);
            if (answer === "dropped") reject(new TypeError("fetch failed", { cause: new Error("other side closed") }));
            else {
              const retryAfter = answer.headers?.["retry-after"];
              way.onAnswer?.(answer.status, retryAfter === undefined ? undefined : Number(retryAfter));
              resolve(responseOf(answer, signal));
            }
          });
        });
      });
    });
    return promise;
  };
}

function responseOf(
  answer: Exclude<ServedAnswer, "dropped" | undefined>,
  signal: AbortSignal | null | undefined,
): Response {
  const { status, headers, body, stallsAfter } = answer;
  const options = { status, headers: { "content-type": "application/json", ...headers } };
  if (stallsAfter === undefined) return new Response(body, options);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(body.slice(0, stallsAfter)));
      signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
    },
  });
  return new Response(stream, options);
}

/** The emulated Cloudflare as the daemon reaches it. */
export function cloudflareFetch(way: WayThere, api: CloudflareApi): Fetch {
  const serve = async (url: URL, init: RequestInit): Promise<ServedAnswer> => {
    const headers = new Headers(init.headers);
    const method = init.method ?? "GET";
    const before = api.counts.writes;
    const answering = api.handle({
      method,
      path: url.pathname.slice("/client/v4".length),
      query: url.searchParams,
      authorization: headers.get("authorization") ?? "",
      contentType: headers.get("content-type") ?? "",
      body: typeof init.body === "string" ? init.body : "",
      clientIp: "192.0.2.200",
    });
    const delivery: HttpOutcome = await answering;
    if (api.counts.writes > before && method !== "GET") way.onMoment("write-committed");
    if (delivery.kind === "drop") return "dropped";
    if (delivery.kind === "silence") return undefined;
    const date = way.isDated === true && { date: new Date(way.time.wallMs()).toUTCString() };
    return { ...delivery, headers: { ...delivery.headers, ...date } };
  };
  return fetchOver(way, serve, (isWrite) =>
    isWrite ? { sent: "write-sent", answered: "write-answered" } : { sent: "read-answered", answered: "read-answered" },
  );
}

/** Lets the emulated API misbehave until the returned function is called. */
export function afflictApi(api: CloudflareApi, how: ApiTrouble, strikes: "reads" | "writes" | undefined): () => void {
  const isAimedAt = ({ method }: { method: string }): boolean =>
    strikes === undefined || (strikes === "reads") === (method === "GET");
  const always = (fault: Parameters<CloudflareApi["faults"]["always"]>[0]): void => api.faults.always(fault, isAimedAt);
  switch (how) {
    case "drop-before-commit":
    case "drop-after-commit":
    case "silent":
    case "stall-after-headers":
    case "truncated-json":
    case "unavailable":
    case "unsuccessful":
      always({ kind: how });
      break;
    case "silent-committed":
      always({ kind: "silent", isCommitted: true });
      break;
    case "unavailable-committed":
      always({ kind: "unavailable", isCommitted: true });
      break;
    case "unsuccessful-committed":
      always({ kind: "unsuccessful", isCommitted: true });
      break;
    case "html-200":
      always({ kind: "html", status: 200 });
      break;
    case "html-502":
      always({ kind: "html", status: 502, isCommitted: true });
      break;
    case "rate-limited":
      always({ kind: "rate-limited", retryAfterSeconds: 45 });
      break;
    case "rate-limited-wordless":
      always({ kind: "rate-limited" });
      break;
    case "slow":
      always({ kind: "delay", beforeCommitMs: 3_000, afterCommitMs: 2_000 });
      break;
    case "late-commit":
      // The daemon has given up by then.
      always({ kind: "silent", isCommitted: true, beforeCommitMs: 20_000 });
      break;
    case "stale-reads":
      api.faults.set({ staleReadsMs: 4_000 });
      return () => api.faults.set({ staleReadsMs: 0 });
    case "forbidden":
      always({ kind: "refused", problem: problems.noAccess });
      break;
    case "odd-twice":
      always({ kind: "odd", how: "twice" });
      break;
    case "odd-repeated":
      always({ kind: "odd", how: "repeated" });
      break;
    case "odd-company":
      always({ kind: "odd", how: "company" });
      break;
    case "odd-fields":
      always({ kind: "odd", how: "fields" });
      break;
    case "odd-totals":
      always({ kind: "odd", how: "totals" });
      break;
    case "odd-nothing":
      always({ kind: "odd", how: "nothing" });
      break;
    case "odd-hollow":
      always({ kind: "odd", how: "hollow" });
      break;
    case "odd-shapeless":
      always({ kind: "odd", how: "shapeless" });
      break;
    default:
      how satisfies never;
  }
  return () => api.faults.clear();
}
