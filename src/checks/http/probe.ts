// One HTTP or HTTPS probe of one address: a fresh connection to the address itself, one request, one verdict.
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import type { Address, CheckSettings, Observation, Phases } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import { StageTimes, underDeadline, type AttemptOptions, type ProbeAttempt } from "../attempt.ts";
import { objectionTo } from "../certificate.ts";
import { verdictOfMissingRoute, type hasRoute } from "../route.ts";
import { TextSearch } from "../search.ts";
import { secureContextFor } from "../secure-context.ts";
import { failed, type ProbeResult } from "../verdict.ts";
import { verdictOfError } from "./faults.ts";
import { judgeAnswer } from "./judge.ts";
import type { HttpTask } from "./settings.ts";

export interface HttpProbeOptions extends AttemptOptions {
  /** The time as far as something vouches for it; without, certificates are judged by the machine's wall clock. */
  readonly vouchedWallMs?: number;
  /** Whether this machine has a route to the address; the kernel is asked by default. */
  readonly hasRoute?: typeof hasRoute;
}

const headerLimitBytes = 16_384;

/**
 * Connects to `address` on the URL's port, asks for the URL by its own name (SNI, certificate, Host), and compares the
 * answer with what the check expects. Never rejects, whatever the other side does.
 */
export function probeHttp(
  check: CheckSettings<HttpTask>,
  address: Address,
  options: HttpProbeOptions,
): Promise<Observation> {
  return underDeadline(new HttpAttempt(check.what, address, options), check.timeoutMs, options);
}

class HttpAttempt implements ProbeAttempt {
  readonly phases: { -readonly [phase in keyof Phases]: Phases[phase] } = {};
  readonly stages: StageTimes;
  certificateEndsWallMs: number | undefined;
  readonly #task: HttpTask;
  readonly #address: Address;
  readonly #options: HttpProbeOptions;
  readonly #url: URL;
  /** Rejects with the first error of the connection, whatever is being waited for. */
  readonly #broken = Promise.withResolvers<never>();
  #socket: Socket | undefined;

  constructor(task: HttpTask, address: Address, options: HttpProbeOptions) {
    this.#task = task;
    this.#address = address;
    this.#options = options;
    this.#url = new URL(task.url);
    this.stages = new StageTimes(options.clock);
    this.#broken.promise.catch(() => {});
  }

  async run(): Promise<ProbeResult> {
    try {
      const socket = this.#connect();
      await Promise.race([once(socket, "connect"), this.#broken.promise]);
      this.phases.connect = this.stages.enter(this.#isTls ? "in the TLS handshake" : "waiting for the answer");
      if (this.#isTls) {
        await Promise.race([once(socket, "secureConnect"), this.#broken.promise]);
        const objection = this.#inspectCertificate(socket as TLSSocket);
        this.phases.tls = this.stages.enter("waiting for the answer");
        if (objection !== undefined) return objection;
      }
      return await Promise.race([this.#ask(socket), this.#broken.promise]);
    } catch (error) {
      return this.#explain(error as NodeJS.ErrnoException);
    }
  }

  /** Drops the connection, and notes how long the last stage took if it gave an answer at all. */
  end(): void {
    if (this.stages.stage === "reading the answer") this.phases.transfer = this.stages.enter("reading the answer");
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
          secureContext: secureContextFor(this.#task.ca),
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
      ca: this.#task.ca,
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
        socket.once("data", () => (this.phases.processing = this.stages.enter("reading the answer"))),
      );
      const judge = (response: IncomingMessage): void => {
        response.on("error", this.#broken.reject);
        resolve(verdictOfAnswer(this.#task, response));
      };
      request.on("response", judge);
      request.on("upgrade", judge);
      request.end();
    });
  }

  async #explain(error: NodeJS.ErrnoException): Promise<ProbeResult> {
    const unrouted = await verdictOfMissingRoute(error, this.#address, this.#options.hasRoute);
    return unrouted ?? verdictOfError(error, this.stages.stage);
  }
}

/** The body is only read where it is looked for a text. */
async function verdictOfAnswer(task: HttpTask, response: IncomingMessage): Promise<ProbeResult> {
  const status = response.statusCode ?? 0;
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const answer = { status, encoding, hasMarker: undefined };
  const early = judgeAnswer(task, answer);
  if (early === "status") return failed("status", `status ${status}${redirectNote(status, response)}`);
  if (early === "encoding") {
    return failed("encoding", `body is encoded (${encoding}), although no encoding was requested`);
  }
  const { contains } = task;
  if (early !== "unread" || contains === undefined) return { kind: "ok", detail: `status ${status}` };
  const shown = `"${plain(contains, 40)}"`;
  const search = await searchBody(response, contains);
  if (judgeAnswer(task, { ...answer, hasMarker: search.isFound }) === "ok") {
    return { kind: "ok", detail: `status ${status}, marker ${shown} found` };
  }
  return failed(
    "marker",
    `marker ${shown} not found in ${search.isOver ? "the first 64 KiB" : `${search.seenBytes} bytes`}`,
  );
}

/** Where a redirect leads, without what may be a secret in it. */
function redirectNote(status: number, { headers: { location } }: IncomingMessage): string {
  if (status < 300 || status >= 400) return "";
  const target = plain((location ?? "").trim().replace(/(?<=\/\/)[^/@?#]*@/, ""), 120).replace(/[?#].*$/, "?…");
  return target === "" ? " (redirects are not followed)" : ` to ${target} (redirects are not followed)`;
}

function searchBody(response: IncomingMessage, marker: string): Promise<TextSearch> {
  const search = new TextSearch(marker);
  return new Promise((resolve) => {
    response.on("data", (chunk: Buffer) => {
      search.take(chunk);
      if (search.isOver) resolve(search);
    });
    response.on("end", () => resolve(search));
  });
}
