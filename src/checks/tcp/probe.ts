// One TCP probe of one address: a fresh connection, and a text in the answer where one is expected.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Address, CheckSettings, Phases, Sighting } from "../../core/model.ts";
import { messageOf, plain } from "../../lib/text.ts";
import { StageTimes, underDeadline, type AttemptOptions, type ProbeAttempt } from "../attempt.ts";
import { verdictOfMissingRoute } from "../route.ts";
import { TextSearch } from "../search.ts";
import { failed, verdictOfConnection, type ProbeResult } from "../verdict.ts";
import { judgeConnection } from "./judge.ts";
import type { TcpTask } from "./settings.ts";

/** Connects to `address` on the port of the check. Never rejects, whatever the other side does. */
export function probeTcp(check: CheckSettings<TcpTask>, address: Address, options: AttemptOptions): Promise<Sighting> {
  return underDeadline(new TcpAttempt(check.what, address, options), check.timeoutMs, options);
}

class TcpAttempt implements ProbeAttempt {
  readonly phases: { -readonly [phase in keyof Phases]: Phases[phase] } = {};
  readonly certificateEndsWallMs = undefined;
  readonly stages: StageTimes;
  readonly #task: TcpTask;
  readonly #address: Address;
  readonly #broken = Promise.withResolvers<never>();
  #socket: Socket | undefined;

  constructor(task: TcpTask, address: Address, { clock }: AttemptOptions) {
    this.#task = task;
    this.#address = address;
    this.stages = new StageTimes(clock);
    this.#broken.promise.catch(() => {});
  }

  async run(): Promise<ProbeResult> {
    const { port, send, expect } = this.#task;
    try {
      const socket = connect({ host: this.#address.text, port });
      this.#socket = socket;
      socket.on("error", this.#broken.reject);
      await Promise.race([once(socket, "connect"), this.#broken.promise]);
      this.phases.connect = this.stages.enter("waiting for the answer");
      if (judgeConnection(this.#task, undefined) === "ok" || expect === undefined) {
        return { kind: "ok", detail: "connected" };
      }
      if (send !== undefined) socket.write(send);
      const search = await Promise.race([this.#read(socket, expect), this.#broken.promise]);
      return this.#verdictOf(search, expect);
    } catch (error) {
      return this.#explain(error as NodeJS.ErrnoException);
    }
  }

  /** Drops the connection, and notes how long the answer took if there was one. */
  end(): void {
    if (this.stages.stage === "reading the answer") this.phases.transfer = this.stages.enter("reading the answer");
    this.#socket?.destroy();
  }

  /** Until the text is there, or cannot come any more. */
  #read(socket: Socket, expect: string): Promise<TextSearch> {
    const search = new TextSearch(expect);
    return new Promise((resolve) => {
      socket.once("data", () => (this.phases.processing = this.stages.enter("reading the answer")));
      socket.on("data", (chunk: Buffer) => {
        search.take(chunk);
        if (search.isOver) resolve(search);
      });
      socket.once("end", () => resolve(search));
    });
  }

  #verdictOf({ isFound, isOver, seenBytes }: TextSearch, expect: string): ProbeResult {
    const shown = `"${plain(expect, 40)}"`;
    if (judgeConnection(this.#task, isFound) === "ok") return { kind: "ok", detail: `connected, ${shown} found` };
    if (seenBytes === 0) return failed("reset", `connection closed while ${this.stages.stage}`);
    return failed("marker", `${shown} not found in ${isOver ? "the first 64 KiB" : `${seenBytes} bytes`}`);
  }

  async #explain(error: NodeJS.ErrnoException): Promise<ProbeResult> {
    const { stage } = this.stages;
    const known = (await verdictOfMissingRoute(error, this.#address)) ?? verdictOfConnection(error, stage);
    return known ?? failed("reset", `connection failed while ${stage}: ${messageOf(error)}`);
  }
}
