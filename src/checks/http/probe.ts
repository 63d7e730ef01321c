// One HTTP or HTTPS probe of one address: a fresh connection to the address itself, one request, one verdict.
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type { Address, CheckSettings, Observation, Phases } from "../../core/model.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatDuration } from "../../core/units.ts";
import { plain } from "../../lib/text.ts";
import { objectionTo } from "../certificate.ts";
import { hasRoute } from "../route.ts";
import { secureContextFor } from "../secure-context.ts";
import { failed, inconclusive, isMissingRoute, verdictOfError, type ProbeStage, type ProbeResult } from "../verdict.ts";

export interface HttpProbeOptions {
  readonly clock: Clock;
  /** One deadline over everything. */
  readonly timeoutMs: number;
  /** Ends the probe at once; its observation means nothing then. */
  readonly signal?: AbortSignal;
  /** The time as far as something vouches for it; without, certificates are judged by the machine's wall clock. */
  readonly vouchedWallMs?: number;
  /** Whether this machine has a route to the address; the kernel is asked by default. */
  readonly hasRoute?: typeof hasRoute;
}

/** How much of a body is searched for the marker. */
const bodyLimitBytes = 65_536;
const headerLimitBytes = 16_384;

/**
 * Connects to `address` on the URL's port, asks for the URL by its own name (SNI, certificate, Host), and compares the
 * answer with what the check expects. Never rejects, whatever the other side does.
 */
export async function probeHttp(
  check: CheckSettings,
  address: Address,
  options: HttpProbeOptions,
): Promise<Observation> {
  const { clock, timeoutMs, signal } = options;
  const startedMs = clock.nowMs();
  const trip = new Trip(check, address, options);
  const deadline = Promise.withResolvers<ProbeResult>();
  // When this process was too busy to run in time, timers come before what arrived meanwhile: that is heard first.
  const cancelDeadline = clock.setTimer(timeoutMs, () => {
    setImmediate(() => deadline.resolve(trip.timedOut()));
  });
  const abort = (): void => deadline.resolve(inconclusive("local", "cancelled"));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();

  const verdict = await Promise.race([deadline.promise, trip.run()]);
  cancelDeadline();
  signal?.removeEventListener("abort", abort);
  trip.end();
  const endedMs = clock.nowMs();
  return {
    startedMs,
    endedMs,
    vantage: "local",
    phases: trip.phases,
    ...(trip.certificateEndsWallMs !== undefined && { certificateEndsWallMs: trip.certificateEndsWallMs }),
    ...believable(verdict, endedMs - startedMs, timeoutMs),
  };
}

/** A failure that took far longer than the deadline allows says that this machine was suspended or too busy. */
function believable(verdict: ProbeResult, tookMs: number, timeoutMs: number): ProbeResult {
  if (verdict.kind !== "failed" || tookMs <= timeoutMs + Math.max(250, timeoutMs / 2)) return verdict;
  return inconclusive("late", `the monitor was suspended or too busy for ${formatDuration(tookMs)}`);
}

/** The way of one probe through its stages. Anyone who stops waiting for `run` calls `end`. */
class Trip {
  readonly phases: { -readonly [phase in keyof Phases]: Phases[phase] } = {};
  certificateEndsWallMs: number | undefined;
  readonly #check: CheckSettings;
  readonly #address: Address;
  readonly #options: HttpProbeOptions;
  readonly #url: URL;
  /** Rejects with the first error of the connection, whatever is being waited for. */
  readonly #broken = Promise.withResolvers<never>();
  #stage: ProbeStage = "connecting";
  #stageSinceMs: number;
  #socket: Socket | undefined;

  constructor(check: CheckSettings, address: Address, options: HttpProbeOptions) {
    this.#check = check;
    this.#address = address;
    this.#options = options;
    this.#url = new URL(check.url);
    this.#stageSinceMs = options.clock.nowMs();
    this.#broken.promise.catch(() => {});
  }

  async run(): Promise<ProbeResult> {
    try {
      const socket = this.#connect();
      await Promise.race([once(socket, "connect"), this.#broken.promise]);
      this.phases.connect = this.#enter(this.#isTls ? "in the TLS handshake" : "waiting for the answer");
      if (this.#isTls) {
        await Promise.race([once(socket, "secureConnect"), this.#broken.promise]);
        const objection = this.#inspectCertificate(socket as TLSSocket);
        this.phases.tls = this.#enter("waiting for the answer");
        if (objection !== undefined) return objection;
      }
      return await Promise.race([this.#ask(socket), this.#broken.promise]);
    } catch (error) {
      return this.#explain(error as NodeJS.ErrnoException);
    }
  }

  /** The verdict when the deadline has passed. */
  timedOut(): ProbeResult {
    return failed("timeout", `timed out while ${this.#stage} (${formatDuration(this.#check.timeoutMs)})`);
  }

  /** Drops the connection, and notes how long the last stage took if it gave an answer at all. */
  end(): void {
    if (this.#stage === "reading the answer") this.phases.transfer = this.#enter(this.#stage);
    this.#socket?.destroy();
  }

  get #isTls(): boolean {
    return this.#url.protocol === "https:";
  }

  /** The host name of the URL as certificates know it. */
  get #hostName(): string {
    return this.#url.hostname.replace(/^\[|\]$|\.$/g, "");
  }

  #connect(): Socket {
    const where = { host: this.#address.text, port: Number(this.#url.port || (this.#isTls ? 443 : 80)) };
    const socket = this.#isTls
      ? connectTls({
          ...where,
          secureContext: secureContextFor(this.#check.ca),
          servername: isIP(this.#hostName) === 0 ? this.#hostName : "",
          // Left to itself, Node compares the certificate with the address that we connect to.
          checkServerIdentity: (_, certificate) => checkServerIdentity(this.#hostName, certificate),
          ALPNProtocols: ["http/1.1"],
          // Refused below instead, before anything is sent: only then can the message name what is wrong.
          rejectUnauthorized: false,
        })
      : connectTcp(where);
    this.#socket = socket;
    socket.on("error", this.#broken.reject);
    return socket;
  }

  /** What speaks against the server's certificate. Nothing may be sent unless this is `undefined`. */
  #inspectCertificate(socket: TLSSocket): ProbeResult | undefined {
    const certificate = socket.getPeerCertificate();
    const endsWallMs = Date.parse(certificate.valid_to);
    if (Number.isFinite(endsWallMs)) this.certificateEndsWallMs = endsWallMs;
    const { clock, vouchedWallMs } = this.#options;
    return objectionTo(socket, {
      askedFor: this.#hostName,
      ca: this.#check.ca,
      machineWallMs: clock.wallMs(),
      vouchedWallMs,
    });
  }

  #ask(socket: Socket): Promise<ProbeResult> {
    return new Promise((resolve) => {
      const request = httpRequest({
        // Without `agent`: any value of it would make Node ignore this and look the host up.
        createConnection: () => socket,
        method: "GET",
        path: this.#url.pathname + this.#url.search,
        setHost: false,
        headers: {
          host: this.#url.host,
          "user-agent": "cloudflare-cname-switcher",
          accept: "*/*",
          "accept-encoding": "identity",
        },
        maxHeaderSize: headerLimitBytes,
      });
      request.on("error", this.#broken.reject);
      request.on("socket", () =>
        socket.once("data", () => (this.phases.processing = this.#enter("reading the answer"))),
      );
      const judge = (response: IncomingMessage): void => {
        response.on("error", this.#broken.reject);
        resolve(judgeAnswer(this.#check, response));
      };
      request.on("response", judge);
      request.on("upgrade", judge);
      request.end();
    });
  }

  async #explain(error: NodeJS.ErrnoException): Promise<ProbeResult> {
    if (isMissingRoute(error.code)) {
      const asked = this.#options.hasRoute ?? hasRoute;
      if (!(await asked(this.#address))) {
        return inconclusive("no-route", `the monitor has no route to ${this.#address.text} (${error.code})`);
      }
    }
    return verdictOfError(error, this.#stage);
  }

  /** Continues to a stage and returns how long the one before it took. */
  #enter(stage: ProbeStage): number {
    const nowMs = this.#options.clock.nowMs();
    const tookMs = nowMs - this.#stageSinceMs;
    this.#stage = stage;
    this.#stageSinceMs = nowMs;
    return tookMs;
  }
}

/** Decides by status and headers where possible; the body is only read for a marker. */
async function judgeAnswer(check: CheckSettings, response: IncomingMessage): Promise<ProbeResult> {
  const status = response.statusCode ?? 0;
  if (!check.status.some(([from, to]) => from <= status && status <= to)) {
    return failed("status", `status ${status}${redirectNote(status, response)}`);
  }
  if (check.contains === undefined || check.contains === "") return { kind: "ok", detail: `status ${status}` };
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "") {
    return failed("encoding", `body is encoded (${encoding}), although no encoding was requested`);
  }
  const shown = `"${plain(check.contains, 40)}"`;
  const search = await searchBody(response, Buffer.from(check.contains));
  if (search.isFound) return { kind: "ok", detail: `status ${status}, marker ${shown} found` };
  const where = search.isWhole ? `${search.seenBytes} bytes` : "the first 64 KiB";
  return failed("marker", `marker ${shown} not found in ${where}`);
}

/** Where a redirect leads, without what may be a secret in it. */
function redirectNote(status: number, { headers: { location } }: IncomingMessage): string {
  if (status < 300 || status >= 400) return "";
  const target = plain((location ?? "").trim().replace(/(?<=\/\/)[^/@?#]*@/, ""), 120).replace(/[?#].*$/, "?…");
  return target === "" ? " (redirects are not followed)" : ` to ${target} (redirects are not followed)`;
}

interface Search {
  readonly isFound: boolean;
  readonly seenBytes: number;
  readonly isWhole: boolean;
}

/** Holds one chunk and the marker's length of the one before it, whatever the body's size. */
function searchBody(response: IncomingMessage, marker: Buffer): Promise<Search> {
  let seenBytes = 0;
  let tail = Buffer.alloc(0);
  return new Promise((resolve) => {
    response.on("data", (chunk: Buffer) => {
      const piece = chunk.subarray(0, bodyLimitBytes - seenBytes);
      seenBytes += piece.length;
      const text = Buffer.concat([tail, piece]);
      if (text.includes(marker)) resolve({ isFound: true, seenBytes, isWhole: false });
      else if (seenBytes >= bodyLimitBytes) resolve({ isFound: false, seenBytes, isWhole: false });
      tail = text.subarray(Math.max(0, text.length - marker.length + 1));
    });
    response.on("end", () => resolve({ isFound: false, seenBytes, isWhole: true }));
  });
}
