// What Helm and kustomize make of deploy/kubernetes/, as tests look at it.
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { withoutCluster, type KubernetesTools } from "./tools.ts";

const root = join(import.meta.dirname, "../../..");
export const folder = join(root, "deploy/kubernetes");
export const chart = join(folder, "chart");

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly command?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly defaultMode: number };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly emptyDir?: { readonly sizeLimit: string };
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly fsGroup: number;
    readonly seccompProfile: { readonly type: string };
  };
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

export interface DeploymentSpec {
  readonly replicas: number;
  readonly strategy: { readonly type: string };
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: PodSpec;
  };
}

export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The manifest of this kind; there has to be exactly one. */
export function the(kind: string, manifests: readonly Manifest[]): Manifest {
  const [found, ...more] = manifests.filter((manifest) => manifest.kind === kind);
  if (found === undefined || more.length > 0) throw new Error(`There are ${more.length + 1} of ${kind}, or none.`);
  return found;
}

export function deploymentIn(manifests: readonly Manifest[]): DeploymentSpec {
  return the("Deployment", manifests).spec as DeploymentSpec;
}

/** The one container of the one pod. */
export function containerIn(manifests: readonly Manifest[]): Container {
  const [container, ...more] = deploymentIn(manifests).template.spec.containers;
  if (container === undefined || more.length > 0) throw new Error("There is more than one container, or none.");
  return container;
}

/** The example's options for Helm: what rendered/helm.yaml is made with. */
export const exampleOptions = [
  "--namespace",
  "ccs",
  "--values",
  join(folder, "example/values.yaml"),
  "--set-file",
  `config=${join(folder, "example/config.yml")}`,
];

/** Every value that makes another object or another line of one. */
export const everyValue = [
  "config.cloudflare.token_file=/run/secrets/cloudflare_token,files.home-ca\\.pem=text",
  "tokens.cloudflare=a-token,tokens.telegram=1:a,tokens.webhook=whsec_a,tokens.http=0123456789abcdef",
  `image.pullSecrets={login},image.digest=sha256:${"0".repeat(64)}`,
  "env[0].name=HTTPS_PROXY,env[0].value=http://proxy.example.com:3128,timeZone=Europe/Berlin",
  "state.storageClass=fast,state.accessMode=ReadWriteOncePod,state.size=2Gi,service.port=80",
  "networkPolicy.from[0].podSelector.matchLabels.app=prometheus",
  "podLabels.team=home,podAnnotations.note=text,priorityClassName=high,nodeSelector.site=vps",
  "tolerations[0].operator=Exists,affinity.nodeAffinity=null",
].flatMap((value) => ["--set", value]);

/** What `helm install ccs` would send to the cluster. */
export async function renderChart(helm: string, options: readonly string[]): Promise<string> {
  return (await withoutCluster(helm, ["template", "ccs", chart, ...options])).stdout;
}

/** What `kubectl apply --kustomize` would send to the cluster. */
export async function renderKustomize({ kubectl }: KubernetesTools, path: string): Promise<string> {
  return (await withoutCluster(kubectl, ["kustomize", path])).stdout;
}
