// One HTTP or HTTPS probe of one address: a fresh connection to the address itself, one request, one verdict.
// Straight over `node:net` and `node:tls`: a client for HTTP in general costs several times as much.
import { connect as connectTcp, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Address, CheckSettings, Phases, Sighting } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import { StageTimes, underDeadline, type AttemptOptions, type ProbeAttempt } from "../attempt.ts";
import { verdictOfMissingRoute, type hasRoute } from "../route.ts";
import { TextSearch } from "../search.ts";
import { connectToPeer, inspectPeer, type TlsPeer } from "../tls-connection.ts";
import { failed, type ProbeResult } from "../verdict.ts";
import { AnswerReader, type AnswerHead } from "./answer-reader.ts";
import { closedEarly, verdictOfError } from "./faults.ts";
import { judgeAnswer } from "./judge.ts";
import { requestFor, type ProbeRequest } from "./request.ts";
import type { HttpTask } from "./settings.ts";

export interface HttpProbeOptions extends AttemptOptions {
  /** Whether this machine has a route to the address; the kernel is asked by default. */
  readonly hasRoute?: typeof hasRoute;
}

/**
 * Connects to `address` on the URL's port, asks for the URL by its own name (SNI, certificate, Host), and compares the
 * answer with what the check expects. Never rejects, whatever the other side does.
 */
export function probeHttp(
  check: CheckSettings<HttpTask>,
  address: Address,
  options: HttpProbeOptions,
): Promise<Sighting> {
  return underDeadline(new HttpAttempt(check.what, address, options), check.timeoutMs, options);
}

class HttpAttempt implements ProbeAttempt {
  readonly phases: { -readonly [phase in keyof Phases]: Phases[phase] } = {};
  readonly stages: StageTimes;
  certificateEndsWallMs: number | undefined;
  readonly #task: HttpTask;
  readonly #address: Address;
  readonly #options: HttpProbeOptions;
  readonly #request: ProbeRequest;
  readonly #search: TextSearch | undefined;
  readonly #reader: AnswerReader;
  #socket: Socket | undefined;

  constructor(task: HttpTask, address: Address, options: HttpProbeOptions) {
    this.#task = task;
    this.#address = address;
    this.#options = options;
    this.#request = requestFor(task);
    this.#search = task.contains === undefined ? undefined : new TextSearch(task.contains);
    this.#reader = new AnswerReader((piece) => this.#search?.take(piece));
    this.stages = new StageTimes(options.clock);
  }

  /** The first thing that decides is the result: an error, an objection, or as much of the answer as it takes. */
  run(): Promise<ProbeResult> {
    return new Promise((decide) => {
      const shielded = (action: () => ProbeResult | undefined): void => {
        try {
          const result = action();
          if (result !== undefined) decide(result);
        } catch (error) {
          decide(this.#explain(error as NodeJS.ErrnoException));
        }
      };
      shielded(() => {
        const socket = this.#connect();
        this.#socket = socket;
        socket.on("error", (error) => decide(this.#explain(error)));
        socket.once("connect", () => shielded(() => this.#connected(socket)));
        socket.once("secureConnect", () => shielded(() => this.#secured(socket as TLSSocket)));
        socket.on("data", (chunk: Buffer) => shielded(() => this.#heard(chunk)));
        socket.once("end", () => shielded(() => this.#ended()));
        return undefined;
      });
    });
  }

  /** Drops the connection, and notes how long the last stage took if it gave an answer at all. */
  end(): void {
    if (this.stages.stage === "reading the answer") this.phases.transfer = this.stages.enter("reading the answer");
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const { port, isEncrypted } = this.#request;
    const address = this.#address;
    if (!isEncrypted) return connectTcp({ host: address.text, port });
    return connectToPeer(this.#peer, { address, port, protocols: ["http/1.1"] });
  }

  get #peer(): TlsPeer {
    return { hostName: this.#request.hostName, ca: this.#task.ca };
  }

  #connected(socket: Socket): undefined {
    const { isEncrypted, text } = this.#request;
    this.phases.connect = this.stages.enter(isEncrypted ? "in the TLS handshake" : "waiting for the answer");
    if (!isEncrypted) socket.write(text, "latin1");
  }

  #secured(socket: TLSSocket): ProbeResult | undefined {
    const { objection, validity } = inspectPeer(socket, this.#peer, this.#options);
    this.certificateEndsWallMs = validity?.untilWallMs;
    this.phases.tls = this.stages.enter("waiting for the answer");
    // Nothing may be sent to a server that is not the one.
    if (objection === undefined) socket.write(this.#request.text, "latin1");
    return objection;
  }

  #heard(chunk: Buffer): ProbeResult | undefined {
    if (this.stages.stage === "waiting for the answer")
      this.phases.processing = this.stages.enter("reading the answer");
    this.#reader.take(chunk);
    const { head, fault, isComplete } = this.#reader;
    const decided = head && verdictOfAnswer(this.#task, head, this.#search, isComplete);
    return decided ?? (fault === undefined ? undefined : failed("not-http", fault));
  }

  /** The other side has said all that it says. */
  #ended(): ProbeResult | undefined {
    const { head } = this.#reader;
    if (head === undefined || !this.#reader.end()) return closedEarly(this.stages.stage);
    return verdictOfAnswer(this.#task, head, this.#search, true);
  }

  async #explain(error: NodeJS.ErrnoException): Promise<ProbeResult> {
    const unrouted = await verdictOfMissingRoute(error, this.#address, this.#options.hasRoute);
    return unrouted ?? verdictOfError(error, this.stages.stage);
  }
}

/** `undefined` while it depends on more of the body, which is only read where it is looked for a text. */
function verdictOfAnswer(
  task: HttpTask,
  { status, headers }: AnswerHead,
  search: TextSearch | undefined,
  isComplete: boolean,
): ProbeResult | undefined {
  const encoding = headers.get("content-encoding")?.toLowerCase() ?? "identity";
  const isRead = search !== undefined && (search.isOver || isComplete);
  const judgement = judgeAnswer(task, { status, encoding, hasMarker: isRead ? search.isFound : undefined });
  switch (judgement) {
    case "unread":
      return undefined;
    case "status":
      return failed("status", `status ${status}${redirectNote(status, headers.get("location"))}`);
    case "encoding":
      return failed("encoding", `body is encoded (${encoding}), although no encoding was requested`);
    case "ok":
      return { kind: "ok", detail: `status ${status}${search === undefined ? "" : `, marker ${shown(task)} found`}` };
    case "marker": {
      const where = search?.isOver === true ? "the first 64 KiB" : `${search?.seenBytes ?? 0} bytes`;
      return failed("marker", `marker ${shown(task)} not found in ${where}`);
    }
    default:
      return judgement satisfies never;
  }
}

function shown({ contains = "" }: HttpTask): string {
  return `"${plain(contains, 40)}"`;
}

/** Where a redirect leads, without what may be a secret in it. */
function redirectNote(status: number, location = ""): string {
  if (status < 300 || status >= 400) return "";
  const target = plain(location.trim().replace(/(?<=\/\/)[^/@?#]*@/, ""), 120).replace(/[?#].*$/, "?…");
  return target === "" ? " (redirects are not followed)" : ` to ${target} (redirects are not followed)`;
}
