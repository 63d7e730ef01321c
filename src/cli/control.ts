// Talks to the daemon on this machine through its control socket: what `status`, `events` and the changing commands
// share.
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import type * as z from "zod";
import { harmless, messageOf, plain } from "../lib/text.ts";
import { problemSchema } from "../web/api/schema/parts.ts";
import { ControlPlace } from "./control-place.ts";
import { withDifference } from "../lib/difference.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";

export interface ControlOptions {
  readonly config?: string;
  readonly json?: true;
}

/** Gives `command` the options that every command takes which talks to a running daemon. */
export function withControl(command: Command): Command {
  return command
    .option("-c, --config <file>", "the daemon's configuration, which names its state_dir (also CCS_CONFIG)")
    .option("--json", "print JSON");
}

/** More than a daemon with thousands of endpoints has to say. */
const mostAnswerBytes = 256 * 2 ** 20;

/** A daemon that has not answered by then is stuck, or stopped. */
const patienceMs = 10_000;

/** One of the stream's events, as it came. */
export interface ServerEvent {
  readonly name: string;
  /** Of the journal; missing for a status. */
  readonly id?: number;
  readonly data: unknown;
}

/**
 * A daemon that was found. Every call throws a CommandError that says what to do when it does not answer as expected.
 */
export class Control {
  readonly #place: ControlPlace;

  constructor({ config }: ControlOptions) {
    this.#place = new ControlPlace(config);
  }

  /** What `GET /api/v1/…` answers. */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return shaped(schema, await this.#answer("GET", path));
  }

  /** What `POST /api/v1/…` answers. Members that are `undefined` are left out. */
  async post<Schema extends z.ZodType>(path: string, body: object, schema: Schema): Promise<z.output<Schema>> {
    return shaped(schema, await this.#answer("POST", path, JSON.stringify(body)));
  }

  /**
   * The live stream, each status whole, from after event `lastId` on if given. Ends when the daemon ends it, or
   * `signal` fires.
   */
  async *stream(
    options: { readonly lastId?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<ServerEvent> {
    const { lastId, signal } = options;
    const headers = { ...(lastId !== undefined && { "last-event-id": String(lastId) }) };
    let response: IncomingMessage;
    try {
      response = await this.#send("GET", "stream", { headers, signal });
    } catch (error) {
      if (signal?.aborted === true) return;
      throw error;
    }
    if (response.statusCode !== 200) throw refused(response.statusCode, await textOf(response));
    try {
      yield* withWholeStatus(eventsIn(response));
    } catch (error) {
      if (signal?.aborted !== true) throw new CommandError(exitCodes.unavailable, ended(error));
    } finally {
      // The caller has read enough: an open connection would keep the process alive.
      response.destroy();
    }
  }

  async #answer(method: "GET" | "POST", path: string, body?: string): Promise<unknown> {
    const response = await this.#send(method, path, {
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await textOf(response);
    if (response.statusCode !== 200) throw refused(response.statusCode, text);
    return parsed(text);
  }

  async #send(
    method: string,
    path: string,
    options: { headers: Record<string, string>; body?: string | undefined; signal: AbortSignal | undefined },
  ): Promise<IncomingMessage> {
    const { headers, body, signal } = options;
    this.#place.assertOurs();
    const sent = request({
      socketPath: this.#place.path,
      method,
      path: `/api/v1/${path}`,
      headers: { host: "localhost", ...headers },
      signal,
    });
    sent.end(body);
    const deadline = AbortSignal.timeout(patienceMs);
    try {
      const [response] = (await once(sent, "response", { signal: deadline })) as [IncomingMessage];
      return response;
    } catch (error) {
      sent.destroy();
      const isSilent = error instanceof Error && error.name === "AbortError";
      throw isSilent ? this.#place.silent(patienceMs) : this.#place.unreachable(error);
    } finally {
      // From here on the reader of the answer is told what becomes of the connection.
      sent.on("error", () => undefined);
    }
  }
}

/** A connection that merely stops has no reason that would tell a person more. */
function ended(error: unknown): string {
  const reason = messageOf(error);
  return `the daemon has stopped${reason === "aborted" ? "" : ` (${reason})`}: start it with \`ccs run\``;
}

/** The daemon's refusal, in its words. */
function refused(status: number | undefined, text: string): CommandError {
  const { data } = problemSchema.safeParse(parsed(text));
  if (data === undefined)
    return new CommandError(exitCodes.unavailable, `the daemon answered ${status}: ${plain(text)}`);
  const { error, hint, known } = data;
  const names = known === undefined || known.length === 0 ? "" : `\n  known: ${known.join(", ")}`;
  return new CommandError(exitCodeOf(status), `${error}${hint === undefined ? "" : `. ${hint}`}${names}`);
}

function exitCodeOf(status: number | undefined): ExitCode {
  if (status === 400 || status === 404) return exitCodes.usage;
  return status === 409 ? exitCodes.notSo : exitCodes.unavailable;
}

function shaped<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const message =
    "the daemon's answer is not one that this ccs understands: is it a different version? Restart the daemon";
  throw new CommandError(exitCodes.unavailable, message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? harmless(value) : value));
  } catch {
    return undefined;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > mostAnswerBytes)
        throw new CommandError(exitCodes.unavailable, "the answer is too large to come from the daemon");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      exitCodes.unavailable,
      `the daemon stopped in the middle of its answer: ${messageOf(error)}`,
    );
  }
}

/** A change of the status becomes the whole status that it leads to. */
async function* withWholeStatus(events: AsyncIterable<ServerEvent>): AsyncGenerator<ServerEvent> {
  let status: unknown;
  for await (const event of events) {
    if (event.name === "status") status = event.data;
    if (event.name !== "changes") yield event;
    else {
      status = withDifference(status, event.data);
      yield { name: "status", data: status };
    }
  }
}

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as our daemon writes them: one
 * line of data each.
 */
async function* eventsIn(response: IncomingMessage): AsyncGenerator<ServerEvent> {
  let name = "message";
  let id: number | undefined;
  let data = "";
  for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
    if (line === "") {
      if (data !== "") yield { name, ...(id !== undefined && { id }), data: parsed(data) };
      [name, id, data] = ["message", undefined, ""];
    } else if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("id: ")) id = Number(line.slice(4));
    else if (line.startsWith("data: ")) data = line.slice(6);
  }
}
