// What is in a cluster, as tests look at it.
import { eventually } from "../eventually.ts";
import { patience, type Cluster } from "./cluster.ts";
import type { Manifest, PodSpec } from "./manifests.ts";

interface Status {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly message: string }[] };
}

/**
 * The pod that the Deployment made, once there is one that `isRight`; no node runs it. Throws what the
 * API server says where it does not let the pod in.
 */
export async function podOf(cluster: Cluster, isRight: (spec: PodSpec) => boolean = () => true): Promise<Manifest> {
  const items = async <T>(kind: string): Promise<readonly T[]> =>
    (JSON.parse((await cluster.run(`kubectl get ${kind} --output=json`)).stdout) as { items: T[] }).items;
  const look = async (): Promise<Manifest | false> => {
    const [pod, ...more] = await items<Manifest>("pods");
    if (pod !== undefined) return more.length === 0 && isRight(pod.spec as PodSpec) && pod;
    const conditions = (await items<Status>("deployments")).flatMap(({ status }) => status.conditions ?? []);
    const refusal = conditions.find(({ type }) => type === "ReplicaFailure");
    if (refusal !== undefined) throw new Error(`No pod can be made: ${refusal.message}`);
    return false;
  };
  return eventually("exactly one pod, the right one", look, patience);
}

/** What Helm says of a release: `deployed 2` is the second one of its name. */
export async function statusOf(cluster: Cluster, helm: string, release: string): Promise<string> {
  const { stdout } = await cluster.run(`${helm} status ${release} --output=json`);
  const { info, version } = JSON.parse(stdout) as { info: { status: string }; version: number };
  return `${info.status} ${version}`;
}

/** What ccs would read, as it is in the current namespace. */
export async function configIn(cluster: Cluster, name = "ccs-config"): Promise<unknown> {
  const { stdout } = await cluster.run(`kubectl get configmap ${name} --output=json`);
  return (JSON.parse(stdout) as Manifest).data?.["config.yml"];
}

/** Waits until a namespace holds these objects and no others: some go a little after the command that removes them. */
export async function onlyThese(cluster: Cluster, namespace: string, expected: readonly string[]): Promise<void> {
  let left: readonly string[] = [];
  const isSo = async (): Promise<boolean> => {
    left = await cluster.objectsIn(namespace);
    return left.join() === expected.toSorted().join();
  };
  await eventually("nothing else", isSo, { ...patience, explain: () => `\n${left.join("\n")}` });
}
