// The outside view, with the programs that stand there in real life: a client that resolves through unbound all the time
// never gets a no, and nginx is an endpoint like any other.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ingressName, startWorld } from "../../src/emulation/world.ts";
import { commitInTimeAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { requireProgram } from "../support/programs.ts";
import { configOf, partsOf } from "../support/world-config.ts";

test("through unbound, a client never sees NXDOMAIN or an empty answer during failover, mix and its end", async (t) => {
  const unbound = requireProgram(t, "unbound");
  if (unbound === undefined) return;
  await using world = await startWorld();
  // One that forgets at once, so that every change is seen; and one that believes every TTL, as most do.
  await using fresh = await startUnbound(unbound, world.dns.port, "cache-max-ttl: 0\n  cache-max-negative-ttl: 0");
  await using caching = await startUnbound(unbound, world.dns.port, "cache-max-ttl: 86400");
  await using daemon = startDaemon({ config: configOf(world, () => {}, { sticky: "8s" }) });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);

  const clients = [startClient(fresh.port), startClient(caching.port)] as const;
  const { cable, mobile } = world;
  const sees = (...addresses: readonly string[]): Promise<unknown> =>
    eventually(`the client sees ${addresses.join(" and ")}`, () => clients[0].newest === addresses.toSorted().join());
  await sees(cable.address);
  await cable.server.behave({ kind: "refuse" });
  await sees(mobile.address);
  await cable.server.behave({ kind: "ok" });
  await sees(cable.address, mobile.address);
  await sees(cable.address);
  // Three of the ingress, and one that prepares the mix.
  assert.equal(world.cloudflare.counts.writes, 4);
  await eventually("a few answers more", () => clients.every(({ answers }) => answers.length > 200));

  for (const client of clients) await client.stop();
  for (const { noes } of clients) assert.deepEqual(noes, []);
  // The one that believes TTLs has the first answer still: it is good for a minute.
  assert.deepEqual([...new Set(clients[1].answers)], [cable.address]);
});

test("nginx is an endpoint like any other: stopped, the record moves; started, it returns", async (t) => {
  const nginx = requireProgram(t, "nginx");
  if (nginx === undefined) return;
  await using world = await startWorld();
  const { address } = world.cable;
  const port = await freePort(address);
  await using server = new NginxServer(nginx, address, port);
  await using daemon = startDaemon({
    config: configOf(world, (config) => {
      const { cable } = partsOf(config);
      if (cable.check !== undefined) cable.check.url = `http://${world.cable.host}:${port}/healthz`;
      delete partsOf(config).mobile.sticky;
    }),
  });
  await server.start();
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  const writesBefore = world.cloudflare.counts.writes;

  await commitInTimeAfter({ cloudflare: world.cloudflare, daemon }, () => server.stop());
  assert.equal(world.records[0]?.content, world.mobile.host);
  await server.start();
  await eventually("the return", () => world.records[0]?.content === world.cable.host);
  assert.equal(world.cloudflare.counts.writes, writesBefore + 2);
});

/** Asks for the ingress all the time, one question after the other, and remembers what it was told. */
function startClient(port: number) {
  const resolver = new Resolver({ timeout: 2_000, tries: 3 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const answers: string[] = [];
  const noes: string[] = [];
  const stopping = new AbortController();
  const asking = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const addresses = await resolver.resolve4(ingressName);
        if (addresses.length === 0) noes.push("empty");
        answers.push(addresses.toSorted().join());
      } catch (error) {
        noes.push(String((error as NodeJS.ErrnoException).code));
      }
      // Lets everything else of this process have its turn.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  return {
    answers,
    noes,
    get newest(): string | undefined {
      return answers.at(-1);
    },
    stop: async (): Promise<void> => {
      stopping.abort();
      await asking;
    },
  };
}

/** Debian's unbound on a port of its own. It finds the demo's zone at the demo's DNS server. */
async function startUnbound(
  program: string,
  dnsPort: number,
  cache: string,
): Promise<AsyncDisposable & { port: number }> {
  const folder = mkdtempSync(join(tmpdir(), "ccs-unbound-"));
  const port = await freePort();
  const path = join(folder, "unbound.conf");
  writeFileSync(
    path,
    `server:
  interface: 127.0.0.1
  port: ${port}
  do-ip6: no
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  ${cache}
remote-control:
  control-enable: no
stub-zone:
  name: "example.com"
  stub-addr: 127.0.0.1@${dnsPort}
`,
  );
  const child = spawn(program, ["-c", path], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const isAnswering = (): Promise<boolean> =>
    resolver.resolve4("primary.example.com").then(
      () => true,
      () => false,
    );
  await eventually("unbound answers", isAnswering, { explain: () => `\n${stderr}` });
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's nginx, which answers `OK`, in a folder of its own. */
class NginxServer implements AsyncDisposable {
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ccs-nginx-"));
  #child: ChildProcess | undefined;
  readonly #url: string;

  constructor(program: string, address: string, port: number) {
    this.#program = program;
    this.#url = `http://${address}:${port}/healthz`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `  ${kind}_temp_path ${this.#folder}/${kind};`)
      .join("\n");
    writeFileSync(
      join(this.#folder, "nginx.conf"),
      `daemon off;
master_process off;
pid ${this.#folder}/pid;
error_log stderr;
events {}
http {
  access_log off;
${temporary}
  server {
    listen ${address}:${port};
    location /healthz { return 200 "OK\\n"; }
  }
}
`,
    );
  }

  async start(): Promise<void> {
    const args = ["-p", this.#folder, "-e", "stderr", "-c", join(this.#folder, "nginx.conf")];
    this.#child = spawn(this.#program, args, { stdio: "ignore" });
    await eventually("nginx answers", () =>
      fetch(this.#url).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
