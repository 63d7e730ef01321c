// `fetch` over node:http, for calls to Cloudflare and to channels. Node's own brings a second HTTP client, whose parser
// is compiled from WebAssembly in every process: that took 25 MB and more time than all the rest of a start. What a
// proxy is between is left to Node's own, which knows how to reach it.
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps, type RequestOptions } from "node:https";
import type { Fetch } from "../../lib/fetch.ts";

/** An idle connection is closed before servers commonly do, so that no request meets one that is just being closed. */
const idleMs = 4_000;
/** As long as Node's own waits for a connection, TLS included. */
const connectTimeoutMs = 10_000;

const agents = {
  "http:": new HttpAgent({ keepAlive: true, timeout: idleMs }),
  "https:": new HttpsAgent({ keepAlive: true, timeout: idleMs }),
};

/** Whether Node's own `fetch` uses a proxy: https://nodejs.org/api/cli.html#node_use_env_proxy1 */
function isBehindProxy(): boolean {
  const flag = "--use-env-proxy";
  const { NODE_USE_ENV_PROXY, NODE_OPTIONS = "" } = process.env;
  return NODE_USE_ENV_PROXY === "1" || NODE_OPTIONS.includes(flag) || process.execArgv.includes(flag);
}

/**
 * As `fetch`, for requests with a string as their body or none. Redirects are never followed, and answers are taken as
 * they come: no compression is asked for, and none is undone. What fails before the answer rejects with the reason as
 * its cause.
 */
export const fetchOverHttp: Fetch = async (input, init = {}) => {
  if (isBehindProxy()) return fetch(input, init);
  const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
  const { signal, redirect } = init;
  signal?.throwIfAborted();
  const answer = await answerTo(url, init).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new TypeError("fetch failed", { cause: error });
  });
  const status = answer.statusCode ?? 0;
  if (redirect === "error" && redirects.has(status)) {
    answer.destroy();
    throw new TypeError("fetch failed", { cause: new Error("unexpected redirect") });
  }
  return responseOf(answer, status);
};

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Those without a body, by https://fetch.spec.whatwg.org/#null-body-status. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

function answerTo(url: URL, { method = "GET", headers, body, signal }: RequestInit): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    method,
    headers: { accept: "*/*", "user-agent": "node", ...Object.fromEntries(new Headers(headers)) },
    ...(signal && { signal }),
  };
  const request =
    url.protocol === "https:"
      ? requestHttps(url, { ...options, agent: agents["https:"] })
      : requestHttp(url, { ...options, agent: agents["http:"] });
  limitConnecting(request, url);
  request.once("response", resolve);
  request.on("error", reject);
  // An answer that asks for another protocol gives neither an answer nor an error.
  request.once("close", () => reject(new Error("other side closed")));
  request.end(typeof body === "string" ? body : undefined);
  return promise;
}

/** Ends a request whose connection takes too long: nothing was sent by then. */
function limitConnecting(request: ClientRequest, { protocol, host }: URL): void {
  const timer = setTimeout(() => {
    const error = new Error(`connect ETIMEDOUT ${host}`);
    request.destroy(Object.assign(error, { code: "ETIMEDOUT", syscall: "connect" }));
  }, connectTimeoutMs);
  const stop = (): void => clearTimeout(timer);
  request.once("close", stop);
  request.once("socket", (socket) => {
    // A connection that is used again stands.
    if (request.reusedSocket) stop();
    else socket.once(protocol === "https:" ? "secureConnect" : "connect", stop);
  });
}

function responseOf(answer: IncomingMessage, status: number): Response {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(answer.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  // A status that no standard knows is passed on, though no Response can be made with it.
  const isUsual = status >= 200 && status <= 599;
  const body = bodiless.has(status) ? null : bodyOf(answer);
  if (body === null) answer.resume();
  const response = new Response(body, { status: isUsual ? status : 500, headers });
  if (!isUsual) Object.defineProperty(response, "status", { value: status });
  return response;
}

/** One that ends too early fails; one that is given up closes its connection. */
function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = (answer as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next: IteratorResult<Buffer, undefined> = await chunks.next();
          if (next.done === true) controller.close();
          else controller.enqueue(new Uint8Array(next.value));
        } catch (error) {
          throw answer.complete ? error : new TypeError("terminated", { cause: new Error("other side closed") });
        }
      },
      cancel: () => void answer.destroy(),
    },
    { highWaterMark: 0 },
  );
}
