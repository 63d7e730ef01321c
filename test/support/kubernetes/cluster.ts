// A real control plane of Kubernetes on this machine's loopback: etcd, API server and controllers. There is no node, so that a pod
// is made and admitted, but never runs.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { attempt, run, type Ended } from "../containers/command.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../ports.ts";
import type { ClusterPrograms } from "./cluster-programs.ts";
import type { KubernetesTools } from "./tools.ts";

/** A busy machine takes its time to start three servers. */
export const patience = { timeoutMs: 300_000 };

export interface Shell {
  /** The folder that it runs in. */
  readonly cwd: string;
  readonly input?: string;
}

/** Commands as a person types them, with Helm and kubectl in the PATH, and this cluster as the only one that they know. */
export class Cluster implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(stack: AsyncDisposableStack, env: Readonly<Record<string, string>>) {
    this.#stack = stack;
    this.#env = env;
  }

  /** It ends, and all in it goes, with the scope of `await using`. */
  static async start(programs: ClusterPrograms, { helm, kubectl, olderHelm }: KubernetesTools): Promise<Cluster> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "ccs-cluster-"));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const [name, path] of Object.entries({ helm, kubectl, "helm-older": olderHelm }))
      symlinkSync(path, join(bin, name));
    const { kubeconfig, startControllers, explain } = await startApiServer(stack, programs, folder);
    const own = { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
    const cluster = new Cluster(stack, {
      HOME: folder,
      KUBECONFIG: kubeconfig,
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      ...own,
    });
    const isReady = async (): Promise<boolean> => (await cluster.try("kubectl get --raw /readyz")).stdout === "ok";
    await eventually("the API server", isReady, { ...patience, explain });
    const { stdout } = await cluster.run("kubectl get --raw /version");
    const { gitVersion } = JSON.parse(stdout) as { gitVersion: string };
    const how = `build it with -ldflags "-X k8s.io/component-base/version.gitVersion=v1.…"`;
    assert.match(
      gitVersion,
      /^v1\./,
      `This kube-apiserver does not know its version, so Helm refuses the chart: ${how}`,
    );
    await startControllers();
    return new Cluster(stack.move(), cluster.#env);
  }

  /** Runs a command, which has to succeed. */
  run(command: string, { cwd, input }: Partial<Shell> = {}): Promise<Ended> {
    return run("bash", this.#line(command), this.#options(cwd, input));
  }

  /** Runs a command to its end, whatever that is. */
  try(command: string, { cwd, input }: Partial<Shell> = {}): Promise<Ended> {
    return attempt("bash", this.#line(command), this.#options(cwd, input));
  }

  /** A namespace of its own for a test, with the strictest rules for pods, which is the one for all commands from now on. */
  async useNamespace(name: string): Promise<void> {
    await this.run(`kubectl create namespace ${name}`);
    await this.run(`kubectl label namespace ${name} pod-security.kubernetes.io/{enforce,warn}=restricted`);
    await this.run(`kubectl config set-context --current --namespace=${name}`);
    const hasDefaults = async (): Promise<boolean> =>
      (await this.try("kubectl get serviceaccount/default configmap/kube-root-ca.crt")).code === 0;
    await eventually("what every namespace has", hasDefaults, patience);
  }

  /** All objects in a namespace, as `kind/name`, whatever their kind; events apart, which go by themselves. */
  async objectsIn(namespace: string): Promise<readonly string[]> {
    const kinds = (await this.run("kubectl api-resources --namespaced --verbs=list --output=name")).stdout
      .trim()
      .split("\n")
      .filter((kind) => !kind.startsWith("events"));
    const { stdout } = await this.run(`kubectl get ${kinds.join()} --namespace=${namespace} --output=name`);
    return stdout.split("\n").filter(Boolean).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  /** Standard input is a pipe, as in a terminal's shell: `spawn` makes a socket, which /dev/stdin cannot open. */
  #line(command: string): readonly string[] {
    return ["-c", `cat | { ${command.replace(/ +#.*$/, "")}\n}`];
  }

  #options(cwd: string | undefined, input: string | undefined) {
    return { env: this.#env, ...patience, ...(cwd !== undefined && { cwd }), ...(input !== undefined && { input }) };
  }
}

interface ApiServer {
  /** The file by which kubectl finds it. */
  readonly kubeconfig: string;
  /** To be called once it is ready. */
  readonly startControllers: () => Promise<void>;
  /** What the servers said last. */
  readonly explain: () => string;
}

/** Starts etcd and the API server, on free loopback ports, for one person who may do everything. */
async function startApiServer(
  stack: AsyncDisposableStack,
  { etcd, apiServer, controllerManager }: ClusterPrograms,
  folder: string,
): Promise<ApiServer> {
  const at = (name: string): string => join(folder, name);
  const storeUrl = `http://127.0.0.1:${await freePort()}`;
  const port = await freePort();
  const token = randomBytes(16).toString("hex");
  writeFileSync(at("tokens.csv"), `${token},tester,tester,system:masters\n`, { mode: 0o600 });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(at("accounts.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  const certificate = at("certificates/apiserver.crt");
  const logs = [
    startServer(stack, etcd, [
      "--data-dir",
      at("etcd"),
      "--listen-peer-urls",
      `http://127.0.0.1:${await freePort()}`,
      "--listen-client-urls",
      storeUrl,
      "--advertise-client-urls",
      storeUrl,
    ]),
    startServer(stack, apiServer, [
      `--etcd-servers=${storeUrl}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--cert-dir=${at("certificates")}`,
      `--token-auth-file=${at("tokens.csv")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/24",
      `--service-account-key-file=${at("accounts.key")}`,
      `--service-account-signing-key-file=${at("accounts.key")}`,
      // Nobody in the cluster needs its address, which may not be one of loopback.
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
    ]),
  ];
  const cluster = { server: `https://127.0.0.1:${port}`, "certificate-authority": certificate };
  const config = stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "test", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
  // Commands change theirs.
  for (const name of ["kubeconfig", "kubeconfig-of-controllers"]) writeFileSync(at(name), config, { mode: 0o600 });
  return {
    kubeconfig: at("kubeconfig"),
    explain: () => logs.map((log) => `\n${log()}`).join(""),
    async startControllers() {
      startServer(stack, controllerManager, [
        `--kubeconfig=${at("kubeconfig-of-controllers")}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        `--secure-port=${await freePort()}`,
        `--cert-dir=${at("certificates")}`,
        `--root-ca-file=${certificate}`,
        `--service-account-private-key-file=${at("accounts.key")}`,
      ]);
    },
  };
}

/** Starts a server, which is ended with the stack. What it says last can be asked for. */
function startServer(stack: AsyncDisposableStack, program: string, args: readonly string[]): () => string {
  // However this process ends, they end.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  stack.defer(async () => {
    // Its data goes, too.
    if (child.exitCode === null) child.kill("SIGKILL");
    await ended;
  });
  return () => said;
}
