// Readers in a process of their own: so many keep-alive connections, each of which asks again as soon as it has its answer.
// Arguments: the URL of the server, a kind of reader, how many of them, and "spread" for an address of loopback for each. Prints how many answers there were, once a second.
import { Agent, request, type OutgoingHttpHeaders } from "node:http";
import { pathToFileURL } from "node:url";

/** What readers ask, each time anew. */
export const kinds: Readonly<Record<string, () => { readonly path: string; readonly headers?: OutgoingHttpHeaders }>> =
  {
    /** What once read the whole journal. */
    "a quiet endpoint's events": () => ({ path: "/api/v1/events?limit=200&endpoint=mobile" }),
    /** Never the same question, so that no answer can be shared. */
    "pages of events": () => ({
      path: `/api/v1/events?limit=200&endpoint=cable&before=${Math.floor(Math.random() * 1e5)}`,
    }),
    history: () => ({ path: "/api/v1/history?range=30d" }),
    "history of an endpoint": () => ({ path: "/api/v1/history?range=24h&endpoint=cable" }),
    metrics: () => ({ path: "/metrics" }),
    liveness: () => ({ path: "/healthz" }),
    "hostile headers": () => ({ path: "/", headers: { "accept-encoding": `a${" ".repeat(7_000)}b` } }),
  };

function read(url: string, kind: string, count: number, isSpread: boolean): void {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const ask = kinds[kind];
  if (ask === undefined) throw new Error(`no such kind of reader: ${kind}`);
  let answers = 0;
  let refusals = 0;
  const next = (reader: number): void => {
    const { path, headers = {} } = ask();
    const localAddress = `127.1.${reader >> 8}.${(reader % 255) + 1}`;
    const options = { agent, headers, ...(isSpread && { localAddress }) };
    const sent = request(new URL(path, url), options, (response) => {
      if (response.statusCode === 200) answers += 1;
      else refusals += 1;
      response.resume();
      response.on("close", () => next(reader));
    });
    sent.on("error", () => setTimeout(() => next(reader), 10));
    sent.end();
  };
  for (let reader = 0; reader < count; reader += 1) next(reader);
  setInterval(() => {
    process.stdout.write(`${JSON.stringify({ answers, refusals })}\n`);
    [answers, refusals] = [0, 0];
  }, 1_000);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [url = "", kind = "", count = "1", place] = process.argv.slice(2);
  read(url, kind, Number(count), place === "spread");
}
